package incident_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"firebreak/internal/incident"
)

// The types are spelt as Temporal spells them; another spelling would become
// the type "Unspecified" at the API.
func TestSearchAttributesHaveTypesThatTemporalKnows(t *testing.T) {
	t.Parallel()
	for name, kind := range incident.SearchAttributes() {
		got, err := enums.IndexedValueTypeFromString(kind)
		require.NoError(t, err, name)
		require.Equal(t, kind, got.String(), name)
	}
	require.Equal(t, "temporal operator search-attribute create --namespace prod --name IncidentAnomalies --type Int --name IncidentTeam --type Keyword",
		incident.AddAttributesCommand("prod", map[string]string{incident.AttrTeam: "Keyword", incident.AttrAnomalies: "Int"}))
}
