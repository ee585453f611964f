package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"firebreak/internal/incident"
)

// alarmTimeLayout is how CloudWatch writes times inside an alarm event, e.g.
// "2019-10-02T17:04:40.989+0000". time.RFC3339 refuses them, since their zone
// has no colon; the outer time of the event is RFC 3339 all the same.
const alarmTimeLayout = "2006-01-02T15:04:05-0700"

type alarmDetail struct {
	AlarmName   string `json:"alarmName"`
	Contributor *struct {
		ID         string            `json:"id"`
		Attributes map[string]string `json:"attributes"`
	} `json:"alarmContributor"`
	Configuration struct {
		Description string        `json:"description"`
		AlarmRule   string        `json:"alarmRule"`
		Metrics     []alarmMetric `json:"metrics"`
	} `json:"configuration"`
	State    alarmStateDetail  `json:"state"`
	Previous *alarmStateDetail `json:"previousState"`
	Mute     *struct {
		ARN string `json:"mutedByArn"`
	} `json:"muteDetail"`
}

type alarmStateDetail struct {
	Value        AlarmState `json:"value"`
	Reason       string     `json:"reason"`
	ReasonData   string     `json:"reasonData"` // JSON in a string; absent when an alarm was just made
	Timestamp    string     `json:"timestamp"`
	SuppressedBy string     `json:"actionsSuppressedBy"`
}

type alarmMetric struct {
	ReturnData bool `json:"returnData"`
	Stat       *struct {
		Metric struct {
			Namespace  string            `json:"namespace"`
			Name       string            `json:"name"`
			Dimensions map[string]string `json:"dimensions"`
		} `json:"metric"`
		Period int    `json:"period"`
		Stat   string `json:"stat"`
		Unit   string `json:"unit"`
	} `json:"metricStat"`
}

type alarmReason struct {
	Threshold  *float64   `json:"threshold"`
	Datapoints []*float64 `json:"recentDatapoints"`
	Lower      []*float64 `json:"recentLowerThresholds"` // of an anomaly band, instead of threshold
	Upper      []*float64 `json:"recentUpperThresholds"`
	Triggering []struct {
		ARN string `json:"arn"`
	} `json:"triggeringAlarms"` // of a composite alarm
}

// alarm reads "CloudWatch Alarm State Change" and "CloudWatch Alarm Contributor
// State Change": alarms on one metric, on metric math, on an anomaly band, on
// other alarms, and the single series of an alarm over several.
func (d *decoder) alarm(e envelope, raw json.RawMessage) error {
	var det alarmDetail
	if err := json.Unmarshal(e.Detail, &det); err != nil {
		return fmt.Errorf("alarm state change: detail: %w", err)
	}
	switch det.State.Value {
	case AlarmOK, AlarmALARM, AlarmInsufficientData:
	default:
		return fmt.Errorf("alarm state change: detail.state.value %q is unknown", cut(string(det.State.Value), 40))
	}
	if det.AlarmName == "" || len(det.AlarmName) > maxName {
		return errors.New("alarm state change: detail.alarmName is missing or too long")
	}
	at, err := alarmTime(det.State.Timestamp)
	if err != nil {
		return fmt.Errorf("alarm state change %q: detail.state.timestamp: %w", det.AlarmName, err)
	}
	a := &AlarmChange{
		Name: det.AlarmName, State: det.State.Value,
		Description: cut(det.Configuration.Description, maxSummary), Reason: cut(det.State.Reason, 1024),
		Composite: det.Configuration.AlarmRule != "", Rule: cut(det.Configuration.AlarmRule, 1024),
		Suppressed: cut(det.State.SuppressedBy, maxName), Metric: alarmSeries(det.Configuration.Metrics),
	}
	if len(e.Resources) > 0 {
		a.ARN = cut(e.Resources[0], maxName)
	}
	if det.Previous != nil {
		a.Previous = AlarmState(cut(string(det.Previous.Value), 40))
	}
	if det.Mute != nil {
		// A mute rule holds back actions only; the alarm goes on changing.
		a.Suppressed = cut(det.Mute.ARN, maxName)
	}
	what := a.Name
	if det.Contributor != nil {
		// The alarm stays in ALARM while its contributors come and go, so each
		// of them is a series of its own.
		if det.Contributor.ID == "" {
			return fmt.Errorf("alarm state change %q: detail.alarmContributor.id is missing", det.AlarmName)
		}
		a.Contributor, a.Attributes = cut(det.Contributor.ID, maxName), det.Contributor.Attributes
		what += "#" + a.Contributor
	}
	if det.State.ReasonData != "" {
		var reason alarmReason
		if err := json.Unmarshal([]byte(det.State.ReasonData), &reason); err != nil {
			// The change itself is good; only its numbers are lost.
			d.fail(fmt.Errorf("alarm state change %q: detail.state.reasonData: %w", det.AlarmName, err))
		} else {
			a.apply(reason)
		}
	}
	d.add(Signal{
		Kind: KindAlarm, Time: at, Alarm: a, Account: e.Account, Region: e.Region,
		Key: "alarm\x00" + first(a.ARN, a.Name) + "\x00" + a.Contributor + "\x00" + at.Format(time.RFC3339Nano) + "\x00" + string(a.State),
	}, what)
	return nil
}

