package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

func alarmAt(s float64, state telemetry.AlarmState) telemetry.Signal {
	value, threshold := 12.0, 5.0
	return telemetry.Signal{
		Kind: telemetry.KindAlarm, Series: account + "/" + region + "/alarm/checkout-errors", Service: "checkout", Account: account, Region: region,
		Time:  start.Add(time.Duration(s * float64(time.Second))),
		Alarm: &telemetry.AlarmChange{Name: "checkout-errors", State: state, Reason: "Threshold Crossed", Value: &value, Threshold: &threshold},
	}
}

func secondsIn(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

func TestAlarmOpensAndClosesAfterItStaysOK(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, e.Observe(alarmAt(0, telemetry.AlarmOK)))
	found := e.Observe(alarmAt(10, telemetry.AlarmALARM))
	require.Len(t, found, 1)
	a := found[0]
	require.Equal(t, incident.KindAlarm, a.Kind)
	require.Equal(t, incident.EpisodeOpen, a.State)
	require.Equal(t, incident.Sev2, a.Severity)
	require.Equal(t, "checkout-errors", a.Alarm)
	require.InDelta(t, 12, a.Observed, 0)
	require.InDelta(t, 5, a.High, 0)
	require.Contains(t, a.Why.String(), "Threshold Crossed")

	require.Empty(t, e.Observe(alarmAt(20, telemetry.AlarmOK)))
	require.Empty(t, e.Advance(secondsIn(49)))
	closed := e.Advance(secondsIn(50))
	require.Len(t, closed, 1)
	require.Equal(t, a.ID, closed[0].ID)
	require.Equal(t, incident.EpisodeClosed, closed[0].State)
	require.Equal(t, secondsIn(20), closed[0].Closed)

	again := e.Observe(alarmAt(100, telemetry.AlarmALARM))
	require.Len(t, again, 1)
	require.NotEqual(t, a.ID, again[0].ID)
}

func TestAFlappingAlarmIsOneEpisode(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Len(t, e.Observe(alarmAt(0, telemetry.AlarmALARM)), 1)
	for i := 1; i < 10; i++ {
		require.Empty(t, e.Observe(alarmAt(float64(20*i), telemetry.AlarmOK)))
		require.Empty(t, e.Advance(secondsIn(float64(20*i+9))))
		require.Empty(t, e.Observe(alarmAt(float64(20*i+10), telemetry.AlarmALARM)))
	}
	require.Empty(t, e.Observe(alarmAt(200, telemetry.AlarmOK)))
	closed := e.Advance(secondsIn(300))
	require.Len(t, closed, 1)
	require.Equal(t, 10, closed[0].Count)
}

// Events of one alarm may overtake each other and come twice; the state's own
// timestamp decides.
func TestOldAndRepeatedAlarmStatesAreDropped(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Len(t, e.Observe(alarmAt(10, telemetry.AlarmALARM)), 1)
	require.Empty(t, e.Observe(alarmAt(10, telemetry.AlarmOK)), "an equal one")
	require.Empty(t, e.Observe(alarmAt(5, telemetry.AlarmOK)), "an older one")
	require.Empty(t, e.Advance(secondsIn(500)))
	require.Equal(t, int64(2), e.Stats().Late)
}

func TestMissingDataIsNotHealth(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Len(t, e.Observe(alarmAt(0, telemetry.AlarmALARM)), 1)
	require.Empty(t, e.Observe(alarmAt(10, telemetry.AlarmInsufficientData)))
	require.Empty(t, e.Advance(secondsIn(1000)))
	require.Empty(t, e.Observe(alarmAt(1010, telemetry.AlarmOK)))
	require.Empty(t, e.Observe(alarmAt(1020, telemetry.AlarmInsufficientData)), "what was OK for a moment is no longer")
	require.Empty(t, e.Advance(secondsIn(2000)))
	require.Empty(t, e.Observe(alarmAt(2010, telemetry.AlarmOK)))
	require.Len(t, e.Advance(secondsIn(2040)), 1)
}

func TestASuppressedAlarmOpensNothing(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	s := alarmAt(0, telemetry.AlarmALARM)
	s.Alarm.Suppressed = "arn:mute"
	require.Empty(t, e.Observe(s))
	require.Len(t, e.Observe(alarmAt(10, telemetry.AlarmALARM)), 1, "transitions go on while it is muted")
}

func eventAt(s float64, class telemetry.Class, service, id, summary string) telemetry.Signal {
	return telemetry.Signal{
		Kind: telemetry.KindEvent, Series: account + "/" + region + "/event/x/" + service, Service: service, Account: account, Region: region,
		Time: secondsIn(s), Key: id, Event: &telemetry.Event{ID: id, Source: "x", DetailType: "y", Class: class, Summary: summary},
	}
}

func TestTroubleEventsOpenForWhatAServiceFileCountsOn(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, e.Observe(eventAt(0, telemetry.ClassTrouble, incident.Unassigned, "1", "task stopped")))
	require.Equal(t, int64(1), e.Stats().Unwatched)
	require.Empty(t, e.Observe(eventAt(0, telemetry.ClassNotice, "checkout", "2", "nothing")))
	found := e.Observe(eventAt(1, telemetry.ClassTrouble, "checkout", "3", "task stopped with exit code 137"))
	require.Len(t, found, 1)
	require.Equal(t, incident.KindEvent, found[0].Kind)
	require.Contains(t, found[0].Why.String(), "exit code 137")
	require.Empty(t, e.Observe(eventAt(5, telemetry.ClassTrouble, "checkout", "4", "task stopped")), "not within ten seconds")
	grown := e.Observe(eventAt(20, telemetry.ClassTrouble, "checkout", "5", "task stopped"))
	require.Len(t, grown, 1)
	require.Equal(t, incident.EpisodeGrowing, grown[0].State)
	require.Equal(t, 3, grown[0].Count)
	require.Empty(t, e.Advance(secondsIn(619)))
	closed := e.Advance(secondsIn(620))
	require.Len(t, closed, 1)
	require.Equal(t, found[0].ID, closed[0].ID)
}

func TestRecentChangesTravelWithTheAnomaly(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	change := func(s float64, service, id, text string) {
		require.Empty(t, e.Observe(eventAt(s, telemetry.ClassChange, service, id, text)))
	}
	change(0, "checkout", "old", "too long ago")
	change(1000, "checkout", "a", "a new configuration")
	change(1000, "checkout", "a", "a new configuration")
	change(1100, "payments", "b", "a release of what it depends on")
	change(1150, "elsewhere", "c", "somebody else's")
	change(1300, "checkout", "d", "after the onset")
	found := e.Observe(alarmAt(1200, telemetry.AlarmALARM))
	require.Len(t, found, 1)
	var texts []string
	for _, c := range found[0].Changes {
		texts = append(texts, c.Text.String())
	}
	require.Equal(t, []string{"a release of what it depends on", "a new configuration"}, texts)

	// One that arrives late is there at the next emission.
	change(1190, "checkout", "e", "came late")
	for i := range 10 {
		change(1191+float64(i)/10, "payments", string(rune('f'+i)), "many")
	}
	require.Empty(t, e.Observe(alarmAt(1300, telemetry.AlarmOK)))
	closed := e.Advance(secondsIn(1400))
	require.Len(t, closed[0].Changes, 5)
}
