//go:build e2e && unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"firebreak/test/stack"
	"firebreak/test/stack/interpose"
	"firebreak/test/stack/stacktest"
)

// killWorld is one stack for all cases. Each case has a worker of its own, so
// that a kill strikes one incident alone; a namespace keeps workers from taking
// each other's tasks.
type killWorld struct {
	*stack.Stack

	worker string // path of the production binary
	slots  chan slot
	played atomic.Int32 // incidents that came to their checks
}

// slot is a Temporal namespace that one case at a time uses.
type slot struct {
	namespace string
	client    client.Client
}

// startForKills starts the stack, with a machine and a catalogue for every case.
func startForKills(t *testing.T, cases []*killCase) *killWorld {
	t.Helper()
	incidents := make([]*machineIncident, len(cases))
	for i, k := range cases {
		incidents[i] = &k.machineIncident
	}
	return startWithMachines(t, atOnce, incidents...)
}

// startWithMachines starts a stack without the shop, with so many namespaces,
// and with the machines that the incidents are about.
func startWithMachines(t *testing.T, namespaces int, incidents ...*machineIncident) *killWorld {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	worker, err := stack.Build(ctx, t.TempDir(), stack.WorkerProgram)
	require.NoError(t, err)
	machines := make([]machine, len(incidents))
	for i, k := range incidents {
		machines[i] = k.machine
	}
	st, err := stack.Start(ctx, stack.Options{
		Dir: t.TempDir(), WithoutUI: true, WithoutShop: true, Edits: []stack.Edit{catalogues(machines...)}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Stop()) })
	w := &killWorld{Stack: st, worker: worker, slots: make(chan slot, namespaces)}
	for i := range namespaces {
		w.slots <- w.newSlot(ctx, t, fmt.Sprintf("killed-%d", i+1))
	}
	for _, k := range incidents {
		k.layOut(t, st)
	}
	return w
}

// newSlot makes a namespace and a client of it.
func (w *killWorld) newSlot(ctx context.Context, t *testing.T, namespace string) slot {
	t.Helper()
	options := client.Options{HostPort: w.Temporal.Address(), Namespace: namespace, Logger: slog.New(slog.DiscardHandler)}
	namespaces, err := client.NewNamespaceClient(options)
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}))
	c, err := client.DialContext(ctx, options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return slot{namespace, c}
}

// surround puts the case's worker behind proxies of its own and starts it.
func (w *killWorld) surround(ctx context.Context, t *testing.T, k *killCase) {
	t.Helper()
	var err error
	k.world, err = w.Surround(ctx)
	require.NoError(t, err)
	t.Cleanup(k.world.Close)
	k.proxy, err = interpose.Start(t.Context(), w.Temporal.Address())
	require.NoError(t, err)
	t.Cleanup(k.proxy.Stop)
	k.crew = w.engage(ctx, t, k.slot, k.machine, stack.Through(k.proxy, k.world)...)
}

// engage starts a crew for a namespace and for the machines of a catalogue, and
// ends it when the test ends.
func (w *killWorld) engage(ctx context.Context, t *testing.T, in slot, of machine, env ...string) *crew {
	t.Helper()
	log := of.service + ".log"
	env = append(env, stack.WithoutStream(), "TEMPORAL_NAMESPACE="+in.namespace, "FIREBREAK_CATALOG_PATH="+of.catalogue)
	c := &crew{start: func() (*stack.WorkerProcess, error) {
		starting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
		defer cancel()
		return w.StartWorkerProcess(starting, w.worker, log, env...)
	}}
	c.engage()
	t.Cleanup(func() {
		require.NoError(t, c.leave())
		if t.Failed() {
			t.Log(stacktest.Tail(filepath.Join(w.Dir(), log), 60))
		}
	})
	return c
}

// crew keeps one worker running: when it is killed another one starts.
type crew struct {
	start func() (*stack.WorkerProcess, error)

	mu       sync.Mutex
	on       *stack.WorkerProcess
	starting sync.WaitGroup
	err      error
	kills    int
}

// engage starts a worker and returns when it serves.
func (c *crew) engage() {
	p, err := c.start()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on, c.err = p, errors.Join(c.err, err)
}

// dismiss ends the worker by SIGKILL, and none takes its place.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on != nil {
		c.on.Kill()
		c.on = nil
		c.kills++
	}
}

// deploy asks the worker to stop, waits until it has, and starts the next one,
// as a deployment does. It returns how long the old one took.
func (c *crew) deploy(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	old := c.on
	c.on = nil
	c.mu.Unlock()
	began := time.Now()
	err := old.Terminate(ctx)
	took := time.Since(began)
	c.engage()
	return took, err
}

// kill ends the worker by SIGKILL and returns when it is gone; another one
// starts meanwhile.
func (c *crew) kill() {
	c.dismiss()
	c.starting.Go(c.engage)
}

// leave ends the last worker. The error is about one that could not be started.
func (c *crew) leave() error {
	c.starting.Wait()
	c.dismiss()
	return c.err
}
