package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact"
)

func TestSafe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain größe 世": "plain größe 世", "a\nb\tc": `a\nb\tc`, "\x1b[2J": `\x1b[2J`, "\u202Ex": `\u202ex`, "\u009b": `\u009b`, "\x9b": "\uFFFD",
	} {
		require.Equal(t, want, safe(in))
	}
	require.Equal(t, "a\n\\x1bb", safeLines("a\n\x1bb"))
}

func TestPrintJSONEscapesAndReadsBack(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a\x1b\n\u202e\u009b", "tag \U000E0001 end", "plain ü", `<*> & \u003c \\u003e \`} {
		var b bytes.Buffer
		require.NoError(t, printJSON(&b, map[string]string{"k": s}))
		require.NotContains(t, b.String(), "\u202e")
		require.NotContains(t, b.String(), "\u009b")
		require.NotContains(t, b.String(), "\U000E0001")
		var back map[string]string
		require.NoError(t, json.Unmarshal(b.Bytes(), &back))
		require.Equal(t, s, back["k"])
	}
	var b bytes.Buffer
	require.NoError(t, printJSON(&b, redact.Literal("<*> & co")))
	require.Equal(t, "\"<*> & co\"\n", b.String(), "what people look for is as they type it")
}

// Not parallel: it points Temporal's configuration elsewhere.
func TestUnreachableTemporalSaysWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	t.Setenv("TEMPORAL_CONFIG_FILE", t.TempDir()+"/none.toml")
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	t.Setenv("TEMPORAL_NAMESPACE", "from-environment")
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"incidents", "list", "--address", address, "--json"}, &out, &errs)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs.String(), address+", namespace from-environment", "flags win over the environment")
	require.Contains(t, errs.String(), "make demo")
	require.True(t, json.Valid(out.Bytes()))
}
