package rules

import "strings"

// national marks numbers by which a state knows people and that are made of digits.
// A form that is common is taken only where something near says what it is.
func (c *scan) national(n *number) int {
	for groups := len(n.groups); groups > 0; groups-- {
		if n.ends[groups-1]-n.from-groups+1 < 8 {
			return 0
		}
		v, end := c.digits(n, groups)
		if end == 0 || len(v) > 18 {
			if end == 0 && groups == len(n.groups) {
				if stop := c.trailing(n); stop > 0 {
					return stop
				}
			}
			continue
		}
		if groups < len(n.groups) && n.marks[groups-1] != ' ' {
			continue // in the middle of a longer one
		}
		part := number{from: n.from, groups: n.groups[:groups], marks: n.marks[:groups-1], ends: n.ends[:groups]}
		if c.preceded(n.from) || c.named(n.from)&(saysCount|saysNational) == saysCount {
			return 0
		}
		if isNational(v, &part) || len(v) >= 8 && c.said(n.from, end)&saysNational != 0 && mayBeNational(v, &part) {
			c.add(n.from, end, kindNational, weightGuess)
			return end
		}
	}
	return 0
}

// preceded tells whether a number goes on before its first group.
func (c *scan) preceded(from int) bool {
	return from > 1 && strings.IndexByte("-./", c.text[from-1]) >= 0 && in(c.text[from-2], isAlnumByte)
}

// isNational tells whether a number's form says by itself that it is a person's.
func isNational(v string, n *number) bool {
	switch {
	case n.shaped("-", 3, 2, 4): // United States
		return len(n.groups) == 3 && socialSecurity(v)
	case n.shaped(".-", 3, 3, 3, 2) || len(n.groups) == 4 && n.groups[0] == 3 && n.groups[3] == 2 && n.marks[0] == '.' && n.marks[2] == '-': // Brazil
		return len(v) == 11 && cpf(v)
	case n.shaped(" -", 4, 4, 4): // India
		return len(n.groups) == 3 && aadhaar(v)
	case n.shaped(".", 3, 4, 4, 2): // Switzerland
		return v[:3] == "756" && ean(v)
	case n.shaped(" ", 2, 3, 3, 3): // Germany
		return len(n.groups) == 4 && steuerID(v)
	case n.shaped("-", 6, 7): // Korea
		return len(n.groups) == 2 && day(v[4:6], v[2:4]) && v[6] >= '1' && v[6] <= '8' && korean(v)
	case n.shaped("-", 8, 4): // Sweden, in full: of those born long enough ago to be no date of a log
		return len(n.groups) == 2 && v < "2006" && v > "1900" && day(v[6:8], v[4:6]) && luhn(v[2:])
	case n.shaped(" ", 1, 2, 2, 2, 3, 3, 2), n.shaped(" ", 1, 2, 2, 2, 3, 3): // France
		return french(v)
	case len(n.groups) == 5 && n.groups[0] == 2 && n.groups[3] == 3 && n.groups[4] == 2 && n.marks[0] == '.' && n.marks[2] == '-': // Belgium
		return belgian(v)
	case len(n.groups) == 1 && len(v) == 15: // France
		return french(v)
	case len(n.groups) == 1 && len(v) == 18: // China
		return chinese(v)
	}
	return false
}

// mayBeNational tells whether a number can be one where words say that it is.
func mayBeNational(v string, n *number) bool {
	switch len(v) {
	case 8:
		return len(n.groups) == 1 && !date(v, n) // some countries have no more
	case 9:
		return socialSecurity(v) || bsn(v) || luhn(v) || elevenTest(v)
	case 10:
		return day(v[4:6], v[2:4]) || nhs(v) || luhn(v) || day(v[0:2], v[2:4]) // Sweden, Britain's health service, Denmark
	case 11:
		return steuerID(v) || cpf(v) || pesel(v) || norwegian(v) || turkish(v) || belgian(v)
	case 12:
		return aadhaar(v) || day(v[6:8], v[4:6]) && luhn(v[2:]) || len(n.groups) == 3
	case 13:
		return french(v) || luhn(v) && day(v[4:6], v[2:4]) || korean(v)
	case 15:
		return french(v)
	case 18:
		return chinese(v)
	}
	return false
}

// socialSecurity is false for numbers that are never given out.
func socialSecurity(v string) bool {
	return len(v) == 9 && v[:3] != "000" && v[:3] != "666" && v[3:5] != "00" && v[5:] != "0000" && (v[0] != '9' || v[3] >= '5') // 9xx-[5-9]x is a taxpayer's
}

// day tells whether a day and a month are ones.
func day(d, m string) bool {
	return m >= "01" && m <= "12" && d >= "01" && d <= "31"
}

// weighted is the sum of digits times weights.
func weighted(v string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(v[i]-'0') * w
	}
	return sum
}

