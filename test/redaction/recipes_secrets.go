package redaction

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

var awsRecipes = map[string]recipe{
	"aws-key-id/user":      func(r *rand.Rand) string { return "AK" + "IA" + from(r, base32, 16) },
	"aws-key-id/session":   func(r *rand.Rand) string { return "AS" + "IA" + from(r, base32, 16) },
	"aws-secret/key":       func(r *rand.Rand) string { return from(r, base64std, 40) },
	"aws-session/token":    func(r *rand.Rand) string { return "IQoJb3JpZ2luX2Vj" + from(r, base64std, 300) + "==" },
	"aws-secret/signature": func(r *rand.Rand) string { return from(r, hexLower, 64) },
}

// tokenRecipes have the forms that the providers document or that their
// published examples have. Prefixes are put together here so that no scanner
// takes this file for a leak.
var tokenRecipes = map[string]recipe{
	"token/github":        prefixed("gh"+"p_", base62, 36),
	"token/github-oauth":  prefixed("gh"+"o_", base62, 36),
	"token/github-app":    prefixed("gh"+"s_", base62, 36),
	"token/github-fine":   func(r *rand.Rand) string { return "github" + "_pat_" + from(r, base62, 22) + "_" + from(r, base62, 59) },
	"token/gitlab":        prefixed("gl"+"pat-", base64url, 20),
	"token/gitlab-runner": prefixed("gl"+"rt-", base64url, 20),
	"token/slack-bot": func(r *rand.Rand) string {
		return "xo" + "xb-" + shaped(r, "2###########-3###########-") + from(r, base62, 24)
	},
	"token/slack-user": func(r *rand.Rand) string {
		return "xo" + "xp-" + shaped(r, "2###########-3###########-4###########-") + from(r, hexLower, 32)
	},
	"token/slack-app": func(r *rand.Rand) string {
		return "xa" + "pp-1-A0" + from(r, base36upper, 9) + shaped(r, "-5############-") + from(r, hexLower, 64)
	},
	"token/slack-webhook": func(r *rand.Rand) string {
		return "T0" + from(r, base36upper, 8) + "/B0" + from(r, base36upper, 9) + "/" + from(r, base62, 24)
	},
	"token/stripe":            prefixed("sk"+"_live_", base62, 24),
	"token/stripe-restricted": prefixed("rk"+"_live_", base62, 32),
	"token/stripe-webhook":    prefixed("wh"+"sec_", base62, 32),
	"token/google-api":        prefixed("AI"+"za", base64url, 35),
	"token/google-oauth":      prefixed("ya"+"29.a0A", base64url, 150),
	"token/google-secret":     prefixed("GOC"+"SPX-", base64url, 28),
	"token/openai": func(r *rand.Rand) string {
		return "sk" + "-proj-" + from(r, base64url, 74) + "T3Blbk" + "FJ" + from(r, base64url, 74)
	},
	"token/anthropic":    func(r *rand.Rand) string { return "sk" + "-ant-api03-" + from(r, base64url, 93) + "AA" },
	"token/huggingface":  prefixed("h"+"f_", upper+lower, 34),
	"token/npm":          prefixed("np"+"m_", base62, 36),
	"token/pypi":         prefixed("py"+"pi-AgEIcHlwaS5vcmc", base64url, 90),
	"token/dockerhub":    prefixed("dckr"+"_pat_", base64url, 27),
	"token/twilio":       prefixed("S"+"K", hexLower, 32),
	"token/sendgrid":     func(r *rand.Rand) string { return "S" + "G." + from(r, base64url, 22) + "." + from(r, base64url, 43) },
	"token/mailgun":      prefixed("ke"+"y-", hexLower, 32),
	"token/mailchimp":    func(r *rand.Rand) string { return from(r, hexLower, 32) + "-us" + oneOf(r, "3", "7", "12", "19") },
	"token/newrelic":     prefixed("NR"+"AK-", base36upper, 27),
	"token/grafana":      func(r *rand.Rand) string { return "gl" + "sa_" + from(r, base62, 32) + "_" + from(r, hexLower, 8) },
	"token/vault":        prefixed("hv"+"s.CAES", base64url, 90),
	"token/terraform":    func(r *rand.Rand) string { return from(r, base62, 14) + ".atl" + "asv1." + from(r, base64url, 67) },
	"token/doppler":      prefixed("dp"+".pt.", base62, 43),
	"token/digitalocean": prefixed("do"+"p_v1_", hexLower, 64),
	"token/shopify":      prefixed("shp"+"at_", hexLower, 32),
	"token/square":       prefixed("sq"+"0atp-", base64url, 22),
	"token/telegram":     func(r *rand.Rand) string { return shaped(r, "5#########:A") + "A" + from(r, base64url, 33) },
	"token/linear":       prefixed("lin"+"_api_", base62, 40),
	"token/postman":      func(r *rand.Rand) string { return "PM" + "AK-" + from(r, hexLower, 24) + "-" + from(r, hexLower, 34) },
	"token/pulumi":       prefixed("pu"+"l-", hexLower, 40),
	"token/atlassian": func(r *rand.Rand) string {
		return "ATA" + "TT3xFfGF0" + from(r, base64url, 171) + "=" + strings.ToUpper(from(r, hexLower, 8))
	},
	"token/databricks":    prefixed("da"+"pi", hexLower, 32),
	"token/rubygems":      prefixed("rubygems"+"_", hexLower, 48),
	"token/age":           prefixed("AGE-SECRET"+"-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
	"token/azure-storage": func(r *rand.Rand) string { return from(r, base64std, 86) + "==" },
	"token/azure-client":  func(r *rand.Rand) string { return from(r, base62, 3) + "8Q~" + from(r, base64url, 34) },
	"token/okta":          prefixed("00", base64url, 40),
	"token/tailscale": func(r *rand.Rand) string {
		return "ts" + "key-auth-k" + from(r, base62, 11) + "CNTRL-" + from(r, base62, 32)
	},
	"token/sonar":    prefixed("sq"+"p_", hexLower, 40),
	"token/airtable": func(r *rand.Rand) string { return "pa" + "t" + from(r, base62, 14) + "." + from(r, hexLower, 64) },
	"token/datadog":  func(r *rand.Rand) string { return from(r, hexLower, 40) },
	"token/sentry":   func(r *rand.Rand) string { return "sn" + "tryu_" + from(r, hexLower, 64) },
	"token/flyio":    prefixed("Fly"+"V1 fm2_", base64std, 120),
	"token/heroku":   func(r *rand.Rand) string { return "HRK" + "U-AA" + from(r, base64url, 58) },
}

const base36upper = upper + digits

var keyRecipes = map[string]recipe{
	"jwt/hs256":        func(r *rand.Rand) string { return jwt(r, "HS256", 32) },
	"jwt/rs256":        func(r *rand.Rand) string { return jwt(r, "RS256", 256) },
	"private-key/rsa":  func(r *rand.Rand) string { return pem(r, "RSA PRIVATE KEY", 12) },
	"private-key/ec":   func(r *rand.Rand) string { return pem(r, "EC PRIVATE KEY", 3) },
	"private-key/pk8":  func(r *rand.Rand) string { return pem(r, "PRIVATE KEY", 10) },
	"private-key/ssh":  func(r *rand.Rand) string { return pem(r, "OPENSSH PRIVATE KEY", 7) },
	"api-key/hex32":    func(r *rand.Rand) string { return from(r, hexLower, 32) },
	"api-key/hex64":    func(r *rand.Rand) string { return from(r, hexLower, 64) },
	"api-key/base62":   func(r *rand.Rand) string { return from(r, base62, 40) },
	"api-key/base64":   func(r *rand.Rand) string { return from(r, base64std, 43) + "=" },
	"api-key/uuid":     uuid,
	"auth/opaque":      func(r *rand.Rand) string { return from(r, base64url, 43) },
	"auth/digest":      func(r *rand.Rand) string { return from(r, hexLower, 32) },
	"cookie/hex":       func(r *rand.Rand) string { return from(r, hexLower, 40) },
	"cookie/base64url": func(r *rand.Rand) string { return from(r, base64url, 52) },
	"cookie/java":      func(r *rand.Rand) string { return from(r, "0123456789ABCDEF", 32) },
	"cookie/connect":   func(r *rand.Rand) string { return "s%3A" + from(r, base64url, 32) + "." + from(r, base62, 43) },
}

// jwt is a token of three parts whose first two are what they say.
func jwt(r *rand.Rand, algorithm string, signature int) string {
	head := fmt.Sprintf(`{"alg":%q,"typ":"JWT","kid":%q}`, algorithm, from(r, hexLower, 8))
	claims := fmt.Sprintf(`{"sub":%q,"iat":17%s,"scope":"orders:read"}`, from(r, digits, 8), from(r, digits, 8))
	sum := make([]byte, signature)
	for i := range sum {
		sum[i] = byte(r.Uint32())
	}
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(head)) + "." + e.EncodeToString([]byte(claims)) + "." + e.EncodeToString(sum)
}

