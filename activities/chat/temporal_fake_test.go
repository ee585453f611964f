package chat_test

import (
	"context"
	"sync"

	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
)

// temporalFake answers updates and keeps what was sent. As the server does, it
// gives an update id that it knows its first answer.
type temporalFake struct {
	mu      sync.Mutex
	calls   []client.UpdateWorkflowOptions
	known   map[string]bool
	answer  func(call int) (incident.DecisionReceipt, error) // of the nth call, from 0
	blocked chan struct{}                                    // when set, updates wait for it
}

func (f *temporalFake) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	n := len(f.calls)
	f.calls = append(f.calls, o)
	if f.known == nil {
		f.known = map[string]bool{}
	}
	f.known[o.UpdateID] = true
	blocked := f.blocked
	f.mu.Unlock()
	if blocked != nil {
		select {
		case <-blocked:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	receipt := incident.DecisionReceipt{Accepted: true}
	if f.answer != nil {
		var err error
		if receipt, err = f.answer(n); err != nil {
			return nil, err
		}
	}
	return handle{o, receipt}, nil
}

func (f *temporalFake) sent() []client.UpdateWorkflowOptions {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]client.UpdateWorkflowOptions(nil), f.calls...)
}

func (f *temporalFake) distinct() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.known)
}

type handle struct {
	o       client.UpdateWorkflowOptions
	receipt incident.DecisionReceipt
}

func (h handle) WorkflowID() string { return h.o.WorkflowID }
func (h handle) RunID() string      { return h.o.RunID }
func (h handle) UpdateID() string   { return h.o.UpdateID }
func (h handle) Get(_ context.Context, v any) error {
	*v.(*incident.DecisionReceipt) = h.receipt
	return nil
}
