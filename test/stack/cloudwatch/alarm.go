package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/uuid"
)

const (
	initialReason = "Unchecked: Initial alarm creation"
	maxAlarms     = 1000
	maxDescribed  = 100
	// The longest time an alarm looks back, and the longest with periods of an
	// hour and more.
	maxLookBack     = 24 * time.Hour
	maxLongLookBack = 7 * 24 * time.Hour
)

// alarm is a metric alarm with what its evaluation needs.
type alarm struct {
	types.MetricAlarm
	queries  queries
	returned string // Id of the query that is compared with the threshold.
	metricID string // Id that events give the metric of an alarm without queries.
	period   int64  // In seconds.
	held     int64  // Period in which SetAlarmState was called, which evaluation leaves alone.
}

func (s *Service) putMetricAlarm(_ context.Context, in *cloudwatch.PutMetricAlarmInput) (*cloudwatch.PutMetricAlarmOutput, error) {
	a, err := s.newAlarm(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	a.AlarmConfigurationUpdatedTimestamp = &now
	summary := "created"
	if old := s.alarms[*in.AlarmName]; old != nil {
		// A change of the configuration leaves the state as it is.
		summary = "updated"
		a.StateValue, a.StateReason, a.StateReasonData = old.StateValue, old.StateReason, old.StateReasonData
		a.StateUpdatedTimestamp, a.StateTransitionedTimestamp = old.StateUpdatedTimestamp, old.StateTransitionedTimestamp
		a.metricID = old.metricID
	} else {
		if len(s.alarms) >= maxAlarms {
			return nil, &types.LimitExceededFault{Message: aws.String("There are too many alarms.")}
		}
		a.StateValue, a.StateReason = types.StateValueInsufficientData, aws.String(initialReason)
		a.StateUpdatedTimestamp, a.StateTransitionedTimestamp = &now, &now
	}
	s.alarms[*in.AlarmName] = a
	s.record(historyItem{name: *in.AlarmName, at: now, kind: types.HistoryItemTypeConfigurationUpdate, summary: fmt.Sprintf("Alarm %q %s", *in.AlarmName, summary)})
	return &cloudwatch.PutMetricAlarmOutput{}, nil
}

func (s *Service) newAlarm(in *cloudwatch.PutMetricAlarmInput) (*alarm, error) {
	if n := len(aws.ToString(in.AlarmName)); n < 1 || n > 255 {
		return nil, invalid("The parameter AlarmName has 1 to 255 characters.")
	}
	switch in.ComparisonOperator {
	case types.ComparisonOperatorGreaterThanThreshold, types.ComparisonOperatorGreaterThanOrEqualToThreshold,
		types.ComparisonOperatorLessThanThreshold, types.ComparisonOperatorLessThanOrEqualToThreshold:
	default:
		return nil, invalid("The value %s for parameter ComparisonOperator is invalid: only comparisons with a threshold are supported.", in.ComparisonOperator)
	}
	if in.Threshold == nil || in.ThresholdMetricId != nil || in.EvaluationCriteria != nil || in.EvaluationWindow != nil {
		return nil, combination("An alarm here has a Threshold, and neither a ThresholdMetricId nor EvaluationCriteria.")
	}
	n, m := aws.ToInt32(in.EvaluationPeriods), aws.ToInt32(in.EvaluationPeriods)
	if in.DatapointsToAlarm != nil {
		m = *in.DatapointsToAlarm
	}
	if n < 1 || m < 1 || m > n {
		return nil, invalid("EvaluationPeriods %d and DatapointsToAlarm %d are invalid.", n, m)
	}
	treat := cmp.Or(aws.ToString(in.TreatMissingData), treatMissing)
	if !slices.Contains([]string{treatMissing, treatIgnore, treatBreaching, treatNotBreaching}, treat) {
		return nil, invalid("The value %s for parameter TreatMissingData is invalid.", treat)
	}
	a := &alarm{metricID: uuid.NewString(), held: -1}
	if err := a.watch(in); err != nil {
		return nil, err
	}
	limit := maxLookBack
	if a.period >= 3600 {
		limit = maxLongLookBack
	}
	if time.Duration(int64(n)*a.period)*time.Second > limit {
		return nil, combination("Metrics cannot be checked across more than %s (EvaluationPeriods * Period must be <= %d).", limit, int(limit.Seconds()))
	}
	enabled := in.ActionsEnabled == nil || *in.ActionsEnabled
	a.MetricAlarm = types.MetricAlarm{
		AlarmName: in.AlarmName, AlarmArn: aws.String(s.alarmARN(*in.AlarmName)), AlarmDescription: in.AlarmDescription, ActionsEnabled: &enabled,
		AlarmActions: append([]string{}, in.AlarmActions...), OKActions: append([]string{}, in.OKActions...), InsufficientDataActions: append([]string{}, in.InsufficientDataActions...),
		ComparisonOperator: in.ComparisonOperator, Threshold: in.Threshold, EvaluationPeriods: &n, DatapointsToAlarm: in.DatapointsToAlarm, TreatMissingData: &treat,
		Namespace: in.Namespace, MetricName: in.MetricName, Dimensions: append([]types.Dimension{}, in.Dimensions...), Period: in.Period, Statistic: in.Statistic,
		ExtendedStatistic: in.ExtendedStatistic, Unit: in.Unit, Metrics: append([]types.MetricDataQuery{}, in.Metrics...),
	}
	return a, nil
}

// watch finds out which query the alarm compares, and its period.
func (a *alarm) watch(in *cloudwatch.PutMetricAlarmInput) error {
	single := in.MetricName != nil || in.Namespace != nil || in.Statistic != "" || in.ExtendedStatistic != nil
	if single == (len(in.Metrics) > 0) {
		return combination("An alarm has either MetricName, Namespace, Period and a statistic, or Metrics.")
	}
	asked := in.Metrics
	if single {
		if (in.Statistic == "") == (in.ExtendedStatistic == nil) {
			return combination("An alarm on a metric has exactly one of Statistic and ExtendedStatistic.")
		}
		stat := cmp.Or(string(in.Statistic), aws.ToString(in.ExtendedStatistic))
		asked = []types.MetricDataQuery{{Id: aws.String("m1"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: in.Namespace, MetricName: in.MetricName, Dimensions: in.Dimensions},
			Period: in.Period, Stat: &stat, Unit: in.Unit,
		}}}
	}
	var err error
	if a.queries, err = parseQueries(asked); err != nil {
		return err
	}
	for _, q := range a.queries {
		if q.MetricStat != nil {
			// Metrics of different periods are worked out by the longest.
			a.period = max(a.period, int64(*q.MetricStat.Period))
		}
		if !q.returned {
			continue
		}
		if a.returned != "" {
			return invalid("Exactly one query of an alarm returns data.")
		}
		a.returned = *q.Id
	}
	if a.returned == "" {
		return invalid("Exactly one query of an alarm returns data.")
	}
	return nil
}

