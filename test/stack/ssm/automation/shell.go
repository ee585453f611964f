package automation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// maxOutput is how much of a script's output is kept, in bytes: what
	// GetCommandInvocation returns of standard output. The rest is read and
	// thrown away.
	maxOutput = 24_000
	// outputGrace is how long output is waited for after the script has ended,
	// because a process that it left behind may hold the pipe open for ever.
	outputGrace = 300 * time.Millisecond
)

// script is one shell script for one instance.
type script struct {
	text    string
	dir     string            // relative to the instance's directory, may be empty
	env     map[string]string // on top of what the instance registers
	timeout time.Duration
}

// scriptResult is how a script ended.
type scriptResult struct {
	code     int // exit code, -1 when it was killed
	output   string
	timedOut bool
}

// run runs the script with /bin/sh in a process group of its own, which is
// killed when the context or the timeout ends. A process that the script leaves
// in the background when it ends by itself lives on, as it would on an instance.
func (in Instance) run(ctx, engine context.Context, s script) (scriptResult, error) {
	dir := in.Dir
	if s.dir != "" {
		if !filepath.IsLocal(s.dir) {
			return scriptResult{}, fmt.Errorf("workingDirectory %q leaves the instance's directory", s.dir)
		}
		dir = filepath.Join(dir, s.dir)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", s.text)
	cmd.Dir = dir
	cmd.Env = in.environment(s.env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

	out, w, err := newOutput(engine)
	if err != nil {
		return scriptResult{}, err
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		return scriptResult{}, errors.Join(fmt.Errorf("start script on %s: %w", in.ID, err), w.Close())
	}
	_ = w.Close() // the script has its own copy; ours would keep the pipe open
	err = cmd.Wait()
	res := scriptResult{code: cmd.ProcessState.ExitCode(), output: out.text()}
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil:
		res.timedOut = true
		return res, nil
	case ctx.Err() != nil && err != nil:
		return res, context.Cause(ctx)
	case err != nil && !errors.As(err, &exit):
		return res, fmt.Errorf("run script on %s: %w", in.ID, err)
	default:
		return res, nil
	}
}

func (in Instance) environment(extra map[string]string) []string {
	env := []string{"PATH=" + in.Path}
	for k, v := range in.Env {
		env = append(env, k+"="+v)
	}
	for k, v := range extra {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	return env
}

// output keeps the first maxOutput bytes of a pipe. It goes on reading until
// every process has closed its end or the engine ends, so that a process left in
// the background is not killed by a broken pipe.
type output struct {
	mu   sync.Mutex
	kept bytes.Buffer
	eof  chan struct{}
}

func newOutput(engine context.Context) (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make output pipe: %w", err)
	}
	o := &output{eof: make(chan struct{})}
	unhook := context.AfterFunc(engine, func() { _ = r.Close() })
	go func() {
		defer close(o.eof)
		_, _ = io.Copy(o, r) // ends at EOF or when the engine closes the pipe
		if unhook() {
			_ = r.Close()
		}
	}()
	return o, w, nil
}

// Write implements io.Writer; it takes everything and keeps the beginning.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if room := maxOutput - o.kept.Len(); room > 0 {
		o.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (o *output) text() string {
	grace := time.NewTimer(outputGrace)
	defer grace.Stop()
	select {
	case <-o.eof:
	case <-grace.C:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.ToValidUTF8(o.kept.Bytes(), []byte("\uFFFD")))
}
