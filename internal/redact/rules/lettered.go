package rules

import "strings"

// lettered looks at digits that stand behind letters: numbers of bank accounts and
// of people in countries where they have letters.
func (c *scan) lettered(from, end int) int {
	text := c.text
	start := before(text, from, isUpperByte, 7)
	if at(text, start-1, isWordByte) || start > 0 && text[start-1] == '_' {
		return 0
	}
	letters := from - start
	switch {
	case letters == 0:
	case letters == 2:
		if stop := c.iban(start); stop > 0 {
			return stop
		}
		if stop := c.nino(start); stop > 0 {
			return stop
		}
	case letters == 6:
		if stop := c.fixed(start, 16, codiceFiscale); stop > 0 {
			return stop
		}
	case letters == 4:
		if stop := c.fixed(start, 18, curp); stop > 0 {
			return stop
		}
	case letters == 5 && end-from == 4:
		if stop := c.fixed(start, 10, pan); stop > 0 {
			return stop
		}
	case letters == 1 && end-from == 7:
		if stop := c.fixed(start, 9, nie); stop > 0 {
			return stop
		}
		if stop := c.fixed(start, 9, nric); stop > 0 {
			return stop
		}
	case letters == 1 && end-from >= 6 && c.said(start, end)&saysNational != 0 && !at(text, end, isWordByte): // passports
		c.add(start, end, kindNational, weightGuess)
		return end
	}
	return 0
}

// trailing looks at digits that a letter follows.
func (c *scan) trailing(n *number) int {
	last := n.ends[len(n.ends)-1]
	switch {
	case len(n.groups) == 1 && n.groups[0] == 8 && !c.preceded(n.from):
		if stop := c.fixed(n.from, 9, dni); stop > 0 {
			return stop
		}
	case len(n.groups) == 1 && n.groups[0] == 17:
		if stop := c.fixed(n.from, 18, func(v string) bool { return only(v[:17], isDigitByte) && chinese(v) }); stop > 0 {
			return stop
		}
	case len(n.groups) == 2 && n.groups[0] == 6 && n.groups[1] == 3 && n.marks[0] == '-' && last < len(c.text):
		return c.fixed(n.from, 11, hetu)
	case len(n.groups) == 1 && n.groups[0] == 7 && c.said(n.from, last)&saysNational != 0: // Ireland
		return c.fixed(n.from, 8, func(v string) bool { return in(v[7], isUpperByte) })
	case len(n.groups) == 1 && n.groups[0] == 6 && last < len(c.text) && c.text[last] == 'A':
		return c.fixed(n.from, 11, hetu)
	}
	return 0
}

// fixed marks so many bytes that pass a check and end there.
func (c *scan) fixed(from, size int, ok func(v string) bool) int {
	end := from + size
	if end > len(c.text) || at(c.text, end, isWordByte) || end < len(c.text) && c.text[end] == '_' || !ok(c.text[from:end]) {
		return 0
	}
	c.add(from, end, kindNational, weightShape)
	return end
}

// ibanLengths are the lengths of account numbers by country (ISO 13616's register).
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

// iban marks the number of a bank account, with blanks or dashes or without.
func (c *scan) iban(start int) int {
	text := c.text
	size := ibanLengths[text[start:start+2]]
	if size == 0 {
		return 0
	}
	v := make([]byte, 0, 34)
	end := start
	for end < len(text) && len(v) < size {
		switch ch := text[end]; {
		case in(ch, isDigitByte|isUpperByte):
			v = append(v, ch)
		case in(ch, isLowerByte):
			v = append(v, ch-'a'+'A')
		case (ch == ' ' || ch == '-') && len(v)%4 == 0:
		default:
			return 0
		}
		end++
	}
	if len(v) < size || at(text, end, isWordByte) || !iban(string(v)) {
		return 0
	}
	c.add(start, end, kindIBAN, weightShape)
	return end
}

// iban checks the digits of ISO 13616: the number with its first four characters
// moved to the end, letters as 10 to 35, is 1 modulo 97.
func iban(v string) bool {
	rest := 0
	for _, r := range v[4:] + v[:4] {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(r-'0')) % 97
		}
	}
	return rest == 1
}