func (s *Service) alarmARN(name string) string {
	return fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", s.o.Region, s.o.Account, name)
}

func (s *Service) describeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
	if in.AlarmNames != nil && in.AlarmNamePrefix != nil {
		return nil, combination("AlarmNames and AlarmNamePrefix cannot both be given.")
	}
	limit := 50
	if in.MaxRecords != nil {
		limit = int(*in.MaxRecords)
	}
	if limit < 1 || limit > maxDescribed {
		return nil, invalid("The value %d for parameter MaxRecords is invalid.", limit)
	}
	out := &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []types.MetricAlarm{}, CompositeAlarms: []types.CompositeAlarm{}}
	if in.AlarmTypes != nil && !slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm) {
		return out, nil
	}
	skip, err := openToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	position := 0
	for _, name := range s.alarmNames() {
		a := s.alarms[name]
		switch {
		case in.AlarmNames != nil && !slices.Contains(in.AlarmNames, name), !strings.HasPrefix(name, aws.ToString(in.AlarmNamePrefix)):
			continue
		case in.StateValue != "" && a.StateValue != in.StateValue:
			continue
		}
		if position++; position <= skip {
			continue
		}
		if len(out.MetricAlarms) == limit {
			out.NextToken = sealToken(skip + limit)
			break
		}
		out.MetricAlarms = append(out.MetricAlarms, a.MetricAlarm)
	}
	return out, nil
}

func (s *Service) alarmNames() []string {
	var names []string
	for n := range s.alarms {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (s *Service) deleteAlarms(_ context.Context, in *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range in.AlarmNames {
		if s.alarms[name] == nil {
			return nil, &types.ResourceNotFound{Message: aws.String("The alarm " + name + " does not exist.")}
		}
	}
	for _, name := range in.AlarmNames {
		delete(s.alarms, name)
		s.record(historyItem{name: name, at: s.o.Now(), kind: types.HistoryItemTypeConfigurationUpdate, summary: fmt.Sprintf("Alarm %q deleted", name)})
	}
	return &cloudwatch.DeleteAlarmsOutput{}, nil
}

// setAlarmState changes the state until the next period is evaluated.
func (s *Service) setAlarmState(_ context.Context, in *cloudwatch.SetAlarmStateInput) (*cloudwatch.SetAlarmStateOutput, error) {
	if !slices.Contains(in.StateValue.Values(), in.StateValue) {
		return nil, invalid("The value %s for parameter StateValue is invalid.", in.StateValue)
	}
	if d := in.StateReasonData; d != nil && !validJSON(*d) {
		return nil, &types.InvalidFormatFault{Message: aws.String("StateReasonData is no JSON.")}
	}
	s.emitting.Lock()
	defer s.emitting.Unlock()
	s.mu.Lock()
	a := s.alarms[aws.ToString(in.AlarmName)]
	if a == nil {
		s.mu.Unlock()
		return nil, &types.ResourceNotFound{Message: aws.String("The alarm " + aws.ToString(in.AlarmName) + " does not exist.")}
	}
	now := s.o.Now()
	a.held = now.Unix() / a.period
	event := s.change(a, verdict{state: in.StateValue, reason: aws.ToString(in.StateReason), data: in.StateReasonData}, now)
	s.mu.Unlock()
	s.emit(event)
	return &cloudwatch.SetAlarmStateOutput{}, nil
}
