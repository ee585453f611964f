package template

import "hash/maphash"

// mark stands for a placeholder in patterns. Scanned text cannot contain it.
const mark = 0

const placeholder = "<*>"

// lone is a word that is a placeholder and nothing else.
var lone = string(rune(mark))

// separates tells whether a byte stands between words rather than in one.
var separates = func() (t [256]bool) {
	for _, c := range []byte(" ,;:=()[]{}<>\"'|@#") {
		t[c] = true
	}
	return t
}()

// maxWords bounds how many words of a pattern can be found to be values.
const maxWords = 200

// span is a part of a string, from and until.
type span struct{ from, to int32 }

// split appends the words of a pattern to spans: what stands between
// separators, without a full stop at its end. A field or a pair of quotes with
// nothing in it has an empty word.
func split(pattern string, words []span) []span {
	for i := 0; i < len(pattern) && len(words) < maxWords; {
		if separates[pattern[i]] {
			i++
			if empty(pattern, i) {
				words = append(words, span{int32(i), int32(i)})
			}
			continue
		}
		from := i
		for i < len(pattern) && !separates[pattern[i]] {
			i++
		}
		to := i
		for to > from && (pattern[to-1] == '.' || pattern[to-1] == '!' || pattern[to-1] == '?') {
			to--
		}
		if to > from {
			words = append(words, span{int32(from), int32(to)})
		}
	}
	return words
}

// empty tells whether a value is missing at i: after a name and "=", in
// quotes, or in brackets of a list.
func empty(pattern string, i int) bool {
	next := byte(' ')
	if i < len(pattern) {
		next = pattern[i]
	}
	switch c := pattern[i-1]; c {
	case '=':
		return i > 1 && !separates[pattern[i-2]] && (next == ' ' || next == ',' || next == ';' || next == ')' || next == ']' || next == '}')
	case '"', '\'':
		return next == c && (i < 2 || separates[pattern[i-2]])
	case '[':
		return next == ']'
	case '{':
		return next == '}'
	}
	return false
}

// parsed is a pattern taken apart, with a hash that knows what each word adds
// to it, so that the hash with a word made free costs one subtraction.
type parsed struct {
	pattern string
	words   []span
	own     []uint64 // hash of each word
	adds    []uint64 // what each word adds to the sum
	gaps    uint64   // what stands between the words adds to the sum, with their number
	sum     uint64
}

// parse takes a pattern apart, using p's memory.
func (p *parsed) parse(seed maphash.Seed, pattern string) {
	p.pattern = pattern
	p.words = split(pattern, p.words[:0])
	p.adds, p.own = p.adds[:0], p.own[:0]
	p.gaps, p.sum = mix(uint64(len(p.words)), 0), 0
	at := 0
	for i, w := range p.words {
		p.gaps += mix(maphash.String(seed, pattern[at:w.from]), uint64(i)<<1|1)
		own := maphash.String(seed, pattern[w.from:w.to])
		add := mix(own, uint64(i)<<1)
		p.own, p.adds = append(p.own, own), append(p.adds, add)
		p.sum += add
		at = int(w.to)
	}
	p.gaps += mix(maphash.String(seed, pattern[at:]), uint64(len(p.words))<<1|1)
	p.sum += p.gaps
}

func (p *parsed) word(i int) string { return p.pattern[p.words[i].from:p.words[i].to] }

// field tells whether word i is the value of a field: after "=", also with a
// blank or quotes between.
func (p *parsed) field(i int) bool {
	from := int(p.words[i].from)
	for n := 0; n < 2 && from > 0 && (p.pattern[from-1] == ' ' || p.pattern[from-1] == '"' || p.pattern[from-1] == '\''); n++ {
		from--
	}
	return from > 0 && p.pattern[from-1] == '='
}

// quoted tells whether word i stands alone in quotes.
func (p *parsed) quoted(i int) bool {
	w := p.words[i]
	if w.from == 0 || int(w.to) >= len(p.pattern) {
		return false
	}
	q := p.pattern[w.from-1]
	return (q == '"' || q == '\'') && p.pattern[w.to] == q
}

// without is the hash once word i is free. free is the hash of a lone mark.
func (p *parsed) without(i int, free uint64) uint64 {
	return p.sum - p.adds[i] + mix(free, uint64(i)<<1)
}

// mix scatters x differently for every place.
func mix(x, place uint64) uint64 {
	x ^= (place + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// release writes the pattern with some more words free.
func (p *parsed) release(free []uint16) string {
	out := make([]byte, 0, len(p.pattern))
	at := int32(0)
	for _, i := range free {
		if int(i) >= len(p.words) {
			break
		}
		w := p.words[i]
		out = append(out, p.pattern[at:w.from]...)
		out = append(out, mark)
		at = w.to
	}
	return string(append(out, p.pattern[at:]...))
}

// frees tells whether the pattern with some words free is another one.
func (p *parsed) frees(pattern string, free []uint16) bool {
	return (len(free) == 0 || int(free[len(free)-1]) < len(p.words)) && pattern == p.release(free)
}
