// Package e2e runs all of Firebreak against the stack: real processes break and
// are mended, and everything in between is what production runs.
//
// One incident runs with the ordinary tests. The others, and the tests that
// kill the sandbox, need the build tag e2e.
package e2e

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

	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/stacktest"
	"firebreak/test/stack/victim"
)

// cleanups run after all tests.
var cleanups []func()

func TestMain(m *testing.M) {
	victim.Hijack()
	status := m.Run()
	for _, clean := range cleanups {
		clean()
	}
	os.Exit(status)
}

// world is a stack with a worker.
type world struct {
	*stack.Stack

	client client.Client
}

// open starts a stack without the Temporal UI, and at the test's end stops it and
// makes sure that no process is left.
func open(t *testing.T, o stack.Options) (world, *slog.Logger) {
	t.Helper()
	t.Cleanup(func() { require.Empty(t, children(t), "processes were left behind") })
	o.WithoutUI = true
	st, c, log := stacktest.Start(t, o)
	return world{st, c}, log
}

// start is open with a worker.
func start(t *testing.T, edits ...stack.Edit) world {
	t.Helper()
	w, log := open(t, stack.Options{Edits: edits})
	stacktest.Work(t, w.Stack, log)
	return w
}

// play plays a scenario with its prescribed answer.
func (w world) play(t *testing.T, sc scenario.Scenario) scenario.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	r, err := scenario.Play(ctx, w.Stack, sc, scenario.Options{Client: w.client, Auto: true})
	for _, e := range r.State.Timeline {
		t.Logf("%6.1f s  %-10s %s", e.At.Sub(r.Fault).Seconds(), e.Phase, e.Text)
	}
	require.NoError(t, err)
	return r
}

func find(t *testing.T, name string) scenario.Scenario {
	t.Helper()
	sc, err := scenario.Find(name)
	require.NoError(t, err)
	return sc
}

// children lists the command lines of this process's children that still run.
// Where there is no /proc it finds none.
func children(t *testing.T) []string {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	var running []string
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			command, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			if err == nil && len(command) > 0 { // empty for one that has ended
				running = append(running, pid+" "+strings.ReplaceAll(string(command), "\x00", " "))
			}
		}
	}
	return running
}
