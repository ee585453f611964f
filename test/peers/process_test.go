//go:build peers

package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is software of somebody else that runs until the test ends.
type process struct {
	*exec.Cmd
	log *tail
}

// spawn starts a command in a process group of its own, and ends the whole
// group with the test.
func spawn(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	p := prepare(context.WithoutCancel(t.Context()), dir, env, name, args...)
	require.NoError(t, p.Start(), name)
	p.endWith(t)
	return p
}

// prepare makes a command that sees nothing of the caller's AWS settings.
func prepare(ctx context.Context, dir string, env []string, name string, args ...string) *process {
	p := &process{Cmd: exec.CommandContext(ctx, name, args...), log: &tail{}}
	p.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			p.Env = append(p.Env, v)
		}
	}
	p.Env = append(p.Env, env...)
	p.Stdout, p.Stderr = p.log, p.log
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.WaitDelay = 5 * time.Second
	return p
}

func (p *process) endWith(t *testing.T) {
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // A group that has ended already is fine.
		_ = p.Wait()                                      // Killed is how it should end.
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(p.Path), p.log)
		}
	})
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if n := len(t.text) - 8<<10; n > 0 {
		t.text = t.text[n:]
	}
	return len(b), nil
}

// String is what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// freePort is a port that was free a moment ago, for servers that cannot be
// told to choose one.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().(*net.TCPAddr).Port
}

// awaitHTTP waits until something answers HTTP at an address, whatever it says.
func awaitHTTP(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return true
	}, 30*time.Second, 100*time.Millisecond, "nothing answers at %s", url)
}

// driver is a client in another language, which makes one call at a time.
type driver struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
	log *tail
}

// startDriver starts a driver, which ends with the test.
func startDriver(t *testing.T, dir string, env []string, name string, args ...string) *driver {
	t.Helper()
	p := prepare(context.WithoutCancel(t.Context()), dir, env, name, args...)
	p.Stdout = nil
	in, err := p.StdinPipe()
	require.NoError(t, err)
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	p.endWith(t)
	return &driver{in: in, out: bufio.NewReaderSize(out, 1<<20), log: p.log}
}

func (d *driver) call(ctx context.Context, api, operation string, input object) (object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line, err := json.Marshal(object{"api": api, "operation": operation, "input": wire(input)})
	if err != nil {
		return nil, fmt.Errorf("encode a call of %s: %w", operation, err)
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("send a call of %s to the driver: %w: %s", operation, err, d.log)
	}
	type answered struct {
		line []byte
		err  error
	}
	answers := make(chan answered, 1)
	go func() {
		line, err := d.out.ReadBytes('\n')
		answers <- answered{line, err}
	}()
	var got answered
	select {
	case got = <-answers:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the driver's answer to %s: %w", operation, ctx.Err())
	}
	if got.err != nil {
		return nil, fmt.Errorf("read the driver's answer to %s: %w: %s", operation, got.err, d.log)
	}
	var answer struct {
		Output object   `json:"output"`
		Error  *refusal `json:"error"`
	}
	if err := json.Unmarshal(got.line, &answer); err != nil {
		return nil, fmt.Errorf("read the driver's answer to %s: %w: %.200s", operation, err, got.line)
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	return answer.Output, nil
}

// output runs a command that ends by itself and returns what it says.
func output(ctx context.Context, env []string, name string, args ...string) (string, error) {
	p := prepare(ctx, "", env, name, args...)
	var errs strings.Builder
	var out strings.Builder
	p.Stdout, p.Stderr = &out, &errs
	if err := p.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); ok {
			return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
		}
		return "", fmt.Errorf("run %s: %w", name, err)
	}
	return out.String(), nil
}
