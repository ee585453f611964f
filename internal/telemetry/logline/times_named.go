package logline

import (
	"strconv"
	"strings"
	"time"
)

// readShort reads the timestamps that begin with one or two digits: a day, a
// month, a year without its century, or an hour.
func readShort(s string, n int) (stamp, bool) {
	var w when
	first, _ := strconv.Atoi(s[:n])
	if n >= len(s) {
		return stamp{}, false
	}
	switch c := s[n]; {
	case c == ':':
		i, ok := w.clock(s, 0)
		if n != 2 || !ok || w.hour > 23 || w.minute > 59 || w.second > 60 {
			return stamp{}, false
		}
		return stamp{end: i, kind: stampClock}, true
	case (c == '/' || c == ' ' || c == '-') && n+4 < len(s) && isLetter(s[n+1]):
		// 10/Oct/2000:13:55:36 -0700, 10 Oct 2000 13:55:36
		var ok, ok2 bool
		w.day = first
		w.month = monthOf(s[n+1:])
		if w.year, ok = four(s, n+5); !ok || w.month == 0 || s[n+4] != c || n+10 >= len(s) {
			return stamp{}, false
		}
		i, ok2 := w.clock(s, n+10)
		if !ok2 || !w.valid() {
			return stamp{}, false
		}
		i = w.zone(s, i)
		return stamp{w.time(), i, stampFull}, true
	case c != '/' && c != '-' && c != '.':
		return stamp{}, false
	}
	m := digits(s, n+1)
	if m < 1 || m > 2 || n+1+m >= len(s) || s[n+1+m] != s[n] {
		return stamp{}, false
	}
	second, _ := strconv.Atoi(s[n+1 : n+1+m])
	at := n + 2 + m
	switch digits(s, at) {
	case 2:
		// 17/06/09 20:10:40 is the year first, as log4j is set up to write it.
		w.year, w.month = 2000+first, second
		w.day, _ = two(s, at)
		i, ok := w.clock(s, skipBlanks(s, at+2))
		if n != 2 || m != 2 || i == at+2 || !ok || !w.valid() {
			return stamp{}, false
		}
		return stamp{w.time(), i, stampShort}, true
	case 4:
		w.year, _ = four(s, at)
		w.month, w.day = first, second
		if first > 12 || s[n] == '.' {
			w.month, w.day = second, first
		}
		i := at + 4
		if i+1 < len(s) && s[i] == ',' {
			i++
		}
		i, ok := w.clock(s, skipBlanks(s, i))
		if !ok || !w.valid() {
			return stamp{}, false
		}
		i = w.noon(s, i)
		i = w.zone(s, i)
		t := stamp{w.time(), i, stampFull}
		if s[n] != '.' && first <= 12 && second <= 12 && first != second {
			// Day first or month first: the world does not agree.
			t.time = time.Time{}
		}
		return t, true
	}
	return stamp{}, false
}

// noon reads AM and PM.
func (w *when) noon(s string, i int) int {
	k := skipBlanks(s, i)
	// Newer Java writes a narrow blank there.
	k += len(s[k:]) - len(strings.TrimPrefix(s[k:], "\u202f"))
	if k+2 > len(s) || s[k+1]|0x20 != 'm' || w.hour > 12 || k+2 < len(s) && !endsTime(s[k+2]) {
		return i
	}
	switch s[k] | 0x20 {
	case 'a':
		w.hour %= 12
	case 'p':
		w.hour = w.hour%12 + 12
	default:
		return i
	}
	return k + 2
}

// monthOf finds the month that a text begins with, 1 to 12; 0 for none.
func monthOf(s string) int {
	if len(s) < 3 {
		return 0
	}
	switch string([]byte{s[0] | 0x20, s[1] | 0x20, s[2] | 0x20}) {
	case "jan":
		return 1
	case "feb":
		return 2
	case "mar":
		return 3
	case "apr":
		return 4
	case "may":
		return 5
	case "jun":
		return 6
	case "jul":
		return 7
	case "aug":
		return 8
	case "sep":
		return 9
	case "oct":
		return 10
	case "nov":
		return 11
	case "dec":
		return 12
	}
	return 0
}

