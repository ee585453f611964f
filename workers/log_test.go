package workers

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type blackout struct{}

func (blackout) Redact(raw string) string { return strings.ReplaceAll(raw, "hush", "[redacted:word]") }

// TestTheLogIsRedacted logs a secret in every place that a record has.
func TestTheLogIsRedacted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := redactedLog(slog.New(slog.NewJSONHandler(&out, nil)), blackout{}).With("with", "hush 1").WithGroup("in")
	log.Warn("hush 2", "text", "hush 3", "error", errors.New("hush 4"), "any", []string{"hush 5"}, slog.Group("g", "inner", "hush 6"), "n", 7)
	require.NotContains(t, out.String(), "hush")
	require.Equal(t, 6, strings.Count(out.String(), "[redacted:word]"))
	require.Contains(t, out.String(), `"n":7`)
	require.Contains(t, out.String(), `"any":["[redacted:word] 5"]`, "data stays data")
	require.False(t, log.Enabled(t.Context(), slog.LevelDebug))
}
