package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

const (
	pollEvery    = 250 * time.Millisecond
	detectWithin = 60 * time.Second // from the fault to an open incident
	endWithin    = 4 * time.Minute  // from the fault to the end, when nobody has to be waited for
	settleWithin = time.Minute      // from the end's status to the end of the workflow
)

// Options say how a scenario is played.
type Options struct {
	Client   client.Client // of the stack's Temporal server
	Auto     bool          // answer as the scenario prescribes
	Answers  <-chan bool   // what a person answers at the terminal; nil: nobody does
	Baseline time.Duration // Baseline when 0
	Narrator Narrator      // hears what happens; Quiet when nil
	Approver func() string // who answers; "sandbox" when nil
}

// Result is what came of a scenario.
type Result struct {
	Scenario Scenario
	State    incident.State
	Began    time.Time // of the baseline
	Fault    time.Time // when it had been injected
	Found    time.Time // when the incident was seen
	Verified time.Time // when the fix was verified on the live metric; zero when it was not
	Ended    time.Time // when the workflow had ended
	Before   victim.UnitStatus
	After    victim.UnitStatus
	Others   int // further incidents that opened since the fault
}

// Play plays a scenario on a stack with a running worker, and returns when the
// incident's workflow has ended. Whether it ended as it should is Result.Check;
// the error is about what could not be played or followed.
func Play(ctx context.Context, st *stack.Stack, sc Scenario, o Options) (Result, error) {
	p := newPlay(st, sc, o)
	if err := p.baseline(ctx); err != nil {
		return p.result, fmt.Errorf("play %s: baseline: %w", sc.Name, err)
	}
	if err := p.breakIt(ctx); err != nil {
		return p.result, fmt.Errorf("play %s: inject the fault: %w", sc.Name, err)
	}
	if err := p.find(ctx); err != nil {
		return p.result, fmt.Errorf("play %s: %w", sc.Name, err)
	}
	if err := p.follow(ctx); err != nil {
		return p.result, fmt.Errorf("play %s: follow incident %s: %w", sc.Name, p.result.State.ID, err)
	}
	return p.result, nil
}

// play is one scenario being played.
type play struct {
	st       *stack.Stack
	sc       Scenario
	o        Options
	narrator Narrator
	result   Result
	deadline time.Time // for the end; moved on while a person is waited for
	asked    time.Time // when the pending question was seen
	answered string    // digest of the plan that was answered
	records  bool      // whether records of the fault were seen on the stream
}

func newPlay(st *stack.Stack, sc Scenario, o Options) *play {
	if o.Baseline == 0 {
		o.Baseline = Baseline
	}
	if o.Narrator == nil {
		o.Narrator = Quiet{}
	}
	if o.Approver == nil {
		o.Approver = func() string { return "sandbox" }
	}
	return &play{st: st, sc: sc, o: o, narrator: o.Narrator, result: Result{Scenario: sc}}
}

// baseline lets healthy telemetry flow, so that the detectors know what is usual.
func (p *play) baseline(ctx context.Context) error {
	if _, err := p.st.Commit("Approvals stand for "+p.sc.Expiry.String(), stack.Expiry(p.sc.Expiry)); err != nil {
		return err
	}
	p.result.Began = time.Now()
	p.narrator.Baseline(p.o.Baseline)
	end := p.result.Began.Add(p.o.Baseline)
	for next := p.result.Began.Add(10 * time.Second); ; next = next.Add(10 * time.Second) {
		if next.After(end) {
			next = end
		}
		if err := sleep(ctx, time.Until(next)); err != nil {
			return err
		}
		seen := p.st.Shop.Traffic(5 * time.Second)
		p.narrator.Traffic(seen)
		if next.Equal(end) {
			break
		}
	}
	if seen := p.st.Shop.Traffic(5 * time.Second); seen.Requests == 0 || seen.Errors*20 > seen.Requests {
		return fmt.Errorf("the shop is not healthy: %d of %d requests failed in the last five seconds", seen.Errors, seen.Requests)
	}
	return nil
}

