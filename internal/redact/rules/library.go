package rules

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	gitleaks "github.com/zricethezav/gitleaks/v8/config"
)

// The rules of gitleaks are read from the library's own configuration. Its
// detector is not used: it reads a text once for every rule whose word is in it,
// leaves out lines that say "gitleaks:allow", which whoever writes a log line could
// write there, and allows values that stand in source code as examples.

// libraryRule is a rule of gitleaks.
type libraryRule struct {
	id       string
	raw      string
	group    int
	entropy  float64
	literals []string              // with one of which every match begins, in this case; empty: with anything
	edge     bool                  // and that at a border of a word
	assigned bool                  // a value is assigned to a name that has the word in it
	back     int                   // bytes before the word that are looked at
	ahead    int                   // bytes after it
	find     func() *regexp.Regexp // anywhere
	begin    func() *regexp.Regexp // at the beginning only, for those with literals
}

// leftOut are rules that do more harm than good in telemetry, and why.
var leftOut = map[string]string{
	"pkcs12-file":            "is about the names of files",
	"nuget-config-password":  "is about one file, and keyed fields find it",
	"freemius-secret-key":    "is about one file, and keyed fields find it",
	"private-key":            "needs the end of the block, which a log may not show; see ownTokens",
	"jwt":                    "see ownTokens",
	"jwt-base64":             "what is in base64 is decoded",
	"aws-access-token":       "see ownTokens, which has more prefixes",
	"curl-auth-user":         "see commandOptions",
	"curl-auth-header":       "headers are found wherever they stand",
	"kubernetes-secret-yaml": "is about files; what is in base64 is decoded",
	"hashicorp-tf-password":  "takes any attribute, and keyed fields find it",
	"generic-api-key":        "see assigned",
	"sidekiq-sensitive-url":  "see credentials",
}

// publicIDs are rules for what names a client and opens nothing.
func publicID(id string) bool {
	return strings.HasSuffix(id, "-client-id") || strings.HasSuffix(id, "-public-key") || strings.HasSuffix(id, "-access-id")
}

// valueEnd is how gitleaks says where a value ends, and anyEnd how a log ends
// one: also with a comma, a bracket or an ampersand.
const (
	valueEnd = `(?:[\x60'"\s;]|\\[nr]|$)`
	anyEnd   = `(?:[^A-Za-z0-9_]|$)`
	assigned = `(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)`
)

// libraryConfig is what is read of the library's configuration.
type libraryConfig struct {
	Rules []struct {
		ID          string
		Regex       string
		SecretGroup int
		Entropy     float64
		Keywords    []string
		Allowlists  []struct {
			Regexes     []string
			RegexTarget string
			StopWords   []string
		}
	}
}

// library reads the rules.
func library() (libraryConfig, error) {
	var cfg libraryConfig
	if err := toml.Unmarshal([]byte(gitleaks.DefaultConfig), &cfg); err != nil {
		return cfg, fmt.Errorf("read the rules of gitleaks: %w", err)
	}
	return cfg, nil
}

// libraryRules adds the rules of gitleaks. An expression is compiled when its word
// is first seen: all of them take a tenth of a second.
func (t *table) libraryRules() {
	cfg, err := library()
	if err != nil {
		panic(err) // the library is part of the program
	}
	for _, r := range cfg.Rules {
		if r.ID == "generic-api-key" {
			var stopWords []string
			for _, a := range r.Allowlists {
				stopWords = append(stopWords, a.StopWords...)
			}
			t.generic(r.Regex, r.Entropy, r.Keywords, stopWords)
		}
		if _, out := leftOut[r.ID]; out || publicID(r.ID) || r.Regex == "" {
			continue
		}
		rule := libraryRule{id: r.ID, raw: r.Regex, group: r.SecretGroup, entropy: r.Entropy}
		rule.prepare()
		for _, word := range r.Keywords {
			literals := rule.beginning(word)
			if len(literals) == 0 {
				t.on(word, func(c *scan, from, to int) { c.libraryRule(&rule, from, to, rule.back) })
				continue
			}
			t.on(word, func(c *scan, from, to int) {
				if rule.edge && from > 0 && (in(c.text[from-1], isAlnumByte) || c.text[from-1] == '_') {
					return
				}
				for _, l := range literals {
					if strings.HasPrefix(c.text[from:], l) {
						c.libraryRule(&rule, from, to, 0)
						return
					}
				}
			})
		}
	}
}

