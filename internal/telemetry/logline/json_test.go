package logline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

func TestFieldsKeepTheirOrderAndNest(t *testing.T) {
	t.Parallel()
	got := logline.Parse(`{"ts":1767355200.5,"b":"ü \u00e9 \ud83d\ude00 \ud83d x","level":"info","a":{"c":{"d":1.50,"e":null},"f":[1,{"g":2}]},"msg":"hi","t":true,"empty":""}`)
	require.Equal(t, logline.Line{
		Structured: true, Level: logline.Info, Message: "hi", Time: time.Date(2026, 1, 2, 12, 0, 0, 500_000_000, time.UTC),
		Fields: []logline.Field{
			{Name: "b", Value: "ü é 😀 \ufffd x"},
			{Name: "a.c.d", Value: "1.50"},
			{Name: "a.f", Value: `[1,{"g":2}]`},
			{Name: "t", Value: "true"},
			{Name: "empty", Value: ""},
		},
	}, got)
	value, ok := got.Field("a.c.d")
	require.True(t, ok)
	require.Equal(t, "1.50", value)
	_, ok = got.Field("a.c.e")
	require.False(t, ok, "null is no value")
}

func TestTheMessageIsMined(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"text":"b","message":"a"}`:                                         "a",
		`{"message":"a","msg":"b"}`:                                          "b",
		`{"@message":"a"}`:                                                   "a",
		`{"body":"a"}`:                                                       "a",
		`{"event":{"name":"x"},"text":"a"}`:                                  "a",
		`{"fields":{"message":"a"},"target":"shop"}`:                         "a",
		`{"message":{"msg":"a"}}`:                                            "a",
		`{"@mt":"a {b}","b":1}`:                                              "a {b}",
		`{"msg":"","message":"a"}`:                                           "a",
		`{"msg":7,"message":"a"}`:                                            "a",
		`{"error":"no route"}`:                                               "no route",
		`{"msg":"failed","err":"no route"}`:                                  "failed: no route",
		`{"msg":"failed: no route","err":"no route"}`:                        "failed: no route",
		`{"msg":"failed","err":{"type":"E","message":"no route"}}`:           "failed: no route",
		`{"msg":"failed","exception":"a.B: no route\n\tat a.C.d(C.java:1)"}`: "failed: a.B: no route",
		`{"msg":"failed","exc_info":"Traceback (most recent call last):\n  File \"x\", line 1\nE: no"}`: "failed",
		`{"log":"2026-01-02 12:00:00 ERROR it broke\n","stream":"stderr"}`:                              "it broke",
		`{"log":"{\"level\":\"error\",\"msg\":\"it broke\"}\n"}`:                                        "it broke",
		`{"message":"{\"level\":\"error\",\"msg\":\"it broke\"}"}`:                                      "it broke",
		`{"a":1}`:                               `{"a":1}`,
		`{"msg":" "}`:                           `{"msg":" "}`,
		`{"msg":"it broke"} and more`:           `{"msg":"it broke"} and more`,
		`{"msg":"it broke"`:                     `{"msg":"it broke"`,
		`{"msg":"it broke",}`:                   `{"msg":"it broke",}`,
		"{\n  \"msg\": \"it broke\"\n}\n":       "it broke",
		`level=error msg="it \"broke\" \u00e9"`: `it "broke" é`,
		`level=error msg="not closed`:           `level=error msg="not closed`,
		`level=error flag msg=x`:                "x",
		`at=info method=GET path=/x status=200`: `at=info method=GET path=/x status=200`,
		`ts=2026-01-02T12:00:00Z lvl=warn msg="slow query" err="timed out"`: "slow query: timed out",
	} {
		require.Equal(t, want, logline.Parse(line).Message, line)
	}
}

func TestTracesInFields(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"msg":"x","stack":"Error: x\n    at f (/a.js:1:2)"}`:                                                                        "Error: x\n    at f (/a.js:1:2)",
		`{"msg":"x","exception":"a.B: no\n\tat a.C.d(C.java:1)"}`:                                                                     "a.B: no\n\tat a.C.d(C.java:1)",
		`{"errorType":"E","errorMessage":"no","stackTrace":["  File \"a\", line 1, in f\n    g()\n","  File \"b\", line 2, in g\n"]}`: "E: no\n  File \"a\", line 1, in f\n    g()\n  File \"b\", line 2, in g",
		`{"msg":"x","trace":"4bf92f3577b34da6"}`:                                                                                      "",
		`{"msg":"x","stack":[1,2]}`:                                                                                                   "",
		`{"msg":"x","error":{"type":"E","message":"no","stack_trace":"\tat a.b(C.java:1)\n\tat a.c(C.java:2)"}}`:                      "E: no\n\tat a.b(C.java:1)\n\tat a.c(C.java:2)",
	} {
		require.Equal(t, want, logline.Parse(line).Trace, line)
	}
}

func TestFieldsAreBounded(t *testing.T) {
	t.Parallel()
	many := `{"msg":"x"` + strings.Repeat(`,"a":1`, 10_000) + `}`
	require.Len(t, logline.Parse(many).Fields, logline.MaxFields-1)
	late := `{"a":1` + strings.Repeat(`,"a":1`, 10_000) + `,"level":"error","msg":"x"}`
	got := logline.Parse(late)
	require.Equal(t, logline.Error, got.Level, "what every line has is found behind the limit")
	require.Equal(t, "x", got.Message)

	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	got = logline.Parse(deep)
	require.Len(t, got.Fields, 1)
	require.Equal(t, "a.a.a.a.a.a.a.a", got.Fields[0].Name)
	require.Len(t, got.Fields[0].Value, logline.MaxValue)

	long := logline.Parse(`{"` + strings.Repeat("ñ", 5_000) + `":"` + strings.Repeat("é", 5_000) + `"}`)
	require.LessOrEqual(t, len(long.Fields[0].Name), logline.MaxName)
	require.LessOrEqual(t, len(long.Fields[0].Value), logline.MaxValue)
	require.True(t, strings.HasSuffix(long.Fields[0].Value, "é"))
}
