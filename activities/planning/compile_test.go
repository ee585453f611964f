package planning_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/planning"
	"firebreak/internal/incident"
	"firebreak/internal/policy"
)

func TestCompilePlan(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	a := activities(t, &catalogues{pinned: c, latest: c})
	res, err := a.CompilePlan(t.Context(), question(c))
	require.NoError(t, err)
	require.Empty(t, texts(res.Denied))
	p := res.Plan
	require.Equal(t, "restart-service", p.Runbook)
	require.Equal(t, c.Commit, p.Commit)
	require.Equal(t, c.Runbooks["restart-service"].SHA256, p.ContentSHA256)
	require.Equal(t, map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}, "Unit": {"checkout"}, "Home": {"."}}, p.Parameters)
	require.Equal(t, []string{"i-0c0ffee0000000001", "checkout"}, p.Targets)
	require.Equal(t, []incident.PlanStep{
		{Name: "RestoreConfiguration", Action: "aws:runCommand"}, {Name: "RestartUnit", Action: "aws:runCommand"}, {Name: "WaitUntilActive", Action: "aws:runCommand"},
	}, p.Steps)
	require.Nil(t, p.Undo)
	require.Equal(t, "Errors", p.Verify.Metric.Name)
	require.Equal(t, "<=", p.Verify.Comparison)
	require.Equal(t, 90*time.Second, p.Verify.Timeout.Std())
	require.NotNil(t, p.Verify.Traffic)
	require.Equal(t, "Requests", p.Verify.Traffic.Name)
	require.InDelta(t, 17, p.Verify.Before, 0, "the newest anomaly of the watched series")
	require.Equal(t, incident.ApprovalRule{Count: 1, AllowUnverified: true, Expires: 3600}, p.Approval)
	digest, err := policy.Digest(p)
	require.NoError(t, err)
	require.Equal(t, digest, p.Digest)
}

func TestCompilePlanNamesTheUndo(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	in := question(c)
	in.Hypothesis.Runbook = "rollback-release"
	res, err := activities(t, &catalogues{pinned: c, latest: c}).CompilePlan(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, texts(res.Denied))
	require.Equal(t, &incident.UndoPlan{
		Runbook: "restore-release", ContentSHA256: c.Runbooks["restore-release"].SHA256,
		Parameters: map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}, "Unit": {"checkout"}, "Home": {"."}},
	}, res.Plan.Undo)
}

func TestCompilePlanVerifiesTheSymptom(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	latency := func(service string) *incident.MetricRef {
		return &incident.MetricRef{Namespace: "Shop", Name: "Latency", Dimensions: map[string]string{"service": service}}
	}
	tests := []struct {
		name      string
		anomalies []incident.Anomaly
		acted     string
		metric    string
		service   string
		threshold float64
		also      []string
	}{
		{name: "errors", anomalies: []incident.Anomaly{{Service: "checkout", Metric: errorsSeries("checkout")}}, acted: "checkout", metric: "Errors", service: "checkout"},
		{name: "log lines stand for errors", anomalies: []incident.Anomaly{{Service: "checkout", Kind: incident.KindLog}}, acted: "checkout", metric: "Errors", service: "checkout"},
		{name: "latency only: errors were never bad", anomalies: []incident.Anomaly{{Service: "checkout", Metric: latency("checkout")}}, acted: "checkout", metric: "Latency", service: "checkout", threshold: 250},
		{name: "the cause is elsewhere, the symptom is here", anomalies: []incident.Anomaly{{Service: "payments", Metric: errorsSeries("payments")}, {Service: "checkout", Metric: latency("checkout")}}, acted: "payments", metric: "Latency", service: "checkout", threshold: 250},
		{name: "errors now and then besides slow answers", anomalies: []incident.Anomaly{{Service: "checkout", Metric: latency("checkout")}, {Service: "checkout", Kind: incident.KindLog}}, acted: "payments", metric: "Errors", service: "checkout", also: []string{"Latency"}},
		{name: "slow answers as a witness of errors", anomalies: []incident.Anomaly{{Service: "checkout", Metric: errorsSeries("checkout"), Witnesses: []incident.Witness{{Metric: latency("checkout")}}}}, acted: "checkout", metric: "Errors", service: "checkout", also: []string{"Latency"}},
		{name: "nothing was seen here", anomalies: []incident.Anomaly{{Service: "payments", Metric: latency("payments")}}, acted: "payments", metric: "Latency", service: "payments", threshold: 250},
		{name: "an alarm without a series", anomalies: []incident.Anomaly{{Service: "checkout", Kind: incident.KindAlarm}}, acted: "checkout", metric: "Errors", service: "checkout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := question(c)
			in.Anomalies, in.Hypothesis.Service = tt.anomalies, tt.acted
			res, err := activities(t, &catalogues{pinned: c, latest: c}).CompilePlan(t.Context(), in)
			require.NoError(t, err)
			require.Empty(t, texts(res.Denied))
			require.Equal(t, tt.acted, res.Plan.Service)
			require.Equal(t, tt.metric, res.Plan.Verify.Metric.Name)
			require.Equal(t, tt.service, res.Plan.Verify.Metric.Dimensions["service"])
			require.InDelta(t, tt.threshold, res.Plan.Verify.Threshold, 0)
			require.Equal(t, tt.service, res.Plan.Verify.Traffic.Dimensions["service"])
			var also []string
			for _, v := range res.Plan.Verify.Also {
				also = append(also, v.Metric.Name)
				require.Equal(t, tt.service, v.Metric.Dimensions["service"])
			}
			require.Equal(t, tt.also, also)
		})
	}
}

