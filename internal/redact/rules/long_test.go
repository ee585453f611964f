package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

// TestLongSecretsGoAsAWhole has values that are longer than what is looked at to
// judge them.
func TestLongSecretsGoAsAWhole(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, unit := range []string{"aB3x", "q7!R", "k.=9", "Z:4%", "~8Wp"} {
		long := strings.Repeat(unit, 1250) // 5,000 bytes
		for in, want := range map[string]string{
			"password=% ok":                             "password=[redacted:secret] ok",
			"password=%&x=1":                            "password=[redacted:secret]&x=1",
			`password=CORP\%; ok`:                       `password=[redacted:secret]; ok`,
			`{"password":"%","n":1}`:                    `{"password":"[redacted:secret]","n":1}`,
			`{"password":"a b, %","n":1}`:               `{"password":"[redacted:secret]","n":1}`,
			`{"m":"{\"password\":\"%\"}"}`:              `{"m":"{\"password\":\"[redacted:secret]\"}"}`,
			`password="a b % and more`:                  `password="[redacted:secret]`,
			"mysql --password % -h db":                  "mysql --password [redacted:secret] -h db",
			"//npm.internal/:_authToken=%\nnext":        "//npm.internal/:_authToken=[redacted:secret]\nnext",
			"Authorization: NTLM %\nnext":               "Authorization: NTLM [redacted:authorization]\nnext",
			"Authorization: %\nnext":                    "Authorization: [redacted:authorization]\nnext",
			"Authorization: Ours %\nnext":               "Authorization: [redacted:authorization]\nnext",
			"Authorization: Digest response=%, x\nnext": "Authorization: Digest [redacted:authorization]\nnext",
			"Cookie: a=%; b=2\nnext":                    "Cookie: a=[redacted:cookie]; b=[redacted:cookie]\nnext",
			"<password>%</password> ok":                 "<password>[redacted:secret]</password> ok",
			"<password>a, %</password> ok":              "<password>[redacted:secret]</password> ok",
		} {
			require.Equal(t, want, bare(r.Redact(strings.Replace(in, "%", long, 1))), "%s of %s", in, unit)
		}
	}
	for in, want := range map[string]string{
		"Authorization: Negotiate %=": "Authorization: Negotiate [redacted:bearer]",
		"sent Bearer %":               "sent Bearer [redacted:bearer]",
		`Cookie: "%"; b=2`:            `Cookie: "[redacted:cookie]"; b=2`,
		"sent Bearer %== ok":          "sent Bearer [redacted:bearer] ok",
		`token "%" is of no use`:      `token "[redacted:bearer]" is of no use`,
	} {
		require.Equal(t, want, bare(r.Redact(strings.Replace(in, "%", strings.Repeat("aB3xZk9Qw2", 500), 1))), in)
	}
}
