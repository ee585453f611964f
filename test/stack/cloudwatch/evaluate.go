package cloudwatch

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Ways to treat periods without data.
const (
	treatMissing      = "missing"
	treatIgnore       = "ignore"
	treatBreaching    = "breaching"
	treatNotBreaching = "notBreaching"
)

// extraPeriods is how many periods an evaluation looks back beyond the alarm's
// evaluation periods for real datapoints in the place of missing ones. AWS says
// only that it depends on the period; its examples show two.
const extraPeriods = 2

// Evaluate evaluates every alarm over the periods that were complete at now,
// and sends the event of each that changes its state.
func (s *Service) Evaluate(now time.Time) {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	var events [][]byte
	s.mu.Lock()
	for _, name := range s.alarmNames() {
		a := s.alarms[name]
		if now.Unix()/a.period == a.held {
			continue
		}
		points := s.recent(a, now)
		v := judge(points, a)
		if v.state == a.StateValue {
			continue
		}
		v.reason, v.data = explain(points, a, v, now)
		events = append(events, s.change(a, v, now))
	}
	s.mu.Unlock()
	for _, e := range events {
		s.emit(e)
	}
}

// period is one period of an alarm's evaluation range.
type period struct {
	at       time.Time
	value    float64
	samples  float64 // 0 for the result of an expression.
	present  bool
	breaches bool
}

// recent gives the evaluation range, newest first.
func (s *Service) recent(a *alarm, now time.Time) []period {
	n := int64(*a.EvaluationPeriods) + extraPeriods
	end := now.Unix() - mod(now.Unix(), a.period)
	start := time.Unix(end-n*a.period, 0)
	found := s.run(a.queries, start, time.Unix(end, 0))[a.returned]
	samples := map[int64]float64{}
	if a.MetricName != nil {
		m := a.queries[0].MetricStat
		for _, p := range s.aggregate(*m.Metric, m.Unit, start, time.Unix(end, 0), a.period) {
			samples[p.at.Unix()] = p.count
		}
	}
	points := make([]period, 0, n)
	for at := end - a.period; at >= end-n*a.period; at -= a.period {
		p := period{at: time.Unix(at, 0).UTC()}
		if p.value, p.present = found[at]; p.present {
			p.breaches = breaches(p.value, a)
			p.samples = samples[at]
		}
		points = append(points, p)
	}
	return points
}

func breaches(v float64, a *alarm) bool {
	switch a.ComparisonOperator {
	case types.ComparisonOperatorGreaterThanThreshold:
		return v > *a.Threshold
	case types.ComparisonOperatorGreaterThanOrEqualToThreshold:
		return v >= *a.Threshold
	case types.ComparisonOperatorLessThanThreshold:
		return v < *a.Threshold
	default:
		return v <= *a.Threshold
	}
}

// verdict is what an evaluation says.
type verdict struct {
	state  types.StateValue
	used   []period // The real datapoints that counted, newest first.
	filled int      // Missing datapoints that were treated as the alarm says.
	reason string
	data   *string // JSON.
}

// judge finds the state from the evaluation range, by the rules in "How alarm
// state is evaluated when data is missing" of the CloudWatch user guide: with
// as many real datapoints as evaluation periods the newest of them count and
// nothing is filled in; with fewer, all of them count, and the rest is treated
// as the alarm says.
func judge(points []period, a *alarm) verdict {
	n, m := int(*a.EvaluationPeriods), int(*a.EvaluationPeriods)
	if a.DatapointsToAlarm != nil {
		m = int(*a.DatapointsToAlarm)
	}
	var v verdict
	breaching := 0
	for _, p := range points {
		if !p.present || len(v.used) == n {
			continue
		}
		v.used = append(v.used, p)
		if p.breaches {
			breaching++
		}
	}
	v.filled = n - len(v.used)
	treat := aws.ToString(a.TreatMissingData)
	if v.filled > 0 && treat == treatBreaching {
		breaching += v.filled
	}
	switch {
	case breaching >= m:
		v.state = types.StateValueAlarm
	case v.filled == 0 || treat == treatBreaching || treat == treatNotBreaching:
		v.state = types.StateValueOk
	case len(v.used) == 0:
		v.state = types.StateValueInsufficientData
		if treat == treatIgnore {
			v.state = a.StateValue
		}
	case treat == treatMissing && premature(points, m):
		v.state = types.StateValueAlarm
	case breaching == 0:
		v.state = types.StateValueOk
	case treat == treatIgnore || breaching == len(v.used):
		// The missing datapoints would decide.
		v.state = a.StateValue
	default:
		v.state = types.StateValueOk
	}
	return v
}

// premature says whether all there is breaches, and the oldest of it is at
// least as old as the datapoints to alarm: then waiting for more is pointless.
func premature(points []period, m int) bool {
	oldest := -1
	for i, p := range points {
		if !p.present {
			continue
		}
		if !p.breaches {
			return false
		}
		oldest = i
	}
	return oldest >= m-1
}
