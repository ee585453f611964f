package hypothesis_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause/hypothesis"
)

var onset = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

type facts = map[string]float64

func metric(id, service string, role incident.MetricRole, name string, f facts) incident.Evidence {
	return incident.Evidence{
		ID: id, Kind: incident.EvidenceMetric, Service: service, Role: role, Facts: f, From: onset.Add(-10 * time.Minute), To: onset.Add(time.Minute),
		Metric: &incident.MetricRef{Namespace: "App", Name: name},
	}
}

func logs(id, service, line string, f facts) incident.Evidence {
	return incident.Evidence{
		ID: id, Kind: incident.EvidenceLogs, Service: service, Facts: f, From: onset.Add(-10 * time.Minute), To: onset.Add(time.Minute),
		Title: redact.Format("new log pattern of %s: %s", redact.Name(service), redact.Name(line)), Samples: []redact.Text{redact.Name(line)},
	}
}

func change(id, service, text string, before float64) incident.Evidence {
	return incident.Evidence{ID: id, Kind: incident.EvidenceChange, Service: service, Detail: redact.Name(text), Facts: facts{incident.FactSecondsBefore: before}}
}

func alarm(id, service string) incident.Evidence {
	return incident.Evidence{ID: id, Kind: incident.EvidenceAlarm, Service: service, Facts: facts{incident.FactInAlarm: 1}}
}

func moved(from, to, deviations float64) facts {
	return facts{incident.FactBefore: from, incident.FactAfter: to, incident.FactDeviations: deviations}
}

var (
	errorsUp  = moved(0, 42, 30)
	latencyUp = moved(20, 900, 18)
	calm      = moved(20, 21, 0.3)
	flood     = facts{incident.FactNew: 1, incident.FactCountAfter: 120, incident.FactShareAfter: 0.6}
)

// options are runbooks as a catalogue declares them, for each of the services.
func options(services ...string) []incident.RunbookOption {
	var out []incident.RunbookOption
	for _, s := range services {
		for name, fixes := range map[string][]string{
			"put-back":  {"errors after a configuration reload", "errors that began without a deployment", "latency after a configuration change", "a process that hangs or no longer answers"},
			"roll-back": {"errors after a deployment", "latency after a deployment"},
			"recycle":   {"memory growth", "saturation that climbs steadily without more traffic"},
			"renew":     {"expired certificates"},
		} {
			out = append(out, incident.RunbookOption{Name: name, Service: s, Fixes: fixes})
		}
	}
	return out
}

