package evidence_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/activities/evidence"
	"firebreak/activities/evidence/store"
	"firebreak/internal/incident"
)

// deep is a shop in which the database, two calls away, is what broke.
func deep() (*cloud, incident.GatherEvidenceInput, catalog) {
	c := newCloud()
	names := []string{"storefront", "checkout", "payments", "ledger"}
	files := catalog{}
	for i, name := range names {
		s := service(name)
		if i+1 < len(names) {
			s.DependsOn = []string{names[i+1]}
		}
		files[name] = s
		c.fill(metric(name, "Requests"), -1500, 30, func(i int) float64 { return float64(50 + i%3) })
		c.fill(metric(name, "Errors"), -1500, 30, func(second int) float64 {
			// The further from the ledger, the later and the less.
			if second >= 2*(3-i)-6 && name != "storefront" {
				return float64(60 - 10*(3-i))
			}
			return float64(second % 2)
		})
	}
	in := input()
	in.Service, in.Neighbours, in.Anomalies = files["checkout"], files["checkout"].DependsOn, in.Anomalies[1:]
	in.Anomalies[0].Changes = nil
	return c, in, files
}

func gatherFrom(t *testing.T, opts evidence.Options, in incident.GatherEvidenceInput) incident.GatherEvidenceResult {
	t.Helper()
	opts.Before, opts.Poll = 2*time.Minute, time.Millisecond
	a, err := evidence.New(opts)
	require.NoError(t, err)
	got, err := environment(a).ExecuteActivity(incident.ActivityGatherEvidence, in)
	require.NoError(t, err)
	var out incident.GatherEvidenceResult
	require.NoError(t, got.Get(&out))
	return out
}

// The ranking is evidence like any other, with what was looked at further away
// than one call, and on the side of the callers.
func TestSuspectsAreEvidence(t *testing.T) {
	t.Parallel()
	c, in, files := deep()
	dir := t.TempDir()
	kept, err := store.Open("file:"+dir, nil)
	require.NoError(t, err)
	out := gatherFrom(t, evidence.Options{Metrics: c, Logs: c, Catalog: files, Now: c.clock, Store: kept}, in)

	first := pick(t, out, incident.EvidenceSuspect, "suspect 1: ledger")
	require.Equal(t, "ledger", first.Service)
	require.InDelta(t, 1, first.Facts[incident.FactRank], 0)
	require.InDelta(t, 2, first.Facts[incident.FactHops], 0)
	require.Greater(t, first.Facts[incident.FactScore], 0.05)
	require.Contains(t, first.Facts, incident.FactDeviations)
	require.LessOrEqual(t, first.Facts[incident.FactSecondsAfter], 1.0)
	require.Contains(t, first.Facts, incident.FactOutside)
	require.Equal(t, metric("ledger", "Errors"), *first.Metric)
	require.Equal(t, incident.RoleErrors, first.Role)
	require.Contains(t, first.Detail.String(), "Way to the symptom: ledger <- payments <- checkout")
	require.Contains(t, first.Query, "aws cloudwatch get-metric-data")
	require.Regexp(t, `^ev-[0-9a-f]{8}$`, first.ID)
	rank := 0.0
	for _, e := range out.Evidence {
		if e.Kind == incident.EvidenceSuspect && e.Facts[incident.FactRank] > 0 {
			rank++
			require.InDelta(t, rank, e.Facts[incident.FactRank], 0, "in their order")
		}
	}
	require.LessOrEqual(t, rank, 5.0)

	pick(t, out, incident.EvidenceMetric, "errors of ledger")
	pick(t, out, incident.EvidenceMetric, "errors of storefront")

	require.NotNil(t, first.Whole)
	raw, err := kept.Get(t.Context(), *first.Whole)
	require.NoError(t, err)
	var ranking struct {
		Suspects []struct{ Service string }
		Calls    []struct{ Caller, Callee string }
	}
	require.NoError(t, json.Unmarshal(raw, &ranking))
	require.Equal(t, "ledger", ranking.Suspects[0].Service)
	require.Len(t, ranking.Suspects, 4)
	require.Len(t, ranking.Calls, 3)

	series := pick(t, out, incident.EvidenceMetric, "errors of payments")
	raw, err = kept.Get(t.Context(), *series.Whole)
	require.NoError(t, err)
	var whole struct{ Points [][2]float64 }
	require.NoError(t, json.Unmarshal(raw, &whole))
	require.Greater(t, len(whole.Points), 1500, "with more history than is compared")
	require.Contains(t, series.Detail.String(), "over 12", "two minutes are")
}

