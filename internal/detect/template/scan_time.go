package template

import "math"

// clock scans a date, a time of day, or both, and returns where it ends; 0 if
// there is none.
func (s *scanner) clock(from, end int) (int, Param) {
	line := s.line
	if !isDigit(line[from]) || end-from < 5 {
		return 0, Param{}
	}
	i := from
	if n := dateEnd(line[from:]); n > 0 {
		i += n
		if i < len(line) && (line[i] == 'T' || line[i] == ' ' || line[i] == ':' || line[i] == '-' || line[i] == '_') {
			if n := timeEnd(line[i+1:]); n > 0 {
				i += 1 + n
			}
		}
	} else if n := timeEnd(line[from:]); n > 0 {
		i += n
	} else {
		return 0, Param{}
	}
	if i+5 < len(line) && line[i] == ' ' && (line[i+1] == '+' || line[i+1] == '-') && digits(line[i+2:], 5) == 4 {
		i += 6 // the zone, after a blank
	}
	if i < len(line) && bits[line[i]]&(hexLetter|letter|digit|slash) != 0 {
		return 0, Param{}
	}
	return i, Param{Time, line[from:i], math.NaN()}
}

// dateEnd tells 2005-06-03, 2005/06/03, 2005.06.03, 03/06/2005 and 03/Jun/2005.
func dateEnd(w string) int {
	year := digits(w, 4)
	if year != 4 && year != 2 && year != 1 {
		return 0
	}
	i := year
	if i >= len(w) || w[i] != '-' && w[i] != '/' && w[i] != '.' {
		return 0
	}
	sep := w[i]
	i++
	n := digits(w[i:], 2)
	if n == 0 && i+3 < len(w) && isMonth(w[i:i+3]) {
		n = 3
	}
	if n == 0 || i+n >= len(w) || w[i+n] != sep {
		return 0
	}
	i += n + 1
	last := digits(w[i:], 4)
	if year == 4 && (last < 1 || last > 2) || year < 4 && (last != 4 && last != 2 || sep == '.' || last == 2 && sep == '-') {
		return 0
	}
	return i + last
}

// timeEnd tells 12:34, 12:34:56, 12:34:56.789 and 12:34:56,789, with a zone.
func timeEnd(w string) int {
	n := digits(w, 2)
	if n == 0 || n >= len(w) || w[n] != ':' || digits(w[n+1:], 3) != 2 {
		return 0
	}
	i := n + 3
	if i < len(w) && w[i] == ':' && digits(w[i+1:], 3) == 2 {
		i += 3
		if i+1 < len(w) && (w[i] == '.' || w[i] == ',') && isDigit(w[i+1]) {
			i += 1 + digits(w[i+1:], 9)
		}
	} else if n != 2 {
		return 0
	}
	switch {
	case i < len(w) && w[i] == 'Z':
		i++
	case i+5 <= len(w) && (w[i] == '+' || w[i] == '-') && digits(w[i+1:], 2) == 2:
		j := i + 3
		if w[j] == ':' {
			j++
		}
		if digits(w[j:], 3) == 2 {
			i = j + 2
		}
	}
	if i < len(w) && w[i] == ':' && i+1 < len(w) && isDigit(w[i+1]) {
		return 0
	}
	return i
}

// digits counts the digits that w starts with, up to most.
func digits(w string, most int) int {
	n := 0
	for n < len(w) && n < most && isDigit(w[n]) {
		n++
	}
	return n
}

// calendar scans a date that starts with the name of a day or a month, such as
// Sat Jun 18 02:08:10 2005; from until to is its first word.
func (s *scanner) calendar(from, to int) int {
	line, i := s.line, from
	if isWeekday(line[i:to]) {
		i = to + 1
	}
	if i+4 < len(line) && isMonth(line[i:i+3]) && line[i+3] == ' ' {
		i += 4
		for i < len(line) && line[i] == ' ' {
			i++
		}
		if n := digits(line[i:], 3); n == 1 || n == 2 {
			i += n
			if i < len(line) && line[i] == ' ' {
				if n := timeEnd(line[i+1:]); n > 0 {
					i += 1 + n
					i += yearEnd(line[i:])
					s.value(Time, from, i)
					return i
				}
			}
		}
	}
	return to
}

// yearEnd tells the year after a time of day, with a zone before it.
func yearEnd(w string) int {
	i := 0
	if i < len(w) && w[i] == ' ' {
		i++
	}
	j := i
	for j < len(w) && w[j] >= 'A' && w[j] <= 'Z' {
		j++
	}
	if j-i >= 3 && j-i <= 5 && j < len(w) && w[j] == ' ' {
		i = j + 1
	}
	if digits(w[i:], 5) == 4 {
		return i + 4
	}
	return 0
}

func isWeekday(w string) bool {
	switch w {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

func isMonth(w string) bool {
	switch w {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}