// caseOf is an incident of "front", which calls "back".
func caseOf(evidence ...incident.Evidence) incident.DiagnoseInput {
	return incident.DiagnoseInput{
		Service:   incident.Service{Name: "front", DependsOn: []string{"back"}},
		Anomalies: []incident.Anomaly{{ID: "a-1", Service: "front", Opened: onset}},
		Evidence:  evidence, Runbooks: options("front", "back"),
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	opened := func(service string, after time.Duration) incident.Anomaly {
		return incident.Anomaly{ID: "a-" + service, Service: service, Opened: onset.Add(after)}
	}
	for name, c := range map[string]struct {
		in      incident.DiagnoseInput
		service string
		what    hypothesis.What
		runbook string
		why     []string // in the reasons
		cites   []string
	}{
		"errors after a configuration reload": {
			caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), alarm("al", "front"), change("c1", "front", "4 s before the onset: configuration reloaded", 4),
				logs("l1", "front", "order failed: upstream answered 404", flood), metric("m2", "back", incident.RoleErrors, "Errors", calm)),
			"front", hypothesis.Changed, "put-back",
			[]string{"Errors went from 0 to 42, 30.0 deviations", "4 s before the onset", "never seen before, 120 lines"},
			[]string{"m1", "al", "c1", "l1"},
		},
		"errors after a deployment": {
			caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), change("c1", "front", "release 42 was deployed", 40), logs("l1", "front", "panic: nil map", flood)),
			"front", hypothesis.Changed, "roll-back", nil,
			[]string{"m1", "c1", "l1"},
		},
		"a change of long ago is none": {
			caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), change("c1", "front", "release 42 was deployed", 1500)),
			"front", hypothesis.Failing, "put-back", nil,
			[]string{"m1"},
		},
		"a change after the onset is none": {
			caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), change("c1", "front", "release 42 was deployed", -40)),
			"front", hypothesis.Failing, "put-back", nil,
			[]string{"m1"},
		},
		"memory that grows": {
			caseOf(metric("m1", "front", incident.RoleSaturation, "MemoryUsed", facts{incident.FactBefore: 80, incident.FactAfter: 140, incident.FactDeviations: 25, incident.FactSlope: 14}),
				metric("m2", "front", incident.RoleLatency, "Latency", calm)),
			"front", hypothesis.Growing, "recycle",
			[]string{"MemoryUsed"},
			[]string{"m1"},
		},
		"a slow dependency comes before its caller": {
			caseOf(metric("m1", "front", incident.RoleLatency, "Latency", latencyUp), metric("m2", "back", incident.RoleLatency, "Latency", moved(4, 800, 60)),
				change("c1", "back", "ledger settings changed", 12)),
			"back", hypothesis.Changed, "put-back",
			[]string{"front calls it and suffers"},
			[]string{"m2", "c1"},
		},
		"a caller that was changed comes before a dependency that suffers": {
			caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), change("c1", "front", "release 42 was deployed", 5),
				metric("m2", "back", incident.RoleErrors, "Errors", moved(0, 2, 2))),
			"front", hypothesis.Changed, "roll-back", nil,
			[]string{"m1", "c1"},
		},
		"whose anomaly came first": {
			func() incident.DiagnoseInput {
				in := caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), metric("m2", "side", incident.RoleErrors, "Errors", errorsUp))
				in.Service.DependsOn = []string{"back", "side"}
				in.Anomalies = []incident.Anomaly{opened("front", 30*time.Second), opened("side", 0)}
				return in
			}(),
			"side", hypothesis.Failing, "",
			[]string{"its anomaly opened first"},
			[]string{"m2"},
		},
		"more traffic than it can serve": {
			caseOf(metric("m1", "front", incident.RoleRequests, "Requests", moved(30, 400, 40)), metric("m2", "front", incident.RoleLatency, "Latency", latencyUp)),
			"front", hypothesis.Overrun, "", nil,
			[]string{"m1", "m2"},
		},
		"hosts that are gone": {
			caseOf(metric("m1", "front", incident.RoleHealth, "HealthyHosts", moved(4, 1, -12))),
			"front", hypothesis.Unhealthy, "put-back", nil,
			[]string{"m1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ranked := hypothesis.Rank(c.in)
			require.NotEmpty(t, ranked)
			first := ranked[0]
			require.Equal(t, c.service, first.Service)
			require.Equal(t, c.what, first.What)
			require.Equal(t, c.runbook, first.Runbook)
			require.ElementsMatch(t, c.cites, first.Citations)
			why := redact.Join(first.Why, "; ").String()
			for _, w := range c.why {
				require.Contains(t, why, w)
			}
			for i, s := range ranked {
				require.True(t, s.Score > 0 && s.Score <= 1)
				require.True(t, i == 0 || s.Score <= ranked[i-1].Score)
			}
		})
	}
}

