// Package interpose stands between one worker and everything that it talks to,
// so that a test can let something go wrong at a precise point: when a task of
// one activity is on its way to the worker, when the worker reports that it is
// done, or when an outside system has done what it was asked for and its answer
// is on its way back.
//
// Proxy is the way to Temporal, World the way to the outside systems.
package interpose

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// maxMessage bounds a message either way, in bytes; histories are the largest.
const maxMessage = 64 << 20

// Moment is a point in the life of an activity's task.
type Moment string

// Moments.
const (
	// Handed is when the task is about to be handed to the worker: for Temporal
	// the try has begun, but nothing has been done yet.
	Handed Moment = "handed"
	// Reported is when the worker says that the activity is done: whatever it
	// does outside has been done.
	Reported Moment = "reported"
)

// Fate is what becomes of the call at that moment.
type Fate string

// Fates.
const (
	// Deliver lets it through.
	Deliver Fate = "deliver"
	// Lose loses it: a task does not reach the worker, a report not the server.
	Lose Fate = "lose"
	// LoseAnswer lets it through and loses the answer, so that the server knows
	// what the worker believes to have failed.
	LoseAnswer Fate = "lose the answer"
)

// Strike is something that happens once.
type Strike struct {
	Activity string // its registered name
	Moment   Moment
	Do       func() // runs while the call waits; nil for nothing
	Fate     Fate
}

// Proxy is a Temporal frontend that passes everything on to another one.
type Proxy struct {
	address string
	server  *grpc.Server
	conn    *grpc.ClientConn

	mu      sync.Mutex
	strikes []Strike
	struck  int
	tasks   map[string]string // token of a task that a worker has, to its activity
	handed  map[string]int
}

// Start listens on a free loopback port and passes on to the frontend at the
// address, until ctx ends or Stop is called.
func Start(ctx context.Context, frontend string) (*Proxy, error) {
	conn, err := grpc.NewClient(frontend, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s: %w", frontend, err)
	}
	workflows, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{Client: workflowservice.NewWorkflowServiceClient(conn)})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a proxy of Temporal at %s: %w", frontend, err), conn.Close())
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for workers: %w", err), conn.Close())
	}
	p := &Proxy{address: listener.Addr().String(), conn: conn, tasks: map[string]string{}, handed: map[string]int{}}
	p.server = grpc.NewServer(grpc.UnaryInterceptor(p.intercept), grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	workflowservice.RegisterWorkflowServiceServer(p.server, workflows)
	operatorservice.RegisterOperatorServiceServer(p.server, operator{to: operatorservice.NewOperatorServiceClient(conn)})
	go func() { _ = p.server.Serve(listener) }() // Stop ends it, which is no error
	context.AfterFunc(ctx, p.Stop)
	return p, nil
}

// Address is where a worker finds it, host and port.
func (p *Proxy) Address() string { return p.address }

// Stop ends every call and the listener. Stopping twice is harmless.
func (p *Proxy) Stop() {
	p.server.Stop()
	_ = p.conn.Close() // closed already when it is stopped twice
}

// Arm makes a strike wait for its moment.
func (p *Proxy) Arm(s Strike) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strikes = append(p.strikes, s)
}

// Struck counts the strikes that have happened.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// Handed counts the tries of an activity that were on their way to the worker,
// those that a strike has lost included.
func (p *Proxy) Handed(activity string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handed[activity]
}

// intercept sees every call.
func (p *Proxy) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if report, ok := req.(*workflowservice.RespondActivityTaskCompletedRequest); ok {
		return p.reported(ctx, report, next)
	}
	resp, err := next(ctx, req)
	if err != nil {
		return resp, err
	}
	switch resp := resp.(type) {
	case *workflowservice.PollActivityTaskQueueResponse:
		if len(resp.GetTaskToken()) > 0 {
			return p.hand(resp, resp)
		}
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		// Activities on the workflow's own queue may start at once, without a poll.
		return p.hand(resp, resp.GetActivityTasks()...)
	}
	return resp, nil
}

// hand passes tasks on to the worker.
func (p *Proxy) hand(resp any, tasks ...*workflowservice.PollActivityTaskQueueResponse) (any, error) {
	for _, t := range tasks {
		activity := t.GetActivityType().GetName()
		p.mu.Lock()
		p.tasks[string(t.GetTaskToken())] = activity
		p.handed[activity]++
		p.mu.Unlock()
		if s, ok := p.take(activity, Handed); ok {
			s.do()
			if s.Fate != Deliver {
				return nil, lost("task")
			}
		}
	}
	return resp, nil
}

// reported passes a report of completion on to the server.
func (p *Proxy) reported(ctx context.Context, report *workflowservice.RespondActivityTaskCompletedRequest, next grpc.UnaryHandler) (any, error) {
	p.mu.Lock()
	activity := p.tasks[string(report.GetTaskToken())]
	p.mu.Unlock()
	s, ok := p.take(activity, Reported)
	if ok {
		s.do()
	}
	if ok && s.Fate == Lose {
		return nil, lost("report")
	}
	resp, err := next(ctx, report)
	if ok && s.Fate == LoseAnswer {
		return nil, lost("answer")
	}
	return resp, err
}

// take finds the strike that waits for this, which so happens only once.
func (p *Proxy) take(activity string, at Moment) (Strike, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.strikes {
		if s.Activity == activity && s.Moment == at {
			p.strikes = append(p.strikes[:i:i], p.strikes[i+1:]...)
			p.struck++
			return s, true
		}
	}
	return Strike{}, false
}

func (s Strike) do() {
	if s.Do != nil {
		s.Do()
	}
}

// lost is what a client sees when the connection breaks.
func lost(what string) error {
	return status.Errorf(codes.Unavailable, "the %s was lost on its way", what)
}

// operator passes on what a worker asks of Temporal's operator service.
type operator struct {
	operatorservice.UnimplementedOperatorServiceServer

	to operatorservice.OperatorServiceClient
}

// ListSearchAttributes implements operatorservice.OperatorServiceServer.
func (o operator) ListSearchAttributes(ctx context.Context, in *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return o.to.ListSearchAttributes(ctx, in)
}

// AddSearchAttributes implements operatorservice.OperatorServiceServer.
func (o operator) AddSearchAttributes(ctx context.Context, in *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	return o.to.AddSearchAttributes(ctx, in)
}