// beginning are the literals of a rule that begin with its word or are its
// beginning; none where the word stands elsewhere.
func (r *libraryRule) beginning(word string) []string {
	var out []string
	for _, l := range r.literals {
		if small := strings.ToLower(l); strings.HasPrefix(small, word) || strings.HasPrefix(word, small) {
			out = append(out, l)
		}
	}
	return out
}

// prepare finds out how much of a text around its word a rule needs.
func (r *libraryRule) prepare() {
	r.raw = strings.ReplaceAll(r.raw, valueEnd, anyEnd)
	r.assigned = strings.Contains(r.raw, assigned)
	r.find = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(r.raw) })
	parsed, err := syntax.Parse(r.raw, syntax.Perl)
	if err != nil {
		panic(fmt.Errorf("rule %s of gitleaks: %w", r.id, err))
	}
	r.back, r.ahead = 256, 640
	if r.assigned {
		r.back, r.ahead = 8, 320
	} else if r.literals = leading(parsed); len(r.literals) > 0 {
		var shape string
		shape, r.edge = strings.CutPrefix(r.raw, `\b`)
		r.begin = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A(?:` + shape + `)`) })
	}
	r.ahead = max(r.ahead, 2*shortest(parsed))
}

// leading is the literals with one of which every match begins, in one case; none
// when it can begin with something else.
func leading(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []string{string(re.Rune)}
		}
	case syntax.OpCapture:
		return leading(re.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			one := leading(sub)
			if len(one) == 0 {
				return nil
			}
			all = append(all, one...)
		}
		return all
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if sub.Op != syntax.OpWordBoundary && sub.Op != syntax.OpEmptyMatch {
				return leading(sub)
			}
		}
	}
	return nil
}

// shortest is how long the shortest match is, in runes.
func shortest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortest(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += shortest(sub)
		}
		return n
	case syntax.OpAlternate:
		n := shortest(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, shortest(sub))
		}
		return n
	}
	return 0
}

// libraryRule looks for a rule's expression around its word.
func (c *scan) libraryRule(r *libraryRule, from, to, back int) {
	text := c.text
	if from < c.tokenEnd {
		return
	}
	ahead := to + r.ahead
	if r.assigned {
		if ahead = assigns(text, to, shortestValue); ahead == 0 {
			return
		}
		ahead++ // the end is a byte of its own
	}
	start := max(0, from-back)
	if c.libraryEnd[r.id] > from {
		return
	}
	end := min(len(text), ahead)
	expression := r.find
	if back == 0 {
		expression = r.begin
	}
	find := expression()
	m := find.FindStringSubmatchIndex(text[start:end])
	if back == 256 { // what such a rule takes need not be at the word: once is enough
		if c.libraryEnd == nil {
			c.libraryEnd = map[string]int{}
		}
		c.libraryEnd[r.id] = end
	}
	if m == nil {
		return
	}
	if start+m[1] == end && end < len(text) && !r.assigned { // it may go on
		end = min(len(text), end+maxValue)
		m = find.FindStringSubmatchIndex(text[start:end])
	}
	a, b := m[0], m[1]
	if r.group > 0 {
		a, b = m[2*r.group], m[2*r.group+1]
	} else {
		for g := 2; g+1 < len(m); g += 2 {
			if m[g] >= 0 && m[g] < m[g+1] {
				a, b = m[g], m[g+1]
				break
			}
		}
	}
	v := text[start+a : start+b]
	if v == "" || r.entropy > 0 && entropy(v) <= r.entropy || r.assigned && (uuid(v) || prose(v) || only(v, isLetterByte)) || r.id == "sourcegraph-access-token" && only(v, isHexByte) {
		return
	}
	if a, b = start+a, start+b; r.assigned { // the expression knows one length, and the value can have another form
		for b+1 < len(text) && b-a < maxValue && (in(text[b], isBase64Byte) || strings.IndexByte(".~=", text[b]) >= 0) && (in(text[b], isAlnumByte) || in(text[b+1], isAlnumByte)) {
			b++
		}
	}
	c.add(a, b, r.id, weightShape)
}

// shortestValue is how long a value is at least that a rule of gitleaks takes when
// it is assigned to a name.
const shortestValue = 12

// assigns tells where a value ends that is assigned a little after a place, 0 when
// there is none of that length.
func assigns(text string, i, least int) int {
	for end := min(len(text), i+24); i < end && !isSeparator(text[i]); i++ {
		if !in(text[i], isNameByte|isSpaceByte) && text[i] != '"' && text[i] != '\'' {
			return 0
		}
	}
	for end := min(len(text), i+10); i < end && (isSeparator(text[i]) || in(text[i], isSpaceByte) || text[i] == '"' || text[i] == '\'' || text[i] == '`'); i++ {
	}
	start := i
	for i < len(text) && i-start < maxValue && (in(text[i], isNameByte|isBase64Byte) || strings.IndexByte("=~%|:@!", text[i]) >= 0) {
		i++
	}
	if i-start < least {
		return 0
	}
	return i
}

