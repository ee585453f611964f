package redaction

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// harmlessRecipes look like secrets or personal data and are none.
var harmlessRecipes = map[string]recipe{
	"uuid":      uuid,
	"sha1":      func(r *rand.Rand) string { return from(r, hexLower, 40) },
	"sha256":    func(r *rand.Rand) string { return from(r, hexLower, 64) },
	"md5":       func(r *rand.Rand) string { return from(r, hexLower, 32) },
	"sha-short": func(r *rand.Rand) string { return from(r, hexLower, 7) },
	"hex8":      func(r *rand.Rand) string { return from(r, hexLower, 8) },
	"hex12":     func(r *rand.Rand) string { return from(r, hexLower, 12) },
	"hex16":     func(r *rand.Rand) string { return from(r, hexLower, 16) },
	"hex17":     func(r *rand.Rand) string { return from(r, hexLower, 17) },
	"xray":      func(r *rand.Rand) string { return "1-" + from(r, hexLower, 8) + "-" + from(r, hexLower, 24) },
	"traceroot": func(r *rand.Rand) string { return "00-" + from(r, hexLower, 32) + "-" + from(r, hexLower, 16) + "-01" },
	"sri512":    func(r *rand.Rand) string { return "sha512-" + from(r, base64std, 86) + "==" },
	"go-sum":    func(r *rand.Rand) string { return "h1:" + from(r, base64std, 43) + "=" },
	"account":   shape("############"),
	"epoch-ms":  shape("17637########"),
	"epoch-ns":  shape("17637##############"),
	"snowflake": shape("1#################"),
	"mac":       func(r *rand.Rand) string { return strings.ToLower(shaped(r, "0x:xx:xx:xx:xx:xx")) },
	"ipv4":      func(r *rand.Rand) string { return fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), 1+r.IntN(254)) },
	"ipv6":      shape("fd00:xxxx:xxxx::xx"),
	"ulid":      func(r *rand.Rand) string { return "01K" + from(r, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 23) },
	"pod": func(r *rand.Rand) string {
		return from(r, "bcdfghjklmnpqrstvwxz2456789", 10) + "-" + from(r, "bcdfghjklmnpqrstvwxz2456789", 5)
	},
	"request-id": func(r *rand.Rand) string { return from(r, upper+digits, 16) },
	"order-16":   notLuhn("4##############"),
	"order-13":   notLuhn("20260#######"),
	"kinesis":    shape("4966##################################################"),
	"float":      func(r *rand.Rand) string { return strconv.FormatFloat(r.ExpFloat64()*1e3, 'g', 16, 64) },
	"png": func(r *rand.Rand) string {
		return base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + from(r, hexLower+"\x00\x01\x10", 30)))
	},
}

func uuid(r *rand.Rand) string {
	return shaped(r, "xxxxxxxx-xxxx-4xxx-") + oneOf(r, "8", "9", "a", "b") + shaped(r, "xxx-xxxxxxxxxxxx")
}

// notLuhn is a recipe of a number whose last digit is not the check digit.
func notLuhn(form string) recipe {
	return func(r *rand.Rand) string {
		n := shaped(r, form)
		return n + strconv.Itoa((number(luhn(n))+1+r.IntN(9))%10)
	}
}
