//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack"
)

var (
	starterOnce sync.Once
	starterBin  string
	errStarter  error
)

// starterCommand builds the operators' command line once.
func starterCommand(t *testing.T) string {
	t.Helper()
	starterOnce.Do(func() {
		dir, err := os.MkdirTemp("", "firebreak-e2e-")
		if err != nil {
			errStarter = err
			return
		}
		afterAll(func() { _ = os.RemoveAll(dir) })
		starterBin, errStarter = stack.Build(context.Background(), dir, "firebreak/starter")
	})
	require.NoError(t, errStarter)
	return starterBin
}

// call is what a run of the starter gave.
type call struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

func (w world) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(starterCommand(t), args...)
	cmd.Env = append(os.Environ(), w.Env()...)
	return cmd
}

// starter runs the starter to its end, as an operator of this stack would.
func (w world) starter(t *testing.T, args ...string) call {
	t.Helper()
	cmd := w.command(t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return call{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(began)}
}

// process is a starter that runs.
type process struct {
	cmd  *exec.Cmd
	out  *output // both of its outputs
	done chan struct{}
}

// begin starts the starter and leaves it running.
func (w world) begin(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: w.command(t, args...), out: &output{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process without giving it a chance to do anything about it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
}

// wait returns the exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(2 * time.Minute):
		require.FailNow(t, "the starter does not end", p.out.String())
		return 0
	}
}

// startWithoutWorker starts a stack on which nothing takes up work.
func startWithoutWorker(t *testing.T) world {
	t.Helper()
	w, _ := open(t, stack.Options{})
	return w
}