// What the ranking cannot know it does not claim, and a past that nobody can see
// is no reason to be without it.
func TestNothingToRankBy(t *testing.T) {
	t.Parallel()
	c := newCloud()
	in := input()
	in.Anomalies = in.Anomalies[1:]
	in.Anomalies[0].Changes = nil
	out := gatherFrom(t, evidence.Options{Metrics: c, Logs: c, Catalog: catalog{}, Now: c.clock}, in)
	for _, e := range out.Evidence {
		require.NotEqual(t, incident.EvidenceSuspect, e.Kind, e.Title)
	}
	c.fill(metric("checkout", "Errors"), 0, 30, constant(40)) // a series without a past
	out = gatherFrom(t, evidence.Options{Metrics: c, Logs: c, Catalog: catalog{}, Now: c.clock}, in)
	for _, e := range out.Evidence {
		require.NotContains(t, e.Title.String(), "suspect outside")
		require.NotContains(t, e.Title.String(), " 0.0 deviations")
	}
}

// Without a store large pieces are cut, and say so; a store that fails is a gap.
func TestLargePieces(t *testing.T) {
	t.Parallel()
	c := broken()
	verbs, things := []string{"cannot open", "lost", "refused", "timed out on", "gave up", "dropped"}, []string{"the ledger of today", "a basket", "its own socket to the bank", "everything", "one more parcel than there were"}
	for i := range 30 { // more statements than are shown, a secret in each
		for range 6 {
			c.log("/shop/checkout", i, fmt.Sprintf(`{"level":"error","msg":"%s %s, password=hunter%d"}`, verbs[i%6], things[i/6], i))
		}
	}
	c.page = 500
	opts := evidence.Options{Metrics: c, Logs: c, Catalog: catalog{"payments": service("payments")}, Now: c.clock}
	out := gatherFrom(t, opts, input())
	cut := gapOf(t, out, "logs of checkout in /shop/checkout")
	require.Equal(t, incident.GapCut, cut.Kind)
	require.Contains(t, cut.Reason.String(), "without evidence.store nothing keeps the rest")

	kept, err := store.Open("file:"+t.TempDir(), nil)
	require.NoError(t, err)
	opts.Store = kept
	out = gatherFrom(t, opts, input())
	for _, g := range out.Gaps {
		require.NotContains(t, g.What.String(), "logs of checkout")
	}
	logs := pick(t, out, incident.EvidenceLogs, "new log pattern of checkout")
	raw, err := kept.Get(t.Context(), *logs.Whole)
	require.NoError(t, err)
	require.Equal(t, len(raw), logs.Whole.Bytes)
	require.NotContains(t, string(raw), "hunter")
	var whole struct {
		Patterns []struct{ Text, Became string }
	}
	require.NoError(t, json.Unmarshal(raw, &whole))
	require.Greater(t, len(whole.Patterns), 10)
	all, err := json.Marshal(out)
	require.NoError(t, err)
	require.Less(t, len(all), 40<<10, "references count in the limits")

	opts.Store = full{}
	out = gatherFrom(t, opts, input())
	gap := out.Gaps[len(out.Gaps)-1]
	require.Contains(t, gap.What.String(), "large piece")
	require.Contains(t, gap.Reason.String(), "no space left")
	require.Nil(t, pick(t, out, incident.EvidenceLogs, "new log pattern of checkout").Whole)
}

func gapOf(t *testing.T, out incident.GatherEvidenceResult, what string) incident.Gap {
	t.Helper()
	for _, g := range out.Gaps {
		if strings.Contains(g.What.String(), what) {
			return g
		}
	}
	require.Fail(t, "no gap", "%s in %v", what, out.Gaps)
	return incident.Gap{}
}

// An incident whose own service has no file still has its anomalies.
func TestAServiceOfItsOwn(t *testing.T) {
	t.Parallel()
	c := broken()
	in := input()
	in.Service = incident.Service{Name: "unheard-of"}
	in.Neighbours, in.Commit = nil, "none"
	out := gatherFrom(t, evidence.Options{Metrics: c, Logs: c, Catalog: catalog{}, Now: c.clock}, in)
	require.Equal(t, incident.EvidenceAnomaly, out.Evidence[0].Kind)
	require.Equal(t, "the service files name none", gapOf(t, out, "metrics").Reason.String())
}
