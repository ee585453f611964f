package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func TestDecisionPaths(t *testing.T) {
	t.Parallel()
	verified := func(names ...string) func(incident.VerifyDecisionInput) incident.Verdict {
		return func(in incident.VerifyDecisionInput) incident.Verdict {
			if slices.Contains(names, in.Decision.Approver) {
				return incident.Verdict{Accepted: true, Verified: true}
			}
			return incident.Verdict{Reason: redact.Literal("no signature of an approver")}
		}
	}
	cases := map[string]struct {
		rule    incident.ApprovalRule // zero: one approver
		verdict func(incident.VerifyDecisionInput) incident.Verdict
		send    func(w *world)

		status   incident.Status
		outcome  incident.Outcome
		counted  int // decisions that counted
		refused  int
		verifies int // calls of VerifyDecision
	}{
		"signal approves": {
			send:   func(w *world) { w.signalAt(time.Minute, yes("ana", 1)) },
			status: incident.StatusResolved, outcome: incident.OutcomeFixed, counted: 1, verifies: 1,
		},
		"signal rejects": {
			send:   func(w *world) { w.signalAt(time.Minute, no("ana", 1)) },
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 1, verifies: 1,
		},
		"update rejects": {
			send:   func(w *world) { w.updateAt(time.Minute, "u", no("ana", 1)) },
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 1, verifies: 1,
		},
		"nobody answers": {
			send:   func(*world) {},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut,
		},
		"same signal twice counts once": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				w.signalAt(time.Minute, yes("ana", 1))
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, counted: 1, refused: 1, verifies: 1,
		},
		"same approver in other letters is the same approver": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				w.signalAt(2*time.Minute, yes(" ANA ", 1))
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, counted: 1, refused: 1, verifies: 1,
		},
		"one person over Slack and by SSH is one person": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			verdict: func(incident.VerifyDecisionInput) incident.Verdict {
				return incident.Verdict{Accepted: true, Verified: true, Identity: "ana@example.com"}
			},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("slack:T1:U1", 1))
				w.updateAt(2*time.Minute, "u", yes("ana@example.com", 1))
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, counted: 1, refused: 1, verifies: 2,
		},
		"one person who changes to no over another way": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			verdict: func(incident.VerifyDecisionInput) incident.Verdict {
				return incident.Verdict{Accepted: true, Verified: true, Identity: "ana@example.com"}
			},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("slack:T1:U1", 1))
				w.signalAt(2*time.Minute, no("ana@example.com", 1))
			},
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 2, verifies: 2,
		},
		"two approvers": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				w.updateAt(2*time.Minute, "u", yes("bob", 1))
			},
			status: incident.StatusResolved, outcome: incident.OutcomeFixed, counted: 2, verifies: 2,
		},
		"one no outweighs one yes": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				w.signalAt(2*time.Minute, no("bob", 1))
			},
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 2, verifies: 2,
		},
		"an approver may change a yes into a no": {
			rule: incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				w.signalAt(2*time.Minute, no("ana", 1))
			},
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 2, verifies: 2,
		},
		"unverified does not count, and is verified once": {
			verdict: verified("ana"),
			send: func(w *world) {
				w.signalAt(time.Minute, yes("mallory", 1))
				w.signalAt(2*time.Minute, yes("mallory", 1))
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, refused: 2, verifies: 1,
		},
		"unverified first, then signed": {
			verdict: func(in incident.VerifyDecisionInput) incident.Verdict {
				ok := in.Decision.Signature != ""
				return incident.Verdict{Accepted: ok, Verified: ok, Reason: redact.Literal("unsigned")}
			},
			send: func(w *world) {
				w.signalAt(time.Minute, yes("ana", 1))
				signed := yes("ana", 1)
				signed.Signature = "-----BEGIN SSH SIGNATURE-----"
				w.signalAt(2*time.Minute, signed)
			},
			status: incident.StatusResolved, outcome: incident.OutcomeFixed, counted: 1, refused: 1, verifies: 2,
		},
		"an unverified no does not end it": {
			verdict: verified("ana"),
			send: func(w *world) {
				w.signalAt(time.Minute, no("mallory", 1))
				w.signalAt(2*time.Minute, yes("ana", 1))
			},
			status: incident.StatusResolved, outcome: incident.OutcomeFixed, counted: 1, refused: 1, verifies: 2,
		},
		"a stale digest does not count": {
			send:   func(w *world) { w.signalAt(time.Minute, yes("ana", 2)) },
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, refused: 1,
		},
		"too early does not count": {
			send: func(w *world) {
				w.before[incident.ActivityDiagnose] = func(int) { w.env.SignalWorkflow(incident.SignalApproval, yes("ana", 1)) }
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, refused: 1,
		},
		"malformed does not count": {
			send: func(w *world) {
				w.signalAt(time.Minute, incident.Decision{Approved: true, PlanDigest: digestOf(1)})
				w.signalAt(time.Minute, incident.Decision{Approved: true, Approver: "ana\nbob", PlanDigest: digestOf(1)})
				w.at(time.Minute, func() { w.env.SignalWorkflow(incident.SignalApproval, "yes please") })
				w.at(time.Minute, func() { w.env.SignalWorkflow(incident.SignalApproval, 7) })
			},
			status: incident.StatusExpired, outcome: incident.OutcomeTimedOut, refused: 2,
		},
		"two at once are verified one after the other": {
			send: func(w *world) {
				w.signalAt(time.Minute, no("ana", 1))
				w.updateAt(time.Minute, "u", yes("bob", 1))
			},
			status: incident.StatusRejected, outcome: incident.OutcomeDeclined, counted: 1, refused: 1, verifies: 1,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.rule.Count > 0 {
				w.rule = c.rule
			}
			if c.verdict != nil {
				w.verdict = c.verdict
			}
			c.send(w)
			s := w.run(input())
			require.Equal(t, c.status, s.Status)
			require.Equal(t, c.outcome, s.Outcome)
			require.Len(t, s.Decisions, c.counted)
			require.Equal(t, c.refused, s.Refused)
			require.Equal(t, c.verifies, w.count(incident.ActivityVerifyDecision))
			require.Equal(t, 1, w.count(incident.ActivityCloseApproval), "a card never keeps its buttons")
			started := 0
			if c.outcome == incident.OutcomeFixed {
				started = 1
			}
			require.Equal(t, started, w.count(incident.ActivityStartAutomation))
		})
	}
}

func TestUpdateTellsWhyADecisionDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule = incident.ApprovalRule{Count: 2, Expires: incident.Seconds(time.Hour)}
	w.verdict = func(in incident.VerifyDecisionInput) incident.Verdict {
		if in.Decision.Approver == "mallory" {
			return incident.Verdict{Reason: redact.Literal("not an approver")}
		}
		return incident.Verdict{Accepted: true, Verified: true, Note: redact.Literal("cleaned")}
	}
	early := make(chan *answered, 1)
	w.before[incident.ActivityGatherEvidence] = func(int) { early <- w.updateAt(0, "early", yes("ana", 1)) }
	shape := w.updateAt(time.Minute, "shape", incident.Decision{Approved: true, PlanDigest: digestOf(1)})
	stale := w.updateAt(time.Minute, "stale", yes("ana", 9))
	first := w.updateAt(2*time.Minute, "first", incident.Decision{Approved: true, Approver: "ana", Via: "slack", PlanDigest: digestOf(1), Note: "raw note", Signature: "sig"})
	same := w.updateAt(3*time.Minute, "same", yes("ana", 1))
	unverified := w.updateAt(4*time.Minute, "unverified", yes("mallory", 1))
	again := w.updateAt(5*time.Minute, "again", yes("mallory", 1))
	second := w.updateAt(6*time.Minute, "second", yes("bob", 1))
	s := w.run(input())

	require.ErrorContains(t, (<-early).rejected, "nothing is being asked")
	require.ErrorContains(t, shape.rejected, "approver")
	require.ErrorContains(t, stale.rejected, "another plan")
	require.Equal(t, incident.DecisionReceipt{Accepted: true, Verified: true, Needed: 1}, first.receipt)
	require.ErrorContains(t, same.rejected, "counted already")
	require.Equal(t, incident.DecisionReceipt{Reason: redact.Literal("not an approver"), Needed: 1}, unverified.receipt)
	require.ErrorContains(t, again.rejected, "refused before")
	require.Equal(t, incident.DecisionReceipt{Accepted: true, Verified: true}, second.receipt)

	require.Len(t, s.Decisions, 2)
	require.Empty(t, s.Decisions[0].Decision.Note, "what a person typed is kept redacted only")
	require.Empty(t, s.Decisions[0].Decision.Signature)
	require.Equal(t, "cleaned", s.Decisions[0].Note.String())
	require.Equal(t, 1, s.Refused, "what the validator refuses leaves no trace in history")
	in := w.inputs(incident.ActivityVerifyDecision)[0].(incident.VerifyDecisionInput)
	require.Equal(t, workflowID, in.WorkflowID)
	require.NotEmpty(t, in.RunID)
	require.Equal(t, digestOf(1), in.Digest)
	require.Equal(t, start.Add(2*time.Minute), in.Now.UTC())
}

func TestLateDecisionFindsTheQuestionClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signalAt(time.Minute, yes("ana", 1))
	var late *answered
	w.before[incident.ActivityStartAutomation] = func(int) {
		late = w.updateAt(0, "late", no("bob", 1))
		w.env.SignalWorkflow(incident.SignalApproval, no("carl", 1))
	}
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome, "once approved and started, a no comes too late; cancelling is what stops it")
	require.ErrorContains(t, late.rejected, "closed: approved")
	require.Equal(t, 1, s.Refused)
}

func TestQuestionThatExpiresDuringVerificationStaysExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[incident.ActivityVerifyDecision] = broken // back-off carries it over the expiry
	got := w.updateAt(29*time.Minute, "slow", yes("ana", 1))
	w.before[incident.ActivityVerifyDecision] = func(n int) {
		if w.env.Now().After(start.Add(31 * time.Minute)) {
			w.mu.Lock()
			w.fails[incident.ActivityVerifyDecision] = nil
			w.mu.Unlock()
		}
	}
	s := w.run(input())
	require.Equal(t, incident.StatusExpired, s.Status)
	require.Zero(t, w.count(incident.ActivityStartAutomation))
	require.True(t, got.done, "the handler has to finish before the workflow returns")
	require.False(t, got.receipt.Accepted)
	require.Equal(t, "the question is closed: expired", got.receipt.Reason.String())
}

func TestDecisionThatCannotBeVerifiedMayBeSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[incident.ActivityVerifyDecision] = func(n int) error {
		if n == 1 {
			return refused(n)
		}
		return nil
	}
	first := w.updateAt(time.Minute, "1", yes("ana", 1))
	second := w.updateAt(2*time.Minute, "2", yes("ana", 1))
	s := w.run(input())
	require.Equal(t, "it could not be verified: permission was denied", first.receipt.Reason.String())
	require.True(t, second.receipt.Accepted)
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
}

func TestFloodOfRefusedDecisionsIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verdict = func(incident.VerifyDecisionInput) incident.Verdict {
		return incident.Verdict{Reason: redact.Literal("no")}
	}
	w.at(time.Minute, func() {
		for i := range 300 {
			w.env.SignalWorkflow(incident.SignalApproval, yes(fmt.Sprintf("bot%d", i), 1))
		}
	})
	s := w.run(input())
	require.Equal(t, incident.StatusExpired, s.Status)
	require.Equal(t, 300, s.Refused)
	require.Equal(t, 100, w.count(incident.ActivityVerifyDecision), "each costs history, so there is an end to it")
	require.Less(t, len(s.Timeline), 60)
}

func TestPolicyMayAskNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule = incident.ApprovalRule{}
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Zero(t, w.count(incident.ActivityAskApproval))
	require.Empty(t, s.Decisions)
}
