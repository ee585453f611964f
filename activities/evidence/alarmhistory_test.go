package evidence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// item is an entry as CloudWatch writes it.
func item(alarm string, second int, kind cwtypes.HistoryItemType, summary, data string) cwtypes.AlarmHistoryItem {
	return cwtypes.AlarmHistoryItem{
		AlarmName: &alarm, AlarmType: cwtypes.AlarmTypeMetricAlarm, HistoryItemType: kind, HistorySummary: &summary, HistoryData: &data,
		Timestamp: aws.Time(onset.Add(time.Duration(second) * time.Second)),
	}
}

func transition(from, to, reason string) string {
	return fmt.Sprintf(`{"version":"1.0","oldState":{"stateValue":%q,"stateReason":"x"},"newState":{"stateValue":%q,"stateReason":%q}}`, from, to, reason)
}

func TestHistoryOfAlarms(t *testing.T) {
	t.Parallel()
	state, config := cwtypes.HistoryItemTypeStateUpdate, cwtypes.HistoryItemTypeConfigurationUpdate
	c := broken()
	c.history = map[string][]cwtypes.AlarmHistoryItem{
		string(state): { // newest first, as asked for
			item("checkout-errors", 10, state, "Alarm updated from OK to ALARM", transition("OK", "ALARM", "Threshold Crossed for ana@example.com")),
			item("checkout-errors", -300, state, "Alarm updated from ALARM to OK", transition("ALARM", "OK", "fine")),
			item("somebody-elses", -301, state, "Alarm updated from OK to ALARM", transition("OK", "ALARM", "no")),
			item("payments-errors", -350, state, "Alarm updated from INSUFFICIENT_DATA to OK", transition("INSUFFICIENT_DATA", "OK", "began")),
			item("checkout-errors", -400, state, "Alarm updated from OK to ALARM", "no JSON"),
		},
		string(config): {item("payments-latency", -90, config, `Alarm "payments-latency" created`, ""), item("payments-errors", -60, config, `Alarm "payments-errors" updated`, `{"version":"1.0","type":"Update"}`)},
	}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	states := pick(t, out, incident.EvidenceAlarm, "state of alarm checkout-errors of checkout changed 3 times, at last 10 s after the onset")
	require.Equal(t, "checkout", states.Service)
	require.Contains(t, states.Detail.String(), "11:53:20Z checkout-errors: Alarm updated from OK to ALARM; ")
	require.Contains(t, states.Detail.String(), "11:55:00Z checkout-errors: ALARM to OK, fine; ")
	require.Contains(t, states.Detail.String(), "12:00:10Z checkout-errors: OK to ALARM, Threshold Crossed")
	require.NotContains(t, states.Detail.String(), "ana@example.com")
	require.InDelta(t, -10, states.Facts[incident.FactSecondsBefore], 0)
	require.NotContains(t, states.Facts, incident.FactInAlarm, "what the alarm says now is another piece")
	require.Contains(t, states.Query, "describe-alarm-history --alarm-name checkout-errors --alarm-types MetricAlarm CompositeAlarm --history-item-type StateUpdate")

	settings := pick(t, out, incident.EvidenceAlarm, "settings of 2 alarms of payments changed 2 times, at last 60 s before the onset")
	require.Equal(t, "payments", settings.Service)
	require.NotContains(t, settings.Query, "--alarm-name")
	for _, e := range out.Evidence {
		require.NotContains(t, e.Title.String(), "state of alarm payments-errors", "it said nothing of trouble")
		require.NotContains(t, e.Title.String()+e.Detail.String(), "somebody-elses")
	}
}

// A page that is lost takes nothing of those before it along.
func TestHalfAHistoryOfAlarms(t *testing.T) {
	t.Parallel()
	state := cwtypes.HistoryItemTypeStateUpdate
	c := broken()
	c.historyErr = denied()
	c.history = map[string][]cwtypes.AlarmHistoryItem{string(state): {
		item("checkout-errors", 10, state, "x", transition("OK", "ALARM", "x")), item("checkout-errors", 5, state, "x", transition("ALARM", "OK", "x")),
	}}
	out, err := gather(t, c, input())
	require.NoError(t, err)
	pick(t, out, incident.EvidenceAlarm, "state of alarm checkout-errors of checkout changed 1 time,")
	gap := gapOf(t, out, "states that alarms had")
	require.Equal(t, incident.GapDenied, gap.Kind)
	require.Contains(t, gap.Reason.String(), "the worker's role lacks cloudwatch:DescribeAlarmHistory")

	many := make([]cwtypes.AlarmHistoryItem, 50)
	for i := range many {
		many[i] = item("somebody-elses", -i, state, "x", "")
	}
	c = broken()
	c.history = map[string][]cwtypes.AlarmHistoryItem{string(state): many}
	out, err = gather(t, c, input())
	require.NoError(t, err)
	require.Equal(t, incident.GapCut, gapOf(t, out, "states that alarms had").Kind)
}
