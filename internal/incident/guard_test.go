package incident_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestGuardedIDs(t *testing.T) {
	t.Parallel()
	live := incident.Scope{Account: "123456789012", Region: "eu-central-1"}
	past := incident.BackfillScope("march", live.Account, live.Region)
	require.Equal(t, "guard/123456789012/eu-central-1", live.GuardID())
	require.Equal(t, "incident/123456789012/eu-central-1/", live.IncidentPrefix())
	one := live.IncidentWorkflowID("checkout", "inc-1")
	require.True(t, strings.HasPrefix(one, live.IncidentPrefix()))
	require.False(t, strings.HasPrefix(past.IncidentWorkflowID("checkout", "inc-1"), live.IncidentPrefix()), "live and replayed never meet")
	require.Equal(t, one+"/epilogue", incident.EpilogueWorkflowID(one))
}
