package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// past is what is over, in memory.
type past struct {
	states map[string]incident.State // by workflow id
	runs   []evidence.PastRun
	err    error
	broken map[string]error
	panics string // the workflow id of the one whose result is a mistake
	hang   bool

	mu    sync.Mutex
	asked []string // prefix and service
}

func (p *past) add(st incident.State) {
	if p.states == nil {
		p.states = map[string]incident.State{}
	}
	id := "incident/123456789012/eu-central-1/checkout/" + st.ID
	p.states[id] = st
	p.runs = append(p.runs, evidence.PastRun{WorkflowID: id, RunID: "r"})
}

func (p *past) Over(_ context.Context, prefix, service string, since time.Time, limit int) ([]evidence.PastRun, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, fmt.Sprintf("%s %s %s %d", prefix, service, since.Format(time.DateOnly), limit))
	return p.runs, p.err
}

func (p *past) Result(ctx context.Context, run evidence.PastRun) (incident.State, error) {
	if p.hang {
		<-ctx.Done()
		return incident.State{}, ctx.Err()
	}
	if run.WorkflowID == p.panics {
		panic("no such state")
	}
	return p.states[run.WorkflowID], p.broken[run.WorkflowID]
}

// anomalous is an anomaly of checkout in which some series left their bands upwards.
func anomalous(opened time.Time, rule string, metrics ...string) incident.Anomaly {
	a := incident.Anomaly{
		ID: "a-1", Account: "123456789012", Region: "eu-central-1", Service: "checkout", Kind: incident.KindMetric, Rule: rule, State: incident.EpisodeOpen,
		Opened: opened, LastSeen: opened, Observed: 9, High: 2, Why: redact.Literal("why"),
	}
	for i, m := range metrics {
		r := metric("checkout", m)
		if i == 0 {
			a.Metric, a.Series = &r, "123456789012/eu-central-1/metric/"+m
			continue
		}
		a.Witnesses = append(a.Witnesses, incident.Witness{Rule: rule, Series: "123456789012/eu-central-1/metric/" + m, Metric: &r, Opened: opened, Observed: 9, High: 2})
	}
	return a
}

// ended is an incident that is over, some days before the onset.
func ended(id string, days float64, outcome incident.Outcome, attempts []incident.AttemptRecord, anomalies ...incident.Anomaly) incident.State {
	at := onset.Add(-time.Duration(days * 24 * float64(time.Hour)))
	for i := range anomalies {
		anomalies[i].Opened = at
	}
	return incident.State{
		ID: id, Service: "checkout", Opened: at, Ended: at.Add(10 * time.Minute), Status: incident.StatusResolved, Outcome: outcome, Anomalies: anomalies, Attempts: attempts,
		Diagnosis: &incident.Diagnosis{Hypotheses: []incident.Hypothesis{{Cause: redact.Literal("payments is slow"), Service: "payments", Confidence: 0.8}}},
	}
}

func attempt(runbook, service string, status incident.RemediationStatus, good time.Time) incident.AttemptRecord {
	r := incident.RemediationResult{Status: status}
	if status == incident.RemediationVerified {
		r.Verification = &incident.Verification{OK: true, At: good}
	}
	return incident.AttemptRecord{Runbook: runbook, Service: service, Result: r}
}

func askPast(t *testing.T, p *past, workflowID string) incident.GatherEvidenceResult {
	t.Helper()
	c := newCloud()
	a, err := evidence.New(evidence.Options{Metrics: c, Logs: c, Catalog: catalog{}, Now: c.clock, Past: p, Within: time.Second})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(a)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflowID})
	env.ExecuteWorkflow(func(ctx workflow.Context) (out incident.GatherEvidenceResult, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		err = workflow.ExecuteActivity(ctx, incident.ActivityGatherEvidence, incident.GatherEvidenceInput{
			IncidentID: "inc-now", Service: service("checkout"), Onset: onset, Until: onset.Add(30 * time.Second),
			Anomalies: []incident.Anomaly{anomalous(onset, "level", "Latency", "Errors")},
		}).Get(ctx, &out)
		return out, err
	})
	require.NoError(t, env.GetWorkflowError())
	var out incident.GatherEvidenceResult
	require.NoError(t, env.GetWorkflowResult(&out))
	return out
}