// nino marks a British number: spaced, or where something says what it is, as
// other things have two letters, six digits and a letter as well.
func (c *scan) nino(start int) int {
	text := c.text
	if strings.IndexByte("DFIQUV", text[start]) >= 0 || strings.IndexByte("DFIOQUV", text[start+1]) >= 0 {
		return 0
	}
	switch text[start : start+2] {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return 0
	}
	digits, blanks, end := 0, 0, start+2
	for end < len(text) && digits < 6 {
		switch {
		case in(text[end], isDigitByte):
			digits++
		case (text[end] == ' ' || text[end] == '-') && digits%2 == 0 && in(text[end-1], isAlnumByte):
			blanks++
		default:
			return 0
		}
		end++
	}
	if end < len(text) && text[end] == ' ' && blanks > 0 {
		end++
	}
	if end >= len(text) || text[end] < 'A' || text[end] > 'D' || at(text, end+1, isWordByte) {
		return 0
	}
	if end++; blanks < 3 && c.said(start, end)&saysNational == 0 {
		return 0
	}
	c.add(start, end, kindNational, weightShape)
	return end
}

// dni checks the letter of a Spanish number.
func dni(v string) bool {
	return only(v[:8], isDigitByte) && "TRWAGMYFPDXBNJZSQVHLCKE"[modulo(v[:8], 23)] == v[8]
}

// nie checks the letter of the number of a foreigner in Spain.
func nie(v string) bool {
	i := strings.IndexByte("XYZ", v[0])
	return i >= 0 && dni(string(byte('0'+i))+v[1:])
}

// nric checks the letter of a number of Singapore.
func nric(v string) bool {
	if !only(v[1:8], isDigitByte) {
		return false
	}
	sum := weighted(v[1:8], 2, 7, 6, 5, 4, 3, 2)
	switch v[0] {
	case 'S':
		return "JZIHGFEDCBA"[sum%11] == v[8]
	case 'T':
		return "JZIHGFEDCBA"[(sum+4)%11] == v[8]
	case 'F':
		return "XWUTRQPNMLK"[sum%11] == v[8]
	case 'G':
		return "XWUTRQPNMLK"[(sum+4)%11] == v[8]
	}
	return false
}

// hetu checks the sign of a Finnish number.
func hetu(v string) bool {
	if !only(v[:6], isDigitByte) || strings.IndexByte("+-A", v[6]) < 0 || !only(v[7:10], isDigitByte) || !day(v[:2], v[2:4]) {
		return false
	}
	return "0123456789ABCDEFHJKLMNPRSTUVWXY"[modulo(v[:6]+v[7:10], 31)] == v[10]
}

// pan tells whether a value has the form of an Indian number of a person.
func pan(v string) bool { return v[3] == 'P' && in(v[9], isUpperByte) }

// form tells whether a value has letters where a pattern has an A, and digits where
// it has a 0.
func form(v, pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] == 'A' && !in(v[i], isUpperByte) || pattern[i] == '0' && !in(v[i], isDigitByte) {
			return false
		}
	}
	return true
}

// codiceFiscale checks the letter of an Italian number. Digits may be letters
// where two people would have one number.
func codiceFiscale(v string) bool {
	if !form(v, "AAAAAA..A..A...A") || strings.IndexByte("ABCDEHLMPRST", v[8]) < 0 {
		return false
	}
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range 15 {
		d := int(v[i] - 'A')
		if in(v[i], isDigitByte) {
			d = int(v[i] - '0')
		} else if !in(v[i], isUpperByte) {
			return false
		}
		if i%2 == 0 {
			d = odd[d]
		}
		sum += d
	}
	return byte('A'+sum%26) == v[15]
}

// curp tells whether a value has the form of a Mexican number.
func curp(v string) bool {
	return form(v, "AAAA000000AAAAAA.0") && (v[10] == 'H' || v[10] == 'M' || v[10] == 'X') && day(v[8:10], v[6:8])
}
