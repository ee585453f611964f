package detect

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// RuleAlarm is the rule of alarm anomalies.
const RuleAlarm = "alarm"

// alarmDebounce is how long an alarm must stay OK before its episode closes:
// flapping is one episode.
const alarmDebounce = 30 * time.Second

// alarmState is one alarm, or one contributor of an alarm over several series.
type alarmState struct {
	At      time.Time            `json:"at"` // timestamp of the newest state
	State   telemetry.AlarmState `json:"state"`
	OKAt    time.Time            `json:"ok_at,omitzero"` // since when it is OK, in an episode
	Episode *episode             `json:"episode,omitempty"`
}

func (d *Detector) alarm(s telemetry.Signal) []incident.Anomaly {
	st, ok := d.state.Alarms[s.Series]
	if !ok {
		if !room(d, d.state.Alarms, &d.state.Rooms.Alarms, d.state.alarmWorth) {
			return nil
		}
		st = &alarmState{}
		d.state.Alarms[s.Series] = st
	}
	// Events of one alarm can overtake each other: the state's own timestamp
	// orders them, and what is not newer says nothing new.
	if !s.Time.After(st.At) {
		d.stats.Late++
		return nil
	}
	st.At, st.State = s.Time, s.Alarm.State
	switch s.Alarm.State {
	case telemetry.AlarmALARM:
		st.OKAt = time.Time{}
		if st.Episode != nil {
			a := &st.Episode.Anomaly
			a.Count++
			a.LastSeen = s.Time
			a.Observed = valueOr(s.Alarm.Value, a.Observed)
			return nil
		}
		if s.Alarm.Suppressed != "" {
			// Somebody said that nobody is to be called for this alarm now.
			return nil
		}
		st.Episode = d.begin(d.alarmAnomaly(s), 0)
		return []incident.Anomaly{st.Episode.Anomaly}
	case telemetry.AlarmOK:
		if st.Episode != nil {
			st.OKAt = s.Time
		}
	case telemetry.AlarmInsufficientData:
		// Missing data is not health: what was OK for a moment is no longer.
		st.OKAt = time.Time{}
	}
	return nil
}

func (d *Detector) alarmAnomaly(s telemetry.Signal) incident.Anomaly {
	service, _ := d.inv.Service(s.Service)
	severity := service.Severity
	if severity == "" {
		severity = incident.Sev3
	}
	a := incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindAlarm, Rule: RuleAlarm, Series: s.Series,
		Alarm: s.Alarm.Name, Metric: s.Alarm.Metric, Severity: severity, Opened: s.Time, LastSeen: s.Time, Count: 1,
		Observed: valueOr(s.Alarm.Value, 0), Low: valueOr(s.Alarm.Low, 0), High: valueOr(s.Alarm.High, 0),
		Why: redact.Format("CloudWatch alarm %s went into ALARM: %s", redact.Name(d.redactor.Redact(s.Alarm.Name)),
			redact.Clean(d.redactor, s.Alarm.Reason).Cut(400)),
	}
	if t := s.Alarm.Threshold; t != nil {
		// The event does not say on which side of the threshold trouble lies;
		// the value that crossed it does.
		if a.Observed >= *t {
			a.Low, a.High = min(0, *t), *t
		} else {
			a.Low, a.High = *t, max(0, *t)
		}
	}
	return a
}

func valueOr(v *float64, otherwise float64) float64 {
	if v == nil {
		return otherwise
	}
	return *v
}

// advanceAlarms closes the episodes of alarms that stayed OK.
func (d *Detector) advanceAlarms(watermark time.Time) []incident.Anomaly {
	var found []incident.Anomaly
	over := func(st *alarmState) bool {
		return st.Episode != nil && !st.OKAt.IsZero() && watermark.Sub(st.OKAt) >= alarmDebounce
	}
	for _, key := range dueKeys(d.state.Alarms, over) {
		st := d.state.Alarms[key]
		found = append(found, st.Episode.end(d, st.OKAt))
		st.Episode, st.OKAt = nil, time.Time{}
	}
	return found
}
