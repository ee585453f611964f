package template

import (
	"math"
	"strconv"
	"strings"
)

// numberEnd returns how long the number is that w starts with: sign, digits,
// decimals, exponent.
func numberEnd(w string) int {
	i := 0
	if i < len(w) && (w[i] == '-' || w[i] == '+') {
		i++
	}
	start := i
	for i < len(w) && isDigit(w[i]) {
		i++
	}
	whole := i - start
	if i+1 < len(w) && w[i] == '.' && isDigit(w[i+1]) {
		for i++; i < len(w) && isDigit(w[i]); i++ {
		}
	} else if whole == 0 {
		return 0
	}
	if i+1 < len(w) && w[i]|0x20 == 'e' {
		j := i + 1
		if w[j] == '-' || w[j] == '+' {
			j++
		}
		if k := j; k < len(w) && isDigit(w[k]) {
			for k < len(w) && isDigit(w[k]) {
				k++
			}
			if k == len(w) {
				i = k
			}
		}
	}
	return i
}

// number scans a word that starts with a number, which ends at until.
func (s *scanner) number(from, until, end int) {
	line := s.line
	tail := line[until:end]
	switch {
	case tail == "" || tail == "%":
		s.alone(from, until, end)
		return
	case isHex(line[from:end]):
		s.value(Hex, from, end)
		return
	case isUUID(line[from:end]):
		s.value(UUID, from, end)
		return
	}
	if u, ok := unitOf(tail); ok {
		s.measured(Param{u.kind, line[from:end], parse(line[from:until]) * u.factor}, from, end)
		return
	}
	if n, ok := compound(line[from:end]); ok {
		s.measured(Param{Duration, line[from:end], n}, from, end)
		return
	}
	if tail[0] == '-' && len(tail) > 1 && strings.IndexByte(line[from:end], '.') < 0 {
		// A range, or a number in front of a word: 104-127, 32-bit. With dots it
		// is a version: 1.21-1.
		if n := numberEnd(tail[1:]); n == len(tail)-1 || !hasDigit(tail) {
			s.measured(Param{Number, line[from:until], parse(line[from:until])}, from, until)
			s.piece(until+1, end)
			return
		}
	}
	if isVersion(line[from:end]) {
		s.value(Version, from, end)
		return
	}
	s.value(Name, from, end)
}

// alone scans a number that nothing is attached to: it may have thousands, and
// its unit may be the next word.
func (s *scanner) alone(from, until, end int) {
	line := s.line
	for until == end && until+4 <= len(line) && line[until] == ',' && until-from <= 15 && isDigit(line[until+1]) &&
		isDigit(line[until+2]) && isDigit(line[until+3]) && (until+4 == len(line) || bits[line[until+4]]&(digit|letter|hexLetter|slash|at) == 0 && line[until+4] != '_') {
		until += 4
		end = until
		if until+1 < len(line) && line[until] == '.' && isDigit(line[until+1]) {
			for until++; until < len(line) && isDigit(line[until]); until++ {
			}
			end = until
		}
	}
	p := Param{Number, line[from:end], parse(line[from:until])}
	if end+1 < len(line) && line[end] == ' ' && isLetter(line[end+1]) {
		to := end + 2
		for to < len(line) && to-end < 16 && isLetter(line[to]) {
			to++
		}
		if to == len(line) || bits[line[to]] == 0 || strings.IndexByte(".:", line[to]) >= 0 {
			if u, ok := unitOf(line[end+1 : to]); ok && (len(u.name) > 1 || u.name == "B" || u.name == "s") {
				p.Kind, p.Number = u.kind, p.Number*u.factor
				if u.varies {
					// Programs that write 17.7 GB write 930.0 KB as well.
					end = to
					p.Text = line[from:end]
				}
			}
		}
	}
	s.measured(p, from, end)
	if p.Kind == Size {
		s.restated(end)
	}
}

