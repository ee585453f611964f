package template

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The corpus is generated from format strings, so that the true template of
// every line is known. A file of testdata/corpus has one format a line, with
// its weight in front; lines that start with // are comments, and
//
//	$name = first | second | third
//
// names values to choose from, the first ones more often. In a format, and in a
// value, braces hold what varies:
//
//	{$name}            one of the named values
//	{a|b|}             one of the values written here, which may be empty
//	{=a|b}             one of these names
//	{?text}            text, or nothing
//	{*1-4:, :item}     one to four items with ", " between them
//	{int:1-9} {float:0-5:3} {hex:8} {uuid} {ip} {dur} ...    see kinds
//
// A backslash takes the meaning from a brace, a bar, a star or a backslash.
//
// Whether a state makes a template of its own (moved to PAID, moved to SHIPPED)
// is a matter of taste, and labelled data has it both ways. Choices between at
// most five words, or phrases, that are not marked as names nor the values of
// fields, or are named with := for =, are such states. A line carries both truths.
type corpusFormat struct {
	name    string
	weights []int
	parts   []corpusPart
}

// corpusLine is a line, the number of the format that it was made from, and the
// states in it.
type corpusLine struct {
	text   string
	truth  int
	states string
}

// corpusText is a line that is being made.
type corpusText struct {
	strings.Builder

	states strings.Builder
}

// corpusPart writes its text.
type corpusPart func(b *corpusText, r *rand.Rand)

// maxStates is how many words can be states.
const maxStates = 5

// corpusFormats reads all of the corpus.
func corpusFormats(t testing.TB) []*corpusFormat {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", "*.txt"))
	require.NoError(t, err)
	formats := make([]*corpusFormat, 0, len(names))
	for _, name := range names {
		f, err := readCorpusFormat(name)
		require.NoError(t, err)
		formats = append(formats, f)
	}
	return formats
}

func readCorpusFormat(name string) (*corpusFormat, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p := corpusParser{named: map[string]corpusPart{}}
	f := &corpusFormat{name: strings.TrimSuffix(filepath.Base(name), ".txt")}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, "//") {
			continue
		}
		if err := p.line(f, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return f, lines.Err()
}

// lines makes so many lines, with every format at least once.
func (f *corpusFormat) lines(count int) []corpusLine {
	r := rand.New(rand.NewPCG(uint64(idOf(f.name)), 1))
	var shares []int // the number of each format as often as it weighs
	for i, w := range f.weights {
		shares = append(shares, slices.Repeat([]int{i}, w)...)
	}
	truths := make([]int, count)
	for i := range truths {
		truths[i] = shares[r.IntN(len(shares))]
	}
	for i := range f.parts {
		if !slices.Contains(truths, i) {
			truths[r.IntN(count)] = i
		}
	}
	out := make([]corpusLine, count)
	for i, truth := range truths {
		var b corpusText
		f.parts[truth](&b, r)
		out[i] = corpusLine{b.String(), truth, b.states.String()}
	}
	return out
}

type corpusParser struct{ named map[string]corpusPart }

func (p *corpusParser) line(f *corpusFormat, line string) error {
	if strings.HasPrefix(line, "$") {
		name, values, ok := strings.Cut(line, " = ")
		if !ok {
			name, values, _ = strings.Cut(line, " := ")
		}
		part, err := p.choice(strings.Split(values, " | "), !ok)
		if ok {
			part = stateless(part)
		}
		p.named[name] = part
		return err
	}
	weight, format, _ := strings.Cut(line, " ")
	w, err := strconv.Atoi(weight)
	if err != nil {
		return err
	}
	part, err := p.text(format)
	f.weights, f.parts = append(f.weights, w), append(f.parts, part)
	return err
}

