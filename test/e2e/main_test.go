// Package e2e runs all of Firebreak against the stack: real processes break and
// are mended, and everything in between is what production runs.
//
// One incident runs with the ordinary tests. The others, and the tests that
// kill the sandbox, need the build tag e2e. Tests that wait for a shop most of
// their time run beside each other; what counts seconds, kills workers or starts
// many of them runs before them, alone.
package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
var (
	cleanups   []func()
	cleanupsMu sync.Mutex
)

// afterAll has something done after all tests.
func afterAll(clean func()) {
	cleanupsMu.Lock()
	defer cleanupsMu.Unlock()
	cleanups = append(cleanups, clean)
}

func TestMain(m *testing.M) {
	victim.Hijack()
	status := m.Run()
	for _, clean := range cleanups {
		clean()
	}
	// Those of a stack are looked for at the end of its test; nothing else may be
	// left either.
	if left := children(); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "processes were left behind:", left)
		status = max(status, 1)
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
	var st *stack.Stack
	t.Cleanup(func() {
		if st == nil {
			return
		}
		// Other tests have processes of their own in folders of their own.
		left := slices.DeleteFunc(children(), func(p child) bool { return !strings.HasPrefix(p.dir, st.Dir()) })
		require.Empty(t, left, "processes were left behind")
	})
	o.WithoutUI = true
	var c client.Client
	var log *slog.Logger
	st, c, log = stacktest.Start(t, o)
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
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
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

// child is a process that this one has started.
type child struct{ pid, command, dir string }

// children lists this process's children that still run. Where there is no /proc
// it finds none.
func children() []child {
	lists, _ := filepath.Glob("/proc/self/task/*/children") // an error is only of the pattern
	var running []child
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			command, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			if err != nil || len(command) == 0 { // empty for one that has ended
				continue
			}
			dir, _ := os.Readlink(filepath.Join("/proc", pid, "cwd")) // it may end just now
			running = append(running, child{pid, strings.ReplaceAll(string(command), "\x00", " "), dir})
		}
	}
	return running
}
