package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
)

// follow tells the incident's story until its workflow has ended.
func (p *play) follow(ctx context.Context) error {
	for {
		if err := p.refresh(ctx); err != nil {
			return err
		}
		if err := p.steps.look(ctx, p.result.State); err != nil {
			return err
		}
		if p.result.State.Status.Terminal() {
			return p.settle(ctx)
		}
		if err := p.answer(ctx); err != nil {
			return err
		}
		if time.Now().After(p.deadline) {
			return fmt.Errorf("it has not ended %s after the fault; its status is %s", p.limits.End, p.result.State.Status)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// unheardFor is for how long an incident may give no answer: a machine that is busy
// lets a worker miss a question.
const unheardFor = time.Minute

// refresh asks the workflow how things stand and tells what is new.
func (p *play) refresh(ctx context.Context) error {
	next, err := StateOf(ctx, p.o.Client, p.result.State.WorkflowID)
	switch {
	case err == nil:
		p.heard = time.Now()
		p.note(next)
		return nil
	case ctx.Err() == nil && time.Since(p.heard) < unheardFor:
		return nil
	default:
		return err
	}
}

// StateOf asks an incident how things stand. Without a worker there is no answer,
// and an error after ten seconds.
func StateOf(ctx context.Context, c client.Client, workflowID string) (incident.State, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var state incident.State
	value, err := c.QueryWorkflow(ctx, workflowID, "", incident.QueryState)
	if err != nil {
		return state, fmt.Errorf("ask %s for its state: %w", workflowID, err)
	}
	if err := value.Get(&state); err != nil {
		return state, fmt.Errorf("read the state of %s: %w", workflowID, err)
	}
	return state, nil
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
	bounded, cancel := context.WithTimeout(ctx, p.limits.Settle)
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
			if err := p.steps.look(ctx, p.result.State); err != nil {
				return err
			}
			if s := p.result.State.Status; !s.Terminal() {
				return errors.New("the trouble came back; it is open again")
			}
		}
	}
}

// finish counts what there is at the end.
func (p *play) finish(ctx context.Context) (err error) {
	p.result.Ended = time.Now()
	p.result.Traffic = p.st.Shop.Traffic(2 * time.Second)
	if err := p.steps.look(ctx, p.result.State); err != nil {
		return err
	}
	if err := p.steps.at(ctx, WhenEnded); err != nil {
		return err
	}
	p.result.Missed = p.steps.missed()
	if p.result.After, err = p.st.Shop.Unit(p.sc.unit()); err != nil {
		return err
	}
	if p.result.Releases, err = releases(ctx, p.st, p.result); err != nil {
		return err
	}
	now, err := look(ctx, p.st, p.o.Client, p.result.Began)
	p.result.Seen = now.without(p.before)
	return err
}
