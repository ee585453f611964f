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

const pollEvery = 250 * time.Millisecond

// Options say how a scenario is played.
type Options struct {
	Client   client.Client // of the stack's Temporal server
	Auto     bool          // answer as the scenario prescribes
	Warm     bool          // a scenario was played on the stack before
	Calm     time.Time     // since when the shop has been well, on a warm stack; zero: only now
	Answers  <-chan bool   // what a person answers at the terminal; nil: nobody does
	Baseline time.Duration // the scenario's own when 0
	Narrator Narrator      // hears what happens; Quiet when nil
	Approver func() string // who answers; "sandbox" when nil
}

// Result is what came of a scenario.
type Result struct {
	Scenario Scenario
	State    incident.State    // as the workflow returned it
	Seen     Seen              // as the stand-ins and Temporal count
	Missed   []string          // moments of steps that did not come
	False    int               // incidents that opened before the fault and were put away
	Began    time.Time         // of the baseline
	Fault    time.Time         // when it was injected
	Found    time.Time         // when the incident was seen
	Verified time.Time         // when the fix was verified on the live metric; zero when it was not
	Ended    time.Time         // when the workflow had ended
	Before   victim.UnitStatus // the watched process before the fault
	Broken   victim.UnitStatus // right after it: a fault may replace the process itself
	After    victim.UnitStatus // at the end
	Releases Releases          // that these processes run, by their own words
	Traffic  victim.Traffic    // what callers saw in the last two seconds
}

// Play plays a scenario on a stack with a running worker, and returns when the
// incident's workflow has ended and everything that the scenario's steps did has
// been taken back; the fault itself stays, see Reset. Whether it ended as it
// should is Result.Check; the error is about what could not be played or followed.
func Play(ctx context.Context, st *stack.Stack, sc Scenario, o Options) (result Result, err error) {
	p := newPlay(st, sc, o)
	defer func() {
		result = p.result
		if end := p.steps.end(ctx); end != nil {
			err = errors.Join(err, fmt.Errorf("play %s: %w", sc.Name, end))
		}
	}()
	p.steps.begin(ctx)
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
	limits   Limits
	o        Options
	narrator Narrator
	steps    *steps
	result   Result
	before   Seen      // what there was when the scenario began
	deadline time.Time // for the end; moved on while a person is waited for
	asked    time.Time // when the pending question was seen
	heard    time.Time // when the incident last said how things stand
	answered string    // digest of the plan that was answered
	records  bool      // whether records of the fault were seen on the stream
}

func newPlay(st *stack.Stack, sc Scenario, o Options) *play {
	if o.Narrator == nil {
		o.Narrator = Quiet{}
	}
	if o.Approver == nil {
		o.Approver = func() string { return "sandbox" }
	}
	return &play{
		st: st, sc: sc, o: o, limits: sc.Limits.withDefaults(), narrator: o.Narrator,
		steps: newSteps(st, sc, o.Narrator.Step), result: Result{Scenario: sc},
	}
}

func (p *play) breakIt(ctx context.Context) (err error) {
	if err := p.steps.at(ctx, BeforeFault); err != nil {
		return err
	}
	if p.result.Before, err = p.st.Shop.Unit(p.sc.unit()); err != nil {
		return err
	}
	p.result.Fault = time.Now()
	p.deadline = p.result.Fault.Add(p.limits.End)
	if p.sc.Fault != nil {
		if err := p.st.Shop.Inject(ctx, p.sc.Fault); err != nil {
			return err
		}
	}
	p.narrator.Fault(p.result.Fault, p.sc.What)
	if err := p.steps.at(ctx, AfterFault); err != nil {
		return err
	}
	p.result.Broken, err = p.st.Shop.Unit(p.sc.unit())
	return err
}

// find waits for the incident that the fault opens.
func (p *play) find(ctx context.Context) error {
	bounded, cancel := context.WithTimeoutCause(ctx, p.limits.Detect, fmt.Errorf("no incident opened within %s of the fault; see %s", p.limits.Detect, p.st.Dir()))
	defer cancel()
	for {
		p.lookAtStream()
		ids, err := incidentsSince(bounded, p.o.Client, p.result.Fault)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			p.result.Found = time.Now()
			p.heard = p.result.Found
			p.result.State.WorkflowID = ids[0]
			p.result.State.ID = incident.IncidentIDOf(ids[0])
			return p.steps.at(ctx, WhenFound)
		}
		if err := p.steps.look(bounded, incident.State{}); err != nil {
			return err
		}
		if err := sleep(bounded, pollEvery); err != nil {
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
