package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// attempt runs a RemediationWorkflow by itself.
func (w *world) attempt() incident.RemediationResult {
	w.t.Helper()
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.RemediationWorkflowID(workflowID, 1), TaskQueue: incident.QueueWorkflows})
	w.env.ExecuteWorkflow(incident.WorkflowRemediation, incident.RemediationInput{
		IncidentID: incidentID, ParentID: workflowID, Scope: scope, Severity: incident.Sev2,
		Plan: incident.Plan{
			Attempt: 1, Runbook: "restart-service", Commit: "abc", Service: "checkout", ContentSHA256: "aa",
			Undo: w.undo, Verify: verifySpec, Digest: digestOf(1),
		},
	})
	require.NoError(w.t, w.env.GetWorkflowError())
	var res incident.RemediationResult
	require.NoError(w.t, w.env.GetWorkflowResult(&res))
	return res
}

// progress is what the attempt told its incident.
func (w *world) progress() (lines []string, phases []incident.Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.signals {
		require.Equal(w.t, workflowID, s.to)
		p := s.arg.(incident.Progress)
		lines, phases = append(lines, p.Text.String()), append(phases, p.Phase)
	}
	return lines, phases
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	undo := &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb", Parameters: map[string][]string{"To": {"last"}}}
	bad := func(int) incident.Verification { return incident.Verification{Detail: redact.Literal("0 of 60 good")} }
	for name, c := range map[string]struct {
		change func(w *world)
		status incident.RemediationStatus
		steps  []string // of the automations that were started
		reason string
	}{
		"verified": {func(*world) {}, incident.RemediationVerified, []string{"run"}, ""},
		"healed": {func(w *world) {
			w.reading = func(int) incident.SymptomReading { return incident.SymptomReading{Known: true} }
		}, incident.RemediationHealed, nil, ""},
		"symptom not known":          {func(w *world) { w.reading = func(int) incident.SymptomReading { return incident.SymptomReading{} } }, incident.RemediationVerified, []string{"run"}, ""},
		"denied":                     {func(w *world) { w.recheck = incident.RecheckResult{Reasons: []redact.Text{redact.Literal("closed")}} }, incident.RemediationDenied, nil, "closed"},
		"does not help, is undone":   {func(w *world) { w.undo, w.verification = undo, bad }, incident.RemediationUndone, []string{"run", "undo"}, "did not recover"},
		"does not help, has no undo": {func(w *world) { w.verification = bad }, incident.RemediationFailed, []string{"run"}, "did not recover"},
		"fails, is undone":           {func(w *world) { w.undo, w.execution = undo, w.failedRun }, incident.RemediationUndone, []string{"run", "undo"}, "ended as Failed: exit status 1"},
		"fails, has no undo":         {func(w *world) { w.execution = w.failedRun }, incident.RemediationFailed, []string{"run"}, "ended as Failed"},
		"fails, the undo fails too": {func(w *world) {
			w.undo = undo
			w.execution = func(step string, seen int) incident.Execution {
				e := w.failedRun("run", seen)
				e.ID = "exec-" + step
				return e
			}
		}, incident.RemediationFailed, []string{"run", "undo"}, "the undo ended as Failed"},
		"undo cannot be published": {func(w *world) {
			w.undo = undo
			w.fails[incident.ActivityPublishDocument] = func(n int) error {
				if n == 2 {
					return refused(n)
				}
				return nil
			}
		}, incident.RemediationFailed, nil, "its undo roll-forward could not be published"},
		"start is refused: nothing to undo": {func(w *world) {
			w.undo = undo
			w.fails[incident.ActivityStartAutomation] = refused
		}, incident.RemediationFailed, []string{"run"}, "permission was denied"},
		"watch fails for good: undone, it may have run": {func(w *world) {
			w.undo = undo
			w.fails[incident.ActivityWatchAutomation] = func(n int) error {
				if n == 1 {
					return refused(n)
				}
				return nil
			}
		}, incident.RemediationUndone, []string{"run", "undo"}, "could not be run to its end"},
		"recovery cannot be read: left as it is": {func(w *world) {
			w.undo = undo
			w.fails[incident.ActivityVerifyRecovery] = refused
		}, incident.RemediationFailed, []string{"run"}, "could not be verified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			res := w.attempt()
			require.Equal(t, c.status, res.Status)
			var steps []string
			for _, in := range w.inputs(incident.ActivityStartAutomation) {
				steps = append(steps, in.(incident.StartAutomationInput).Step)
			}
			require.Equal(t, c.steps, steps)
			if c.reason == "" {
				require.Empty(t, res.Reasons)
			} else {
				require.Contains(t, res.Reasons[len(res.Reasons)-1].String(), c.reason)
			}
			require.Equal(t, res.Undo != nil, len(steps) == 2)
		})
	}
}

func TestStartWhoseAnswerIsLostIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.undo = &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}
	w.fails[incident.ActivityStartAutomation] = func(n int) error {
		if w.inputs(incident.ActivityStartAutomation)[n-1].(incident.StartAutomationInput).Step == "run" {
			return broken(n)
		}
		return nil
	}
	res := w.attempt()
	require.Equal(t, incident.RemediationUndone, res.Status, "it may have started, so it is taken back: %v", res.Reasons)
}

func TestAttemptVerifiesSinceTheEndOfTheFix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ended := start.Add(42 * time.Second)
	w.execution = func(step string, seen int) incident.Execution {
		e := w.twoSteps(step, seen)
		if e.Done {
			e.Ended = ended
		}
		return e
	}
	w.attempt()
	in := w.inputs(incident.ActivityVerifyRecovery)[0].(incident.VerifyRecoveryInput)
	require.Equal(t, ended, in.Since.UTC())
	require.Equal(t, verifySpec, in.Verify)
}

func TestAttemptTellsEveryStepOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.attempt()
	lines, phases := w.progress()
	all := strings.Join(lines, "\n")
	for _, want := range []string{"Automation exec-run started", "Step step1 (aws:runCommand): Success.", "Step step2 (aws:runCommand): Success.", "Waiting for 5 good samples"} {
		require.Equal(t, 1, strings.Count(all, want), want)
	}
	require.Equal(t, incident.PhaseVerify, phases[len(phases)-1], "which moves the incident on to verifying")
}

// A start whose first answer was lost finds an automation that has gone on
// meanwhile.
func TestAttemptTellsStepsThatEndedBeforeItWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.execution = func(step string, seen int) incident.Execution { return w.twoSteps(step, max(seen, 1)) }
	w.attempt()
	lines, _ := w.progress()
	all := strings.Join(lines, "\n")
	for _, want := range []string{"Automation exec-run started", "Step step1 (aws:runCommand): Success.", "Step step2 (aws:runCommand): Success."} {
		require.Equal(t, 1, strings.Count(all, want), want)
	}
}

func TestAutomationThatRunsTooLongIsStopped(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"it cannot be watched": func(w *world) { w.fails[incident.ActivityWatchAutomation] = broken },
		"it takes hours": func(w *world) {
			w.env.OnActivity(incident.ActivityWatchAutomation, mock.Anything, mock.Anything).After(2*time.Hour+30*time.Minute).Return(w.twoSteps("run", 0), nil)
		},
		"it never gets on": func(w *world) {
			w.execution = func(step string, _ int) incident.Execution { return w.twoSteps(step, 0) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			change(w)
			res := w.attempt()
			require.Equal(t, incident.RemediationFailed, res.Status)
			require.NotEmpty(t, res.Reasons)
			if name == "it takes hours" {
				require.Contains(t, res.Reasons[0].String(), "it took too long and was stopped")
			}
			require.Equal(t, 1, w.count(incident.ActivityStopAutomation))
			require.Equal(t, "Cancelled", res.Execution.Status)
			require.LessOrEqual(t, w.count(incident.ActivityWatchAutomation), 251)
			require.LessOrEqual(t, w.env.Now().Sub(start), 3*time.Hour)
		})
	}
}

func TestCancelledUndoIsFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.undo = &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}
	w.execution = w.failedRun
	w.before[incident.ActivityStartAutomation] = func(n int) {
		if n == 2 {
			w.env.CancelWorkflow()
		}
	}
	res := w.attempt()
	require.Equal(t, incident.RemediationUndone, res.Status, "half taken back would be worse than either")
	require.True(t, res.Undo.Succeeded)
}

// Trouble within its band never failed a check of the value, so that passing it
// before the start is no reason not to run what a person approved.
func TestTroubleWithinItsBandIsRemediated(t *testing.T) {
	t.Parallel()
	above := banded(1, incident.EpisodeOpen)
	above.Metric.Name = "Latency"
	for name, c := range map[string]struct {
		anomalies []incident.Anomaly
		outcome   incident.Outcome
		started   int
	}{
		"nothing was out of its band": {[]incident.Anomaly{stuck(incident.EpisodeOpen)}, incident.OutcomeFixed, 1},
		"another series was":          {[]incident.Anomaly{stuck(incident.EpisodeOpen), above}, incident.OutcomeSelfHealed, 0},
		"its own series was":          {[]incident.Anomaly{banded(0, incident.EpisodeOpen)}, incident.OutcomeSelfHealed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.reading = func(int) incident.SymptomReading { return incident.SymptomReading{Known: true, Value: 5} }
			in := input()
			in.Anomalies = c.anomalies
			w.signalAt(time.Minute, yes("ana", 1))
			s := w.run(in)
			require.Equal(t, c.outcome, s.Outcome)
			require.Len(t, s.Attempts, 1)
			require.Equal(t, c.started, w.count(incident.ActivityStartAutomation))
			for _, v := range w.inputs(incident.ActivityVerifyRecovery) {
				require.InDelta(t, 5, v.(incident.VerifyRecoveryInput).Verify.Before, 0, "what was read before the start")
			}
		})
	}
}
