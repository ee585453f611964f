package redaction

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Limits of what counts.
const (
	// partLeft of a value that still stands in the output is a leak.
	partLeft = 0.6
	// neighbours are characters around a value that may go with it.
	neighbours = 4
)

// mark is what stands in the place of what was redacted: its kind and, where it
// stands for a value, a hash.
var mark = regexp.MustCompile(`\[redacted:([a-z0-9-]{1,32})(?::[0-9a-f]{8})?\]`)

// Tally counts one kind.
type Tally struct {
	Right, All int
}

// Rate is the part that is right; 1 of nothing.
func (t Tally) Rate() float64 {
	if t.All == 0 {
		return 1
	}
	return float64(t.Right) / float64(t.All)
}

func (t *Tally) add(right bool) {
	t.All++
	if right {
		t.Right++
	}
}

// Score is what a redactor reaches on samples.
//
// Recall: of the labelled values, those of which nothing of weight is left: the
// output holds neither the value nor a run of 60% of its characters, as it stood
// in the line (encoded, perhaps) or plain, in base64, hex or URL-encoded.
//
// Precision: of the stretches that were replaced by a mark, those that lie over a
// labelled value and take at most 4 characters with them that are neither
// labelled nor free to go. Marks with nothing between them are one stretch.
type Score struct {
	Recall    map[string]*Tally // by the kind of the value
	Precision map[string]*Tally // by the kind that the mark says
	Missed    []string          // where, what
	Wrong     []string
}

// NewScore is an empty score.
func NewScore() *Score {
	return &Score{Recall: map[string]*Tally{}, Precision: map[string]*Tally{}}
}

// Add scores what a redactor made of a sample.
func (s *Score) Add(sample Sample, output string) {
	for i, label := range sample.Labels {
		var image strings.Builder
		for _, p := range sample.pieces {
			if slices.Contains(p.labels, i) && len(p.labels) == 1 {
				image.WriteString(p.text)
			}
		}
		left := holdsPart(output, image.String()) || holdsPart(output, label.Value) ||
			len(label.Value) >= 8 && len(NewFinder(Secret{label.Recipe, label.Value}).In(output)) > 0
		count(s.Recall, KindOf(label.Recipe)).add(!left)
		if left {
			s.Missed = append(s.Missed, fmt.Sprintf("%s: %s\n\t%s\n\t%s", sample.Where, label.Recipe, sample.Text, output))
		}
	}
	for _, c := range cutsOf(sample.Text, output) {
		right := sample.rightlyCut(c.from, c.to)
		count(s.Precision, c.kind).add(right)
		if !right {
			s.Wrong = append(s.Wrong, fmt.Sprintf("%s: %s for %q\n\t%s", sample.Where, c.kind, sample.Text[c.from:c.to], sample.Text))
		}
	}
}

func count(of map[string]*Tally, kind string) *Tally {
	if of[kind] == nil {
		of[kind] = &Tally{}
	}
	return of[kind]
}

// Total adds the kinds up.
func Total(of map[string]*Tally) Tally {
	var all Tally
	for t := range maps.Values(of) {
		all.Right += t.Right
		all.All += t.All
	}
	return all
}

// Table lists the kinds with their figures, a line each, sorted.
func Table(of map[string]*Tally) string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(&b, "%-16s %.3f  %d of %d\n", kind, of[kind].Rate(), of[kind].Right, of[kind].All)
	}
	return b.String()
}

// rightlyCut tells whether what lies between two places of the text was to go.
func (s Sample) rightlyCut(from, to int) bool {
	over, begin, labelled := 0, 0, false
	for _, p := range s.pieces {
		end := begin + len(p.text)
		if common := min(end, to) - max(begin, from); common > 0 {
			switch {
			case len(p.labels) > 0:
				labelled = true
			case !p.free:
				over += common
			}
		}
		begin = end
	}
	// What is free to go may be cut by itself.
	return over <= neighbours && (labelled || over == 0)
}

// cut is a stretch of the input that was replaced.
type cut struct {
	from, to int
	kind     string
}

// cutsOf finds which stretches of the input the marks in the output stand for:
// what lies between the marks is found in the input one after the other. Where
// the output has other text than that, everything but the common beginning and
// end counts as one cut of kind "changed".
func cutsOf(input, output string) []cut {
	if input == output {
		return nil
	}
	var kept []string
	var kinds []string
	at := 0
	for _, m := range mark.FindAllStringSubmatchIndex(output, -1) {
		if between := output[at:m[0]]; between != "" || at == 0 {
			kept, kinds = append(kept, between), append(kinds, output[m[2]:m[3]])
		}
		at = m[1]
	}
	kept = append(kept, output[at:])
	if cuts, ok := align(input, kept, kinds); ok {
		return cuts
	}
	from, end := 0, 0
	for from < min(len(input), len(output)) && input[from] == output[from] {
		from++
	}
	for end < min(len(input), len(output))-from && input[len(input)-1-end] == output[len(output)-1-end] {
		end++
	}
	return []cut{{from, len(input) - end, "changed"}}
}

// align finds kept[0], kept[1], ... in the input with something between any two;
// the first begins it and the last ends it.
func align(input string, kept, kinds []string) ([]cut, bool) {
	if !strings.HasPrefix(input, kept[0]) || len(kept) != len(kinds)+1 {
		return nil, false
	}
	var cuts []cut
	at := len(kept[0])
	for i, kind := range kinds {
		next := kept[i+1]
		from := at
		if i == len(kinds)-1 {
			at = len(input) - len(next)
			if at <= from || !strings.HasSuffix(input, next) {
				return nil, false
			}
			return append(cuts, cut{from, at, kind}), true
		}
		if from+1 > len(input) {
			return nil, false
		}
		found := strings.Index(input[from+1:], next)
		if found < 0 {
			return nil, false
		}
		cuts = append(cuts, cut{from, from + 1 + found, kind})
		at = from + 1 + found + len(next)
	}
	return cuts, len(kinds) == 0 && input == kept[0]
}
