package evidence

import (
	"context"
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

// alarms reads the state and the threshold of every alarm of the services.
func (a *Activities) alarms(ctx context.Context, services []incident.Service, s span, region string, c *collected) {
	for _, service := range services {
		var exact []string
		for _, name := range service.Alarms {
			prefix, any := strings.CutSuffix(name, "*")
			if !any {
				exact = append(exact, name)
				continue
			}
			a.ask(ctx, service.Name, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix}, redact.Format("alarms %s", redact.Name(name)), s, region, c)
		}
		for len(exact) > 0 {
			n := min(len(exact), maxAlarmNames)
			a.ask(ctx, service.Name, &cloudwatch.DescribeAlarmsInput{AlarmNames: exact[:n]}, redact.Format("alarms of %s", redact.Name(service.Name)), s, region, c)
			exact = exact[n:]
		}
	}
}

// ask describes alarms and adds each; named ones that do not exist are a gap.
func (a *Activities) ask(ctx context.Context, service string, in *cloudwatch.DescribeAlarmsInput, what redact.Text, s span, region string, c *collected) {
	// Without types only metric alarms are described.
	in.AlarmTypes = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}
	missing := map[string]bool{}
	for _, n := range in.AlarmNames {
		missing[n] = true
	}
	for page := 0; ; page++ {
		out, err := a.opts.Metrics.DescribeAlarms(ctx, in)
		if err != nil {
			c.asked(a, what, err)
			return
		}
		for _, m := range out.MetricAlarms {
			delete(missing, aws.ToString(m.AlarmName))
			a.metricAlarm(service, m, s, region, c)
		}
		for _, m := range out.CompositeAlarms {
			delete(missing, aws.ToString(m.AlarmName))
			a.alarm(service, alarmState{
				name: aws.ToString(m.AlarmName), state: m.StateValue, since: m.StateTransitionedTimestamp, updated: m.StateUpdatedTimestamp,
				reason: aws.ToString(m.StateReason), rule: redact.Format("rule %s", a.clean(aws.ToString(m.AlarmRule)).Cut(200)),
			}, nil, s, region, c)
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
		if page == maxAlarmPages {
			c.gap(what, redact.Literal("there are more than were read"))
			break
		}
	}
	c.asked(a, what, nil)
	for _, n := range in.AlarmNames {
		if missing[n] {
			c.gap(redact.Format("alarm %s", redact.Name(n)), redact.Literal("it does not exist"))
		}
	}
}

// alarmState is what metric and composite alarms have in common.
type alarmState struct {
	name           string
	state          types.StateValue
	since, updated *time.Time
	reason         string
	rule           redact.Text
}

func (a *Activities) metricAlarm(service string, m types.MetricAlarm, s span, region string, c *collected) {
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
	}, facts, s, region, c)
}

func orElse[T any](v, other *T) *T {
	if v == nil {
		return other
	}
	return v
}

func (a *Activities) alarm(service string, al alarmState, facts map[string]float64, s span, region string, c *collected) {
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
	c.add(incident.Evidence{
		Kind: incident.EvidenceAlarm, Service: service, From: s.from, To: s.until, Facts: facts,
		Title:  redact.Format("alarm %s of %s is %s", redact.Name(al.name), redact.Name(service), redact.Name(string(al.state))),
		Detail: redact.Format("%s since %s; %s. %s", redact.Name(string(al.state)), since, al.rule, a.clean(al.reason).Cut(300)),
		Query:  alarmQuery(al.name, region),
	}, weight)
}
