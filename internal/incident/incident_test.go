package incident_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestIdentitiesAreStable(t *testing.T) {
	t.Parallel()
	opened := time.Date(2026, 3, 1, 4, 5, 6, 789_000_000, time.UTC)
	id := incident.AnomalyID("level", "shop/Errors", opened)
	require.Regexp(t, `^a-[0-9a-f]{16}$`, id)
	require.Equal(t, id, incident.AnomalyID("level", "shop/Errors", opened.In(time.FixedZone("CET", 3600))), "the zone must not matter")
	require.NotEqual(t, id, incident.AnomalyID("level", "shop/Errors", opened.Add(time.Millisecond)))
	require.NotEqual(t, incident.AnomalyID("a", "bc", opened), incident.AnomalyID("ab", "c", opened), "fields must not run together")

	inc := incident.IDFromAnomaly(id)
	require.Regexp(t, `^inc-[0-9a-f]{12}$`, inc)

	live := incident.Scope{Account: "123456789012", Region: "eu-central-1"}
	wid := live.IncidentWorkflowID("checkout", inc)
	require.Equal(t, "incident/123456789012/eu-central-1/checkout/"+inc, wid)
	require.Equal(t, inc, incident.IncidentIDOf(wid))
	require.Equal(t, incident.OriginLive, live.Origin())
	require.Equal(t, wid+"/remediation/2", incident.RemediationWorkflowID(wid, 2))

	past := incident.BackfillScope("march", live.Account, live.Region)
	require.Equal(t, "backfill/march/"+wid, past.IncidentWorkflowID("checkout", inc))
	require.Equal(t, "backfill/march/correlator/123456789012/eu-central-1", past.CorrelatorWorkflowID())
	require.Equal(t, incident.OriginBackfill, past.Origin())
}

func TestSeverityOrder(t *testing.T) {
	t.Parallel()
	require.True(t, incident.Sev1.Worse(incident.Sev2))
	require.False(t, incident.Sev3.Worse(incident.Sev3))
	require.True(t, incident.Sev4.Worse(""))
	require.False(t, incident.Severity("").Worse(incident.Sev4))
}

func TestDecisionMessageBindsEveryField(t *testing.T) {
	t.Parallel()
	base := incident.Decision{Approved: true, Approver: "ana", PlanDigest: "v1:aa", IssuedAt: "2026-01-01T00:00:00Z"}
	want := string(incident.DecisionMessage("default", "wf", "run", base))
	change := func(f func(*incident.Decision)) string {
		d := base
		f(&d)
		return string(incident.DecisionMessage("default", "wf", "run", d))
	}
	for name, got := range map[string]string{
		"namespace": string(incident.DecisionMessage("other", "wf", "run", base)),
		"workflow":  string(incident.DecisionMessage("default", "wf2", "run", base)),
		"run":       string(incident.DecisionMessage("default", "wf", "run2", base)),
		"answer":    change(func(d *incident.Decision) { d.Approved = false }),
		"approver":  change(func(d *incident.Decision) { d.Approver = "bob" }),
		"digest":    change(func(d *incident.Decision) { d.PlanDigest = "v1:bb" }),
		"time":      change(func(d *incident.Decision) { d.IssuedAt = "2026-01-01T00:00:01Z" }),
	} {
		require.NotEqual(t, want, got, name)
	}
}

func TestInventoryFindsOwners(t *testing.T) {
	t.Parallel()
	errors := incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"b": "2", "a": "1"}}
	inv := incident.NewInventory([]incident.Service{
		{Name: "payments", LogGroups: []string{"/shared"}, Alarms: []string{"pay-*", "pay-eu-*"}},
		{
			Name: "checkout", LogGroups: []string{"/shop/checkout", "/shared"}, Alarms: []string{"pay-eu-checkout", "pay-eu-c*"},
			Resources: []string{"i-1"}, Metrics: []incident.WatchedMetric{{MetricRef: errors, Role: incident.RoleErrors}},
		},
	})
	require.Equal(t, "checkout", inv.ByLogGroup("/shop/checkout"))
	require.Equal(t, "checkout", inv.ByLogGroup("/shared"), "the name that sorts first wins")
	require.Equal(t, incident.Unassigned, inv.ByLogGroup("/other"))
	require.Equal(t, "checkout", inv.ByResource("i-1"))
	require.Equal(t, "checkout", inv.ByAlarm("pay-eu-checkout"), "an exact name wins over a prefix")
	require.Equal(t, "checkout", inv.ByAlarm("pay-eu-cart"), "the longest prefix wins")
	require.Equal(t, "payments", inv.ByAlarm("pay-us"))
	errors.Stat, errors.Period = "Sum", 60
	require.Equal(t, "checkout", inv.ByMetric(errors))
	w, ok := inv.Watched(errors)
	require.True(t, ok)
	require.Equal(t, incident.RoleErrors, w.Role)
	require.Equal(t, "Shop/Errors{a=1,b=2}", errors.SourceKey())
}

func TestBestHypothesisNamesARunbookWhereOneDoes(t *testing.T) {
	t.Parallel()
	require.Empty(t, incident.Diagnosis{}.Best())
	d := incident.Diagnosis{Hypotheses: []incident.Hypothesis{{Service: "a"}, {Service: "b", Runbook: "restart"}}}
	require.Equal(t, "b", d.Best().Service)
	d.Hypotheses = d.Hypotheses[:1]
	require.Equal(t, "a", d.Best().Service)
}

func TestEmptyReferencesStayOutOfPayloads(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(incident.State{})
	require.NoError(t, err)
	require.NotContains(t, string(b), `"thread"`)
	require.NotContains(t, string(b), `"ended"`)
}

// TestOneTimeoutForAllChecks checks that what has to hold besides waits as long
// as the first, whatever it was given.
func TestOneTimeoutForAllChecks(t *testing.T) {
	t.Parallel()
	v := incident.VerifySpec{Timeout: 90, Quiet: 33, Also: []incident.VerifySpec{{Timeout: 10}, {}}}
	all := v.All()
	require.Len(t, all, 3)
	for _, one := range all {
		require.InDelta(t, 90, float64(one.Timeout), 0)
		require.InDelta(t, 33, float64(one.Quiet), 0)
	}
	require.InDelta(t, 10, float64(v.Also[0].Timeout), 0, "the plan stays as it is")
}