func isWeekday(s string) bool {
	switch s[:3] {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// readNames reads the timestamps that begin with a name: Jan _2 15:04:05, with
// or without a year, Sun Dec 04 04:47:44 2005, Sun, 04 Dec 2005 04:47:44 GMT.
func readNames(s string) (stamp, bool) {
	i := 0
	weekday := isWeekday(s)
	if weekday {
		if i = 3; s[i] == ',' {
			i++
		}
		if s[i] != ' ' {
			return stamp{}, false
		}
		i++
		if isDigit(s[i]) {
			n := digits(s, i)
			if n > 2 {
				return stamp{}, false
			}
			t, ok := readShort(s[i:], n)
			t.end += i
			return t, ok && t.kind == stampFull
		}
	}
	var w when
	if i+8 > len(s) {
		return stamp{}, false
	}
	if w.month = monthOf(s[i:]); w.month == 0 || s[i+3] != ' ' {
		return stamp{}, false
	}
	i = skipBlanks(s, i+3)
	n := digits(s, i)
	if n < 1 || n > 2 {
		return stamp{}, false
	}
	w.day, _ = strconv.Atoi(s[i : i+n])
	i += n
	if i < len(s) && s[i] == ',' {
		i++
	}
	i = skipBlanks(s, i)
	kind := stampYear
	if digits(s, i) == 4 {
		w.year, _ = four(s, i)
		kind = stampFull
		i += 4
		if i < len(s) && s[i] == ',' {
			i++
		}
		i = skipBlanks(s, i)
	}
	end, ok := w.clock(s, i)
	if !ok && digits(s, i) == 1 && kind == stampFull && i > 0 {
		// Jan 2, 2006 3:04:05 PM
		end, ok = w.clock("0"+Cut(s[i:], 40), 0)
		end += i - 1
	}
	if !ok || !w.valid() {
		return stamp{}, false
	}
	i = w.noon(s, end)
	if kind == stampYear {
		// The year, after the zone's name where there is one.
		at := skipBlanks(s, i)
		if weekday && len(s) >= at+8 && isLetter(s[at]) && s[at+3] == ' ' {
			at += 4
		}
		if year, ok := four(s, at); ok && at > i && digits(s, at) == 4 && weekday {
			w.year, i, kind = year, at+4, stampFull
		}
	}
	i = w.zone(s, i)
	return stamp{w.time(), i, kind}, true
}

// epoch reads seconds, with or without a fraction, milliseconds, microseconds
// or nanoseconds since 1970, told apart by their number of digits: between 2001
// and 2286 there is no doubt.
func epoch(s string) (time.Time, bool) {
	n := digits(s, 0)
	if n > 19 || n == 0 || s[0] == '0' {
		return time.Time{}, false
	}
	if n != len(s) && (n != 10 && n != 13 || s[n] != '.' || digits(s, n+1) != len(s)-n-1) {
		if seconds, err := strconv.ParseFloat(s, 64); err == nil && len(s) < 32 && seconds >= 1e9 && seconds < 1e10 {
			return time.UnixMicro(int64(seconds * 1e6)).UTC(), true
		}
		return time.Time{}, false
	}
	whole, err := strconv.ParseInt(s[:n], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch n {
	case 10:
		nano, scale := int64(0), int64(100_000_000)
		for i := n + 1; i < len(s); i++ {
			nano += int64(s[i]-'0') * scale
			scale /= 10
		}
		return time.Unix(whole, nano).UTC(), true
	case 13:
		return time.UnixMilli(whole).UTC(), true
	case 16:
		return time.UnixMicro(whole).UTC(), true
	case 19:
		return time.Unix(0, whole).UTC(), true
	}
	return time.Time{}, false
}
