package runbook_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

func TestCheckParameterValue(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"a": true, "i-0c0ffee0000000001": true, strings.Repeat("é", 512): true, "a { b } c": true,
		"": false, strings.Repeat("é", 513): false, "{{ x }}": false, "a{{": false, "a\nb": false, "a\x00": false, "\xff": false, "a\u0085b": false,
	} {
		require.Equal(t, ok, runbook.CheckParameterValue(value) == nil, "%q", value)
	}
}

func TestDocumentParameterCheck(t *testing.T) {
	t.Parallel()
	c, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	unit := c.Runbooks["restart-service"].Document.Parameters["Unit"]
	for value, ok := range map[string]bool{
		"checkout": true, "check-out2": true, "$(id)": false, "a;id": false, "a b": false, "Checkout": false, "-rf": false, "a\nb": false,
	} {
		require.Equal(t, ok, unit.Check(value) == nil, "%q", value)
	}
	for name, p := range map[string]runbook.DocumentParameter{"x": {Type: "Boolean"}, "1.5": {Type: "Integer"}, "c": {Type: "String", Values: []string{"a", "b"}}} {
		require.Error(t, p.Check(name), "%q", name)
	}
}

func TestResolveRefusesWhatTheInventoryShouldNotSay(t *testing.T) {
	t.Parallel()
	c, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	s := c.Services["checkout"]
	s.Parameters = map[string]string{"instance_id": "i-1; id", "unit": "{{ global:REGION }}"}
	_, err = c.Runbooks["restart-service"].Resolve(s)
	require.ErrorContains(t, err, "parameter InstanceId of runbook restart-service")
	require.ErrorContains(t, err, "parameter Unit of runbook restart-service")
	require.ErrorContains(t, err, "service checkout has no parameter home; add it to services/checkout.yaml")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	c, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	names := func(service string) []string {
		var out []string
		for _, o := range c.Options(service) {
			require.NotEmpty(t, o.Summary)
			require.NotEmpty(t, o.Fixes)
			out = append(out, o.Name+"@"+o.Service)
		}
		return out
	}
	require.Equal(t, []string{
		"recycle-process@checkout", "restart-service@checkout", "rollback-release@checkout",
		"recycle-process@payments", "restart-service@payments", "rollback-release@payments",
	}, names("checkout"), "its own first, then what it depends on; what only takes another back is no option")
	require.Equal(t, []string{"recycle-process@payments", "restart-service@payments", "rollback-release@payments"}, names("payments"))
	require.Empty(t, names(incident.Unassigned))

	c.Policy.Deny = []string{"restart-service"}
	c.Policy.Allow["payments"] = nil
	require.Equal(t, []string{"recycle-process@checkout", "rollback-release@checkout"}, names("checkout"))

	// Services that call each other do not make it run for ever.
	p := c.Services["payments"]
	p.DependsOn = []string{"checkout"}
	c.Services["payments"] = p
	require.True(t, c.Reaches("payments", "checkout"))
	require.False(t, c.Reaches("payments", "billing"))
}

func TestRulesFor(t *testing.T) {
	t.Parallel()
	c, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	r := c.Runbooks["restart-service"]
	series := c.Services["checkout"].Metrics
	byRole := func(role incident.MetricRole) []incident.WatchedMetric {
		return slices.DeleteFunc(slices.Clone(series), func(m incident.WatchedMetric) bool { return m.Role != role })
	}
	rules, fits := r.RulesFor(series)
	require.True(t, fits)
	require.Len(t, rules, 2)
	require.Equal(t, incident.RoleErrors, rules[0].Role)
	rules, fits = r.RulesFor(byRole(incident.RoleLatency))
	require.True(t, fits)
	require.Len(t, rules, 1)
	require.Equal(t, incident.RoleLatency, rules[0].Role)
	spec, err := rules[0].Resolve(c.Services["checkout"])
	require.NoError(t, err)
	require.InDelta(t, 250, spec.Threshold, 0)
	rules, fits = r.RulesFor(byRole(incident.RoleSaturation))
	require.False(t, fits)
	require.Len(t, rules, 1)
	require.Equal(t, incident.RoleErrors, rules[0].Role)
}
