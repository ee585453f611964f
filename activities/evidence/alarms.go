package evidence

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Limits of DescribeAlarms.
const (
	maxAlarmNames = 100 // names of one call
	maxAlarmPages = 5   // pages that are followed for one prefix
)

// alarmSource asks for the state and the threshold of alarms of one service, by
// their names or by one prefix.
type alarmSource struct {
	a       *Activities
	service string
	what    redact.Text
	in      cloudwatch.DescribeAlarmsInput
}

// alarmSources are those of every service's alarms.
func (a *Activities) alarmSources(q *question) []source {
	var out []source
	for _, service := range q.services {
		var exact []string
		for _, name := range service.Alarms {
			prefix, any := strings.CutSuffix(name, "*")
			if !any {
				exact = append(exact, name)
				continue
			}
			out = append(out, alarmSource{a, service.Name, redact.Format("alarms %s", redact.Name(name)), cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix}})
		}
		for names := range slices.Chunk(exact, maxAlarmNames) {
			out = append(out, alarmSource{a, service.Name, redact.Format("alarms of %s", redact.Name(service.Name)), cloudwatch.DescribeAlarmsInput{AlarmNames: names}})
		}
	}
	return out
}

func (s alarmSource) name() redact.Text { return s.what }

func (alarmSource) needs() []string { return []string{"cloudwatch:DescribeAlarms"} }

// gather describes alarms and adds each; named ones that do not exist are a gap.
func (s alarmSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	in := s.in
	// Without types only metric alarms are described.
	in.AlarmTypes = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}
	missing := map[string]bool{}
	for _, n := range in.AlarmNames {
		missing[n] = true
	}
	for page := 0; ; page++ {
		got, err := s.a.opts.Metrics.DescribeAlarms(ctx, &in)
		if err != nil {
			return out, err
		}
		for _, m := range got.MetricAlarms {
			delete(missing, aws.ToString(m.AlarmName))
			s.a.metricAlarm(s.service, m, q, &out)
		}
		for _, m := range got.CompositeAlarms {
			delete(missing, aws.ToString(m.AlarmName))
			s.a.alarm(s.service, alarmState{
				name: aws.ToString(m.AlarmName), state: m.StateValue, since: m.StateTransitionedTimestamp, updated: m.StateUpdatedTimestamp,
				reason: aws.ToString(m.StateReason), rule: redact.Format("rule %s", s.a.clean(aws.ToString(m.AlarmRule)).Cut(200)),
			}, nil, q, &out)
		}
		if in.NextToken = got.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
		if page == maxAlarmPages {
			out.gap(incident.GapCut, s.what, redact.Literal("there are more than were read"))
			break
		}
	}
	for _, n := range in.AlarmNames {
		if missing[n] {
			out.gap(incident.GapNone, redact.Format("alarm %s", redact.Name(n)), redact.Literal("it does not exist"))
		}
	}
	return out, nil
}

// alarmState is what metric and composite alarms have in common.
type alarmState struct {
	name           string
	state          types.StateValue
	since, updated *time.Time
	reason         string
	rule           redact.Text
}

func (a *Activities) metricAlarm(service string, m types.MetricAlarm, q *question, out *answer) {
	facts := map[string]float64{}
	rule := redact.Literal("anomaly band or metric expression")
	if m.Threshold != nil { // alarms on an anomaly band have none
		facts[incident.FactThreshold] = *m.Threshold
		rule = redact.Format("%s %s %.6g, %d of %d periods of %d s", redact.Name(aws.ToString(m.MetricName)), redact.Name(string(m.ComparisonOperator)),
			*m.Threshold, aws.ToInt32(orElse(m.DatapointsToAlarm, m.EvaluationPeriods)), aws.ToInt32(m.EvaluationPeriods), aws.ToInt32(m.Period))
	}
	a.alarm(service, alarmState{
		name: aws.ToString(m.AlarmName), state: m.StateValue, since: m.StateTransitionedTimestamp, updated: m.StateUpdatedTimestamp,
		reason: aws.ToString(m.StateReason), rule: rule,
	}, facts, q, out)
}

func orElse[T any](v, other *T) *T {
	if v == nil {
		return other
	}
	return v
}

func (a *Activities) alarm(service string, al alarmState, facts map[string]float64, q *question, out *answer) {
	if facts == nil {
		facts = map[string]float64{}
	}
	weight := float64(weightCalm)
	facts[incident.FactInAlarm] = 0
	if al.state == types.StateValueAlarm {
		facts[incident.FactInAlarm] = 1
		weight = weightAlarm
	}
	since := redact.Literal("an unknown time")
	if t := orElse(al.since, al.updated); t != nil {
		since = redact.Name(stamp(*t))
	}
	out.add(incident.Evidence{
		Kind: incident.EvidenceAlarm, Service: service, From: q.from, To: q.until, Facts: facts,
		Title:  redact.Format("alarm %s of %s is %s", redact.Name(al.name), redact.Name(service), redact.Name(string(al.state))),
		Detail: redact.Format("%s since %s; %s. %s", redact.Name(string(al.state)), since, al.rule, a.clean(al.reason).Cut(300)),
		Query:  alarmQuery(al.name, q.region),
	}, weight)
}