const thisIncident = "incident/123456789012/eu-central-1/checkout/inc-now"

func TestWhatHelpedBeforeIsCounted(t *testing.T) {
	t.Parallel()
	p := &past{}
	same := func() incident.Anomaly { return anomalous(onset, "level", "Latency", "Errors") }
	fixed := func(days float64, minutes int) time.Time {
		return onset.Add(-time.Duration(days*24*float64(time.Hour)) + time.Duration(minutes)*time.Minute)
	}
	p.add(ended("inc-1", 1, incident.OutcomeFixed, []incident.AttemptRecord{
		attempt("recycle-process", "checkout", incident.RemediationUndone, time.Time{}), attempt("restart-service", "payments", incident.RemediationVerified, fixed(1, 4)),
	}, same()))
	p.add(ended("inc-2", 2, incident.OutcomeFixed, []incident.AttemptRecord{attempt("restart-service", "payments", incident.RemediationVerified, fixed(2, 8))}, same()))
	p.add(ended("inc-3", 3.5, incident.OutcomeHandedOver, []incident.AttemptRecord{
		attempt("restart-service", "payments", incident.RemediationFailed, time.Time{}), attempt("restart-service", "payments", incident.RemediationDenied, time.Time{}),
	}, anomalous(onset, "level", "Latency")))
	p.add(ended("inc-4", 4, incident.OutcomeSelfHealed, nil, anomalous(onset, "level", "Latency", "Errors")))
	p.add(ended("inc-5", 5, incident.OutcomeFixed, []incident.AttemptRecord{attempt("restart-service", "checkout", incident.RemediationVerified, fixed(5, 3))}, anomalous(onset, "log-new/ab", "Disk")))
	p.add(ended("inc-later", -1, incident.OutcomeFixed, []incident.AttemptRecord{attempt("restart-service", "checkout", incident.RemediationVerified, fixed(-1, 3))}, same()))
	p.add(ended("inc-now", 0.1, incident.OutcomeNone, []incident.AttemptRecord{attempt("restart-service", "checkout", incident.RemediationVerified, fixed(0.1, 3))}, same()))

	out := askPast(t, p, thisIncident)
	helped := pick(t, out, incident.EvidencePast, "restart-service on payments fixed 2 of 3 incidents like this one")
	require.Equal(t, "payments", helped.Service, "on which it ran")
	require.Equal(t, map[string]float64{incident.FactTried: 3, incident.FactFixed: 2, incident.FactCountBefore: 4}, helped.Facts)
	require.Equal(t, "Of 5 incidents of checkout that are over, 4 were like this one; they ended: fixed 2, handed_over 1, self_healed 1. "+
		"It was tried 3 times and helped 2 times, a median of 6m0s after the onset. That it did is no proof that it will again.", helped.Detail.String())
	require.Equal(t, "starter incidents show inc-1", helped.Query)
	pick(t, out, incident.EvidencePast, "recycle-process on checkout fixed 0 of 1 incidents like this one")

	one := pick(t, out, incident.EvidencePast, "inc-1 was 100% like this one and ended fixed")
	require.Equal(t, "It began 2026-02-28 12:00:00Z, 1.0 days before: 2 of 2 series and 1 of 1 rules of this one were seen then, at the same hour of the day. Its cause was thought to be in payments: payments is slow "+
		"recycle-process on checkout did not help. Fixed by restart-service on payments.", one.Detail.String())
	require.Equal(t, "starter incidents show inc-1", one.Query)
	require.Equal(t, incident.GapCut, gapAbout(t, out, "incidents of the past").Kind, "three are shown by themselves")
	for _, e := range out.Evidence {
		require.NotContains(t, e.Title.String(), "inc-5", "another trouble")
		require.NotContains(t, e.Title.String(), "inc-later", "what came after is not the past")
		require.NotContains(t, e.Title.String(), "inc-now was", "itself")
	}
	require.Equal(t, []string{"incident/123456789012/eu-central-1/ checkout 2025-12-01 50"}, p.asked, "90 days, 50 runs")
}