func (p *play) breakIt(ctx context.Context) (err error) {
	if p.result.Before, err = p.st.Shop.Unit(victim.Checkout); err != nil {
		return err
	}
	p.result.Fault = time.Now()
	p.deadline = p.result.Fault.Add(endWithin)
	if err := p.st.Shop.Inject(ctx, p.sc.Fault); err != nil {
		return err
	}
	p.narrator.Fault(p.result.Fault, p.sc.What)
	return nil
}

// find waits for the incident that the fault opens.
func (p *play) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, detectWithin, fmt.Errorf("no incident opened within %s of the fault; see %s", detectWithin, p.st.Dir()))
	defer cancel()
	for {
		p.lookAtStream()
		ids, err := p.incidents(ctx)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			p.result.Found = time.Now()
			p.result.State.WorkflowID = ids[0]
			p.result.State.ID = incident.IncidentIDOf(ids[0])
			return nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// lookAtStream tells of the first records that arrived after the fault.
func (p *play) lookAtStream() {
	if p.records {
		return
	}
	n := 0
	for _, r := range p.st.Kinesis.Records(stack.Stream) {
		if r.ApproximateArrivalTimestamp != nil && r.ApproximateArrivalTimestamp.After(p.result.Fault) {
			n++
		}
	}
	if n > 0 {
		p.records = true
		p.narrator.Records(n)
	}
}

// follow tells the incident's story until its workflow has ended.
func (p *play) follow(ctx context.Context) error {
	for {
		if err := p.refresh(ctx); err != nil {
			return err
		}
		if p.result.State.Status.Terminal() {
			return p.settle(ctx)
		}
		if err := p.answer(ctx); err != nil {
			return err
		}
		if time.Now().After(p.deadline) {
			return fmt.Errorf("it has not ended %s after the fault; its status is %s", endWithin, p.result.State.Status)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// refresh asks the workflow how things stand and tells what is new.
func (p *play) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	value, err := p.o.Client.QueryWorkflow(ctx, p.result.State.WorkflowID, "", incident.QueryState)
	if err != nil {
		return fmt.Errorf("ask for the state: %w", err)
	}
	var next incident.State
	if err := value.Get(&next); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	p.note(next)
	return nil
}

func (p *play) note(next incident.State) {
	if next.Pending && !p.result.State.Pending {
		p.asked = time.Now()
		// What was answered before the question is no answer to it.
		select {
		case <-p.o.Answers:
		default:
		}
	}
	p.narrator.Progress(p.result.State, next)
	if p.result.Verified.IsZero() {
		for _, a := range next.Attempts {
			if v := a.Result.Verification; v != nil && v.OK {
				p.result.Verified = time.Now()
			}
		}
	}
	p.result.State = next
}

// settle waits for the end of the workflow: by then everything has been told,
// to the thread, the ticket and the correlator.
func (p *play) settle(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	ended := make(chan error, 1)
	var last incident.State
	go func() { ended <- p.o.Client.GetWorkflow(bounded, p.result.State.WorkflowID, "").Get(bounded, &last) }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("wait for the end of the workflow: %w", err)
			}
			p.note(last)
			return p.finish(ctx)
		case <-time.After(pollEvery):
			if err := p.refresh(bounded); err != nil && bounded.Err() == nil {
				return err
			}
			if s := p.result.State.Status; !s.Terminal() {
				return errors.New("the trouble came back; it is open again")
			}
		}
	}
}

func (p *play) finish(ctx context.Context) (err error) {
	p.result.Ended = time.Now()
	if p.result.After, err = p.st.Shop.Unit(victim.Checkout); err != nil {
		return err
	}
	ids, err := p.incidents(ctx)
	if err != nil {
		return err
	}
	p.result.Others = len(ids) - 1
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