func isSeparator(c byte) bool {
	return c == '=' || c == ':' || c == '>' || c == ',' || c == '|' || c == '?'
}

// uuid tells whether a value has the form of a UUID, which names things.
func uuid(v string) bool {
	return len(v) == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-' && only(strings.ReplaceAll(v, "-", ""), isHexByte)
}

// kindGeneric is the kind of what gitleaks calls a generic key.
const kindGeneric = "api-key"

// generic adds the library's rule for anything that is assigned to a name that
// sounds like a secret's. In telemetry that is most often the name of a thing, so
// that the value has to look as if it were drawn by chance as well.
func (t *table) generic(raw string, least float64, words, stopWords []string) {
	find := sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\A(?:` + strings.ReplaceAll(raw, valueEnd, anyEnd) + `)`)
	})
	stop := sync.OnceValue(func() *gitleaks.Allowlist {
		a := &gitleaks.Allowlist{StopWords: stopWords}
		if err := a.Validate(); err != nil && len(stopWords) > 0 {
			panic(err)
		}
		return a
	})
	look := func(c *scan, from, to int) {
		if from < c.valueEnd || from < c.tokenEnd {
			return
		}
		end := assigns(c.text, to, shortestGeneric)
		if end == 0 || !random(c.text[end-min(end-to, 60):end]) {
			return
		}
		m := find().FindStringSubmatchIndex(c.text[from:min(len(c.text), end+1)])
		if m == nil || m[2] < 0 {
			return
		}
		if name := strings.TrimRight(c.text[to:from+m[2]], "=:>|?, \t\"'`"); strings.ContainsAny(name, " \t") { // "key fingerprint SHA256:..." is a sentence
			return
		}
		v := c.text[from+m[2] : from+m[3]]
		if entropy(v) < least || len(v) < shortestGeneric || !random(v) || uuid(v) || strings.Count(v, "-") > 3 || strings.Count(v, ".") > 2 || strings.Count(v, "/") > 2 {
			return
		}
		if stopped, _ := stop().ContainsStopWord(v); stopped {
			return
		}
		c.add(from+m[2], from+m[3], kindGeneric, weightGuess)
	}
	for _, word := range words {
		t.on(word, look)
	}
}

// shortestGeneric is how long a value is at least that the name alone does not
// prove to be secret.
const shortestGeneric = 16
