package logline

import "time"

// stampKind says how much a timestamp is one.
type stampKind uint8

const (
	stampFull  stampKind = iota // a date with its year, and a time of day
	stampYear                   // a month, a day and a time of day
	stampShort                  // digits that are a time if what follows is a header
	stampClock                  // a time of day alone
)

// stamp is a timestamp at the start of a text.
type stamp struct {
	time time.Time // zero when the digits do not tell which is the day and which the month
	end  int       // where it ends
	kind stampKind
}

// readTime reads the timestamp that a text begins with.
func readTime(s string) (stamp, bool) {
	if len(s) < 8 {
		return stamp{}, false
	}
	var t stamp
	ok := false
	switch {
	case isDigit(s[0]):
		t, ok = readDigits(s)
	case isLetter(s[0]) && (s[3] == ' ' || s[3] == ','):
		t, ok = readNames(s)
	}
	if !ok || t.end < len(s) && !endsTime(s[t.end]) {
		return stamp{}, false
	}
	return t, true
}

func endsTime(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ']', ')', ',', ':', ';', '|', '"':
		return true
	}
	return false
}

// fields of a time while it is read.
type when struct{ year, month, day, hour, minute, second, nano, offset int }

func (w *when) time() time.Time {
	t := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.nano, time.UTC)
	if w.offset != 0 {
		t = t.Add(-time.Duration(w.offset) * time.Second)
		if w.year == 0 {
			// In UTC it may be in the year before or after.
			t = t.In(time.FixedZone("", w.offset))
		}
	}
	return t
}

func (w *when) valid() bool {
	return w.month >= 1 && w.month <= 12 && w.day >= 1 && w.day <= 31 && w.hour <= 23 && w.minute <= 59 && w.second <= 60
}

// two reads two digits.
func two(s string, i int) (int, bool) {
	if i+2 > len(s) || !isDigit(s[i]) || !isDigit(s[i+1]) {
		return 0, false
	}
	return int(s[i]-'0')*10 + int(s[i+1]-'0'), true
}

func four(s string, i int) (int, bool) {
	a, ok := two(s, i)
	b, ok2 := two(s, i+2)
	return a*100 + b, ok && ok2
}

// digits counts the digits from i on.
func digits(s string, i int) int {
	n := 0
	for i+n < len(s) && isDigit(s[i+n]) {
		n++
	}
	return n
}

// clock reads "15:04:05" and a fraction; the separator is ':' or '.'.
func (w *when) clock(s string, i int) (int, bool) {
	if i+8 > len(s) || s[i+2] != ':' && s[i+2] != '.' || s[i+5] != s[i+2] {
		return i, false
	}
	var a, b, c bool
	w.hour, a = two(s, i)
	w.minute, b = two(s, i+3)
	w.second, c = two(s, i+6)
	if !a || !b || !c {
		return i, false
	}
	i += 8
	if i+1 < len(s) && (s[i] == '.' || s[i] == ',') && isDigit(s[i+1]) {
		i++
		scale := 100_000_000
		for i < len(s) && isDigit(s[i]) {
			w.nano += int(s[i]-'0') * scale
			scale /= 10
			i++
		}
	}
	return i, true
}

// zone reads what may follow a time of day: Z, UTC, GMT, +01:00, -0700.
func (w *when) zone(s string, i int) int {
	if i < len(s) && (s[i] == 'Z' || s[i] == 'z') {
		return i + 1
	}
	k := i
	if k < len(s) && s[k] == ' ' {
		k++
	}
	if k+3 <= len(s) && (s[k:k+3] == "UTC" || s[k:k+3] == "GMT") && (k+3 == len(s) || endsTime(s[k+3])) {
		return k + 3
	}
	if k+3 > len(s) || s[k] != '+' && s[k] != '-' {
		return i
	}
	hours, ok := two(s, k+1)
	if !ok || hours > 14 {
		return i
	}
	end, minutes := k+3, 0
	if end < len(s) && s[end] == ':' {
		end++
	}
	if m, ok := two(s, end); ok && m < 60 {
		minutes, end = m, end+2
	} else {
		end = k + 3
	}
	if end < len(s) && !endsTime(s[end]) || k > i && end < k+5 {
		return i
	}
	w.offset = hours*3600 + minutes*60
	if s[k] == '-' {
		w.offset = -w.offset
	}
	return end
}

// readDigits reads the timestamps that begin with a digit.
func readDigits(s string) (stamp, bool) {
	switch n := digits(s, 0); n {
	case 4:
		return readYear(s)
	case 1, 2:
		return readShort(s, n)
	case 6:
		return readPacked(s)
	case 8:
		if len(s) > 8 && s[8] == 'T' {
			return readCompact(s)
		}
	case 10, 13, 16, 19:
		end := n
		if n == 10 && end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
			end++
			end += digits(s, end)
		}
		if t, ok := epoch(s[:end]); ok {
			return stamp{t, end, stampShort}, true
		}
	}
	return stamp{}, false
}

// readYear reads 2006-01-02T15:04:05.999Z and its many kin.
func readYear(s string) (stamp, bool) {
	if len(s) < 19 || s[4] != '-' && s[4] != '/' && s[4] != '.' || s[7] != s[4] {
		return stamp{}, false
	}
	var w when
	var a, b bool
	w.year, _ = four(s, 0)
	w.month, a = two(s, 5)
	w.day, b = two(s, 8)
	if !a || !b {
		return stamp{}, false
	}
	i := 11
	switch s[10] {
	case 'T', 't', ' ', '_', '-', ':':
		if s[11] == ' ' {
			i++
		}
	default:
		return stamp{}, false
	}
	i, ok := w.clock(s, i)
	if !ok || !w.valid() {
		return stamp{}, false
	}
	i = w.zone(s, i)
	return stamp{w.time(), i, stampFull}, true
}

// readCompact reads 20060102T150405Z.
func readCompact(s string) (stamp, bool) {
	var w when
	w.year, _ = four(s, 0)
	w.month, _ = two(s, 4)
	w.day, _ = two(s, 6)
	if digits(s, 9) != 6 {
		return stamp{}, false
	}
	w.hour, _ = two(s, 9)
	w.minute, _ = two(s, 11)
	w.second, _ = two(s, 13)
	if !w.valid() {
		return stamp{}, false
	}
	return stamp{w.time(), w.zone(s, 15), stampFull}, true
}

// readPacked reads "060102 150405".
func readPacked(s string) (stamp, bool) {
	if len(s) < 13 || s[6] != ' ' || digits(s, 7) != 6 {
		return stamp{}, false
	}
	var w when
	w.year, _ = two(s, 0)
	w.year += 2000
	w.month, _ = two(s, 2)
	w.day, _ = two(s, 4)
	w.hour, _ = two(s, 7)
	w.minute, _ = two(s, 9)
	w.second, _ = two(s, 11)
	if !w.valid() {
		return stamp{}, false
	}
	return stamp{w.time(), 13, stampShort}, true
}