// restated skips a size that is told again in a larger unit, which programs do
// when it is large: 18846 bytes (18.4 KB).
func (s *scanner) restated(end int) {
	line := s.line
	unit := end
	if end < len(line) && line[end] == ' ' {
		unit = wordEnd(line, end+1)
	}
	if unit+3 >= len(line) || line[unit] != ' ' || line[unit+1] != '(' || !isDigit(line[unit+2]) {
		return
	}
	n := unit + 2 + numberEnd(line[unit+2:])
	if n < len(line) && line[n] == ' ' {
		n++
	}
	to := wordEnd(line, n)
	if u, ok := unitOf(line[n:to]); !ok || u.kind != Size || !u.varies || to >= len(line) || line[to] != ')' {
		return
	}
	s.out = append(s.out, line[end:unit]...)
	s.copied = to + 1
}

// parse reads a number that numberEnd found, perhaps with thousands.
func parse(w string) float64 {
	mantissa, decimals, point, negative := 0, 0, false, false
	for i := range len(w) {
		switch c := w[i]; {
		case isDigit(c):
			mantissa = mantissa*10 + int(c-'0')
			if point {
				decimals++
			}
		case c == '.':
			point = true
		case c == '-' && i == 0:
			negative = true
		case c == '+' && i == 0, c == ',':
		default: // an exponent
			n, _ := strconv.ParseFloat(w, 64) // too large a number is infinite
			return n
		}
	}
	// Up to 15 digits and 22 decimals, one division is exact.
	if len(w) > 15 {
		n, _ := strconv.ParseFloat(strings.ReplaceAll(w, ",", ""), 64)
		return n
	}
	n := float64(mantissa)
	if decimals > 0 {
		n /= powers[decimals]
	}
	if negative {
		n = -n
	}
	return n
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// compound reads a duration such as 1h2m3.5s, in seconds.
func compound(w string) (float64, bool) {
	total, units := 0.0, 0
	for w != "" {
		n := numberEnd(w)
		if n == 0 {
			return 0, false
		}
		m := n
		for m < len(w) && !isDigit(w[m]) && w[m] != '.' {
			m++
		}
		u, ok := unitOf(w[n:m])
		if !ok || u.kind != Duration {
			return 0, false
		}
		total += parse(w[:n]) * u.factor
		w = w[m:]
		units++
	}
	return total, units > 0
}

// isVersion tells 1.2.3 and 1.2.3-rc4 by two dots or more, in a word that starts
// with a number.
func isVersion(w string) bool { return strings.Count(w, ".") >= 2 }

type unit struct {
	name   string
	kind   Kind
	factor float64
	varies bool // written in the size that fits, so that the next line can have another
}

// unitOf finds a unit by its name.
func unitOf(name string) (unit, bool) {
	if len(name) > 12 {
		return unit{}, false
	}
	u, ok := units[name]
	return u, ok
}

var units = func() map[string]unit {
	m := map[string]unit{}
	add := func(kind Kind, factor float64, varies bool, names ...string) {
		for _, n := range names {
			m[n] = unit{n, kind, factor, varies}
		}
	}
	add(Duration, 1e-9, false, "ns", "nanos", "nanosecond", "nanoseconds")
	add(Duration, 1e-6, false, "us", "\u00b5s", "\u03bcs", "micros", "microsecond", "microseconds")
	add(Duration, 1e-3, false, "ms", "msec", "msecs", "millis", "millisecond", "milliseconds", "MILLISECONDS")
	add(Duration, 1, false, "s", "sec", "secs", "second", "seconds", "SECONDS")
	add(Duration, 60, false, "m", "min", "mins", "minute", "minutes", "MINUTES")
	add(Duration, 3600, false, "h", "hr", "hrs", "hour", "hours", "HOURS")
	add(Duration, 86400, false, "d", "day", "days", "DAYS")
	add(Size, 1, false, "byte", "bytes", "Byte", "Bytes")
	add(Size, 1, true, "B")
	for i, p := range []string{"K", "M", "G", "T", "P"} {
		add(Size, math.Pow(1024, float64(i+1)), true, p, p+"B", p+"iB")
	}
	add(Size, 1024, true, "k", "kB")
	return m
}()
