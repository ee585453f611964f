package detect

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
)

// TestNamesThatOthersChooseCarryNoSecret has hostile names in all places of an
// anomaly that are plain strings.
func TestNamesThatOthersChooseCarryNoSecret(t *testing.T) {
	t.Parallel()
	ours := incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"token": "hunter2hunter2"}}
	d := New(Options{Redactor: rules.Default(), Inventory: incident.NewInventory([]incident.Service{{
		Name: "checkout", LogGroups: []string{"/shop/token=hunter2hunter2"}, Metrics: []incident.WatchedMetric{{MetricRef: ours}},
	}})})
	hostile := ours
	hostile.Name = "Logins of ana@example.com"
	for name, a := range map[string]incident.Anomaly{
		"an alarm":    {Kind: incident.KindAlarm, Series: "1/eu/alarm/login password=hunter2hunter2", Alarm: "login password=hunter2hunter2", Metric: &hostile},
		"an event":    {Kind: incident.KindEvent, Series: "1/eu/event/i-1 password=hunter2hunter2"},
		"a log group": {Kind: incident.KindLog, Series: "1/eu/log//x/ana@example.com", LogGroup: "/x/ana@example.com"},
		"a metric":    {Kind: incident.KindMetric, Series: "1/eu/metric/Shop/Errors", Metric: &hostile},
	} {
		a.Opened = time.Unix(1, 0)
		raw, err := json.Marshal(d.begin(a, 1).Anomaly)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "hunter2", name)
		require.NotContains(t, string(raw), "ana@", name)
	}
	require.Equal(t, "Logins of ana@example.com", hostile.Name, "what others hold stays as it is")
	kept := d.begin(incident.Anomaly{Kind: incident.KindLog, Series: "s/token=hunter2hunter2", LogGroup: "/shop/token=hunter2hunter2", Metric: &ours}, 1).Anomaly
	require.Equal(t, "/shop/token=hunter2hunter2", kept.LogGroup, "a service file names it")
	require.Equal(t, ours, *kept.Metric)
}