// pem is a key in armour: full lines of 64 characters and one shorter line.
func pem(r *rand.Rand, what string, lines int) string {
	var b strings.Builder
	b.WriteString("-----BEGIN " + what + "-----\nMII")
	b.WriteString(from(r, base64std, 61) + "\n")
	for range lines - 1 {
		b.WriteString(from(r, base64std, 64) + "\n")
	}
	b.WriteString(from(r, base64std, 34) + "==\n-----END " + what + "-----")
	return b.String()
}

var passwordRecipes = map[string]recipe{
	// As people choose them: two words, a number, a mark.
	"password/word": func(r *rand.Rand) string {
		return title(word(r)) + title(word(r)) + from(r, digits, 2) + oneOf(r, "!", "#", "$", "*", "?")
	},
	// As people choose them where nothing stops them: one word and a year.
	"password/weak": func(r *rand.Rand) string { return word(r) + oneOf(r, "2023", "2024", "2025", "123") },
	// As a manager draws them, without what ends a value in a log.
	"password/strong": func(r *rand.Rand) string { return "x" + from(r, base62+"!#$%*+-.^_~", 19) + "7" },
	// What a URL can hold as it is.
	"password/url": func(r *rand.Rand) string { return from(r, base62+"-._~", 18) + "q4" },
	// With what has to be escaped in JSON and URLs.
	"password/hard": func(r *rand.Rand) string {
		return from(r, base62, 6) + oneOf(r, `"`, `\`, "&") + from(r, base62, 4) + oneOf(r, "<", "%", "/") + from(r, base62, 5) + oneOf(r, "@", ":", "+")
	},
	// The same for strings in YAML, and for what stands in a command or before an @.
	"password/hard-yaml": func(r *rand.Rand) string {
		return from(r, base62, 5) + "#" + from(r, base62, 6) + ": " + from(r, base62, 6) + "!"
	},
	"password/strong-url": func(r *rand.Rand) string { return "k" + from(r, base62+"!$*-._~", 17) + "9" },
	"password/phrase":     func(r *rand.Rand) string { return word(r) + "-" + word(r) + "-" + word(r) + "-" + word(r) },
	"password/pin":        func(r *rand.Rand) string { return from(r, digits, 6) },
}

func word(r *rand.Rand) string {
	return oneOf(r, "amber", "badger", "cactus", "dragon", "ember", "falcon", "ginger", "harbor", "island", "jasper",
		"kettle", "lemon", "marble", "nectar", "otter", "pepper", "quartz", "raven", "saddle", "timber", "velvet", "walnut", "yonder", "zephyr")
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
