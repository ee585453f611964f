package rules_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

// Fixtures are put together here, so that no scanner takes them for real ones.
var (
	awsKey    = "AKIA" + "IOSFODNN7EXAMPLE"
	awsSecret = "wJalrXUtnFEMI" + "/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
	jwt       = "eyJ" + "hbGciOiJIUzI1NiJ9" + "." + "eyJzdWIiOiIxMjM0NSJ9" + ".c2lnbmF0dXJl"
	slack     = "xoxb" + "-123456789012-abcdefGHIJKL"
	github    = "ghp_" + strings.Repeat("aB3", 12)
	atlassian = "ATATT3" + strings.Repeat("xFfGF0", 6)
	pem       = "-----BEGIN RSA " + "PRIVATE KEY-----"
)

// hashed is a mark with its hash.
var hashed = regexp.MustCompile(`(\[redacted:[a-z0-9-]+):[0-9a-f]{8}\]`)

// bare is a text whose marks have no hash.
func bare(text string) string { return hashed.ReplaceAllString(text, "$1]") }

func TestSecretsGo(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, c := range []struct{ name, in, want string }{
		{"aws key id", "key " + awsKey + " used", "key [redacted:aws-key] used"},
		{"aws secret with name", "aws_secret_access_key=" + awsSecret, "aws_secret_access_key=[redacted:secret]"},
		{"aws secret alone", "got " + awsSecret + ".", "got [redacted:high-entropy]."},
		{"jwt", "sent " + jwt, "sent [redacted:jwt]"},
		{"bearer", "Authorization: Bearer abc123def456", "Authorization: Bearer [redacted:bearer]"},
		{"bearer alone", "with bearer abc123def456 in it", "with bearer [redacted:bearer] in it"},
		{"basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("ana:hunter2")), "Basic [redacted:basic]"},
		{"private key", "x " + pem + "\nMIIE\nabc\n-----END RSA " + "PRIVATE KEY----- y", "x [redacted:private-key] y"},
		{"private key cut off", "x " + pem + `\nMIIEabc`, "x [redacted:private-key]"},
		{"password in key=value", "user=ana password=hunter2 ok", "user=ana password=[redacted:secret] ok"},
		{"password in JSON", `{"db_password": "hunter2 \n x", "n": 1}`, `{"db_password": "[redacted:secret]", "n": 1}`},
		{"password in JSON in JSON", `{"m":"{\"password\":\"hunter2\"}"}`, `{"m":"{\"password\":\"[redacted:secret]\"}"}`},
		{"camel case", `{"clientSecret":"abc","apiKey":"def","accessToken":"ghi"}`, `{"clientSecret":"[redacted:secret]","apiKey":"[redacted:secret]","accessToken":"[redacted:secret]"}`},
		{"query string", "GET /a?token=abc&x=1", "GET /a?token=[redacted:secret]&x=1"},
		{"password in URL", "postgres://app:hun@ter2@db.internal:5432/x", "postgres://app:[redacted:credentials]@db.internal:5432/x"},
		{"flag", "mysql --password hunter2 -h db", "mysql --password [redacted:secret] -h db"},
		{"cookie", "Cookie: sid=1; other=2\nnext", "Cookie: sid=[redacted:cookie]; other=[redacted:cookie]\nnext"},
		{"slack", "token " + slack + " bad", "token [redacted:slack] bad"},
		{"slack hook", "POST https://hooks.slack.com/services/T000/B000/xyzxyz", "POST https://hooks.slack.com/[redacted:slack]"},
		{"github", "push with " + github, "push with [redacted:github]"},
		{"jira", "as " + atlassian, "as [redacted:jira]"},
	} {
		require.Equal(t, c.want, bare(r.Redact(c.in)), c.name)
	}
}

func TestPersonalDataGoes(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, c := range []struct{ name, in, want string }{
		{"email", "for ana.lopez+x@mail.example.com.", "for [redacted:email]."},
		{"card", "card 4111111111111111 declined", "card [redacted:card] declined"},
		{"card in groups", "card 4111 1111 1111 1111 declined", "card [redacted:card] declined"},
		{"amex", "3782-822463-10005", "[redacted:card]"},
		{"iban", "to DE89 3704 0044 0532 0130 00 now", "to [redacted:iban] now"},
		{"phone", "call +49 151 12345678 or (212) 555-0147", "call [redacted:phone] or [redacted:phone]"},
		{"public ip", "from 8.8.8.8:53 and 2a00:1450:4001:82f::200e", "from [redacted:ip]:53 and [redacted:ip]"},
		{"public ips one after the other", "10.0.0.1 8.8.8.8,8.8.4.4 1.1.1.1_x", "10.0.0.1 [redacted:ip],[redacted:ip] [redacted:ip]_x"},
	} {
		require.Equal(t, c.want, bare(r.Redact(c.in)), c.name)
	}
}

func TestWhatOperatorsNeedStays(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, in := range []string{
		"",
		"upstream payments answered 503 after 1200ms, request 3f2a9c1e-77aa-4c3e-9e7e-1a2b3c4d5e6f",
		"GET http://10.0.0.12:8080/charge from 192.168.1.7 and 127.0.0.1 and 169.254.1.1 and fe80::1",
		"at 2026-03-01T12:34:56.789Z epoch 1767225600123 and 1767225600123456789",
		"commit 0123456789abcdef0123456789abcdef01234567",
		"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:checkout-errors",
		"max_tokens=4096 token_count=12 tokens: 9",
		"card number 4111111111111112 fails its check digit",
		"basic authentication and bearer authentication are off",
		"password=null",
		"i-0c0ffee0000000001 is running go1.26.8 at 12:34:56:78",
	} {
		require.Equal(t, in, r.Redact(in))
	}
}

func TestLongInputIsCutAndFast(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, unit := range []string{"password=x ", "4111 ", "-----BEGIN ", "8.8.8.8 ", "a@b.co "} {
		began := time.Now()
		got := r.Redact(strings.Repeat(unit, 1<<19/len(unit)))
		require.LessOrEqual(t, len(got), 64<<10, unit)
		require.Less(t, time.Since(began), 30*time.Second, unit)
		require.Equal(t, got, r.Redact(got), unit)
	}
	head := strings.Repeat("x ", 32<<10-20)
	require.NotContains(t, r.Redact(head+awsKey+" "+strings.Repeat("y", 1<<10)), "AKIA", "a key at the cut must not leave its first half")
}

func FuzzRedactIsIdempotent(f *testing.F) {
	for _, s := range []string{
		"password=hunter2", `"token":"a`, "a@b.co", "+49 151 12345678", "[redacted:x]@b.co", "[redacted:[redacted:x]]",
		pem, "Cookie: a", "4111 1111 1111 1111", "\xff\xfe", "Bearer " + jwt, "p://a:b@c", "8.8.8.8.8.8.8.8", "password=password=password=x",
	} {
		f.Add(s)
	}
	r := rules.Default()
	f.Fuzz(func(t *testing.T, s string) {
		once := r.Redact(s)
		require.Equal(t, once, r.Redact(once))
	})
}

func TestWhatIsNearASecretStays(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, in := range []string{
		"invalid password: must contain a digit", "syntax error, unexpected token: IDENT", "token expired for user 12", "pass=true fail=0", "PWD=/home/app",
		"authorization: denied for role admin", "cookie: not found", "Access denied (using password: YES)", "secretArn=arn:aws:secretsmanager:eu:1:secret:prod/db-AbC",
		"kubectl get secret db-creds -o yaml", "trace_id=4111111111111111", "partition_key=orders#123456789012345", `etag "5d41402abc4b2a76b9719d911017c592"`,
	} {
		require.Equal(t, in, r.Redact(in))
	}
	for in, want := range map[string]string{
		`{"name":"DB_PASSWORD","value":"hunter2"}`:      `{"name":"DB_PASSWORD","value":"[redacted:secret]"}`,
		"- name: API_TOKEN\n  value: s3cr3tvalue":       "- name: API_TOKEN\n  value: [redacted:secret]",
		"curl -s -u ana:hunter2 https://x.example/":     "curl -s -u ana:[redacted:secret] https://x.example/",
		"the pin for the door is 4711":                  "the pin for the door is [redacted:secret]",
		"sshpass -p 'hunter2 x' ssh root@10.0.0.1":      "sshpass -p '[redacted:secret]' ssh root@10.0.0.1",
		"<db:password kind=\"x\">hunter2</db:password>": "<db:password kind=\"x\">[redacted:secret]</db:password>",
	} {
		require.Equal(t, want, bare(r.Redact(in)))
	}
}
