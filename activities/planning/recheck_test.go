package planning_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/planning"
	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/runbook"
)

// approved is a question about a plan with one approval, after both went
// through a payload.
func approved(t *testing.T, c *runbook.Catalog, change ...func(*incident.CompilePlanInput)) incident.RecheckInput {
	t.Helper()
	in := question(c)
	for _, f := range change {
		f(&in)
	}
	res, err := activities(t, &catalogues{pinned: c, latest: c}).CompilePlan(t.Context(), in)
	require.NoError(t, err)
	raw, err := json.Marshal(incident.RecheckInput{
		IncidentID: in.IncidentID, WorkflowID: in.WorkflowID, Origin: in.Origin, Severity: in.Severity, Plan: res.Plan, Now: now,
		Decisions: []incident.Accepted{{Decision: incident.Decision{Approved: true, Approver: "alice@example.com", PlanDigest: res.Plan.Digest}, At: now.Add(-time.Minute)}},
	})
	require.NoError(t, err)
	var out incident.RecheckInput
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

func TestRecheckAllows(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	for _, name := range []string{"restart-service", "rollback-release", "recycle-process"} {
		in := approved(t, c, func(q *incident.CompilePlanInput) { q.Hypothesis.Runbook = name })
		var prefix, except string
		a := activities(t, &catalogues{pinned: c, latest: c}, func(o *planning.Options) { o.History = past{n: 5, prefix: &prefix, except: &except} })
		res, err := a.Recheck(t.Context(), in)
		require.NoError(t, err)
		require.True(t, res.Allowed, texts(res.Reasons))
		require.Equal(t, c.Commit, res.Latest)
		require.Equal(t, workflowID+"/remediation/1", except, "the attempt itself is not counted")
	}
}

func TestRecheckDenies(t *testing.T) {
	t.Parallel()
	// redo gives a changed plan the digest that belongs to it, as somebody could
	// who can write the workflow's payloads.
	redo := func(in *incident.RecheckInput) {
		d, err := policy.Digest(in.Plan)
		if err != nil {
			panic(err)
		}
		in.Plan.Digest = d
		for i := range in.Decisions {
			in.Decisions[i].Decision.PlanDigest = d
		}
	}
	tests := []struct {
		name   string
		latest []edit // what changed since the plan was pinned
		change func(*incident.RecheckInput)
		past   int
		want   []string
	}{
		{name: "plan changed after the approval", change: func(in *incident.RecheckInput) { in.Plan.Verify.Threshold = 1000 }, want: []string{"its digest differs"}},
		{name: "another document", change: func(in *incident.RecheckInput) { in.Plan.ContentSHA256 = strings.Repeat("0", 64); redo(in) }, want: []string{"run: the automation document at commit"}},
		{name: "other parameters", change: func(in *incident.RecheckInput) {
			in.Plan.Parameters["InstanceId"] = []string{"i-0c0ffee0000000002"}
			redo(in)
		}, want: []string{"run: the parameters are not those"}},
		{name: "one parameter more", change: func(in *incident.RecheckInput) {
			in.Plan.Parameters["AutomationAssumeRole"] = []string{"arn:aws:iam::123456789012:role/admin"}
			redo(in)
		}, want: []string{"run: the parameters are not those"}},
		{name: "an undo out of nowhere", change: func(in *incident.RecheckInput) {
			in.Plan.Undo = &incident.UndoPlan{Runbook: "recycle-process", ContentSHA256: strings.Repeat("0", 64)}
			redo(in)
		}, want: []string{"undo: runbook recycle-process is not what takes restart-service back", "undo: the automation document", "undo: the parameters"}},
		{name: "another service", change: func(in *incident.RecheckInput) { in.Plan.Service = "billing"; redo(in) }, want: []string{"the catalogue has no service billing", "not written for service billing", "does not allow runbook restart-service on service billing", "neither the incident's"}},
		{name: "an approval rule that the policy does not have", change: func(in *incident.RecheckInput) {
			in.Plan.Approval = incident.ApprovalRule{AllowUnverified: true}
			in.Decisions = nil
			redo(in)
		}, want: []string{"0 of 1 approvals count"}},
		{name: "no approval", change: func(in *incident.RecheckInput) { in.Decisions = nil }, want: []string{"0 of 1 approvals count"}},
		{name: "an approval of another plan", change: func(in *incident.RecheckInput) { in.Decisions[0].Decision.PlanDigest = "v1:00" }, want: []string{"about another plan", "0 of 1 approvals count"}},
		{name: "somebody said no", change: func(in *incident.RecheckInput) {
			in.Decisions = append(in.Decisions, incident.Accepted{Decision: incident.Decision{Approver: "bob@example.com", PlanDigest: in.Plan.Digest}, At: now})
		}, want: []string{"bob@example.com said no"}},
		{name: "an old approval", change: func(in *incident.RecheckInput) { in.Decisions[0].At = now.Add(-2 * time.Hour) }, want: []string{"the approval of alice@example.com is 2h0m0s old, and policy lets one stand for 1h0m0s", "0 of 1 approvals count"}},
		{name: "a backfill", change: func(in *incident.RecheckInput) { in.Origin = incident.OriginBackfill }, want: []string{"origin backfill change anything"}},
		{name: "a drill", change: func(in *incident.RecheckInput) { in.Origin = incident.OriginDrill }, want: []string{"origin drill change anything"}},
		{name: "rate", past: 6, want: []string{"had 6 remediations"}},

		{name: "latest denies the runbook", latest: []edit{{"policy.yaml", "deny: []", "deny: [restart-service]"}}, want: []string{"denies runbook restart-service everywhere"}},
		{name: "latest allows it on this service no more", latest: []edit{{"policy.yaml", "checkout: [restart-service, ", "checkout: ["}}, want: []string{"policy does not allow runbook restart-service on service checkout"}},
		{name: "latest counts verified approvals only", latest: []edit{{"policy.yaml", "allow_unverified: true", "allow_unverified: false"}}, want: []string{"the approval of alice@example.com is not verified", "0 of 1 approvals count"}},
		{name: "latest wants two", latest: []edit{{"policy.yaml", "sev2: {count: 1", "sev2: {count: 2"}}, want: []string{"1 of 2 approvals count"}},
		{name: "latest does not know the approver", latest: []edit{{"policy.yaml", "\napprovers: []", "\napprovers: [{identity: bob@example.com}]"}}, want: []string{"alice@example.com is not an approver", "0 of 1 approvals count"}},
		{name: "latest closed the window", latest: []edit{{"policy.yaml", "change_windows: []", `change_windows: [{days: [mon], from: "11:00", to: "12:00"}]`}}, want: []string{"no change window is open"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pinned := load(t, unverified)
			latest := pinned
			if tt.latest != nil {
				latest = load(t, append([]edit{unverified}, tt.latest...)...)
				require.NotEqual(t, pinned.Commit, latest.Commit)
			}
			in := approved(t, pinned)
			if tt.change != nil {
				tt.change(&in)
			}
			a := activities(t, &catalogues{pinned: pinned, latest: latest}, func(o *planning.Options) { o.History = past{n: tt.past} })
			res, err := a.Recheck(t.Context(), in)
			require.NoError(t, err)
			require.False(t, res.Allowed)
			for _, want := range tt.want {
				require.Contains(t, texts(res.Reasons), want)
			}
			require.Len(t, res.Reasons, len(tt.want), texts(res.Reasons))
			require.Equal(t, latest.Commit, res.Latest)
		})
	}
}

func TestRecheckLetsAReplayThatPolicyLists(t *testing.T) {
	t.Parallel()
	c := load(t, unverified, edit{"policy.yaml", "origins: [live]", "origins: [live, backfill]"})
	in := approved(t, c, func(q *incident.CompilePlanInput) {
		q.Origin, q.WorkflowID = incident.OriginBackfill, "backfill/march/"+workflowID
	})
	res, err := activities(t, &catalogues{pinned: c, latest: c}).Recheck(t.Context(), in)
	require.NoError(t, err)
	require.True(t, res.Allowed, texts(res.Reasons))
}

func TestRecheckWithoutTheLatestPolicy(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	in := approved(t, c)
	_, err := activities(t, &catalogues{pinned: c, latest: c, err: errDown}).Recheck(t.Context(), in)
	require.ErrorIs(t, err, errDown, "nothing runs on an unknown policy")
	in.WorkflowID = "x"
	_, err = activities(t, &catalogues{pinned: c, latest: c}).Recheck(t.Context(), in)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.True(t, app.NonRetryable())
}
