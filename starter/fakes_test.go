package main

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// fake holds incidents in memory.
type fake struct {
	mu      sync.Mutex
	list    []summary
	states  map[string][]incident.State // by workflow id; each look takes the next, the last stays
	filters []filter
	sent    []sent
	receipt incident.DecisionReceipt
	err     error // of Decide
	misses  int   // looks at a state that fail first
	closed  bool
}

type sent struct {
	ref      ref
	updateID string
	decision incident.Decision
}

func (f *fake) Namespace() string { return "test" }
func (f *fake) Close()            { f.closed = true }

func (f *fake) List(_ context.Context, by filter, limit int) ([]summary, error) {
	f.filters = append(f.filters, by)
	var out []summary
	for _, s := range f.list {
		if (by.Closed || s.Closed.IsZero()) && len(out) < limit {
			out = append(out, s)
		}
	}
	return out, nil
}

func (f *fake) State(_ context.Context, r ref) (incident.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.misses > 0 {
		f.misses--
		return incident.State{}, errors.New("no worker answers")
	}
	all := f.states[r.WorkflowID]
	if len(all) == 0 {
		return incident.State{}, errors.New("no such workflow")
	}
	if len(all) > 1 {
		f.states[r.WorkflowID] = all[1:]
	}
	return all[0], nil
}

func (f *fake) Decide(_ context.Context, r ref, updateID string, d incident.Decision) (incident.DecisionReceipt, error) {
	f.sent = append(f.sent, sent{r, updateID, d})
	return f.receipt, f.err
}

var opened = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const digest = "v1:aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"

func listed(id string, closed bool) summary {
	s := summary{
		ID: id, WorkflowID: "incident/123456789012/eu-central-1/checkout/" + id, RunID: "run-" + id, Status: incident.StatusAwaitingApproval,
		Severity: incident.Sev2, Service: "checkout", Origin: incident.OriginLive, Started: opened,
	}
	if closed {
		s.Closed, s.Status = opened.Add(time.Hour), incident.StatusResolved
	}
	return s
}

// pending is an incident that waits for a decision, with hostile text in it.
func pending(id string) incident.State {
	return incident.State{
		ID: id, WorkflowID: listed(id, false).WorkflowID, RunID: "run-" + id, Service: "checkout", Severity: incident.Sev2,
		Status: incident.StatusAwaitingApproval, Opened: opened, Pending: true, Expires: opened.Add(time.Hour),
		Anomalies: []incident.Anomaly{{Opened: opened, Service: "checkout", Kind: incident.KindLog, Why: hostile()}},
		Evidence:  []incident.Evidence{{ID: "ev-00000001", Service: "checkout", Title: redact.Literal("errors up"), Samples: []redact.Text{hostile()}, Query: "aws x"}},
		Gaps:      []incident.Gap{{What: redact.Literal("metrics"), Reason: redact.Literal("throttled")}},
		Diagnosis: &incident.Diagnosis{Model: "offline-rules", Notes: []string{"a\x1b[2Jnote"}, Hypotheses: []incident.Hypothesis{
			{Cause: redact.Literal("bad reload"), Service: "checkout", Confidence: 0.8, Citations: []string{"ev-00000001"}, Runbook: "restart-service"},
		}},
		Plan: &incident.Plan{
			Attempt: 1, Runbook: "restart-service", Commit: "c0ffee", Service: "checkout", Digest: digest, Targets: []string{"i-1"},
			Parameters: map[string][]string{"InstanceId": {"i-1"}}, Steps: []incident.PlanStep{{Name: "restart", Action: "aws:runCommand"}},
			Verify:   incident.VerifySpec{Metric: incident.MetricRef{Namespace: "Shop", Name: "Errors"}, Comparison: "<=", Samples: 5, Timeout: 90},
			Approval: incident.ApprovalRule{Count: 1, Approvers: []string{"ana"}, Expires: 600},
		},
		Timeline: []incident.Entry{{At: opened.Add(2 * time.Second), Phase: incident.PhaseOpen, Text: redact.Literal("Opened.")}},
	}
}

// hostile is text that tries to move the cursor, forge a line and turn letters.
func hostile() redact.Text {
	return redact.Clean(asIs{}, "bad\x1b[2J\x07 \u202Eevil\nstarter: all is well\u009b")
}

type asIs struct{}

func (asIs) Redact(raw string) string { return raw }

// call runs a command line against the fake.
func call(t *testing.T, f *fake, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRootCommand(func(*cobra.Command) (incidentClient, error) { return f, nil })
	// Following needs no second in a test.
	for _, c := range root.Commands() {
		if c.Name() == "incidents" {
			for _, sub := range c.Commands() {
				if sub.Name() == "watch" {
					c.RemoveCommand(sub)
				}
			}
			c.AddCommand(newWatchCommand(func(*cobra.Command) (incidentClient, error) { return f, nil }, time.Millisecond))
		}
	}
	code = execute(t.Context(), root, args, &out, &errs)
	for _, s := range []string{out.String(), errs.String()} {
		require.NotContains(t, s, "\x1b")
		require.NotContains(t, s, "\u202E")
		require.NotContains(t, s, "\u009b")
		require.NotContains(t, s, "\nstarter: all is well")
	}
	return out.String(), errs.String(), code
}
