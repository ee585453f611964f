package evidence

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"firebreak/internal/detect/template"
	"firebreak/internal/telemetry/logline"
)

// maxTemplates bounds how many patterns of a log group are told apart, for
// errors and for all other lines each.
const maxTemplates = 1000

// maxMined bounds how much of a line makes its pattern, in bytes.
const maxMined = 2000

// pattern is what is known of the lines of one statement in both windows.
type pattern struct {
	before, after int
	times         map[int64]int // lines by the start of their interval, in seconds since 1970
	samples       []string      // raw, from after where there are any
}

// interval is what lines are counted by for the ranking of suspects.
const interval = 10 * time.Second

// add takes over what is known of another pattern: the two turned out to be one.
func (p *pattern) add(other *pattern) {
	p.before, p.after = p.before+other.before, p.after+other.after
	for at, n := range other.times {
		p.count(at, n)
	}
	for _, s := range other.samples {
		p.sample(s)
	}
}

func (p *pattern) count(at int64, n int) {
	if p.times == nil {
		p.times = map[int64]int{}
	}
	p.times[at] += n
}

func (p *pattern) sample(line string) {
	if len(p.samples) < maxSamples && !slices.Contains(p.samples, line) {
		p.samples = append(p.samples, line)
	}
}

// found is a pattern with its text, placeholders as <*>.
type found struct {
	pattern
	id, text string
	isError  bool
}

// patterns finds the patterns of a log group's lines, those of errors by
// themselves, as detectors do.
type patterns [2]*template.Miner[pattern]

func newPatterns(clean func(string) string) patterns {
	o := template.Options[pattern]{Limit: maxTemplates, Join: (*pattern).add, Clean: clean}
	return patterns{template.New(o), template.New(o)}
}

// add counts a line and tells whether it is an error.
func (p patterns) add(raw string, at time.Time, since bool) (isError bool) {
	line := logline.Parse(raw)
	kind := 0
	if isError = line.Level.IsError(); isError {
		kind = 1
	}
	text := line.Message
	if len(text) > maxMined {
		text = strings.ToValidUTF8(text[:maxMined], "")
	}
	state := &p[kind].Add(text, at).Template.State
	if since {
		state.after++
	} else {
		state.before++
	}
	state.count(at.Truncate(interval).Unix(), 1)
	state.sample(text)
	return isError
}

// forget takes back what was counted since the onset, or before it.
func (p patterns) forget(since bool) {
	for _, miner := range p {
		for t := range miner.Templates() {
			if since {
				t.State.after, t.State.times = 0, nil
			} else {
				t.State.before = 0
			}
		}
	}
}

// all are the patterns, by their texts.
func (p patterns) all() []found {
	var out []found
	for kind, miner := range p {
		miner.Settle()
		for t := range miner.Templates() {
			out = append(out, found{t.State, t.ID().String(), t.Text(), kind == 1})
		}
	}
	slices.SortStableFunc(out, func(x, y found) int {
		return strings.Compare(x.text, y.text)
	})
	return out
}

// placeholder is what masking and redaction put in, which no line has.
var placeholder = regexp.MustCompile(`<\*>|\[redacted:[a-z0-9-]{1,32}(?::[0-9a-f]{8})?\]`)

// searchWords are up to four plain words of a pattern, the longest first, to
// find its lines again. Only letters pass: they go into a command line.
func searchWords(pattern string) []string {
	const most = 4
	var out []string
	fields := strings.FieldsFunc(placeholder.ReplaceAllLiteralString(pattern, " "), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	for len(out) < most {
		best := ""
		for _, f := range fields {
			if len(f) >= 4 && len(f) > len(best) && !slices.Contains(out, f) {
				best = f
			}
		}
		if best == "" {
			break
		}
		out = append(out, best)
	}
	return out
}
