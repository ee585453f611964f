package hypothesis_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause/hypothesis"
)

func suspected(id, service string, rank int, score, outside float64) incident.Evidence {
	return incident.Evidence{
		ID: id, Kind: incident.EvidenceSuspect, Service: service, Title: redact.Format("suspect %d", rank), Detail: redact.Literal("latency went from 1 to 9"),
		Facts: facts{incident.FactRank: float64(rank), incident.FactScore: score, incident.FactOutside: outside, incident.FactDeviations: 20},
	}
}

func TestOfFollowsTheRankingOfSuspects(t *testing.T) {
	t.Parallel()
	both := []incident.Evidence{
		metric("m1", "front", incident.RoleErrors, "Errors", errorsUp), metric("m2", "back", incident.RoleErrors, "Errors", errorsUp),
		change("c1", "front", "4 s before the onset: configuration reloaded", 4), change("c2", "back", "4 s before the onset: configuration reloaded", 4),
	}
	for name, c := range map[string]struct {
		ranking []incident.Evidence
		service string
		runbook string
		cites   string
		most    float64
		reason  string
	}{
		"the caller is to blame": {
			[]incident.Evidence{suspected("s1", "front", 1, 0.8, 0.05), suspected("s2", "back", 2, 0.1, 0.05)},
			"front", "put-back", "s1", 1, "ranked 1 of the suspects, 80% likely the cause",
		},
		"the callee is to blame": {
			[]incident.Evidence{suspected("s2", "front", 2, 0.2, 0.05), suspected("s1", "back", 1, 0.7, 0.05)},
			"back", "put-back", "s1", 1, "ranked 1 of the suspects",
		},
		"one that is not listed comes last": {
			[]incident.Evidence{suspected("s1", "back", 1, 0.3, 0.1)},
			"back", "put-back", "s1", 1, "ranked 1",
		},
		"nothing says what is wrong with the best": {
			[]incident.Evidence{suspected("s1", "third", 1, 0.9, 0.05), suspected("s2", "back", 2, 0.05, 0.05)},
			"third", "", "s1", 0.4, "latency went from 1 to 9",
		},
		"the cause is outside": {
			[]incident.Evidence{suspected("s1", "front", 1, 0.1, 0.8), {ID: "s0", Kind: incident.EvidenceSuspect, Facts: facts{incident.FactOutside: 0.8}}},
			"front", "", "s0", 0.2, "80% speak for a cause outside",
		},
		"the cause is outside and nobody is listed": {
			[]incident.Evidence{{ID: "s0", Kind: incident.EvidenceSuspect, Facts: facts{incident.FactOutside: 0.97}}},
			"front", "", "s0", 0.2, "97% speak for a cause outside",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := caseOf(append(slices.Clone(both), c.ranking...)...)
			got := hypothesis.Of(in)
			require.Equal(t, c.service, got[0].Service, "%+v", got)
			require.Equal(t, c.runbook, got[0].Runbook)
			require.Contains(t, got[0].Citations, c.cites)
			require.LessOrEqual(t, got[0].Confidence, c.most)
			require.Contains(t, got[0].Reasoning.String(), c.reason)
			if c.most == 0.2 {
				for _, h := range got {
					require.Empty(t, h.Runbook, "nothing is done about a cause that is elsewhere")
					require.Less(t, h.Confidence, 0.25)
				}
			}
			slices.Reverse(in.Evidence)
			require.Equal(t, got, hypothesis.Of(in))
		})
	}
}

func TestTracesTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	trace := incident.Evidence{ID: "t1", Kind: incident.EvidenceTrace, Service: "back", Facts: facts{
		incident.FactBefore: 0.02, incident.FactAfter: 0.9, incident.FactShareBefore: 0, incident.FactShareAfter: 0.01,
	}}
	got := hypothesis.Of(caseOf(trace, suspected("s1", "back", 1, 0.6, 0)))[0]
	require.Equal(t, "back", got.Service)
	require.Equal(t, []string{"t1", "s1"}, got.Citations)
	require.Contains(t, got.Cause.String(), "answers slowly")
	require.Contains(t, got.Cause.String(), "from 0.02 to 0.9 s")
}

// A share of the traces that had trouble is no share of the requests, and says
// nothing of how many failed.
func TestTracesWithTroubleAreNotAllRequests(t *testing.T) {
	t.Parallel()
	trace := incident.Evidence{ID: "t1", Kind: incident.EvidenceTrace, Service: "back", Facts: facts{incident.FactCountAfter: 22, incident.FactShareAfter: 1}}
	got := hypothesis.Of(caseOf(trace, metric("m1", "front", incident.RoleErrors, "Errors", errorsUp)))[0]
	require.Equal(t, "front", got.Service)
	require.NotContains(t, got.Reasoning.String(), "of the requests fail")
}
