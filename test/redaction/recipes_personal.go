package redaction

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
)

var contactRecipes = map[string]recipe{
	"email/name":  func(r *rand.Rand) string { return given(r) + "." + family(r) + "@" + mailHost(r) },
	"email/short": func(r *rand.Rand) string { return given(r)[:1] + family(r) + "@" + mailHost(r) },
	"email/plus": func(r *rand.Rand) string {
		return given(r) + family(r) + from(r, digits, 2) + "+" + word(r) + "@" + mailHost(r)
	},
	"email/sub": func(r *rand.Rand) string { return given(r) + "_" + family(r) + "@mail." + word(r) + ".co.uk" },

	"phone/us":          shape("(" + "N1N) NN#-####"),
	"phone/us-dash":     shape("N1N-NN#-####"),
	"phone/us-e164":     shape("+1N1NNN#####"),
	"phone/us-long":     shape("+1 (N1N) NN#-####"),
	"phone/uk":          shape("+44 77## ######"),
	"phone/uk-home":     shape("077## ######"),
	"phone/de":          shape("+49 17# ########"),
	"phone/de-e164":     shape("+4917#########"),
	"phone/de-home":     shape("017#/########"),
	"phone/de-00":       shape("0049 30 N#######"),
	"phone/fr":          shape("+33 6 ## ## ## ##"),
	"phone/fr-home":     shape("06 ## ## ## ##"),
	"phone/in":          shape("+91 98### #####"),
	"phone/br":          shape("+55 (11) 9####-####"),
	"phone/jp":          shape("+81 90-N###-####"),
	"phone/au":          shape("+61 4## ### ###"),
	"phone/cn":          shape("+86 13# #### ####"),
	"phone/es":          shape("+34 6## ### ###"),
	"phone/pl":          shape("+48 5## ### ###"),
	"phone/se":          shape("+46 70-### ## ##"),
	"phone/ch":          shape("+41 79 ### ## ##"),
	"phone/nl":          shape("+31 6 ########"),
	"phone/it":          shape("+39 3## #######"),
	"phone/ae":          shape("+971 50 ### ####"),
	"phone/sg":          shape("+65 9### ####"),
	"phone/us-dot":      shape("N1N.NN#.####"),
	"phone/mx-e164":     shape("+5255NN######"),
	"phone/za":          shape("+27 82 ### ####"),
	"phone/il":          shape("+972-54-###-####"),
	"phone/nz":          shape("+64 21 ### ####"),
	"phone/uk-brackets": shape("+44 (0)20 7### ####"),
}

func given(r *rand.Rand) string {
	return oneOf(r, "anna", "boris", "chloe", "deniz", "emeka", "fatima", "george", "hanna", "ivan", "jola", "kenji", "lucia", "marta", "nils", "olga", "pavel", "quinn", "rosa", "samir", "tove", "uma", "victor", "wanda", "yusuf", "zoe")
}

func family(r *rand.Rand) string {
	return oneOf(r, "abbott", "bergman", "castro", "dvorak", "eriksen", "fischer", "gupta", "hansen", "ivanova", "jansen", "kowalski", "lindqvist", "moreau", "nakamura", "okafor", "pereira", "rossi", "schmidt", "tanaka", "urban", "vargas", "weber", "yilmaz", "zhang")
}

func mailHost(r *rand.Rand) string {
	return oneOf(r, "gmail.com", "outlook.com", "web.de", "yahoo.fr", "proton.me", "libero.it", "icloud.com", "posteo.net")
}

// luhn is the digit that makes a number valid (ISO/IEC 7812-1, annex B).
func luhn(number string) string {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// card is a recipe of a number of n digits that begins with one of the prefixes,
// in groups apart by sep.
func card(sep string, groups []int, n int, prefixes ...string) recipe {
	return func(r *rand.Rand) string {
		number := oneOf(r, prefixes...)
		number += from(r, digits, n-1-len(number))
		return grouped(number+luhn(number), sep, groups...)
	}
}

// grouped puts sep between groups of the given lengths.
func grouped(s, sep string, lengths ...int) string {
	var parts []string
	for _, n := range lengths {
		parts = append(parts, s[:n])
		s = s[n:]
	}
	if s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, sep)
}

var four = []int{4, 4, 4, 4}

var cardRecipes = map[string]recipe{
	"card/visa":        card("", nil, 16, "45", "41", "48"),
	"card/visa-spaced": card(" ", four, 16, "45", "40"),
	"card/visa-dashed": card("-", four, 16, "47", "49"),
	"card/master":      card("", nil, 16, "51", "52", "53", "54", "55"),
	"card/master-2":    card(" ", four, 16, "2221", "2345", "2699"),
	"card/amex":        card("", nil, 15, "34", "37"),
	"card/amex-spaced": card(" ", []int{4, 6, 5}, 15, "34", "37"),
	"card/discover":    card("", nil, 16, "6011", "65"),
	"card/jcb":         card(" ", four, 16, "3528", "3566"),
	"card/diners":      card("", nil, 14, "36", "38"),
	"card/unionpay":    card("", nil, 16, "6221", "6250"),
}

// iban is a recipe of a country's form, with its check digits (ISO 13616: modulo
// 97 of the number whose first four characters stand at its end).
func iban(country, form string, spaced bool) recipe {
	return func(r *rand.Rand) string {
		account := shaped(r, form)
		var number strings.Builder
		for _, c := range account + country + "00" {
			if c >= 'A' {
				fmt.Fprint(&number, int(c-'A')+10)
				continue
			}
			number.WriteRune(c)
		}
		n, _ := new(big.Int).SetString(number.String(), 10)
		whole := fmt.Sprintf("%s%02d%s", country, 98-n.Mod(n, big.NewInt(97)).Int64(), account)
		if !spaced {
			return whole
		}
		var parts []string
		for len(whole) > 4 {
			parts, whole = append(parts, whole[:4]), whole[4:]
		}
		return strings.Join(append(parts, whole), " ")
	}
}

var ibanRecipes = map[string]recipe{
	"iban/de":        iban("DE", "##################", false),
	"iban/de-spaced": iban("DE", "##################", true),
	"iban/gb":        iban("GB", "AAAA##############", false),
	"iban/gb-spaced": iban("GB", "AAAA##############", true),
	"iban/fr":        iban("FR", "#######################", false),
	"iban/fr-spaced": iban("FR", "#######################", true),
	"iban/nl":        iban("NL", "AAAA##########", false),
	"iban/nl-spaced": iban("NL", "AAAA##########", true),
	"iban/es":        iban("ES", "####################", false),
	"iban/it":        iban("IT", "A######################", false),
	"iban/ch":        iban("CH", "#################", true),
	"iban/be":        iban("BE", "############", true),
	"iban/pl":        iban("PL", "########################", false),
	"iban/no":        iban("NO", "###########", false),
	"iban/at":        iban("AT", "################", false),
}
