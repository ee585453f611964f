// Package automation runs Systems Manager Automation documents: it turns a
// document and its parameters into an execution whose steps really do what they
// say, shell scripts on registered instances included. It knows no wire; its
// states are the SDK's own types.
package automation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/ssm/document"
)

// Defaults of Options.
const (
	// DefaultConcurrent is the service's quota of executions that run at once;
	// later ones are Pending.
	DefaultConcurrent = 100
	// DefaultQueued is how many executions may be Pending before a start is
	// refused.
	DefaultQueued = 1000
	// DefaultPoll is how often a waiting step and an alarm are looked at. The
	// service is slower; a demonstration has no time for that.
	DefaultPoll = 200 * time.Millisecond
)

// Refusals of Start, Stop and Signal, one for each of the service's errors.
var (
	ErrParameters    = errors.New("invalid automation execution parameters")
	ErrTokenMismatch = errors.New("the client token was used with other parameters")
	ErrLimit         = errors.New("the number of simultaneously running automations exceeds the limit")
	ErrNotFound      = errors.New("there is no automation execution of this id")
	ErrStatus        = errors.New("the automation execution has ended")
	ErrSignal        = errors.New("the signal does not apply to this automation execution")
	ErrStepNotFound  = errors.New("there is no such step waiting")
)

// AlarmStates tells the state of CloudWatch alarms: OK, ALARM or
// INSUFFICIENT_DATA, or an error when it cannot be told.
type AlarmStates interface {
	AlarmState(ctx context.Context, name string) (string, error)
}

// API is one operation that aws:executeAwsApi and its relatives may call. It
// gets the step's inputs without Service, Api and the selectors, and returns
// what the service would answer as JSON.
type API func(ctx context.Context, input map[string]any) (map[string]any, error)

// Options configure an Engine; zero values take the defaults.
type Options struct {
	Account    string // 12 digits
	Region     string
	Now        func() time.Time
	Alarms     AlarmStates   // asked for executions with an AlarmConfiguration
	Poll       time.Duration // see DefaultPoll
	Concurrent int           // see DefaultConcurrent
	Queued     int           // see DefaultQueued
}

// Engine holds and runs executions. It is safe for concurrent use.
type Engine struct {
	opts Options
	ctx  context.Context // ends with Close; every execution's context descends from it
	end  context.CancelCauseFunc
	wg   sync.WaitGroup

	mu         sync.Mutex
	executions map[string]*execution
	order      []string          // execution ids, oldest first
	tokens     map[string]string // client token to execution id
	pending    []*execution
	running    int
	instances  map[string]Instance
	apis       map[string]API
}

var errClosed = errors.New("the engine was closed")

// New makes an engine that runs until Close.
func New(opts Options) *Engine {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Poll <= 0 {
		opts.Poll = DefaultPoll
	}
	if opts.Concurrent <= 0 {
		opts.Concurrent = DefaultConcurrent
	}
	if opts.Queued <= 0 {
		opts.Queued = DefaultQueued
	}
	e := &Engine{
		opts: opts, executions: map[string]*execution{}, tokens: map[string]string{},
		instances: map[string]Instance{}, apis: map[string]API{},
	}
	e.ctx, e.end = context.WithCancelCause(context.Background())
	return e
}

// Close ends every running execution, kills their shell scripts and waits until
// nothing of the engine runs.
func (e *Engine) Close() {
	e.mu.Lock()
	e.pending = nil
	e.end(errClosed)
	e.mu.Unlock()
	e.wg.Wait()
}

// Request asks for an execution.
type Request struct {
	Document   *document.Document
	Name       string // of the document
	Version    string // of the document, the number
	Asked      string // the version as the caller wrote it; part of what a client token stands for
	Parameters map[string][]string
	Token      string // client token, empty for none
	Mode       types.ExecutionMode
	Alarm      *types.AlarmConfiguration
	ExecutedBy string // ARN of the caller
}

// Start begins an execution, or returns the one that the same client token
// began before.
func (e *Engine) Start(req Request) (string, error) {
	shown, values, err := req.Document.ResolveParameters(req.Parameters)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrParameters, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx.Err() != nil {
		return "", errClosed
	}
	if id, ok := e.tokens[req.Token]; ok && req.Token != "" {
		if !sameRequest(e.executions[id].req, req) {
			return "", ErrTokenMismatch
		}
		return id, nil
	}
	if e.running >= e.opts.Concurrent && len(e.pending) >= e.opts.Queued {
		return "", ErrLimit
	}
	x := newExecution(e, req, shown, values)
	e.executions[x.id] = x
	e.order = append(e.order, x.id)
	if req.Token != "" {
		e.tokens[req.Token] = x.id
	}
	e.pending = append(e.pending, x)
	e.fill()
	return x.id, nil
}

func sameRequest(a, b Request) bool {
	return a.Name == b.Name && a.Asked == b.Asked && a.Mode == b.Mode &&
		maps.EqualFunc(a.Parameters, b.Parameters, slices.Equal)
}

// fill starts pending executions while there is room. The caller holds the lock.
func (e *Engine) fill() {
	for len(e.pending) > 0 && e.running < e.opts.Concurrent && e.ctx.Err() == nil {
		x := e.pending[0]
		e.pending = e.pending[1:]
		e.running++
		e.wg.Go(func() {
			x.run()
			e.mu.Lock()
			defer e.mu.Unlock()
			e.running--
			e.fill()
		})
	}
}

// Get returns an execution as it stands.
func (e *Engine) Get(id string) (types.AutomationExecution, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.executions[id]
	if !ok {
		return types.AutomationExecution{}, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return x.snapshot(), nil
}

// List returns all executions as they stand, newest first.
func (e *Engine) List() []types.AutomationExecution {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]types.AutomationExecution, 0, len(e.order))
	for _, id := range slices.Backward(e.order) {
		out = append(out, e.executions[id].snapshot())
	}
	return out
}

// RegisterAPI offers an operation to aws:executeAwsApi. Names are compared
// without case and underscores, so that "DescribeAlarms" and "describe_alarms"
// are one.
func (e *Engine) RegisterAPI(service, api string, fn API) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.apis[apiKey(service, api)] = fn
}

func (e *Engine) api(service, api string) (API, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fn, ok := e.apis[apiKey(service, api)]
	return fn, ok
}
