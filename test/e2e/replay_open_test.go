//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/test/replay/gate"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/workflows"
)

// slower is today's code as a careless change would make it: an incident thinks
// for a while before it does anything.
type slower struct{ worker.WorkflowRegistry }

// RegisterWorkflowWithOptions implements worker.WorkflowRegistry.
func (s slower) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	if o.Name == incident.WorkflowIncident {
		w = func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return incident.State{}, err
			}
			return workflows.IncidentWorkflow(ctx, in)
		}
	}
	s.WorkflowRegistry.RegisterWorkflowWithOptions(w, o)
}

// TestReplayOpen replays a live incident that waits for its approval, and the
// correlator that started it, on the code at hand and on an incompatible one.
func TestReplayOpen(t *testing.T) {
	w := start(t)
	page := &pendingPage{open: make(chan incident.State, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	played := make(chan error, 1)
	spike := find(t, "error-spike")
	go func() {
		_, err := scenario.Play(ctx, w.Stack, spike, scenario.Options{Client: w.client, Narrator: page})
		played <- err
	}()
	var st incident.State
	select {
	case st = <-page.open:
	case err := <-played:
		require.NoError(t, err)
		require.FailNow(t, "it ended without a question")
	}

	binary, err := stack.Build(t.Context(), t.TempDir(), "firebreak/test/replay/open")
	require.NoError(t, err)
	command := func(args ...string) (string, int) {
		cmd := exec.Command(binary, args...)
		cmd.Env = append(os.Environ(), w.Env()...)
		out, _ := cmd.CombinedOutput() // the exit code tells
		return string(out), cmd.ProcessState.ExitCode()
	}
	kept := filepath.Join(t.TempDir(), "kept")
	good, code := command("--keep-all", "--dir", kept)
	t.Log(good)
	require.Equal(t, 0, code, good)
	require.Regexp(t, `ok +`+st.WorkflowID+`  IncidentWorkflow, \d+ events\n`, good)
	require.Regexp(t, `ok +correlator/\S+  CorrelatorWorkflow, \d+ events\n`, good)
	require.Contains(t, good, " 0 fail,")
	ignored, err := os.ReadFile(filepath.Join(kept, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "*\n", string(ignored), "incidents' texts must not be committed")

	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var stdout, stderr bytes.Buffer
	code = gate.Main(ctx, []string{"--address", w.Temporal.Address(), "--namespace", "default"}, &stdout, &stderr,
		func(r worker.WorkflowRegistry) { workflows.Register(slower{r}) })
	t.Log(stdout.String(), stderr.String())
	require.Equal(t, 1, code)
	require.Regexp(t, `FAILS +`+st.WorkflowID+`  IncidentWorkflow, \d+ events: \[TMPRL1100\]`, stdout.String())
	require.Regexp(t, `ok +correlator/`, stdout.String())
	require.Contains(t, stderr.String(), "do not deploy this: 1 workflow would stop")
	require.Contains(t, stdout.String(), "histories are kept in "+tmp)
	folders, err := filepath.Glob(filepath.Join(tmp, "firebreak-replay-*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	files, err := filepath.Glob(filepath.Join(folders[0], "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1, "only what fails is kept")
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	again, code := command("--from", folders[0])
	require.Equal(t, 0, code, again)
	require.Equal(t, 1, strings.Count(again, "ok     "+st.WorkflowID), again)

	approved := w.starter(t, "approve", st.ID)
	require.Equal(t, 0, approved.code, approved.stderr)
	require.NoError(t, <-played)
}
