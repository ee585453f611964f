package rules

import (
	"net/netip"
	"regexp"
	"strings"
)

// personalRules find data about people. They run after the secrets, so that an
// address inside of a token is not taken apart.
func personalRules() []rule {
	return []rule{
		{kind: "email", need: []string{"@"}, find: regexp.MustCompile(`[\pL\pN._%+-]{1,64}@(?:[\pL\pN](?:[\pL\pN-]{0,61}[\pL\pN])?\.){1,8}\pL{2,24}`)},
		{kind: "iban", look: ibanHead, find: regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`), ok: iban},
		{kind: "card", look: cardGroups, find: regexp.MustCompile(`\b[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -]?[0-9]{1,3})?\b`), ok: card},
		{kind: "card", look: cardGroups, find: regexp.MustCompile(`\b3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}\b`), ok: card},
		{kind: "card", look: cardNumber, find: regexp.MustCompile(`\b[0-9]{13,19}\b`), ok: card},
		// Only what is written as an international or a bracketed number: any other
		// row of digits in telemetry is far more often a count, an id or a time.
		{kind: "phone", need: []string{"+"}, find: regexp.MustCompile(`(?:^|[^\w+.-])(?P<v>\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,5}\)?){2,6})`), ok: phone},
		{kind: "phone", need: []string{"("}, look: bracketed, find: regexp.MustCompile(`\([0-9]{3}\) ?[0-9]{3}[ .-][0-9]{4}\b`)},
		{kind: "ip", look: publicAddress, find: regexp.MustCompile(`(?:^|[^0-9.A-Za-z])(?P<v>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:_|\b)`), ok: publicIP},
		{kind: "ip", look: longAddress, find: regexp.MustCompile(`(?:^|[^0-9A-Za-z:.])(?P<v>(?:[0-9A-Fa-f]{1,4}:{1,2}){2,8}(?:[0-9A-Fa-f]{1,4})?)`), ok: publicIP},
	}
}

// iban checks the ISO 13616 check digits: the number with its first four
// characters moved to the end, letters as 10 to 35, is 1 modulo 97.
func iban(v string) bool {
	v = strings.ReplaceAll(v, " ", "")
	if len(v) < 15 || len(v) > 34 {
		return false
	}
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

// card checks the issuer prefix, the length and the Luhn digit of ISO/IEC 7812.
// The prefix keeps times in milli-, micro- and nanoseconds out, which begin with
// 1 until the year 2033.
func card(v string) bool {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v)
	if len(digits) < 13 || len(digits) > 19 || !strings.ContainsRune("23456", rune(digits[0])) {
		return false
	}
	sum := 0
	for i := range digits {
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

// phone checks the number of digits of ITU-T E.164, at most 15.
func phone(v string) bool {
	n := 0
	for _, r := range v {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n >= 9 && n <= 15
}

// documentation are the ranges that stand for nobody (RFC 5737, RFC 3849,
// RFC 6598 and RFC 2544).
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("0.0.0.0/8"),
}

// publicIP tells addresses of the open internet, which can point to a person,
// from private and reserved ones, which operators need to see.
func publicIP(v string) bool {
	ip, err := netip.ParseAddr(v)
	if err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range documentation {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
