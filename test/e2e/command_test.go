//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack"
)

var (
	buildOnce  sync.Once
	sandboxBin string
	errBuild   error
)

// sandbox builds the command once.
func sandbox(t *testing.T) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "firebreak-e2e-")
		if err != nil {
			errBuild = err
			return
		}
		afterAll(func() { _ = os.RemoveAll(dir) })
		sandboxBin, errBuild = stack.Build(context.Background(), dir, "firebreak/test/sandbox")
	})
	require.NoError(t, errBuild)
	return sandboxBin
}

// output collects what a command prints, for waiting on it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts the sandbox in a folder of its own for temporary files.
func run(t *testing.T, args ...string) (*exec.Cmd, *output, string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(sandbox(t), args...)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return cmd, out, dir
}

// descendants lists the processes that a process has started.
func descendants(pid int) []int {
	var found []int
	lists, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	for _, list := range lists {
		pids, _ := os.ReadFile(list)
		for field := range strings.FieldsSeq(string(pids)) {
			child, err := strconv.Atoi(field)
			if err == nil {
				found = append(append(found, child), descendants(child)...)
			}
		}
	}
	return found
}

// alive tells whether a process runs; one that only waits to be collected does not.
func alive(pid int) bool {
	command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return err == nil && len(command) > 0
}

// TestInterrupt ends the sandbox at different moments in different ways. Each
// time every process has to be gone and the folder removed; where the sandbox
// had no chance to remove it, the processes have to be gone all the same.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	const opening = "Firebreak's sandbox"
	tests := []struct {
		name   string
		moment string // text after which it is ended
		signal syscall.Signal
		status int
	}{
		{"Ctrl-C while it starts", opening, syscall.SIGINT, 130},
		{"SIGTERM in the baseline", "Healthy telemetry flows", syscall.SIGTERM, 130},
		{"Ctrl-C while it waits for a person", "WAITS FOR YOU", syscall.SIGINT, 130},
		{"SIGKILL in the baseline", "Healthy telemetry flows", syscall.SIGKILL, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd, out, dir := run(t)
			require.Eventually(t, func() bool { return strings.Contains(out.String(), tt.moment) }, 6*time.Minute, 20*time.Millisecond, out)
			started := descendants(cmd.Process.Pid)
			if tt.moment != opening {
				require.Len(t, started, 2, "checkout and payments")
			}
			require.NoError(t, cmd.Process.Signal(tt.signal))
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait() // an exit that is no 0 is an error, and wanted
			}()
			select {
			case <-ended:
			case <-time.After(2 * time.Minute):
				require.FailNow(t, "the sandbox does not end", out.String())
			}
			require.Equal(t, tt.status, cmd.ProcessState.ExitCode(), out.String())
			for _, pid := range started {
				require.Eventually(t, func() bool { return !alive(pid) }, time.Minute, 20*time.Millisecond, "process %d is left", pid)
			}
			if tt.signal != syscall.SIGKILL {
				left, err := os.ReadDir(dir)
				require.NoError(t, err)
				require.Empty(t, left, "the folder is left")
			}
		})
	}
}

// TestCommand plays a scenario the way a person would have it done, and reads
// the report.
func TestCommand(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "report.json")
	cmd, out, _ := run(t, "--scenario", "rejected", "--auto-approve", "--exit", "--json", path)
	require.NoError(t, cmd.Wait(), out)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var report map[string]any
	require.NoError(t, json.Unmarshal(data, &report))
	require.Equal(t, "rejected", report["scenario"])
	require.Nil(t, report["remediation"], "nothing was run")
	require.Contains(t, out.String(), "not restarted")
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"--scenario", "none"}, {"--all", "--scenario", "rejected"}, {"--listen", "x"}, {"--serve", "--exit"}, {"surplus"}, {"--nonsense"}} {
		out, err := exec.Command(sandbox(t), args...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%v: %s", args, out)
		require.Equal(t, 2, exit.ExitCode(), "%v: %s", args, out)
	}
}