func TestCompilePlanReadsTheMetricBefore(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	for name, tt := range map[string]struct {
		reader reader
		want   float64
	}{
		"live":    {reader{value: 4, known: true}, 4},
		"no data": {reader{}, 17},
		"failure": {reader{err: errDown}, 17},
	} {
		a := activities(t, &catalogues{pinned: c, latest: c}, func(o *planning.Options) { o.Metrics = tt.reader })
		res, err := a.CompilePlan(t.Context(), question(c))
		require.NoError(t, err, name)
		require.InDelta(t, tt.want, res.Plan.Verify.Before, 0, name)
	}
}

func TestCompilePlanDenies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		edits  []edit
		change func(*incident.CompilePlanInput)
		past   int
		want   []string
		plan   bool // whether a plan comes back to be shown
	}{
		{name: "nobody can answer", want: []string{"policy asks for 1 approvals, but lists 0 approvers"}, plan: true},
		{name: "unknown runbook", edits: []edit{unverified}, change: func(in *incident.CompilePlanInput) { in.Hypothesis.Runbook = "rm-rf" }, want: []string{"the catalogue has no runbook rm-rf", "policy does not allow runbook rm-rf on service checkout"}},
		{name: "unknown service", edits: []edit{unverified}, change: func(in *incident.CompilePlanInput) { in.Hypothesis.Service = "billing" }, want: []string{"is not written for service billing", "policy does not allow runbook restart-service on service billing", "neither the incident's"}},
		{name: "a service that it does not depend on", edits: []edit{unverified}, change: func(in *incident.CompilePlanInput) { in.Service, in.Hypothesis.Service = "payments", "checkout" }, want: []string{"service checkout is neither the incident's, payments, nor one that it depends on"}, plan: true},
		{name: "an undo by itself", edits: []edit{unverified}, change: func(in *incident.CompilePlanInput) { in.Hypothesis.Runbook = "restore-release" }, want: []string{"only takes another one back"}, plan: true},
		{name: "denied runbook and too many attempts", edits: []edit{unverified, {"policy.yaml", "deny: []", "deny: [restart-service]"}}, change: func(in *incident.CompilePlanInput) { in.Attempt = 3 }, want: []string{"denies runbook restart-service everywhere", "this is attempt 3, and policy allows 2"}, plan: true},
		{name: "rate", edits: []edit{unverified}, past: 6, want: []string{"had 6 remediations in the last hour, and policy allows 6"}, plan: true},
		{name: "window", edits: []edit{unverified, {"policy.yaml", "change_windows: []", `change_windows: [{days: [tue], from: "00:00", to: "23:59"}]`}}, want: []string{"no change window is open at Mon 10:00 UTC"}, plan: true},
		{name: "account", edits: []edit{unverified, {"policy.yaml", "accounts: []", `accounts: ["999999999999"]`}}, want: []string{"does not allow anything in AWS account 123456789012"}, plan: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, tt.edits...)
			var prefix, except string
			a := activities(t, &catalogues{pinned: c, latest: c}, func(o *planning.Options) {
				o.History = past{n: tt.past, prefix: &prefix, except: &except}
			})
			in := question(c)
			if tt.change != nil {
				tt.change(&in)
			}
			res, err := a.CompilePlan(t.Context(), in)
			require.NoError(t, err)
			for _, want := range tt.want {
				require.Contains(t, texts(res.Denied), want)
			}
			require.Len(t, res.Denied, len(tt.want), texts(res.Denied))
			require.Equal(t, tt.plan, res.Plan.Digest != "")
			require.Equal(t, "incident/123456789012/eu-central-1/checkout/", prefix)
			require.Empty(t, except)
		})
	}
}

func TestCompilePlanErrors(t *testing.T) {
	t.Parallel()
	c := load(t, unverified)
	for name, tt := range map[string]struct {
		change    func(*incident.CompilePlanInput)
		past      past
		kind      string
		retryable bool
	}{
		"no runbook":       {change: func(in *incident.CompilePlanInput) { in.Hypothesis.Runbook = "" }, kind: "Validation"},
		"no attempt":       {change: func(in *incident.CompilePlanInput) { in.Attempt = 0 }, kind: "Validation"},
		"no incident":      {change: func(in *incident.CompilePlanInput) { in.WorkflowID = "correlator/1/2" }, kind: "Validation"},
		"unknown commit":   {change: func(in *incident.CompilePlanInput) { in.Commit = strings.Repeat("0", 40) }, kind: "NotFound"},
		"history is down":  {past: past{err: errDown}, retryable: true},
		"history is wrong": {past: past{err: temporal.NewNonRetryableApplicationError("x", "Validation", nil)}, kind: "Validation"},
	} {
		in := question(c)
		if tt.change != nil {
			tt.change(&in)
		}
		_, err := activities(t, &catalogues{pinned: c, latest: c}, func(o *planning.Options) { o.History = tt.past }).CompilePlan(t.Context(), in)
		require.Error(t, err, name)
		app, ok := err.(*temporal.ApplicationError) //nolint:errorlint // the SDK looks at the outermost error only
		if tt.retryable {
			require.False(t, ok && app.NonRetryable(), name)
			continue
		}
		require.True(t, ok, name)
		require.True(t, app.NonRetryable(), name)
		require.Equal(t, tt.kind, app.Type(), name)
	}
}
