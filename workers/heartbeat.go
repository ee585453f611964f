package workers

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// beatsPerTimeout is how many heartbeats fit into a heartbeat timeout, so that
// one that is late or lost does not make a living worker look dead.
const beatsPerTimeout = 3

// longestBeat is the longest time between two heartbeats. An activity learns only
// from them that it was cancelled, and what stops an automation must not wait for
// a part of a timeout that may be minutes.
const longestBeat = 5 * time.Second

// heartbeats beats for every activity that has a heartbeat timeout, for as long
// as its code runs. What a worker was doing when it died is then taken over
// after that timeout rather than after the time that a try may take, which is
// minutes; and every activity learns that it was cancelled. An activity that
// hangs in a living worker is still bounded by its start-to-close timeout.
type heartbeats struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity is called by the SDK for every try.
func (*heartbeats) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &beating{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

// beating is one try.
type beating struct {
	interceptor.ActivityInboundInterceptorBase

	out *lastDetails
}

// Init puts itself between the activity and its heartbeats.
func (b *beating) Init(out interceptor.ActivityOutboundInterceptor) error {
	b.out = &lastDetails{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}}
	return b.Next.Init(b.out)
}

// ExecuteActivity runs the activity beside its heartbeats. The first comes
// after an interval, so that quick activities cost none.
func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 {
		return b.Next.ExecuteActivity(ctx, in)
	}
	beats, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(min(timeout/beatsPerTimeout, longestBeat))
		defer tick.Stop()
		for {
			select {
			case <-beats.Done():
				return
			case <-tick.C:
				b.out.again(ctx)
			}
		}
	})
	defer running.Wait()
	defer end()
	return b.Next.ExecuteActivity(ctx, in)
}

// lastDetails remembers what the activity last said of itself, so that the
// heartbeats in between do not take it away.
type lastDetails struct {
	interceptor.ActivityOutboundInterceptorBase

	mu      sync.Mutex
	details []any
}

// RecordHeartbeat is the activity's own heartbeat.
func (l *lastDetails) RecordHeartbeat(ctx context.Context, details ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.details = details
	l.Next.RecordHeartbeat(ctx, details...)
}

func (l *lastDetails) again(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Next.RecordHeartbeat(ctx, l.details...)
}
