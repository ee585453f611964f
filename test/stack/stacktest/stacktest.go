// Package stacktest runs a stack for the length of a test.
package stacktest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"firebreak/internal/config"
	"firebreak/test/stack"
)

// startWithin is how long a stack may take to start on a busy machine.
const startWithin = 5 * time.Minute

// Start starts a stack in a folder of the test's, with a client of its Temporal
// server. At the test's end both are stopped, and the end of the log is shown if
// the test failed.
func Start(t testing.TB, o stack.Options) (*stack.Stack, client.Client, *slog.Logger) {
	t.Helper()
	o.Dir = t.TempDir()
	file, err := os.Create(filepath.Join(o.Dir, "firebreak.log"))
	require.NoError(t, err)
	o.Logger = slog.New(slog.NewJSONHandler(file, nil))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(Tail(file.Name(), 40))
		}
		_ = file.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	st, err := stack.Start(ctx, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Stop()) })
	c, err := st.Temporal.Dial(ctx)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return st, c, o.Logger
}

// Work runs the production worker in this process until the test's end, with the
// stack's configuration and edits of it.
func Work(t testing.TB, st *stack.Stack, log *slog.Logger, edits ...func(*config.Config)) {
	t.Helper()
	stop, err := st.StartWorker(context.WithoutCancel(t.Context()), log, edits...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
}

// Tail is the last lines of a file.
func Tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