func (a *AlarmChange) apply(r alarmReason) {
	a.Threshold = r.Threshold
	a.Value, a.Low, a.High = last(r.Datapoints), last(r.Lower), last(r.Upper)
	for _, t := range r.Triggering {
		if len(a.Triggering) < 10 {
			a.Triggering = append(a.Triggering, cut(t.ARN, maxName))
		}
	}
}

// last returns the newest datapoint that is there: CloudWatch lists the oldest
// first, and null where data is missing.
func last(values []*float64) *float64 {
	for _, value := range slices.Backward(values) {
		if value != nil {
			return value
		}
	}
	return nil
}

// alarmSeries returns the one CloudWatch series that an alarm stands on: that
// which it returns, or the only one that its expression uses. With an anomaly
// band both the series and the band return data; the band has no metricStat.
func alarmSeries(metrics []alarmMetric) *incident.MetricRef {
	var found *alarmMetric
	stats := 0
	for i, m := range metrics {
		if m.Stat == nil {
			continue
		}
		stats++
		if found == nil || m.ReturnData && !found.ReturnData {
			found = &metrics[i]
		}
	}
	if found == nil || stats > 1 && !found.ReturnData {
		return nil
	}
	s := found.Stat
	if !possible(s.Metric.Dimensions) {
		return nil
	}
	return &incident.MetricRef{
		Namespace: cut(s.Metric.Namespace, maxName), Name: cut(s.Metric.Name, maxName), Dimensions: s.Metric.Dimensions,
		Stat: cut(s.Stat, 40), Period: s.Period, Unit: cut(s.Unit, 40),
	}
}

// Limits of CloudWatch on the dimensions of a series, in bytes.
const (
	maxDimensions     = 30
	maxDimensionName  = 255
	maxDimensionValue = 1024
)

// possible tells whether CloudWatch would take these dimensions. Shortened ones
// would name another series, so what it would not take is not kept at all.
func possible(dimensions map[string]string) bool {
	for name, value := range dimensions {
		if len(name) > maxDimensionName || len(value) > maxDimensionValue {
			return false
		}
	}
	return len(dimensions) <= maxDimensions
}

func alarmTime(s string) (time.Time, error) {
	t, err := time.Parse(alarmTimeLayout, s)
	if err != nil {
		if t, rfc := time.Parse(time.RFC3339, s); rfc == nil {
			return t.UTC(), nil
		}
		return time.Time{}, err
	}
	return t.UTC(), nil
}
