package rules

import (
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"unicode"
)

// secretRules find credentials. The specific ones come first, so that a token
// gets the placeholder that tells what it was.
func secretRules() []rule {
	return []rule{
		// The end marker is optional: a block that a log cut off is still a key.
		{kind: "private-key", need: []string{"private key"}, find: regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)`)},
		{kind: "jwt", need: []string{"eyj"}, find: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`)},
		{kind: "aws-key", need: []string{"akia", "asia", "abia", "acca", "aroa", "aida", "agpa", "anpa", "anva", "aipa"}, find: regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA)[A-Z2-7]{16}\b`)},
		{kind: "aws-session", need: []string{"fwogzxivyxdz", "iqojb3jpz2lu", "fqogzxivyxdz"}, find: regexp.MustCompile(`\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=]{40,}`)},
		{kind: "slack", need: []string{"xox", "xapp-", "xwfp-"}, find: regexp.MustCompile(`\b(?:xox[abeoprs]|xapp|xwfp)-[A-Za-z0-9-]{8,}`)},
		{kind: "slack", need: []string{"hooks.slack.com"}, find: regexp.MustCompile(`\bhooks\.slack\.com/(?P<v>(?:services|workflows|triggers)/[A-Za-z0-9/_-]{8,})`)},
		{kind: "github", need: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, find: regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`)},
		{kind: "gitlab", need: []string{"glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-"}, find: regexp.MustCompile(`\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}`)},
		{kind: "jira", need: []string{"atatt3", "atctt3", "atstt3", "atoa", "atbb"}, find: regexp.MustCompile(`\b(?:ATATT3|ATCTT3|ATSTT3|ATOA)[A-Za-z0-9_=-]{16,}|\bATBB[A-Za-z0-9]{20,}`)},
		{kind: "api-key", need: []string{"sk_", "rk_", "aiza", "sk-", "npm_", "sg."}, find: regexp.MustCompile(`\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{35}|sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})`)},
		{kind: "credentials", need: []string{"://"}, find: regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<v>[^\s/?#"'<>\\]+)@`)},
		{kind: "authorization", need: []string{"authorization"}, find: regexp.MustCompile(`(?i)\b(?:proxy-)?authorization\\?["']?\s*[:=]\s*\\?["']?(?P<v>[^\s"'\\,;]+(?:[ \t]+[^\s"'\\,;]+)?)`)},
		{kind: "basic", need: []string{"basic"}, find: regexp.MustCompile(`(?i)\bbasic\s+(?P<v>[A-Za-z0-9+/_-]{6,}={0,2})`), ok: basicAuth},
		{kind: "bearer", need: []string{"bearer", "digest", "negotiate", "apikey"}, find: regexp.MustCompile(`(?i)\b(?:bearer|digest|negotiate|apikey)\s+(?P<v>[A-Za-z0-9._~+/=-]{8,})`), ok: notAWord},
		{kind: "cookie", need: []string{"cookie"}, find: regexp.MustCompile(`(?i)\b(?:set-)?cookie\\?["']?\s*[:=]\s*\\?["']?(?P<v>[^\s"'\\][^"'\\\r\n]*)`)},
		{kind: "secret", need: []string{"=", ":"}, also: keyedWords, find: regexp.MustCompile(keyed + `\s*(?:=>|[:=])\s*\\?"(?P<v>(?:[^"\\]|\\[^"])+)`)},
		{kind: "secret", need: []string{"=", ":"}, also: keyedWords, find: regexp.MustCompile(keyed + `\s*(?:=>|[:=])\s*\\?'(?P<v>(?:[^'\\]|\\[^'])+)`)},
		{kind: "secret", need: []string{"=", ":"}, also: keyedWords, find: regexp.MustCompile(keyed + `\s*(?:=>|[:=])\s*(?P<v>[^\s"'\\,;&}\])]+)`), ok: notNull},
		{kind: "secret", need: []string{"-"}, also: []string{"pass", "secret", "token", "key"}, find: regexp.MustCompile(`(?i)\s--?(?:password|passwd|pass|secret|token|api-?key|client-secret|access-key)[ =](?P<v>[^\s"'-][^\s"']*)`)},
		{kind: "high-entropy", look: longRun, find: regexp.MustCompile(`(?:^|[^A-Za-z0-9/+=_.:-])(?P<v>[A-Za-z0-9/+]{40})(?:$|[^A-Za-z0-9/+=_-])`), ok: looksRandom},
	}
}

// keyed is the name of a field that holds a secret, with whatever quotes it
// stands in, JSON inside of JSON included. The word has to end the name:
// "max_tokens" and "token_count" hold no secret, "db.password" does.
const keyed = `(?i)(?:^|[^A-Za-z])(?:[A-Za-z0-9_.-]{0,60}[_.-])?` +
	`(?:[a-z]*pass(?:word|wd|phrase|code)|pwd|secret(?:[_-]?(?:access)?[_-]?key)?|[a-z]*secret|(?:aws)?secretaccesskey|` +
	`[a-z]*token|(?:api|access|account|auth|encryption|master|private|shared|signing|storage)[_-]?key|` +
	`credentials?|client[_-]?secret|session[_-]?id|sessid|sas|connection[_-]?string|otp|pin[_-]?code)` +
	`\\?["']?`

// keyedWords are words of which keyed always has one.
var keyedWords = []string{
	"pass", "pwd", "secret", "token", "key", "credential", "sessionid", "session_id", "session-id", "sessid", "sas",
	"connectionstring", "connection_string", "connection-string", "otp", "pincode", "pin_code", "pin-code",
}

// basicAuth tells whether v is base64 of "user:password".
func basicAuth(v string) bool {
	v = strings.TrimRight(v, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(v); err == nil && strings.Contains(string(b), ":") {
			return true
		}
	}
	return false
}

// notAWord keeps prose such as "bearer authentication" readable.
func notAWord(v string) bool {
	return len(v) >= 20 || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' })
}

// notNull keeps values that say that there is no secret.
func notNull(v string) bool {
	switch strings.ToLower(v) {
	case "null", "nil", "none", "true", "false", "{", "[":
		return false
	default:
		return true
	}
}

// minEntropy is the Shannon entropy in bits a character above which a string of
// 40 characters counts as random. Base64 of 30 random bytes has about 4.7, hex
// digits have at most 4, words of a language around 4.
const minEntropy = 4.25

// looksRandom recognises AWS secret access keys (40 characters of base64) that
// stand without their name.
func looksRandom(v string) bool {
	var upper, lower, digit bool
	count := map[rune]int{}
	for _, r := range v {
		upper = upper || unicode.IsUpper(r)
		lower = lower || unicode.IsLower(r)
		digit = digit || unicode.IsDigit(r)
		count[r]++
	}
	var bits float64
	for _, n := range count {
		p := float64(n) / float64(len(v))
		bits -= p * math.Log2(p)
	}
	return upper && lower && digit && bits >= minEntropy
}
