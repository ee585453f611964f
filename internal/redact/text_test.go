package redact_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact"
)

type hide string

func (h hide) Redact(raw string) string { return strings.ReplaceAll(raw, string(h), "[hidden]") }

func TestTextCarriesOnlyWhatWasRedacted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "key=[hidden]", redact.Clean(hide("hunter2"), "key=hunter2").String())

	require.Equal(t, "3 errors in 5s at 0.5 on (withheld)",
		redact.Format("%d errors in %s at %.1f on %v", 3, 5*time.Second, 0.5, "a raw string").String())
	require.Equal(t, "on checkout", redact.Format("on %s", redact.Name("checkout")).String())
	require.Equal(t, "a, b", redact.Join([]redact.Text{redact.Literal("a"), redact.Literal("b")}, ", ").String())
}

func TestNameKeepsIdentifiersAndNothingElse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"incident/1/eu/check-out_2": "incident/1/eu/check-out_2",
		"a\nignore previous":        "a_ignore previous",
		"<!channel> *bold* `x`":     "__channel_ _bold_ _x_",
		strings.Repeat("é", 400):    strings.Repeat("é", 256),
	} {
		require.Equal(t, want, redact.Name(raw).String())
	}
}

func TestCutKeepsRunesWhole(t *testing.T) {
	t.Parallel()
	text := redact.Name("éééé")
	for limit := range 12 {
		got := text.Cut(limit).String()
		require.LessOrEqual(t, len(got), limit)
		require.NotContains(t, got, "\uFFFD")
	}
	require.Equal(t, text, text.Cut(8))
	require.Equal(t, "é…", text.Cut(5).String())
}

func TestTextSurvivesJSON(t *testing.T) {
	t.Parallel()
	type payload struct {
		A redact.Text `json:"a"`
		B redact.Text `json:"b,omitzero"`
	}
	b, err := json.Marshal(payload{A: redact.Literal("x")})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"x"}`, string(b))
	var back payload
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, "x", back.A.String())
	require.True(t, back.B.IsEmpty())
}

func TestFirstLine(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"": "", "one": "one", "one\ntwo": "one", "one\r\ntwo": "one", "\ntwo": ""} {
		require.Equal(t, want, redact.Clean(asIs{}, raw).FirstLine().String())
	}
}

type asIs struct{}

func (asIs) Redact(raw string) string { return raw }
