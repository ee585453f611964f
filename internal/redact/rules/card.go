package rules

import (
	"slices"
)

// card marks the number of a payment card.
func (c *scan) card(n *number) int {
	groups := 0
	switch {
	case n.shaped(" -", 4, 4, 4, 4):
		groups = 4
		if len(n.groups) > 4 && n.groups[4] == 3 && n.marks[3] == n.marks[0] { // 19 digits
			if v, end := c.digits(n, 5); end > 0 && isCard(v) && luhn(v) {
				c.add(n.from, end, kindCard, weightShape)
				return end
			}
		}
	case n.shaped(" -", 4, 6, 5), n.shaped(" -", 4, 6, 4):
		groups = 3
	case n.groups[0] >= 13 && n.groups[0] <= 19:
		groups = 1
	default:
		return 0
	}
	v, end := c.digits(n, groups)
	if end == 0 || !isCard(v) || !luhn(v) {
		return 0
	}
	if groups == 1 { // long numbers are often a machine's
		if said := c.named(n.from); said&saysCount != 0 && said&saysCard == 0 {
			return 0
		}
		if (len(v) == 13 || len(v) > 16) && c.said(n.from, end)&saysCard == 0 {
			return 0
		}
	}
	c.add(n.from, end, kindCard, weightShape)
	return end
}

// issuers are ranges of numbers by ISO/IEC 7812 and the lengths of their cards.
var issuers = []struct {
	from, to string
	lengths  []int
}{
	{"4", "4", []int{13, 16, 19}},                        // Visa
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}}, // Mastercard
	{"34", "34", []int{15}}, {"37", "37", []int{15}}, // American Express
	{"6011", "6011", []int{16, 19}}, {"644", "659", []int{16, 19}}, // Discover
	{"3528", "3589", []int{16, 17, 18, 19}},                                                 // JCB
	{"300", "305", []int{14, 16}}, {"36", "36", []int{14, 16}}, {"38", "39", []int{14, 16}}, // Diners Club
	{"62", "62", []int{16, 17, 18, 19}},                                                                                                                                                                              // UnionPay
	{"5018", "5018", []int{13, 15, 16, 19}}, {"5020", "5020", []int{16, 19}}, {"5038", "5038", []int{16, 19}}, {"5893", "5893", []int{16, 19}}, {"6304", "6304", []int{16, 19}}, {"6759", "6763", []int{16, 18, 19}}, // Maestro
	{"2200", "2204", []int{16, 19}}, // Mir
}

// isCard tells whether digits are in the range of an issuer.
func isCard(v string) bool {
	for _, r := range issuers {
		if head := v[:min(len(v), len(r.from))]; head >= r.from && head <= r.to {
			if slices.Contains(r.lengths, len(v)) {
				return true
			}
		}
	}
	return false
}

// luhn checks the last digit of ISO/IEC 7812.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