// Names mean nothing, and neither does the order of the evidence.
func TestRankKnowsNoNames(t *testing.T) {
	t.Parallel()
	in := caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), alarm("al", "front"), change("c1", "front", "4 s before the onset: configuration reloaded", 4),
		logs("l1", "front", "order failed", flood), metric("m2", "back", incident.RoleLatency, "Latency", latencyUp), logs("l2", "back", "charge refused", flood))
	want := hypothesis.Rank(in)
	shuffled := in
	shuffled.Evidence = append([]incident.Evidence{}, in.Evidence...)
	for range 20 {
		rand.Shuffle(len(shuffled.Evidence), func(i, j int) {
			shuffled.Evidence[i], shuffled.Evidence[j] = shuffled.Evidence[j], shuffled.Evidence[i]
		})
		require.Equal(t, want, hypothesis.Rank(shuffled))
	}
	renamed := in
	rename := func(s string) string { return map[string]string{"front": "error-memory", "back": "deploy-config"}[s] }
	renamed.Service = incident.Service{Name: rename("front"), DependsOn: []string{rename("back")}}
	renamed.Anomalies = []incident.Anomaly{{ID: "a-1", Service: rename("front"), Opened: onset}}
	renamed.Evidence = nil
	for _, e := range in.Evidence {
		e.Title = redact.Name(strings.ReplaceAll(e.Title.String(), e.Service, rename(e.Service)))
		e.Service = rename(e.Service)
		renamed.Evidence = append(renamed.Evidence, e)
	}
	renamed.Runbooks = options(rename("front"), rename("back"))
	got := hypothesis.Rank(renamed)
	require.Len(t, got, len(want))
	for i := range got {
		require.Equal(t, rename(want[i].Service), got[i].Service, "a service whose name sounds like trouble is none for that")
		require.Equal(t, []any{want[i].What, want[i].Score, want[i].Runbook}, []any{got[i].What, got[i].Score, got[i].Runbook})
	}
}

func TestTriedRunbooksAreNotProposedAgain(t *testing.T) {
	t.Parallel()
	in := caseOf(metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), change("c1", "front", "release 42 was deployed", 40))
	for _, c := range []struct {
		tried   incident.Tried
		runbook string
	}{
		{incident.Tried{Runbook: "roll-back", Service: "back"}, "roll-back"}, // elsewhere
		{incident.Tried{Runbook: "roll-back", Service: "front"}, ""},
		{incident.Tried{Runbook: "roll-back"}, ""}, // from before the service was kept
	} {
		in.Tried = []incident.Tried{c.tried}
		require.Equal(t, c.runbook, hypothesis.Of(in)[0].Runbook, "%+v", c.tried)
	}
}

func TestHypotheses(t *testing.T) {
	t.Parallel()
	t.Run("nothing known", func(t *testing.T) {
		t.Parallel()
		for _, in := range []incident.DiagnoseInput{caseOf(), caseOf(metric("m1", "front", incident.RoleErrors, "Errors", calm)), {}} {
			got := hypothesis.Of(in)
			require.Len(t, got, 1)
			require.Empty(t, got[0].Runbook)
			require.Less(t, got[0].Confidence, 0.1)
			require.Equal(t, in.Service.Name, got[0].Service)
		}
	})
	t.Run("a weak suspicion is no reason to act", func(t *testing.T) {
		t.Parallel()
		in := caseOf(metric("m1", "other", incident.RoleErrors, "Errors", moved(0, 3, 4)))
		in.Runbooks = options("other")
		got := hypothesis.Of(in)[0]
		require.Equal(t, "other", got.Service)
		require.Empty(t, got.Runbook)
		require.Contains(t, got.Reasoning.String(), "Runbook put-back would fit, but the suspicion is too weak to act on.")
	})
	t.Run("bounded", func(t *testing.T) {
		t.Parallel()
		in := caseOf()
		for i := range 40 {
			in.Evidence = append(in.Evidence, metric(fmt.Sprintf("m%02d", i), fmt.Sprintf("s%02d", i), incident.RoleErrors, strings.Repeat("E", 300), errorsUp))
		}
		got := hypothesis.Of(in)
		require.Len(t, got, 5)
		for _, h := range got {
			require.LessOrEqual(t, len(h.Cause.String()), 600)
			require.LessOrEqual(t, len(h.Reasoning.String()), 1200)
			require.LessOrEqual(t, h.Confidence, 0.8, "a rule is never sure")
			require.NotEmpty(t, h.Citations)
		}
	})
}
