package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"firebreak/activities/awserror"
)

// Limits of asking. A try of the activity has three minutes, in which the
// catalogue has to be read before, and suspects ranked and pieces stored after.
const (
	parallel      = 8                // sources asked at a time
	defaultWithin = 30 * time.Second // for one source
	allWithin     = 90 * time.Second // for all of them
	beatEvery     = 3 * time.Second
	lastWords     = 500 * time.Millisecond // to hand over what there is once the time is up
)

// errNotAsked is the failure of a source whose turn did not come.
var errNotAsked = errors.New("not asked, because the time for all sources was up")

// reply is how one source answered.
type reply struct {
	answer
	err error
}

// outcome sums up how sources of AWS answered, to tell an outage that may pass
// from an incident with some gaps.
type outcome struct {
	tried, answered int
	final           bool  // a source failed for good
	last            error // the failure of the last in order that failed
}

// hopeless tells whether asking everything again is all that can help.
func (o outcome) hopeless() bool { return o.tried > 0 && o.answered == 0 && !o.final }

// ask asks all sources side by side and joins their answers in the order of the
// sources, whichever came first.
func (a *Activities) ask(ctx context.Context, sources []source, q *question) (answer, outcome) {
	var all answer
	var sum outcome
	for i, r := range a.askEach(ctx, sources, q) {
		all.join(r.answer)
		if r.err != nil {
			kind, why := a.reason(r.err, sources[i].needs())
			all.gap(kind, sources[i].name(), why)
		}
		if len(sources[i].needs()) == 0 || errors.Is(r.err, errNotConfigured) {
			continue
		}
		sum.tried++
		if r.err == nil {
			sum.answered++
			continue
		}
		sum.last = r.err
		sum.final = sum.final || !awserror.Retryable(r.err)
	}
	return all, sum
}

// askEach returns the replies in the order of the sources.
func (a *Activities) askEach(ctx context.Context, sources []source, q *question) []reply {
	ctx, cancel := context.WithTimeout(ctx, allWithin)
	defer cancel()
	type numbered struct {
		reply
		at int
	}
	// Room for every reply: nobody may wait for a source that hangs, nor hang
	// because nobody waits for it any more.
	replies := make(chan numbered, len(sources))
	slots := make(chan struct{}, parallel)
	for i, s := range sources {
		go func() {
			select {
			case slots <- struct{}{}:
				replies <- numbered{a.askOne(ctx, s, q), i}
				<-slots
			case <-ctx.Done():
				replies <- numbered{reply{err: errNotAsked}, i}
			}
		}()
	}
	beat := time.NewTicker(a.beat)
	defer beat.Stop()
	out := make([]reply, len(sources))
	for left := len(sources); left > 0; {
		select {
		case r := <-replies:
			out[r.at] = r.reply
			left--
		case <-beat.C:
			activity.RecordHeartbeat(ctx, fmt.Sprintf("%d of %d sources have answered", len(sources)-left, len(sources)))
		}
	}
	return out
}

// askOne asks one source within its time.
func (a *Activities) askOne(ctx context.Context, s source, q *question) reply {
	ctx, cancel := context.WithTimeoutCause(ctx, a.opts.Within, tooLong{a.opts.Within})
	defer cancel()
	got, err := guarded(ctx, func(ctx context.Context) (answer, error) { return s.gather(ctx, q) })
	return reply{got, err}
}

// guarded does something that may fail in any way: one that panics has failed
// like any other, and one that does not stop when its context ends is left
// behind. What it returns beside an error is kept.
func guarded[T any](ctx context.Context, do func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("failed by a mistake of its own: %v", p)
			}
			done <- r
		}()
		r.value, r.err = do(ctx)
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		select {
		case r = <-done:
		case <-time.After(lastWords):
			r.err = ctx.Err()
		}
	}
	// Clients say "context deadline exceeded"; whose deadline it was says more.
	if r.err != nil && ctx.Err() != nil {
		r.err = context.Cause(ctx)
	}
	return r.value, r.err
}

// each does something for every item, at most limit of them at a time, and returns
// what came of each or its failure. One that fails does not keep the others from
// being done; once the context has ended none is begun any more.
func each[T, R any](ctx context.Context, limit int, items []T, do func(context.Context, T) (R, error)) ([]R, []error) {
	results, errs := make([]R, len(items)), make([]error, len(items))
	var all errgroup.Group
	all.SetLimit(limit)
	for i, item := range items {
		all.Go(func() error {
			if ctx.Err() == nil {
				results[i], errs[i] = guarded(ctx, func(ctx context.Context) (R, error) { return do(ctx, item) })
			} else {
				errs[i] = fmt.Errorf("not begun: %w", context.Cause(ctx))
			}
			return nil
		})
	}
	_ = all.Wait() // every failure is among errs
	return results, errs
}

// tooLong is the failure of a source that was not ready in its time.
type tooLong struct{ within time.Duration }

// Error implements error.
func (t tooLong) Error() string { return fmt.Sprintf("no whole answer within %s", t.within) }
