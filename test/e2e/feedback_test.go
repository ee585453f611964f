//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/config"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/stacktest"
)

// startAnswering is start with a worker that answers /healthz at the address
// that it returns.
func startAnswering(t *testing.T) (w world, health string) {
	t.Helper()
	w, log := open(t, stack.Options{})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	health = free.Addr().String()
	require.NoError(t, free.Close())
	stacktest.Work(t, w.Stack, log, func(cfg *config.Config) { cfg.Worker.Health = health })
	return w, health
}

// TestFeedbackTravelsFromAPersonToTheNextAnomaly says of a whole incident that
// it was a false alarm, with nothing but the starter, and plays it again: it is
// drastic enough to be found all the same, and says whose word it overrode.
func TestFeedbackTravelsFromAPersonToTheNextAnomaly(t *testing.T) {
	t.Parallel()
	w, health := startAnswering(t)
	spike := find(t, "error-spike")
	first := w.play(t, spike)
	require.NoError(t, first.Check())

	c := w.starter(t, "feedback", "false-alarm", first.State.ID[:9], "--as", "ana@example.com", "--note", "load test", "--json")
	require.Equal(t, 0, c.code, c.stderr)
	said := document(t, c)["said"].([]any)
	require.NotEmpty(t, said)
	again := w.starter(t, "feedback", "false-alarm", first.State.ID, "--as", "ana@example.com")
	require.Equal(t, 0, again.code, again.stderr)
	require.Contains(t, again.stdout, "Put on")

	var adjusted []detect.Adjustment
	require.Eventually(t, func() bool {
		c := w.starter(t, "feedback", "list", "--worker", health, "--json")
		var doc struct{ Feedback []detect.Adjustment }
		require.NoError(t, json.Unmarshal([]byte(c.stdout), &doc), c.stderr)
		adjusted = doc.Feedback
		return len(adjusted) >= len(said)
	}, 2*time.Minute, 500*time.Millisecond)
	for _, a := range adjusted {
		require.Greater(t, a.Factor, 1.0, a.Series)
		require.LessOrEqual(t, a.Factor, 2.0, "what one person says of one episode counts once")
		require.Equal(t, 1, a.FalseAlarms)
		require.Equal(t, "load test", a.Said[0].Note.String())
	}

	second := w.play(t, spike) // keeps the thread and the ticket of the first
	require.Equal(t, incident.StatusResolved, second.State.Status)
	require.NotEqual(t, first.State.ID, second.State.ID)
	requireExplained(t, second)

	// Somebody takes it back.
	c = w.starter(t, "feedback", "reset", "--series", adjusted[0].Series, "--as", "ben")
	require.Equal(t, 0, c.code, c.stderr)
	require.Eventually(t, func() bool {
		c := w.starter(t, "feedback", "list", adjusted[0].Series, "--worker", health)
		return strings.Contains(c.stdout, "1 times the usual threshold\n") && strings.Contains(c.stdout, "reset        ben")
	}, 2*time.Minute, 500*time.Millisecond)
}

// requireExplained fails unless an anomaly of the incident says whose feedback
// has moved its threshold.
func requireExplained(t *testing.T, r scenario.Result) {
	t.Helper()
	i := slices.IndexFunc(r.State.Anomalies, func(a incident.Anomaly) bool { return !a.Feedback.IsEmpty() })
	require.GreaterOrEqual(t, i, 0, "no anomaly was judged by feedback")
	require.Regexp(t, `times the usual since 20\d\d-\d\d-\d\d: 1 false alarm, the latest by ana@example\.com`, r.State.Anomalies[i].Why.String())
	t.Logf("%s", r.State.Anomalies[i].Why)
}
