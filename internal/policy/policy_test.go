package policy_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// catalogue allows one runbook on one service, at any time.
func catalogue() *runbook.Catalog {
	return &runbook.Catalog{
		Services: map[string]incident.Service{"checkout": {Name: "checkout", DependsOn: []string{"payments"}}, "payments": {Name: "payments"}},
		Runbooks: map[string]runbook.Runbook{
			"restart": {Name: "restart", Services: []string{"checkout"}},
			"back":    {Name: "back", Services: []string{"checkout"}, UndoOnly: true},
		},
		Policy: runbook.PolicyFile{
			Approvals:   map[incident.Severity]runbook.ApprovalCount{incident.Sev1: {Count: 2, Expires: time.Hour}, incident.Sev3: {Count: 1, Expires: 2 * time.Hour}},
			MaxAttempts: 2, PerHour: 3,
			Allow: map[string][]string{"checkout": {"restart", "back"}},
		},
	}
}

func facts() policy.Facts {
	return policy.Facts{
		Runbook: "restart", Service: "checkout", Symptom: "checkout", Account: "123456789012",
		Severity: incident.Sev3, Origin: incident.OriginLive, Attempt: 1, Now: monday, ToExecute: true,
	}
}

func texts(in []redact.Text) string {
	var out []string
	for _, t := range in {
		out = append(out, t.String())
	}
	return strings.Join(out, "\n")
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	window := runbook.Window{Days: []time.Weekday{time.Tuesday}, From: 0, To: 24*time.Hour - time.Minute}
	tests := []struct {
		name   string
		change func(*runbook.Catalog, *policy.Facts)
		want   []string
	}{
		{name: "allowed"},
		{name: "an incident that depends on it", change: func(c *runbook.Catalog, f *policy.Facts) {
			c.Policy.Allow["payments"], f.Service = []string{"restart"}, "payments"
			c.Runbooks["restart"] = runbook.Runbook{Name: "restart", Services: []string{"payments"}}
		}},
		{name: "unknown runbook", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Runbook = "x" }, want: []string{"no runbook x", "does not allow runbook x"}},
		{name: "undo only", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Runbook = "back" }, want: []string{"only takes another one back"}},
		{name: "denied", change: func(c *runbook.Catalog, _ *policy.Facts) { c.Policy.Deny = []string{"restart"} }, want: []string{"denies runbook restart everywhere"}},
		{name: "not listed", change: func(c *runbook.Catalog, _ *policy.Facts) { c.Policy.Allow = nil }, want: []string{"does not allow runbook restart on service checkout"}},
		{name: "wrong service", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Service, f.Symptom = "payments", "payments" }, want: []string{"not written for service payments", "does not allow runbook restart on service payments"}},
		{name: "account", change: func(c *runbook.Catalog, _ *policy.Facts) { c.Policy.Accounts = []string{"1"} }, want: []string{"AWS account 123456789012"}},
		{name: "account listed", change: func(c *runbook.Catalog, _ *policy.Facts) { c.Policy.Accounts = []string{"123456789012"} }},
		{name: "backfill", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Origin = incident.OriginBackfill }, want: []string{"origin backfill"}},
		{name: "backfill, only to be planned", change: func(_ *runbook.Catalog, f *policy.Facts) {
			f.Origin, f.ToExecute = incident.OriginBackfill, false
		}},
		{name: "backfill listed", change: func(c *runbook.Catalog, f *policy.Facts) {
			f.Origin, c.Policy.Origins = incident.OriginBackfill, []incident.Origin{incident.OriginBackfill}
		}},
		{name: "live not listed", change: func(c *runbook.Catalog, _ *policy.Facts) {
			c.Policy.Origins = []incident.Origin{incident.OriginDrill}
		}, want: []string{"origin live"}},
		{name: "last attempt", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Attempt = 2 }},
		{name: "one attempt too many", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Attempt = 3 }, want: []string{"attempt 3, and policy allows 2"}},
		{name: "below the rate", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Recent = 2 }},
		{name: "at the rate", change: func(_ *runbook.Catalog, f *policy.Facts) { f.Recent = 3 }, want: []string{"3 remediations in the last hour"}},
		{name: "window closed", change: func(c *runbook.Catalog, _ *policy.Facts) { c.Policy.Windows = []runbook.Window{window} }, want: []string{"no change window is open at Mon 10:00 UTC for sev3"}},
		{name: "window closed, severity exempt", change: func(c *runbook.Catalog, _ *policy.Facts) {
			c.Policy.Windows, c.Policy.WindowsExempt = []runbook.Window{window}, []incident.Severity{incident.Sev3}
		}},
		{name: "window open", change: func(c *runbook.Catalog, f *policy.Facts) {
			c.Policy.Windows, f.Now = []runbook.Window{window}, monday.AddDate(0, 0, 1)
		}},
		{name: "everything at once", change: func(c *runbook.Catalog, f *policy.Facts) {
			c.Policy.Deny, c.Policy.Windows, c.Policy.Accounts = []string{"restart"}, []runbook.Window{window}, []string{"1"}
			f.Attempt, f.Recent, f.Origin = 9, 9, incident.OriginDrill
		}, want: []string{"denies", "account", "origin", "attempt", "last hour", "window"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, f := catalogue(), facts()
			if tt.change != nil {
				tt.change(c, &f)
			}
			reasons := policy.Evaluate(c, f)
			for _, want := range tt.want {
				require.Contains(t, texts(reasons), want)
			}
			require.Len(t, reasons, len(tt.want), texts(reasons))
		})
	}
}

