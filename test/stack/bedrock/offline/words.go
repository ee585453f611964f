package offline

import (
	"slices"
	"strings"
	"unicode"
)

// A concept is something that both a symptom and a runbook's words can be about.
type concept string

// Concepts. Those that numbers speak about come first.
const (
	cErrors     concept = "errors"
	cLatency    concept = "latency"
	cSaturation concept = "saturation"
	cGrowth     concept = "growth"
	cHealth     concept = "health"
	cTraffic    concept = "traffic"
	cChange     concept = "change"
	cConfig     concept = "configuration"
	cRelease    concept = "release"
	cMemory     concept = "memory"
	cCPU        concept = "cpu"
	cDisk       concept = "disk"
	cPool       concept = "pool"
	cCrash      concept = "crash"
	cDependency concept = "dependency"
	cTrust      concept = "trust"
	cAccess     concept = "access"
)

// lexicon gives the concepts of a word's stem. It is the vocabulary of
// operations, not of any system.
var lexicon = map[string][]concept{}

func init() {
	for c, vocabulary := range map[concept]string{
		cErrors:     "error err exception fail failure fault 5xx 500 502 503 504 panic fatal broken invalid wrong",
		cLatency:    "latency slow slowness slower delay timeout p50 p90 p95 p99 deadline lag sluggish",
		cSaturation: "saturation saturate overload exhaust exhaustion capacity limit utilization",
		cGrowth:     "growth grow grown growing leak climb creep increase rise rising accumulate",
		cHealth:     "unhealthy health unresponsive hang hung stuck deadlock frozen",
		cTraffic:    "traffic surge flood burst overload demand",
		cChange:     "change",
		cConfig:     "reload reloaded config configuration configure setting flag parameter",
		cRelease:    "deploy deployment release rollout rollback version upgrade revision migration build image",
		cMemory:     "memory heap oom rss swap leak garbage gc",
		cCPU:        "cpu busy spin throttle",
		cDisk:       "disk space volume inode enospc filesystem",
		cPool:       "pool connection thread worker descriptor queue backlog semaphore exhaust exhaustion",
		cCrash:      "crash crashed exit killed segfault sigkill sigsegv abort",
		cDependency: "dependency upstream downstream refuse unreachable unavailable backend dns econnrefused",
		cTrust:      "certificate tls x509 expire handshake",
		cAccess:     "denied unauthorised forbidden permission credential 401 403",
	} {
		for w := range strings.FieldsSeq(vocabulary) {
			s := stem(w)
			if !slices.Contains(lexicon[s], c) {
				lexicon[s] = append(lexicon[s], c)
			}
		}
	}
	for _, cs := range lexicon {
		slices.Sort(cs)
	}
}

// stopWords carry no meaning of their own, in a symptom or in a runbook's words;
// among them what every runbook does.
var stopWords = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq("a an and after are as at be because been before by do does due during each every for far from get has have help high if in into is it " +
		"its kept keep long longer low more not of off on one or out over run service so some steadily that the their them then there they this to too under until up was were when while " +
		"which with restart start stop fix make take back put all any its process instance") {
		m[stem(w)] = true
	}
	return m
}()

// stem cuts the endings that English puts on words. It only has to treat both
// sides of a comparison alike.
func stem(w string) string {
	for _, end := range []string{"ations", "ation", "ings", "ing", "ures", "ure", "ies", "ed", "es", "s"} {
		if s, ok := strings.CutSuffix(w, end); ok && len(s) >= 3 {
			w = s
			break
		}
	}
	return strings.TrimSuffix(w, "e")
}

// negations turn the next word that means something into its opposite.
var negations = map[string]bool{"no": true, "not": true, "without": true, "never": true}

// term is a word of a runbook's text, by its stem.
type term struct {
	stem    string
	negated bool
}

// terms are the words of a phrase in their order, with what a negation before
// them does to them.
func terms(text string, names *strings.Replacer) []term {
	var out []term
	negated := false
	for _, w := range split(text, names) {
		s := stem(w)
		switch {
		case negations[w]:
			negated = true
		case len(s) < 2 || stopWords[s]:
		default:
			out = append(out, term{stem: s, negated: negated})
			negated = false
		}
	}
	return out
}

// words are the stems of a text, sorted and without repetition.
func words(text string, names *strings.Replacer) []string {
	var out []string
	for _, w := range split(text, names) {
		if s := stem(w); len(s) >= 2 && !stopWords[s] && !negations[w] {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// split cuts a text into lower-case words. Names that the case uses as names are
// no words.
func split(text string, names *strings.Replacer) []string {
	return strings.FieldsFunc(strings.ToLower(names.Replace(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// nameEraser replaces the names of services by blanks, longest first so that a
// name inside another one does no harm.
func (c *Case) nameEraser() *strings.Replacer {
	names := append(c.services(), c.Incident.DependsOn...)
	for _, r := range c.Runbooks {
		names = append(names, r.Service)
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, n := range slices.Compact(names) {
		if n != "" {
			pairs = append(pairs, n, " ")
		}
	}
	return strings.NewReplacer(pairs...)
}
