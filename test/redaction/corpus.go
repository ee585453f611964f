package redaction

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
)

// Line is one line of the corpus.
type Line struct {
	Where string // file:number
	nodes []node
}

// node is a piece of a line: text, or what stands between a pair of marks.
type node struct {
	mark  rune   // 0 text, '⟦' a value, '⟪' an encoding, '⦅' what may stay or go
	name  string // the recipe, or the encoding
	keep  bool   // of a value: harmless, has to stay
	text  string // of text and values
	inner []node // of encodings and of what may go
}

// closing marks, by their opening ones.
var closing = map[rune]rune{'⟦': '⟧', '⟪': '⟫', '⦅': '⦆'}

// What stands for other text in a line: the seam only keeps scanners of
// repositories from taking a value for a leaked one.
var stored = strings.NewReplacer("⟨⟩", "", "⏎", "\n", "⇥", "\t")

// ReadCorpus reads the lines of every .txt file of a folder, sorted by file.
// Lines that are empty or begin with "##" are left out.
func ReadCorpus(folder fs.FS) ([]Line, error) {
	files, err := fs.Glob(folder, "*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the corpus: %w", err)
	}
	var lines []Line
	for _, name := range files {
		file, err := folder.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open the corpus: %w", err)
		}
		rows := bufio.NewScanner(file)
		rows.Buffer(nil, 1<<20)
		for n := 1; rows.Scan(); n++ {
			if rows.Text() == "" || strings.HasPrefix(rows.Text(), "##") {
				continue
			}
			line, err := ParseLine(rows.Text())
			if err != nil {
				_ = file.Close()
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
			line.Where = fmt.Sprintf("%s:%d", path.Base(name), n)
			lines = append(lines, line)
		}
		_ = file.Close()
		if rows.Err() != nil {
			return nil, fmt.Errorf("read %s: %w", name, rows.Err())
		}
	}
	return lines, nil
}

// ParseLine reads one line with its marks; README.md of the corpus says which.
func ParseLine(s string) (Line, error) {
	nodes, rest, err := parse(stored.Replace(s), 0)
	if err == nil && rest != "" {
		err = errors.New("a mark is closed that was not opened")
	}
	return Line{nodes: nodes}, err
}

// parse reads up to the closing mark, and returns what follows it.
func parse(s string, until rune) ([]node, string, error) {
	var nodes []node
	text := strings.Builder{}
	flush := func() {
		if text.Len() > 0 {
			nodes = append(nodes, node{text: text.String()})
			text.Reset()
		}
	}
	for i, c := range s {
		switch c {
		case '⟦', '⟪', '⦅':
			flush()
			n, rest, err := parseMark(c, s[i+len(string(c)):])
			if err != nil {
				return nil, "", err
			}
			more, rest, err := parse(rest, until)
			return append(append(nodes, n), more...), rest, err
		case '⟧', '⟫', '⦆':
			if c != until {
				return nil, "", fmt.Errorf("%c stands where %q was expected", c, until)
			}
			flush()
			return nodes, s[i+len(string(c)):], nil
		}
		text.WriteRune(c)
	}
	if until != 0 {
		return nil, "", fmt.Errorf("%c is missing", until)
	}
	flush()
	return nodes, "", nil
}

func parseMark(mark rune, s string) (node, string, error) {
	n := node{mark: mark}
	if mark != '⦅' {
		name, rest, ok := strings.Cut(s, "|")
		if !ok {
			return n, "", errors.New("a mark without |")
		}
		n.name, s = name, rest
	}
	if mark == '⟦' {
		text, rest, ok := strings.Cut(s, "⟧")
		n.text = text
		n.name, n.keep = strings.TrimPrefix(n.name, "="), strings.HasPrefix(n.name, "=")
		if !ok {
			return n, "", errors.New("⟧ is missing")
		}
		if _, err := Draw(n.name, rand.New(rand.NewPCG(1, 1))); err != nil {
			return n, "", err
		}
		return n, rest, nil
	}
	if _, ok := encodings[n.name]; mark == '⟪' && !ok {
		return n, "", fmt.Errorf("there is no encoding %q", n.name)
	}
	inner, rest, err := parse(s, closing[mark])
	n.inner = inner
	return n, rest, err
}

// Label is a value in a sample that has to go.
type Label struct {
	Recipe, Value string
}

// Sample is a line as a redactor sees it.
type Sample struct {
	Where  string
	Text   string
	Labels []Label
	pieces []piece
}

// piece is a stretch of the text with what is known about it.
type piece struct {
	text   string
	labels []int // values in it that have to go; several where one encoding holds them
	free   bool  // may stay or go
}

// Stored is the line with the values that stand in it.
func (l Line) Stored() Sample { return l.sample(func(n node) string { return n.text }) }

// Drawn is the line with fresh values, harmless ones as well.
func (l Line) Drawn(seed uint64) Sample {
	place := fnv.New64a()
	_, _ = place.Write([]byte(l.Where))
	r := rand.New(rand.NewPCG(seed, place.Sum64()))
	return l.sample(func(n node) string {
		value, err := Draw(n.name, r)
		if err != nil {
			panic(err) // ParseLine let no unknown recipe through
		}
		return value
	})
}

func (l Line) sample(value func(node) string) Sample {
	s := Sample{Where: l.Where}
	s.pieces = s.render(l.nodes, value, false)
	for _, p := range s.pieces {
		s.Text += p.text
	}
	return s
}

func (s *Sample) render(nodes []node, value func(node) string, free bool) []piece {
	var out []piece
	for _, n := range nodes {
		switch n.mark {
		case '⟦':
			p := piece{text: value(n), free: free}
			if !n.keep {
				s.Labels = append(s.Labels, Label{n.name, p.text})
				p.labels = []int{len(s.Labels) - 1}
			}
			out = append(out, p)
		case '⟪':
			out = append(out, encodings[n.name](s.render(n.inner, value, free))...)
		case '⦅':
			out = append(out, s.render(n.inner, value, true)...)
		default:
			out = append(out, piece{text: n.text, free: free})
		}
	}
	return out
}