// Live and replayed incidents never meet.
func TestThePastIsOfTheSameOrigin(t *testing.T) {
	t.Parallel()
	p := &past{}
	askPast(t, p, "backfill/march/incident/123456789012/eu-central-1/checkout/inc-now")
	require.True(t, strings.HasPrefix(p.asked[0], "backfill/march/incident/123456789012/eu-central-1/ checkout"), p.asked)
	other := &past{}
	askPast(t, other, "somebody-elses-workflow")
	require.Empty(t, other.asked)
}

func TestAPastThatCannotBeReadIsAGap(t *testing.T) {
	t.Parallel()
	same := anomalous(onset, "level", "Latency", "Errors")
	t.Run("no list", func(t *testing.T) {
		t.Parallel()
		out := askPast(t, &past{err: errors.New("visibility is down")}, thisIncident)
		require.Contains(t, gapAbout(t, out, "past").Reason.String(), "visibility is down")
	})
	t.Run("one result", func(t *testing.T) {
		t.Parallel()
		p := &past{}
		p.add(ended("inc-1", 1, incident.OutcomeSelfHealed, nil, same))
		p.add(ended("inc-2", 2, incident.OutcomeSelfHealed, nil, same))
		p.broken = map[string]error{"incident/123456789012/eu-central-1/checkout/inc-1": errors.New("gone for ana@example.com")}
		out := askPast(t, p, thisIncident)
		g := gapAbout(t, out, "past")
		require.Contains(t, g.Reason.String(), "1 of 2 could not be read: gone for")
		require.NotContains(t, g.Reason.String(), "ana@")
		pick(t, out, incident.EvidencePast, "inc-2 was 100% like this one and ended self_healed")
	})
	t.Run("a result that panics", func(t *testing.T) {
		t.Parallel()
		p := &past{panics: "incident/123456789012/eu-central-1/checkout/inc-1"}
		p.add(ended("inc-1", 1, incident.OutcomeSelfHealed, nil, same))
		p.add(ended("inc-2", 2, incident.OutcomeSelfHealed, nil, same))
		out := askPast(t, p, thisIncident)
		g := gapAbout(t, out, "past")
		require.Equal(t, incident.GapUnavailable, g.Kind)
		require.Contains(t, g.Reason.String(), "1 of 2 could not be read: failed by a mistake of its own: no such state")
		pick(t, out, incident.EvidencePast, "inc-2 was 100% like this one and ended self_healed")
	})
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		p := &past{hang: true}
		for n := range 50 {
			p.add(ended(fmt.Sprintf("inc-%d", n), 1, incident.OutcomeFixed, nil, same))
		}
		require.NotEmpty(t, gapAbout(t, askPast(t, p, thisIncident), "past").Reason)
	})
	t.Run("nothing yet", func(t *testing.T) {
		t.Parallel()
		out := askPast(t, &past{}, thisIncident)
		pick(t, out, incident.EvidencePast, "no incident of checkout in 90 days was like this one")
	})
}

// What a person or a model wrote long ago is redacted by the rules of today.
func TestOldTextIsRedactedAgain(t *testing.T) {
	t.Parallel()
	p := &past{}
	st := ended("inc-1", 1, incident.OutcomeFixed, nil, anomalous(onset, "level", "Latency", "Errors"))
	var old redact.Text
	require.NoError(t, old.UnmarshalJSON([]byte(`"the key AKIAIOSFODNN7REALKEY of ana@example.com\nIGNORE"`)))
	st.Diagnosis.Hypotheses[0].Cause = old
	p.add(st)
	detail := pick(t, askPast(t, p, thisIncident), incident.EvidencePast, "inc-1").Detail.String()
	require.NotContains(t, detail, "ana@example.com")
	require.NotContains(t, detail, "IGNORE")
	require.Contains(t, detail, "Its cause was thought to be in payments")
}
