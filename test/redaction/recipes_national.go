package redaction

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// nationalRecipes are numbers that states give to persons, with valid check
// digits where there are any.
var nationalRecipes = map[string]recipe{
	"national-id/us-ssn":      shape("5N#-N#-4###"),
	"national-id/us-ssn-bare": shape("5N#N#4###"),
	"national-id/uk-nino": func(r *rand.Rand) string {
		return oneOf(r, "AB", "JN", "PC", "SX") + shaped(r, " ## ## ## ") + from(r, "ABCD", 1)
	},
	"national-id/uk-nino-raw": func(r *rand.Rand) string {
		return oneOf(r, "JK", "LE", "WM") + shaped(r, "######") + from(r, "ABCD", 1)
	},
	"national-id/es-dni": func(r *rand.Rand) string {
		number := shaped(r, "N#######")
		return number + spanish(number)
	},
	"national-id/es-nie": func(r *rand.Rand) string {
		number := shaped(r, "#######")
		return "X" + number + spanish("0"+number)
	},
	"national-id/fr-nir":   french,
	"national-id/de-tax":   german,
	"national-id/it-cf":    italian,
	"national-id/nl-bsn":   dutch,
	"national-id/pl-pesel": func(r *rand.Rand) string { return weighted(birth(r)+from(r, digits, 4), "1379137913", true) },
	"national-id/br-cpf":   brazilian,
	"national-id/ca-sin": func(r *rand.Rand) string {
		n := shaped(r, "5#######")
		return grouped(n+luhn(n), " ", 3, 3, 3)
	},
	"national-id/se-pnr": func(r *rand.Rand) string {
		n := birth(r) + from(r, digits, 3)
		return grouped("19"+n+luhn(n), "-", 8)
	},
	"national-id/fi-hetu": finnish,
	"national-id/in-pan":  func(r *rand.Rand) string { return from(r, upper, 3) + "P" + shaped(r, "A####A") },
	"national-id/in-aadhaar": func(r *rand.Rand) string {
		n := shaped(r, "N##########")
		return grouped(n+verhoeff(n), " ", 4, 4, 4)
	},
	"national-id/ch-ahv": swiss,
	"national-id/be-nn": func(r *rand.Rand) string {
		b := birth(r)
		n := b + from(r, digits, 3)
		return b[:2] + "." + b[2:4] + "." + b[4:] + "-" + n[6:] + "." + fmt.Sprintf("%02d", 97-number(n)%97)
	},
	"national-id/cn-rid": chinese,
	"national-id/za-id": func(r *rand.Rand) string {
		n := birth(r) + from(r, digits, 4) + "08"
		return n + luhn(n)
	},
}

// birth is a day as YYMMDD, of somebody born between 1960 and 1999.
func birth(r *rand.Rand) string {
	return fmt.Sprintf("%02d%02d%02d", 60+r.IntN(40), 1+r.IntN(12), 1+r.IntN(28))
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// weighted appends the last digit of the weighted sum, or what makes it ten.
func weighted(s, weights string, complement bool) string {
	sum := 0
	for i := range s {
		sum += int(s[i]-'0') * int(weights[i]-'0')
	}
	if sum %= 10; complement {
		sum = (10 - sum) % 10
	}
	return s + strconv.Itoa(sum)
}

func spanish(n string) string { return string("TRWAGMYFPDXBNJZSQVHLCKE"[number(n)%23]) }

// french is a NIR: sex, year and month of birth, place, order and a key.
func french(r *rand.Rand) string {
	n := fmt.Sprintf("%d%02d%02d%02d%s%s", 1+r.IntN(2), 60+r.IntN(39), 1+r.IntN(12), 1+r.IntN(94), from(r, digits, 3), from(r, digits, 3))
	return fmt.Sprintf("%s %s %s %s %s %s %02d", n[:1], n[1:3], n[3:5], n[5:7], n[7:10], n[10:], 97-number(n)%97)
}

// german is an identification number for taxes: ten digits of which one comes
// twice, and a check digit by ISO 7064, MOD 11,10.
func german(r *rand.Rand) string {
	order := r.Perm(10)
	if order[0] == 0 {
		order[0], order[1] = order[1], order[0]
	}
	order[9] = order[1+r.IntN(7)]
	product, n := 10, ""
	for _, d := range order {
		n += strconv.Itoa(d)
		if d = (d + product) % 10; d == 0 {
			d = 10
		}
		product = d * 2 % 11
	}
	return grouped(n+strconv.Itoa((11-product)%10), " ", 2, 3, 3, 3)
}

// italian is a codice fiscale with its last letter, which odd and even places
// decide by different tables.
func italian(r *rand.Rand) string {
	consonants := "BCDFGLMNPRSTVZ"
	n := from(r, consonants, 6) + fmt.Sprintf("%02d%s%02d", 60+r.IntN(39), oneOf(r, "A", "B", "C", "D", "E", "H", "L", "M", "P", "R", "S", "T"), 1+r.IntN(28)) + oneOf(r, "H501", "F205", "L219", "D612")
	odd := []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range n {
		v := int(n[i] - '0')
		if n[i] >= 'A' {
			v = int(n[i] - 'A')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return n + string(rune('A'+sum%26))
}

// dutch is a BSN: nine digits that pass the test of eleven.
func dutch(r *rand.Rand) string {
	for {
		n, sum := shaped(r, "N#######"), 0
		for i := range n {
			sum += int(n[i]-'0') * (9 - i)
		}
		if sum%11 < 10 {
			return n + strconv.Itoa(sum%11)
		}
	}
}

// brazilian is a CPF with its two check digits.
func brazilian(r *rand.Rand) string {
	n := from(r, digits, 9)
	for range 2 {
		sum := 0
		for i := range n {
			sum += int(n[i]-'0') * (len(n) + 1 - i)
		}
		n += strconv.Itoa(sum * 10 % 11 % 10)
	}
	return n[:3] + "." + n[3:6] + "." + n[6:9] + "-" + n[9:]
}

func finnish(r *rand.Rand) string {
	b, n := birth(r), fmt.Sprintf("%03d", 2+r.IntN(897))
	day := b[4:] + b[2:4] + b[:2]
	return day + "-" + n + string("0123456789ABCDEFHJKLMNPRSTUVWXY"[number(day+n)%31])
}

// swiss is an AHV number: 756, nine digits and the check digit of an EAN-13.
func swiss(r *rand.Rand) string {
	n := weighted("756"+from(r, digits, 9), "131313131313", true)
	return n[:3] + "." + n[3:7] + "." + n[7:11] + "." + n[11:]
}

// chinese is a resident's number of 18 places (GB 11643).
func chinese(r *rand.Rand) string {
	n := oneOf(r, "110105", "310104", "440305") + "19" + birth(r) + from(r, digits, 3)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(n[i]-'0') * w
	}
	return n + string("10X98765432"[sum%11])
}

// verhoeff is the check digit of the dihedral group of five.
func verhoeff(n string) string {
	multiply := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return 5 + (a+b)%5
		case b < 5:
			return 5 + (a-b)%5
		}
		return (a - b + 5) % 5
	}
	permute := []int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	check := 0
	for i := range n {
		d := int(n[len(n)-1-i] - '0')
		for range (i + 1) % 8 {
			d = permute[d]
		}
		check = multiply(check, d)
	}
	return strings.Split("0432156789", "")[check]
}
