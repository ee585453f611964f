package rules_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

// hostile are lines of a length that are made to take long: near misses of every
// rule, one behind the other.
func hostile(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)+1)[:size] }
	nested := "a"
	for len(nested) < size/4 {
		nested = base64.StdEncoding.EncodeToString([]byte(nested + " password"))
	}
	return map[string]string{
		"letters": fill("a"), "equals": fill("="), "blanks": fill(" "), "digits": fill("4"), "base64": fill("YWFh"), "percent": fill("%41"), "quotes": fill(`\"`), "slashes": fill(`\`),
		"json": fill(`{\"a\":`), "fields": fill("password="), "field names": fill("password "), "quoted": fill(`password="`), "nearly quoted": fill(`password='`), "headers": fill("authorization: "), "digest": fill("authorization: digest "),
		"cookies": fill("cookie: a=b; "), "addresses": fill("a@b."), "at": fill("@"), "urls": fill("p://a:b"), "users": fill("x://x:x@"), "numbers": fill("1 "), "groups": fill("4111 "), "dots": fill("1.2."), "colons": fill("::"), "hex": fill("ab:"),
		"phones": fill("+1 2"), "brackets": fill("(212"), "begin": fill("-----BEGIN PRIVATE KEY-----"), "tokens": fill("eyJhbGciOi.eyJ"), "dashes": fill("-eyJ-"), "sk": fill("SK "), "keys": fill("api_key: "), "curl": fill("curl -u "), "names": fill("name password, value "),
		"base64 parts": fill("aGVsbG8gd29ybGQgaGVsbG8/"), "nested": fill(nested), "hex prefixes": fill("0x"), "hex parts": fill("/0x61616161616161616161616161616161"), "marks": fill("[redacted:"), "real marks": fill("[redacted:email:01234567]"), "references": fill("&#x41;"), "contexts": fill("ssn phone 1 "), "named numbers": fill("ssn 1 "), "words": fill("slack jira okta sentry facebook = "),
		"xml": fill("<password "), "mysql": fill("mysql -p"), "is": fill("password is "), "iban": fill("DE89 3704 "), "unicode": fill(`\u0041`), "emails": fill("a@b.co "), "setters": fill(`set("password", `), "set": fill(`"password",`), "shares": fill(`net use \\a `), "communities": fill("snmp community "), "calls": fill("sip:+1 "), "called": fill("sip:+1@"), "generic": fill("token=a1B2c3D4e5F6g7H8i9 "),
		"long value": "password=" + fill("a"), "long quoted": `password="` + fill("a"), "long authorization": "authorization: negotiate " + fill("a"), "long scheme": "authorization: " + fill("a"), "long digest": "authorization: digest " + fill("a"),
		"long bearer": "bearer " + fill("a1"), "long bearer name": "bearer " + fill("a") + "=b", "long cookie": "cookie: a=" + fill("a"), "long element": "<password>" + fill("a"), "long share": `password=a\b` + fill("a"),
		"values in a value": fill("sid="), "pins in a value": fill("pin:"), "passwords in a value": fill("password=("), "headers in a header": fill("authorization:"), "headers in two words": fill("authorization:")[:size/2] + " " + fill("authorization:")[:size/2], "cookies in a cookie": fill("cookie=cookie:"),
		"elements": fill("<password>"), "short elements": fill("<password>a"), "element after element": fill(`<a "password" "password" "password" "password">`)[:size/2] + fill("a"), "ever more slashes": slashes(size),
	}
}

// slashes are values with a quotation mark that each opens behind one more backslash
// than the one before it, so that none ends another.
func slashes(size int) string {
	var b strings.Builder
	for n := 0; b.Len() < size; n++ {
		b.WriteString("password=" + strings.Repeat(`\`, n) + `"(`)
	}
	return b.String()[:size]
}

// TestHostileLinesAreLinear takes the processor time of lines and of lines twice as
// long: more than four times as much would be no accident. It runs alone.
func TestHostileLinesAreLinear(t *testing.T) {
	r := rules.Default()
	took := func(line string) time.Duration {
		best := time.Hour
		for range 3 {
			began := worked()
			r.Redact(line)
			best = min(best, worked()-began)
		}
		return best
	}
	long := hostile(32 << 10)
	for name, line := range hostile(16 << 10) {
		short, twice := took(line), took(long[name])
		require.Less(t, twice, 4*short+5*time.Millisecond, name)
		require.Less(t, twice, 2*time.Second, name)
	}
}

func TestHostileLinesConverge(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for name, line := range hostile(1 << 20) {
		once := r.Redact(line)
		require.LessOrEqual(t, len(once), 64<<10, name)
		require.Equal(t, once, r.Redact(once), name)
	}
}