func TestWindowContains(t *testing.T) {
	t.Parallel()
	days := []time.Weekday{time.Monday}
	tests := []struct {
		name     string
		from, to time.Duration
		open     []time.Duration // since Monday's midnight
		closed   []time.Duration
	}{
		{name: "by day", from: 6 * time.Hour, to: 20 * time.Hour, open: []time.Duration{6 * time.Hour, 19 * time.Hour}, closed: []time.Duration{0, 20 * time.Hour, 30 * time.Hour, -4 * time.Hour}},
		{name: "over midnight", from: 22 * time.Hour, to: 4 * time.Hour, open: []time.Duration{22 * time.Hour, 24 * time.Hour, 27 * time.Hour}, closed: []time.Duration{21 * time.Hour, 28 * time.Hour, 2 * time.Hour, 46 * time.Hour}},
		{name: "a whole day from six", from: 6 * time.Hour, to: 6 * time.Hour, open: []time.Duration{6 * time.Hour, 29 * time.Hour}, closed: []time.Duration{5 * time.Hour, 30 * time.Hour}},
	}
	midnight := monday.Truncate(24 * time.Hour)
	for _, tt := range tests {
		w := runbook.Window{Days: days, From: tt.from, To: tt.to}
		for _, d := range tt.open {
			require.True(t, w.Contains(midnight.Add(d).In(time.FixedZone("x", 9*3600))), "%s at %s", tt.name, d)
		}
		for _, d := range tt.closed {
			require.False(t, w.Contains(midnight.Add(d)), "%s at %s", tt.name, d)
		}
	}
}

func TestRule(t *testing.T) {
	t.Parallel()
	p := catalogue().Policy
	p.Approvers = []runbook.Approver{{Identity: "a"}, {Identity: "b"}}
	require.Equal(t, incident.ApprovalRule{Approvers: []string{"a", "b"}, Count: 1, Expires: 7200}, policy.Rule(p, incident.Sev3))
	require.Equal(t, 2, policy.Rule(p, "").Count, "an unknown severity is the worst")
}

func TestAnswerable(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	keys := []ssh.PublicKey{signer.PublicKey()}
	tests := []struct {
		name string
		p    runbook.PolicyFile
		rule incident.ApprovalRule
		ok   bool
	}{
		{name: "nobody is asked", ok: true},
		{name: "nobody is listed", rule: incident.ApprovalRule{Count: 1}},
		{name: "anyone, unverified", rule: incident.ApprovalRule{Count: 1, AllowUnverified: true}, ok: true},
		{name: "a Slack team", p: runbook.PolicyFile{Gateway: keys, Teams: []string{"T1"}}, rule: incident.ApprovalRule{Count: 1}, ok: true},
		{name: "a gateway and nobody to vouch for", p: runbook.PolicyFile{Gateway: keys}, rule: incident.ApprovalRule{Count: 1}},
		{name: "a key", p: runbook.PolicyFile{Approvers: []runbook.Approver{{Keys: keys}}}, rule: incident.ApprovalRule{Count: 1}, ok: true},
		{name: "one of two", p: runbook.PolicyFile{Approvers: []runbook.Approver{{Keys: keys}, {}}}, rule: incident.ApprovalRule{Count: 2}},
		{name: "Slack without a gateway", p: runbook.PolicyFile{Approvers: []runbook.Approver{{Slack: []string{"T:U"}}}}, rule: incident.ApprovalRule{Count: 1}},
		{name: "Slack with a gateway", p: runbook.PolicyFile{Approvers: []runbook.Approver{{Slack: []string{"T:U"}}}, Gateway: keys}, rule: incident.ApprovalRule{Count: 1}, ok: true},
	}
	for _, tt := range tests {
		require.Equal(t, tt.ok, len(policy.Answerable(tt.p, tt.rule)) == 0, tt.name)
	}
}