// text is a text with braces in it.
func (p *corpusParser) text(s string) (corpusPart, error) {
	var parts []corpusPart
	var plain strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`{}|*\`, s[i+1]) >= 0:
			i++
			plain.WriteByte(s[i])
		case s[i] == '{':
			end := closing(s, i)
			if end < 0 {
				return nil, fmt.Errorf("a brace is not closed in %q", s[i:])
			}
			part, err := p.braces(s[i+1 : end])
			if err != nil {
				return nil, err
			}
			parts = append(parts, constant(plain.String()), part)
			plain.Reset()
			i = end
		case s[i] == '}':
			return nil, fmt.Errorf("a brace is not opened in %q", s[:i+1])
		default:
			plain.WriteByte(s[i])
		}
	}
	parts = append(parts, constant(plain.String()))
	return func(b *corpusText, r *rand.Rand) {
		for _, part := range parts {
			part(b, r)
		}
	}, nil
}

// braces is what stands between two of them.
func (p *corpusParser) braces(s string) (corpusPart, error) {
	if rest, ok := strings.CutPrefix(s, "*"); ok {
		return p.repeated(rest)
	}
	if rest, ok := strings.CutPrefix(s, "="); ok {
		return p.choice(splitTop(rest), false)
	}
	if values := splitTop(s); len(values) > 1 {
		return p.choice(values, true)
	}
	if rest, ok := strings.CutPrefix(s, "?"); ok {
		part, err := p.text(rest)
		return oneOf([]corpusPart{part, constant("")}), err
	}
	if strings.HasPrefix(s, "$") {
		part, ok := p.named[s]
		if !ok {
			return nil, fmt.Errorf("%s is not defined", s)
		}
		return part, nil
	}
	return corpusValue(s)
}

// plainWords are what a state can be.
var plainWords = regexp.MustCompile(`^[\pL_']+(?:[,.]? [\pL_']+)*$`)

// choice is one of some values, which may be states.
func (p *corpusParser) choice(values []string, states bool) (corpusPart, error) {
	states = states && len(values) <= maxStates
	alternatives := make([]corpusPart, len(values))
	for i, value := range values {
		var err error
		if alternatives[i], err = p.text(value); err != nil {
			return nil, err
		}
		states = states && plainWords.MatchString(value)
	}
	pick := oneOf(alternatives)
	if !states {
		return pick, nil
	}
	return func(b *corpusText, r *rand.Rand) {
		before := b.String()
		pick(b, r)
		if !strings.HasSuffix(strings.TrimRight(before, `"'`), "=") { // the value of a field
			b.states.WriteString(b.String()[len(before):] + " ")
		}
	}, nil
}

// stateless makes what is a choice in a part no state of the line.
func stateless(part corpusPart) corpusPart {
	return func(b *corpusText, r *rand.Rand) {
		var inner corpusText
		part(&inner, r)
		b.WriteString(inner.String())
	}
}

func (p *corpusParser) repeated(s string) (corpusPart, error) {
	fields := strings.SplitN(s, ":", 3)
	if len(fields) < 3 {
		return nil, fmt.Errorf("*%s is not *least-most:separator:item", s)
	}
	least, most, err := corpusRange(fields[0])
	if err != nil {
		return nil, err
	}
	alternatives := splitTop(fields[2])
	items := make([]corpusPart, len(alternatives))
	for i, a := range alternatives {
		if items[i], err = p.text(a); err != nil {
			return nil, err
		}
	}
	item := stateless(oneOf(items))
	return func(b *corpusText, r *rand.Rand) {
		for i := range least + r.IntN(most-least+1) {
			if i > 0 {
				b.WriteString(fields[1])
			}
			item(b, r)
		}
	}, nil
}

// closing is where the brace that opens at i closes.
func closing(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// splitTop splits at the bars that are in no inner brace.
func splitTop(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			i = closing(s, i)
		case '|':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func constant(s string) corpusPart {
	return func(b *corpusText, _ *rand.Rand) { b.WriteString(s) }
}

// oneOf takes the first values more often than the last ones.
func oneOf(values []corpusPart) corpusPart {
	return func(b *corpusText, r *rand.Rand) {
		values[int(float64(len(values))*math.Pow(r.Float64(), 1.6))](b, r)
	}
}

func corpusRange(s string) (least, most int, err error) {
	a, b, ok := strings.Cut(s, "-")
	least, errLeast := strconv.Atoi(a)
	most, errMost := strconv.Atoi(b)
	if !ok || errLeast != nil || errMost != nil || most < least {
		return 0, 0, fmt.Errorf("%q is no range", s)
	}
	return least, most, nil
}
