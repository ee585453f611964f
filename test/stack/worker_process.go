package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"firebreak/internal/config"
	"firebreak/test/stack/interpose"
)

// serving is what the worker logs once it serves.
const serving = `"msg":"worker serves"`

// WorkerProgram is the production worker, for Build.
const WorkerProgram = "firebreak/workers/cmd/worker"

// Build builds one of the module's programs into a folder and returns its path.
func Build(ctx context.Context, dir, program string) (string, error) {
	binary := filepath.Join(dir, path.Base(program))
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, program).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s (run this in the module's folder): %w: %s", program, err, out)
	}
	return binary, nil
}

// Surround puts one worker's way to the outside systems between it and them;
// whoever calls closes it.
func (s *Stack) Surround(ctx context.Context) (*interpose.World, error) {
	return interpose.Surround(ctx, interpose.Outside{AWS: s.aws, Slack: s.Slack.URL(), Jira: s.Jira.URL()})
}

// WithoutStream are the roles of a worker that starts no incidents by itself.
func WithoutStream() string {
	roles := slices.DeleteFunc(config.AllRoles(), func(r string) bool { return r == config.RoleStream })
	return "FIREBREAK_ROLES=" + strings.Join(roles, ",")
}

// Through is the environment of a worker that reaches Temporal and the outside
// systems by the given ways, to Temporal by its own where the proxy is nil.
func Through(temporal *interpose.Proxy, w *interpose.World) []string {
	env := append(awsEndpoints(w.AWS), "FIREBREAK_SLACK_API_URL="+w.Slack, "FIREBREAK_JIRA_URL="+w.Jira)
	if temporal == nil {
		return env
	}
	return append(env, "TEMPORAL_ADDRESS="+temporal.Address())
}

// WorkerProcess is the production worker in a process of its own.
type WorkerProcess struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; read after ended
}

// StartWorkerProcess starts the worker at the path against the stack and returns
// once it serves. Variables of env win over those of Env. The log is appended
// to the file of the name in the stack's folder.
func (s *Stack) StartWorkerProcess(ctx context.Context, binary, log string, env ...string) (*WorkerProcess, error) {
	file, err := os.OpenFile(s.path(log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the worker's log: %w", err)
	}
	cfg := s.Config()
	serves := make(chan struct{})
	p := &WorkerProcess{cmd: exec.Command(binary), ended: make(chan struct{})}
	p.cmd.Env = slices.Concat([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.opts.Dir}, s.Env(), []string{
		"FIREBREAK_STREAM_CHECKPOINTS=" + cfg.Stream.Checkpoints,
		"FIREBREAK_STREAM_QUARANTINE=" + cfg.Stream.Quarantine,
		"FIREBREAK_WORKER_STOP_TIMEOUT=" + cfg.Worker.StopTimeout.String(),
		"FIREBREAK_WORKER_HEALTH=127.0.0.1:0", // several of them on one machine
	}, env)
	p.cmd.Stderr = &startLog{file: file, serves: serves}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the worker %s: %w", binary, err), file.Close())
	}
	go func() {
		p.err = errors.Join(p.cmd.Wait(), file.Close())
		close(p.ended)
	}()
	select {
	case <-serves:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("the worker ended before it served (its log is %s): %w", file.Name(), p.err)
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("the worker does not serve: %w (its log is %s)", context.Cause(ctx), file.Name())
	}
}

// Kill ends the process by SIGKILL and waits until it is gone. Killing one that
// has ended is harmless.
func (p *WorkerProcess) Kill() {
	_ = p.cmd.Process.Kill() // one that has ended cannot be killed
	<-p.ended
}

// Terminate asks the process by SIGTERM to stop and waits until it has; the
// error says that it did not end well.
func (p *WorkerProcess) Terminate(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the worker: %w", err)
	}
	select {
	case <-p.ended:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the worker to stop: %w", context.Cause(ctx))
	}
}

// startLog writes a log and tells once the worker serves.
type startLog struct {
	file   *os.File
	seen   []byte // until it serves
	serves chan struct{}
}

// Write is called by one goroutine at a time.
func (l *startLog) Write(p []byte) (int, error) {
	if l.serves != nil {
		l.seen = append(l.seen, p...)
		if bytes.Contains(l.seen, []byte(serving)) {
			close(l.serves)
			l.serves, l.seen = nil, nil
		}
	}
	return l.file.Write(p)
}