func TestApproved(t *testing.T) {
	t.Parallel()
	p := runbook.PolicyFile{Approvers: []runbook.Approver{{Identity: "alice", Slack: []string{"T1:U1"}}, {Identity: "bob"}}}
	yes := func(who string) incident.Accepted {
		return incident.Accepted{Decision: incident.Decision{Approved: true, Approver: who, PlanDigest: "d"}, Verified: true, At: monday}
	}
	no := func(who string) incident.Accepted {
		a := yes(who)
		a.Decision.Approved = false
		return a
	}
	unverified := func(a incident.Accepted) incident.Accepted { a.Verified = false; return a }
	about := func(a incident.Accepted, digest string) incident.Accepted {
		a.Decision.PlanDigest = digest
		return a
	}
	tests := []struct {
		name      string
		count     int
		anyone    bool // whoever signs, and unverified counts
		decisions []incident.Accepted
		want      []string
	}{
		{name: "none needed", count: 0},
		{name: "one", count: 1, decisions: []incident.Accepted{yes("alice")}},
		{name: "two", count: 2, decisions: []incident.Accepted{yes("alice"), yes("bob")}},
		{name: "one person twice", count: 2, decisions: []incident.Accepted{yes("alice"), yes("alice")}, want: []string{"1 of 2"}},
		{name: "one person over two ways", count: 2, decisions: []incident.Accepted{yes("alice"), yes("slack:T1:U1")}, want: []string{"1 of 2"}},
		{name: "a no beats two yeses", count: 1, decisions: []incident.Accepted{yes("alice"), no("bob"), yes("bob")}, want: []string{"bob said no"}},
		{name: "a no where nobody is asked", count: 0, decisions: []incident.Accepted{no("bob")}, want: []string{"bob said no"}},
		{name: "a no to another plan", count: 1, decisions: []incident.Accepted{yes("alice"), about(no("bob"), "other")}},
		{name: "a yes to another plan", count: 1, decisions: []incident.Accepted{about(yes("alice"), "other")}, want: []string{"another plan", "0 of 1"}},
		{name: "unverified", count: 1, decisions: []incident.Accepted{unverified(yes("alice"))}, want: []string{"not verified", "0 of 1"}},
		{name: "unverified beside enough others", count: 1, decisions: []incident.Accepted{unverified(yes("bob")), yes("alice")}},
		{name: "stranger", count: 1, decisions: []incident.Accepted{yes("eve")}, want: []string{"eve is not an approver", "0 of 1"}},
		{name: "stranger where anyone may", count: 1, anyone: true, decisions: []incident.Accepted{unverified(yes("eve"))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rule := incident.ApprovalRule{Approvers: []string{"alice", "bob"}, Count: tt.count, Expires: 3600}
			if tt.anyone {
				rule.Approvers, rule.AllowUnverified = nil, true
			}
			reasons := policy.Approved(p, rule, "d", tt.decisions, monday.Add(time.Minute))
			for _, want := range tt.want {
				require.Contains(t, texts(reasons), want)
			}
			require.Len(t, reasons, len(tt.want), texts(reasons))
		})
	}
	guest := func(p runbook.PolicyFile, unverified bool) []redact.Text {
		rule := incident.ApprovalRule{Count: 1, AllowUnverified: unverified}
		return policy.Approved(p, rule, "d", []incident.Accepted{yes("slack:T2:U9")}, monday.Add(time.Minute))
	}
	require.Contains(t, texts(guest(runbook.PolicyFile{Teams: []string{"T1"}}, false)), "slack:T2:U9 is not an approver")
	require.Contains(t, texts(guest(runbook.PolicyFile{}, false)), "slack:T2:U9 is not an approver")
	require.Empty(t, guest(runbook.PolicyFile{Teams: []string{"T2"}}, false))
	require.Empty(t, guest(runbook.PolicyFile{AllowUnverified: true}, true))
	old := policy.Approved(p, incident.ApprovalRule{Count: 1, Expires: 3600}, "d", []incident.Accepted{yes("alice")}, monday.Add(2*time.Hour))
	require.Contains(t, texts(old), "2h0m0s old")
}