// same tells whether all digits are one.
func same(v string) bool { return strings.Count(v, v[:1]) == len(v) }

// cpf checks both digits of a Brazilian number.
func cpf(v string) bool {
	if len(v) != 11 || same(v) {
		return false
	}
	check := func(sum int) byte { return byte('0' + (sum*10%11)%10) }
	return check(weighted(v, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == v[9] && check(weighted(v, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == v[10]
}

// verhoeff has the tables of the scheme, whose group is that of a pentagon.
var verhoeff = [8][10]byte{}

func init() {
	first := [10]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	for i := range 10 {
		verhoeff[0][i] = byte(i)
		verhoeff[1][i] = first[i]
	}
	for p := 2; p < 8; p++ {
		for i := range 10 {
			verhoeff[p][i] = verhoeff[p-1][first[i]]
		}
	}
}

// dihedral is the product in that group.
func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5+5-b)%5
	}
	return (a - b + 5) % 5
}

// aadhaar checks an Indian number by Verhoeff's scheme.
func aadhaar(v string) bool {
	if len(v) != 12 || v[0] < '2' {
		return false
	}
	c := byte(0)
	for i := range 12 {
		c = dihedral(c, verhoeff[i%8][v[11-i]-'0'])
	}
	return c == 0
}

// ean checks 13 digits as on goods.
func ean(v string) bool {
	return len(v) == 13 && weighted(v, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// steuerID checks a German number: one digit of the first ten comes twice or three
// times, and ISO 7064 MOD 11,10.
func steuerID(v string) bool {
	if len(v) != 11 || v[0] == '0' {
		return false
	}
	var count [10]int
	for i := range 10 {
		count[v[i]-'0']++
	}
	most, missing := 0, 0
	for _, n := range count {
		most = max(most, n)
		if n == 0 {
			missing++
		}
	}
	if most < 2 || most > 3 || missing < 1 || missing > 2 {
		return false
	}
	p := 10
	for i := range 10 {
		if p = (p + int(v[i]-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (11-p)%10 == int(v[10]-'0')
}

// korean checks the last digit of a Korean number.
func korean(v string) bool {
	return len(v) == 13 && byte('0'+(11-weighted(v, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10) == v[12]
}

// french checks a number of INSEE and, where it is there, its key modulo 97.
func french(v string) bool {
	if len(v) != 13 && len(v) != 15 || v[0] != '1' && v[0] != '2' || v[3:5] < "01" || v[3:5] > "12" && v[3:5] < "20" || v[3:5] > "42" {
		return false
	}
	return len(v) == 15 && modulo(v[:13], 97)+value2(v[13:]) == 97
}

func value2(v string) int { return int(v[0]-'0')*10 + int(v[1]-'0') }

// modulo is the rest of a number of any length.
func modulo(v string, by int) int {
	rest := 0
	for i := range len(v) {
		rest = (rest*10 + int(v[i]-'0')) % by
	}
	return rest
}

// belgian checks a number of the national register, of both centuries.
func belgian(v string) bool {
	if len(v) != 11 || !day(v[4:6], v[2:4]) {
		return false
	}
	check := value2(v[9:])
	return 97-modulo(v[:9], 97) == check || 97-modulo("2"+v[:9], 97) == check
}

// chinese checks a number of a resident with its day of birth.
func chinese(v string) bool {
	if len(v) != 18 || v[0] < '1' || v[0] > '8' || v[6:8] != "19" && v[6:8] != "20" || !day(v[12:14], v[10:12]) {
		return false
	}
	want := "10X98765432"[weighted(v, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11]
	return v[17] == want
}

// bsn checks a Dutch number.
func bsn(v string) bool { return len(v) == 9 && weighted(v, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 }

// elevenTest checks nine digits as in Portugal and Australia.
func elevenTest(v string) bool {
	check := 11 - weighted(v, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return check%11%10 == int(v[8]-'0') || weighted(v, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0
}

// nhs checks a number of the health service of Britain.
func nhs(v string) bool {
	return 11-weighted(v, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11 == int(v[9]-'0') || weighted(v, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11 == 0 && v[9] == '0'
}

// pesel checks a Polish number.
func pesel(v string) bool {
	return (10-weighted(v, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10 == int(v[10]-'0')
}

// norwegian checks both digits of a Norwegian number.
func norwegian(v string) bool {
	return day(v[:2], v[2:4]) && weighted(v, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(v, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// turkish checks both digits of a Turkish number.
func turkish(v string) bool {
	odd, even := 0, 0
	for i := range 9 {
		if i%2 == 0 {
			odd += int(v[i] - '0')
		} else {
			even += int(v[i] - '0')
		}
	}
	tenth := ((odd*7-even)%10 + 10) % 10
	return v[0] != '0' && tenth == int(v[9]-'0') && (odd+even+tenth)%10 == int(v[10]-'0')
}
