package evidence

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	graph := func(calls map[string][]string) map[string]incident.Service {
		out := map[string]incident.Service{}
		for name, callees := range calls {
			out[name] = incident.Service{Name: name, DependsOn: callees}
		}
		return out
	}
	long := map[string][]string{}
	for i := range 10 {
		long[fmt.Sprint("s", i)] = []string{fmt.Sprint("s", i+1)}
	}
	for name, c := range map[string]struct {
		calls map[string][]string
		own   string
		first []string
		want  []string
	}{
		"callees before callers, near before far": {
			map[string][]string{"web": {"shop"}, "app": {"shop"}, "edge": {"web"}, "shop": {"pay", "stock"}, "pay": {"bank"}, "stock": nil, "bank": nil},
			"shop", nil,
			[]string{"pay", "stock", "app", "web", "bank", "edge"},
		},
		"a cycle":                      {map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, "a", nil, []string{"b", "c"}},
		"itself":                       {map[string][]string{"a": {"a"}}, "a", nil, nil},
		"callees without a file":       {map[string][]string{"a": {"x", "b"}, "b": nil}, "a", nil, []string{"b"}},
		"not in the catalogue":         {map[string][]string{"b": {"c"}, "c": nil}, "a", []string{"b"}, []string{"b", "c"}},
		"four calls down, two up":      {long, "s4", nil, []string{"s5", "s3", "s6", "s2", "s7", "s8"}},
		"what else the callers call":   {map[string][]string{"web": {"a", "b"}, "a": nil, "b": nil}, "a", nil, []string{"web"}},
		"a callee that calls back too": {map[string][]string{"a": {"b"}, "b": {"a", "c"}, "c": nil}, "a", nil, []string{"b", "c"}},
	} {
		require.Equal(t, c.want, nearest(graph(c.calls), c.own, c.first), name)
	}
}

// A history is never so long that CloudWatch would answer with nothing.
func TestPastFrom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		period int
		until  time.Duration // before now
		want   time.Duration // before now
	}{
		{"seconds", 1, 0, time.Hour},
		{"ten seconds", 10, 0, 3*time.Hour - 2*time.Minute},
		{"ten seconds of an hour and a half ago", 10, 90 * time.Minute, 3*time.Hour - 2*time.Minute},
		{"minutes", 60, 0, 6 * time.Hour},
		{"five minutes", 300, 0, 6 * time.Hour},
		{"minutes of two weeks ago", 60, 15*24*time.Hour - time.Hour, 15*24*time.Hour - 2*time.Minute},
		{"hours of a year ago", 3600, 365 * 24 * time.Hour, 365*24*time.Hour + 6*time.Hour},
	} {
		until := now.Add(-c.until)
		q := &question{span: span{from: until.Add(-10 * time.Minute), until: until}, now: now}
		require.Equal(t, c.want, now.Sub(pastFrom(c.period, 3, q)), c.name)
	}
	q := &question{span: span{from: now.Add(-10 * time.Minute), until: now}, now: now}
	require.Equal(t, 1000*time.Second, now.Sub(pastFrom(1, 500, q)), "many series have less of a past")
	q.from = now.Add(-4 * time.Hour)
	require.Equal(t, q.from, pastFrom(1, 3, q), "what is asked for is asked for")
}
