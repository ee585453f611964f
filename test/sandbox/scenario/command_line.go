package scenario

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"firebreak/test/stack"
)

// commandLine is the operators' command line as a process of its own. It is
// built while the baseline passes, with the go command that the sandbox itself
// was built with.
type commandLine struct {
	once    sync.Once
	ready   chan struct{}
	dir     string
	starter string // path of the program
	err     error
}

func newCommandLine() *commandLine { return &commandLine{ready: make(chan struct{})} }

// build makes the program.
func (c *commandLine) build(ctx context.Context, _ *stack.Stack) error {
	c.once.Do(func() {
		defer close(c.ready)
		if c.dir, c.err = os.MkdirTemp("", "firebreak-starter-"); c.err != nil {
			return
		}
		c.starter, c.err = stack.Build(ctx, c.dir, "firebreak/starter")
	})
	return c.err
}

// approve runs `starter approve` on the incident, as an operator would.
func (c *commandLine) approve(ctx context.Context, st *stack.Stack) error {
	select {
	case <-c.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.err != nil {
		return c.err
	}
	cmd := exec.CommandContext(ctx, c.starter, "approve", Incident(ctx).ID, "--note", "Slack is down")
	cmd.Env = append(os.Environ(), st.Env()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run starter approve: %w: %s", err, out)
	}
	return nil
}

// remove deletes the program.
func (c *commandLine) remove(context.Context, *stack.Stack) error {
	if c.dir == "" {
		return errors.New("the command line was not built")
	}
	return os.RemoveAll(c.dir)
}
