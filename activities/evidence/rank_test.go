package evidence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// The ranking says what it is and why there is nothing better.
func TestRankSuspects(t *testing.T) {
	t.Parallel()
	a, _ := activities(t, &cloud{})
	got, err := a.RankSuspects(t.Context(), incident.RankSuspectsInput{
		NoModel: redact.Literal("it was throttled every time"),
		Case: incident.DiagnoseInput{
			Service: incident.Service{Name: "checkout"},
			Evidence: []incident.Evidence{{
				ID: "ev-00000001", Kind: incident.EvidenceMetric, Service: "checkout", Role: incident.RoleErrors,
				Facts: map[string]float64{incident.FactBefore: 0, incident.FactAfter: 40, incident.FactDeviations: 30},
			}},
			Runbooks: []incident.RunbookOption{{Name: "restart-service", Service: "checkout", Fixes: []string{"errors that began without a deployment"}}},
		},
	})
	require.NoError(t, err)
	require.Equal(t, incident.ModelRanking, got.Model)
	require.Equal(t, "it was throttled every time", got.NoModel.String())
	require.Equal(t, "restart-service", got.Best().Runbook)
	require.Equal(t, []string{"ev-00000001"}, got.Best().Citations)
}
