package victim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	readyTimeout = 15 * time.Second
	stopTimeout  = 5 * time.Second // between SIGTERM and SIGKILL
	restartDelay = 500 * time.Millisecond
	startLimit   = 5 // starts by itself in startWindow before it stays failed
	startWindow  = 10 * time.Second
)

// unit is one supervised service.
type unit struct {
	in   Instance
	addr string
	env  []string
	log  *slog.Logger

	change sync.Mutex // held while the unit is started, stopped or restarted

	mu      sync.Mutex
	state   State
	proc    *process
	starts  int
	last    string
	revived []time.Time // when it was last started by itself
}

// process is one run of a unit.
type process struct {
	cmd     *exec.Cmd
	alive   io.Closer // the service ends when this end of its standard input closes
	ready   chan struct{}
	ended   chan struct{} // the process has ended
	gone    chan struct{} // and the unit knows
	err     error         // how it ended; read after ended
	started time.Time
	wanted  bool // its end was asked for; guarded by unit.mu
}

func newUnit(in Instance, addr string, env []string, log *slog.Logger) *unit {
	return &unit{in: in, addr: addr, env: env, log: log.With("unit", in.Service), state: StateInactive}
}

func (u *unit) status() UnitStatus {
	u.mu.Lock()
	defer u.mu.Unlock()
	st := UnitStatus{Name: u.in.Service, State: u.state, Starts: u.starts, Instance: u.in.ID, Last: u.last}
	if u.proc != nil {
		st.PID, st.Started = u.proc.cmd.Process.Pid, u.proc.started
	}
	return st
}

// start starts the unit and waits until it is ready. A running one is left alone.
func (u *unit) start(ctx context.Context) error {
	u.change.Lock()
	defer u.change.Unlock()
	return u.startLocked(ctx)
}

func (u *unit) startLocked(ctx context.Context) error {
	u.mu.Lock()
	running := u.proc != nil
	u.mu.Unlock()
	if running {
		return nil
	}
	p, err := u.spawn()
	if err != nil {
		u.set(nil, StateFailed, err.Error())
		return fmt.Errorf("start unit %s: %w", u.in.Service, err)
	}
	u.set(p, StateActivating, "")
	go u.watch(p)
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case <-p.ready:
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.proc == p {
			u.state = StateActive
		}
		return nil
	case <-p.gone:
		return fmt.Errorf("unit %s ended before it was ready: %w (its log is %s)", u.in.Service, p.err, logFile(u.in))
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("unit %s was not ready in time: %w", u.in.Service, context.Cause(ctx)), u.end(context.WithoutCancel(ctx), p))
	}
}

func (u *unit) set(p *process, state State, last string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p != nil {
		u.starts++
	}
	u.proc, u.state = p, state
	if last != "" {
		u.last = last
	}
}

// stop ends the unit and waits until its process is gone.
func (u *unit) stop(ctx context.Context) error {
	u.change.Lock()
	defer u.change.Unlock()
	return u.stopLocked(ctx)
}

func (u *unit) stopLocked(ctx context.Context) error {
	u.mu.Lock()
	p := u.proc
	if p == nil {
		u.state = StateInactive
	}
	u.mu.Unlock()
	if p == nil {
		return nil
	}
	return u.end(ctx, p)
}

func (u *unit) restart(ctx context.Context) error {
	u.change.Lock()
	defer u.change.Unlock()
	if err := u.stopLocked(ctx); err != nil {
		return err
	}
	return u.startLocked(ctx)
}

// reload asks the running process to read its configuration again.
func (u *unit) reload() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.proc == nil {
		return fmt.Errorf("unit %s is not active, cannot reload", u.in.Service)
	}
	return u.proc.cmd.Process.Signal(syscall.SIGHUP)
}

// end ends a process of the unit, with SIGKILL when SIGTERM does not help.
func (u *unit) end(ctx context.Context, p *process) error {
	u.mu.Lock()
	p.wanted = true
	u.mu.Unlock()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.gone:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.gone
	return nil
}

// watch waits for the end of a process and starts the unit again when nobody
// asked for it.
func (u *unit) watch(p *process) {
	<-p.ended
	_ = p.alive.Close()
	u.mu.Lock()
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	u.proc, u.last, u.state = nil, how, StateFailed
	wanted := p.wanted
	if wanted {
		u.state = StateInactive
	}
	revive := !wanted && u.mayRevive(time.Now())
	u.mu.Unlock()
	close(p.gone)
	if !revive {
		return
	}
	u.log.Warn("unit ended by itself, starting it again", "how", how)
	time.Sleep(restartDelay)
	if err := u.revive(); err != nil {
		u.log.Error("unit could not be started again", "error", err)
	}
}

// revive starts the unit unless somebody has stopped or started it meanwhile.
func (u *unit) revive() error {
	u.change.Lock()
	defer u.change.Unlock()
	u.mu.Lock()
	still := u.proc == nil && u.state == StateFailed
	u.mu.Unlock()
	if !still {
		return nil
	}
	return u.startLocked(context.Background())
}

// mayRevive keeps a unit that ends again and again from being started for ever.
// The caller holds the lock.
func (u *unit) mayRevive(now time.Time) bool {
	u.revived = slices.DeleteFunc(u.revived, func(t time.Time) bool { return now.Sub(t) > startWindow })
	if len(u.revived) >= startLimit {
		return false
	}
	u.revived = append(u.revived, now)
	return true
}

// spawn executes this program again as the unit's service.
func (u *unit) spawn() (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(logFile(u.in), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	readyRead, readyWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer readyWrite.Close()

	cmd := exec.Command(self)
	cmd.Dir = u.in.Dir
	cmd.Env = append(slices.Clone(u.env), "PATH="+u.in.Path, envUnit+"="+u.in.Service, envDir+"="+u.in.Dir, envListen+"="+u.addr)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{readyWrite}
	// A group of its own: Ctrl-C in the terminal reaches the supervisor alone,
	// which then stops its units in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, readyRead.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, readyRead.Close())
	}
	p := &process{cmd: cmd, alive: alive, ready: make(chan struct{}), ended: make(chan struct{}), gone: make(chan struct{}), started: time.Now()}
	go func() {
		defer readyRead.Close()
		if line, err := bufio.NewReader(readyRead).ReadString('\n'); err == nil && line != "" {
			close(p.ready)
		}
	}()
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}
