package logtraffic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// moment is what the parts of one line are written from.
type moment struct {
	rng  *rand.Rand
	host string
	run  string  // the version that the host runs
	slow float64 // factor on durations; 1 as a rule
	peer string  // replaces a part "peer"; empty as a rule
}

// part appends one piece of a line.
type part func(b []byte, m *moment) []byte

// pattern is a text with parts in braces, such as "order {id} took {ms 35 0.8} ms".
type pattern []part

// compile reads a pattern. The tables of this package are its only input, so
// what it does not understand is a mistake there.
func compile(text string) pattern {
	var p pattern
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			return append(p, literal(text))
		}
		if open > 0 {
			p = append(p, literal(text[:open]))
		}
		end := strings.IndexByte(text[open:], '}')
		if end < 0 {
			panic(fmt.Sprintf("pattern %q: a brace is open", text))
		}
		p = append(p, variable(text[open+1:open+end]))
		text = text[open+end+1:]
	}
	return p
}

func (p pattern) write(b []byte, m *moment) []byte {
	for _, one := range p {
		b = one(b, m)
	}
	return b
}

func literal(text string) part {
	return func(b []byte, _ *moment) []byte { return append(b, text...) }
}

// variable makes a part from its name and arguments.
func variable(spec string) part {
	name, rest, _ := strings.Cut(spec, " ")
	args := strings.Fields(rest)
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(args[i], 64)
		if err != nil {
			panic(fmt.Sprintf("pattern {%s}: %v", spec, err))
		}
		return n
	}
	switch name {
	case "int":
		low, span := int64(number(0)), int64(number(1)-number(0))+1
		return func(b []byte, m *moment) []byte { return strconv.AppendInt(b, low+m.rng.Int64N(span), 10) }
	case "id":
		return func(b []byte, m *moment) []byte { return strconv.AppendInt(b, 1_000_000+m.rng.Int64N(9_000_000), 10) }
	case "hex":
		n := int(number(0))
		return func(b []byte, m *moment) []byte { return appendHex(b, m.rng, n) }
	case "uuid":
		return appendUUID
	case "ip":
		return func(b []byte, m *moment) []byte { return appendIP(b, m.rng) }
	case "email":
		return func(b []byte, m *moment) []byte {
			b = append(b, "user"...)
			b = strconv.AppendInt(b, m.rng.Int64N(90_000), 10)
			return append(b, "@example.com"...)
		}
	case "sku":
		return func(b []byte, m *moment) []byte {
			b = append(b, 'A'+byte(m.rng.IntN(26)), 'A'+byte(m.rng.IntN(26)), '-')
			return strconv.AppendInt(b, 1000+m.rng.Int64N(9000), 10)
		}
	case "pick":
		words := strings.Split(rest, "|")
		// The first is the most frequent, each next one half as frequent.
		return func(b []byte, m *moment) []byte {
			i := 0
			for i < len(words)-1 && m.rng.Uint32()&1 == 0 {
				i++
			}
			return append(b, words[i]...)
		}
	case "peer":
		words := strings.Split(rest, "|")
		return func(b []byte, m *moment) []byte {
			if m.peer != "" {
				return append(b, m.peer...)
			}
			return append(b, words[m.rng.IntN(len(words))]...)
		}
	case "ms":
		median, sigma := number(0), number(1)
		return func(b []byte, m *moment) []byte {
			return strconv.AppendFloat(b, took(m, median, sigma), 'f', 1, 64)
		}
	case "whole": // milliseconds without decimals
		median, sigma := number(0), number(1)
		return func(b []byte, m *moment) []byte {
			return strconv.AppendInt(b, int64(math.Ceil(took(m, median, sigma))), 10)
		}
	case "dur": // as Go writes durations
		median, sigma := number(0), number(1)
		return func(b []byte, m *moment) []byte { return appendDuration(b, took(m, median, sigma)) }
	case "host":
		return func(b []byte, m *moment) []byte { return append(b, m.host...) }
	case "version":
		return func(b []byte, m *moment) []byte { return append(b, m.run...) }
	}
	panic(fmt.Sprintf("pattern {%s}: unknown part", spec))
}

// took draws a duration in milliseconds: lognormal around the median, and one
// in 2,000 has waited for something.
func took(m *moment, median, sigma float64) float64 {
	d := median * math.Exp(sigma*m.rng.NormFloat64())
	if m.rng.Uint32()%2000 == 0 {
		d *= 10 + 20*m.rng.Float64()
	}
	return d * m.slow
}

func appendDuration(b []byte, ms float64) []byte {
	switch {
	case ms < 1:
		return append(strconv.AppendInt(b, int64(ms*1000)+1, 10), "µs"...)
	case ms < 1000:
		return append(strconv.AppendFloat(b, ms, 'f', 3, 64), "ms"...)
	default:
		return append(strconv.AppendFloat(b, ms/1000, 'f', 3, 64), 's')
	}
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, rng *rand.Rand, n int) []byte {
	for n > 0 {
		bits := rng.Uint64()
		for range min(n, 16) {
			b = append(b, hexDigits[bits&15])
			bits >>= 4
		}
		n -= 16
	}
	return b
}

func appendUUID(b []byte, m *moment) []byte {
	for i, n := range []int{8, 4, 4, 4, 12} {
		if i > 0 {
			b = append(b, '-')
		}
		b = appendHex(b, m.rng, n)
	}
	return b
}

func appendIP(b []byte, rng *rand.Rand) []byte {
	bits := rng.Uint32()
	for i := range 4 {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(1+bits&0xFF%250), 10)
		bits >>= 8
	}
	return b
}
