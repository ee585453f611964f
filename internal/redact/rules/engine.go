package rules

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxInput bounds what is looked at, in bytes: as much as any activity's input
// or result may hold.
const maxInput = 64 << 10

// maxPasses bounds how often a text is looked through. One pass is enough for
// ordinary text; a second proves that nothing is left. Text in which there is
// still something to find after so many is withheld as a whole.
const maxPasses = 8

// set is the rules under some options.
type set struct {
	options Options
	counts  *counts
	names   bool      // texts are identifiers; see identifiers
	hashes  sync.Pool // of HMACs under the key
}

// redact gives a fixed point of the rules. Whatever goes wrong, the text is not
// given back unchecked.
func (s *set) redact(raw string) (text string) {
	defer func() {
		if recover() != nil { // a rule or a library is broken: what it says is not to be trusted
			s.counts.add(kindWithheld)
			text = markWithheld
		}
	}()
	if s.names && plainName(raw) {
		return raw
	}
	text = raw
	if !utf8.ValidString(raw) {
		text = strings.ToValidUTF8(raw, "\uFFFD")
	}
	for range maxPasses {
		text = s.cut(text)
		next := s.pass(text)
		if next == text {
			return text
		}
		text = next
	}
	s.counts.add(kindUnstable)
	return markUnstable
}

// cut shortens text to maxInput, at a rune and outside of a mark, so that the
// result is not cut again.
func (s *set) cut(text string) string {
	if len(text) <= maxInput {
		return text
	}
	at := maxInput - len(markCut)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	// A secret that is cut in two may no longer look like one: the last, perhaps
	// incomplete, word goes as well.
	if space := strings.LastIndexAny(text[:at], " \t\r\n"); space > 0 {
		at = space + 1
	} else {
		at = 0
	}
	s.counts.add(kindCut)
	return text[:at] + markCut
}

// pass replaces what is found between marks. A mark is never looked into again,
// which is what makes redaction converge: every pass that changes anything
// shortens the text between marks.
func (s *set) pass(text string) string {
	var b strings.Builder
	done := 0
	replace := func(from, to int) {
		for _, found := range s.find(text[from:to], maxDepth) {
			if s.names && found.kind == kindEmail && found.to-found.from == len(text) {
				continue // a name that is an address and nothing else is that of a person who decides
			}
			b.WriteString(text[done : from+found.from])
			value := found.value
			if value == "" {
				value = text[from+found.from : from+found.to]
			}
			s.counts.add(found.kind)
			if found.kind == kindWithheld || s.names {
				b.WriteString(unhashed(found.kind))
			} else {
				b.WriteString(s.mark(found.kind, value))
			}
			done = from + found.to
		}
	}
	from := 0
	for {
		start, end := nextMark(text, from)
		if start < 0 {
			replace(from, len(text))
			break
		}
		replace(from, start)
		from = end
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// maxDepth is how many encodings inside of each other are taken off.
const maxDepth = 3

// find is what goes of a text without marks: as it stands, with its escapes taken
// off as often as there are any, and in what its runs of base64 and hexadecimal
// digits say.
func (s *set) find(text string, depth int) []span {
	if text == "" {
		return nil
	}
	sc := scan{set: s, text: text, budget: 4*len(text) + 256}
	sc.look(depth)
	if strings.IndexByte(text, '%') >= 0 || strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, '&') >= 0 {
		plain := view{text: text}
		for range maxDepth {
			var ok bool
			if plain, ok = plain.unescaped(); !ok {
				break
			}
			inner := scan{set: s, text: plain.text, budget: 4*len(text) + 256}
			inner.look(depth)
			for _, f := range inner.spans {
				if f.value == "" {
					f.value = plain.text[f.from:f.to]
				}
				f.from, f.to = plain.raw(f.from), plain.raw(f.to)
				sc.spans = append(sc.spans, f)
			}
		}
	}
	if s.names && depth == maxDepth { // before a guess can swallow what is certain
		sc.spans = slices.DeleteFunc(sc.spans, func(f span) bool { return !f.certain() })
	}
	if len(sc.spans) > 1 {
		return united(sc.spans)
	}
	return sc.spans
}

// scan is one look at a text.
type scan struct {
	set      *set
	text     string
	spans    []span
	contexts []context
	digitsAt number // the digits that are looked at
	budget   int    // how many bytes may still be decoded
	tokenEnd int    // where the latest token ends
	valueEnd int    // where the latest value of a field ends
	userEnd  int    // where the latest user and password of a URL end
	tails    []tail // of long values

	libraryEnd map[string]int // by rule: up to where it has looked
}

func (c *scan) add(from, to int, kind string, weight int) {
	if from < to {
		c.spans = append(c.spans, span{from: from, to: to, kind: kind, weight: weight})
	}
}

// look runs every rule. Each begins at a word, a mark or a run of digits that all
// it finds has, so that a text that holds nothing costs two looks at each byte.
func (c *scan) look(depth int) {
	t := vocabulary()
	w, text, state := t.words, c.text, uint16(0)
	next := w.next
	for i := range len(text) {
		state = next[int(state)*wordClasses+int(w.class[text[i]])]
		if state < w.first {
			continue
		}
		for _, id := range w.says[state] {
			for _, do := range t.does[id] {
				do(c, i+1-len(t.list[id]), i+1)
			}
		}
	}
	c.numbers()
	if depth > 0 {
		c.encoded(depth)
	}
}
