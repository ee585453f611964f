package runbook_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

func TestShippedCatalogueIsValid(t *testing.T) {
	t.Parallel()
	c, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	require.Len(t, c.Services, 2)
	require.Len(t, c.Runbooks, 4)

	inv := c.Inventory()
	require.Equal(t, "checkout", inv.ByLogGroup("/shop/checkout"))
	require.Equal(t, "payments", inv.ByAlarm("payments-latency"))
	require.Equal(t, "payments", inv.ByResource("i-0c0ffee0000000002"))
	require.Equal(t, "checkout", inv.ByMetric(incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": "checkout"}}))
}
