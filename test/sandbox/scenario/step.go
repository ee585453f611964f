package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack"
)

// Moment is when a step of a scenario happens.
type Moment string

// Moments, in the order of a play. AtStatus gives more.
const (
	Throughout  Moment = "throughout"   // in the background, from the beginning until the play ends or Do returns
	BeforeFault Moment = "before fault" // the baseline is over
	AfterFault  Moment = "after fault"  // the fault is in, nothing has been found yet
	WhenFound   Moment = "when found"   // the incident's workflow exists
	WhenAsked   Moment = "when asked"   // the first question waits for its answer
	WhenEnded   Moment = "when ended"   // the workflow has ended, nothing has been counted yet
)

// AtStatus is the moment at which the incident is first seen in a status or in
// one that comes after it: the state is read four times a second, and a status
// may be over sooner.
func AtStatus(s incident.Status) Moment { return Moment("at status " + s) }

// Step is something that happens in a play besides the fault. Do holds up the
// play, prescribed answers included; what takes its time goes Throughout. An
// error ends the play.
type Step struct {
	At   Moment
	What string // in words, in the past tense, for the story; empty: it is not told
	Do   Do     // Incident(ctx) is the incident as last seen
	Undo Do     // when the play ends, however it does, if Do was begun; latest first; may be nil
}

// Incident is the state of the incident as last seen, for a step's Do and Undo;
// its zero value before one was found.
func Incident(ctx context.Context) incident.State {
	if latest, ok := ctx.Value(stateKey{}).(*atomic.Pointer[incident.State]); ok && latest.Load() != nil {
		return *latest.Load()
	}
	return incident.State{}
}

type stateKey struct{}

// undoWithin bounds what a play takes back at its end.
const undoWithin = 30 * time.Second

// steps runs the steps of one play.
type steps struct {
	st    *stack.Stack
	tell  func(what string)
	state atomic.Pointer[incident.State]

	waiting    []Step // not begun, in the order of the scenario
	begun      []Step
	background sync.WaitGroup
	stop       context.CancelFunc
	mu         sync.Mutex
	failed     []error // of the background
}

func newSteps(st *stack.Stack, sc Scenario, tell func(string)) *steps {
	return &steps{st: st, tell: tell, waiting: slices.Clone(sc.Steps), stop: func() {}}
}

func (s *steps) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, stateKey{}, &s.state)
}

// begin starts what runs throughout.
func (s *steps) begin(ctx context.Context) {
	ctx, s.stop = context.WithCancel(s.context(ctx))
	for _, step := range s.due(func(m Moment) bool { return m == Throughout }) {
		s.announce(step)
		s.background.Go(func() {
			if err := step.Do(ctx, s.st); err != nil && ctx.Err() == nil {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.failed = append(s.failed, stepError(step, err))
			}
		})
	}
}

// at runs the steps of a moment.
func (s *steps) at(ctx context.Context, m Moment) error {
	return s.run(ctx, func(of Moment) bool { return of == m })
}

// look runs the steps that the incident's state makes due, and tells what went
// wrong in the background.
func (s *steps) look(ctx context.Context, now incident.State) error {
	s.state.Store(&now)
	s.mu.Lock()
	err := errors.Join(s.failed...)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.run(ctx, func(m Moment) bool {
		return m == WhenAsked && now.Pending || slices.ContainsFunc(reached(now.Status), func(st incident.Status) bool { return m == AtStatus(st) })
	})
}

func (s *steps) run(ctx context.Context, due func(Moment) bool) error {
	for _, step := range s.due(due) {
		s.announce(step)
		if err := step.Do(s.context(ctx), s.st); err != nil {
			return stepError(step, err)
		}
	}
	return nil
}

// due takes the steps that are due off those that wait.
func (s *steps) due(is func(Moment) bool) []Step {
	var now []Step
	s.waiting = slices.DeleteFunc(s.waiting, func(step Step) bool {
		if is(step.At) {
			now = append(now, step)
			return true
		}
		return false
	})
	s.begun = append(s.begun, now...)
	return now
}

func (s *steps) announce(step Step) {
	if step.What != "" {
		s.tell(step.What)
	}
}

// end ends what runs in the background, takes every begun step back, and lifts
// every rule of the fault switch. It does so also when ctx has ended.
func (s *steps) end(ctx context.Context) error {
	s.stop()
	s.background.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.context(ctx)), undoWithin)
	defer cancel()
	errs := s.failed
	for _, step := range slices.Backward(s.begun) {
		if step.Undo == nil {
			continue
		}
		if err := step.Undo(ctx, s.st); err != nil {
			errs = append(errs, fmt.Errorf("take back: %w", stepError(step, err)))
		}
	}
	if s.st != nil {
		s.st.Faults.Clear()
	}
	return errors.Join(errs...)
}

// missed lists the steps whose moment did not come.
func (s *steps) missed() []string {
	var names []string
	for _, step := range s.waiting {
		names = append(names, string(step.At))
	}
	return names
}

func stepError(step Step, err error) error {
	return fmt.Errorf("step %q (%s): %w", step.What, step.At, err)
}

// reached lists a status and those that come before it on the way of an incident.
func reached(now incident.Status) []incident.Status {
	way := []incident.Status{
		incident.StatusAnalysing, incident.StatusDiagnosing, incident.StatusAwaitingApproval,
		incident.StatusRemediating, incident.StatusVerifying,
	}
	if at := slices.Index(way, now); at >= 0 {
		return way[:at+1]
	}
	return []incident.Status{now} // an end tells nothing of what came before it
}
