package logs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/logs"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	const doc = `{"level":"ERROR","status":502,"took":1.5e3,"ok":false,"cause":null,"request":{"path":"/pay/card","tags":["a","b"]},"x.y":"dotted"}`
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{"", "anything"}, nil},
		{"ERROR", []string{"[ERROR 400] bad", "x ERRORS"}, []string{"error", "WARN"}},
		{"ERROR payments", []string{"payments: ERROR"}, []string{"ERROR checkout"}},
		{`"connection refused" ERROR`, []string{"ERROR dial: connection refused"}, []string{"ERROR connection was refused"}},
		{`"say \"no\""`, []string{`they say "no" again`}, []string{"say no"}},
		{"ERROR -timeout", []string{"ERROR refused"}, []string{"ERROR timeout", "refused"}},
		{`-"health check"`, []string{"GET /pay"}, []string{"health check"}},
		{"?ERROR ?WARN", []string{"ERROR", "a WARN"}, []string{"INFO"}},
		{"?ERROR ?WARN checkout", []string{"INFO checkout"}, []string{"ERROR payments"}},
		{`%5\d\d%`, []string{"status 502"}, []string{"status 404"}},
		{`{ $.level = "ERROR" }`, []string{doc}, []string{`{"level":"INFO"}`, "level = ERROR", `{}`, `["ERROR"]`}},
		{`{$.level=ERROR}`, []string{doc}, []string{`{"level":"INFO"}`}},
		{`{ $.level = "E*R" }`, []string{doc}, []string{`{"level":"OTHER"}`}},
		{`{ $.level != "INFO" }`, []string{doc}, []string{`{"level":"INFO"}`, `{"other":1}`}},
		{`{ $.status >= 500 && $.status < 600 }`, []string{doc}, []string{`{"status":404}`, `{"status":600}`, `{"status":"502"}`}},
		{`{ $.status = 502 }`, []string{doc}, []string{`{"status":503}`}},
		{`{ $.took > 1.4e3 }`, []string{doc}, []string{`{"took":1}`}},
		{`{ $.request.path = "/pay/*" }`, []string{doc}, []string{`{"request":"/pay/"}`}},
		{`{ $.request.tags[1] = "b" }`, []string{doc}, []string{`{"request":{"tags":["b"]}}`}},
		{`{ $["x.y"] = dotted }`, []string{doc}, []string{`{"x":{"y":"dotted"}}`}},
		{`{ $.cause IS NULL }`, []string{doc}, []string{`{}`}},
		{`{ $.ok IS FALSE }`, []string{doc}, []string{`{"ok":true}`}},
		{`{ $.missing NOT EXISTS }`, []string{doc}, []string{`{"missing":1}`}},
		{`{ ($.level = "WARN" || $.level = "ERROR") && $.status > 1 }`, []string{doc}, []string{`{"level":"WARN"}`}},
		{`{ $.level = "INFO" || $.level = "ERROR" && $.status = 1 }`, []string{`{"level":"INFO"}`}, []string{doc}},
		{`{ $.level = %^ERR% }`, []string{doc}, []string{`{"level":"XERR"}`}},
		{`{ $.msg = "a } b" }`, []string{`{"msg":"a } b"}`}, []string{`{"msg":"a"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			t.Parallel()
			p, err := logs.ParsePattern(tt.pattern)
			require.NoError(t, err)
			for _, m := range tt.yes {
				require.True(t, p.Match(m), m)
			}
			for _, m := range tt.no {
				require.False(t, p.Match(m), m)
			}
		})
	}
}

func TestMalformedPatternsAreRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`"open`, `-`, `ERROR ? x`, `[ip, user]`, `level=ERROR`, `%(%`, `%open`,
		`{`, `{ }`, `{ $.a }`, `{ $.a = }`, `{ $.a = 1`, `{ $.a = 1 } x`, `{ a = 1 }`, `{ $.a ~ 1 }`, `{ $.a > "x" }`, `{ ($.a = 1 }`,
		`{ $.a IS MAYBE }`, `{ $.a NOT 1 }`, `{ $.a[0 = 1 }`, `{ $..a = 1 }`, `{ $.a = 1 && }`, `{ $.a = %(% }`,
		"{ " + strings.Repeat("(", 100) + "$.a = 1" + strings.Repeat(")", 100) + " }",
	} {
		_, err := logs.ParsePattern(pattern)
		require.Error(t, err, pattern)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`{ $.level = "ERROR" && ($.a[0] > 1 || $.b IS NULL) }`, `{"level":"ERROR"}`)
	f.Add(`?a -"b c" %d%`, "b c")
	f.Fuzz(func(_ *testing.T, pattern, message string) {
		if p, err := logs.ParsePattern(pattern); err == nil {
			p.Match(message)
		}
	})
}
