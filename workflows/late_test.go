package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestAnAlarmAboutWhatWasBeforeReopensNothing(t *testing.T) {
	t.Parallel()
	series := func(period int) incident.MetricRef {
		return incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": "checkout"}, Stat: "Sum", Period: period}
	}
	good := incident.SymptomReading{Known: true}
	bad := incident.SymptomReading{Known: true, Present: true, Value: 9}
	for name, c := range map[string]struct {
		after   time.Duration // the resolution; the alarm went off
		watched int           // period of the service's own series, in seconds
		reading incident.SymptomReading
		rounds  int
		looks   int // at the live metric for it
	}{
		"its period began before, and the metric is good": {time.Minute, 1, good, 1, 1},
		"the metric is bad again":                         {time.Minute, 1, bad, 2, 1},
		"it cannot be read":                               {time.Minute, 1, incident.SymptomReading{}, 2, 1},
		"its periods are all from after":                  {20 * time.Minute, 1, good, 2, 0},
		"the series is not watched more closely":          {time.Minute, 300, good, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pinned.Service.Metrics = []incident.WatchedMetric{{MetricRef: series(c.watched), Role: incident.RoleErrors}}
			in := input()
			in.Settings.ReopenWindow = incident.Seconds(30 * time.Minute)
			w.signalAt(time.Minute, yes("ana", 1))
			alarm := anomaly(1, incident.EpisodeOpen)
			ref := series(300)
			alarm.Kind, alarm.Rule, alarm.Alarm, alarm.Metric, alarm.High, alarm.Observed = incident.KindAlarm, "alarm", "checkout-errors", &ref, 300, 900
			alarm.Opened = start.Add(time.Minute + c.after)
			alarm.LastSeen = alarm.Opened
			looks := 0
			w.at(time.Minute+c.after-time.Second, func() {
				require.Equal(t, incident.StatusResolved, w.query().Status)
				looks = w.count(incident.ActivityReadSymptom)
				before := w.reading
				w.reading = func(n int) incident.SymptomReading {
					if n == looks+1 && c.looks > 0 {
						return c.reading
					}
					return before(n)
				}
			})
			w.joinAt(time.Minute+c.after, alarm)
			w.signalAt(2*time.Minute+c.after, yes("ana", 2))
			s := w.run(in)
			require.Equal(t, incident.OutcomeFixed, s.Outcome)
			require.Len(t, s.Attempts, c.rounds)
			if c.rounds == 1 {
				require.Equal(t, looks+c.looks, w.count(incident.ActivityReadSymptom))
				require.Contains(t, linesOf(s), "went off for what was before")
			}
			if c.looks > 0 {
				spec := w.inputs(incident.ActivityReadSymptom)[looks].(incident.ReadSymptomInput).Verify
				require.Equal(t, c.watched, spec.Metric.Period)
				require.InDelta(t, 1, spec.Threshold, 0, "300 in five minutes are one a second")
			}
		})
	}
}

// TestCancelledDuringTheLook cancels an incident that was fixed while the live
// metric is read because of an alarm that came late: it stays fixed.
func TestCancelledDuringTheLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	series := incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1}
	w.pinned.Service.Metrics = []incident.WatchedMetric{{MetricRef: series, Role: incident.RoleErrors}}
	in := input()
	in.Settings.ReopenWindow = incident.Seconds(30 * time.Minute)
	w.signalAt(time.Minute, yes("ana", 1))
	alarm := anomaly(1, incident.EpisodeOpen)
	coarse := series
	coarse.Period = 300
	alarm.Kind, alarm.Rule, alarm.Alarm, alarm.Metric, alarm.High, alarm.Observed = incident.KindAlarm, "alarm", "checkout-errors", &coarse, 300, 900
	alarm.Opened = start.Add(2 * time.Minute)
	alarm.LastSeen = alarm.Opened
	w.at(2*time.Minute-time.Second, func() {
		require.Equal(t, incident.StatusResolved, w.query().Status)
		w.before[incident.ActivityReadSymptom] = func(int) { w.env.CancelWorkflow() }
	})
	w.joinAt(2*time.Minute, alarm)
	s := w.run(in)
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, incident.StatusResolved, s.Status)
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.NotContains(t, linesOf(s), "the incident is open again")
}
