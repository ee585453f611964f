package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

const (
	// metricsBack is how far back a series that works has data.
	metricsBack = time.Hour
	// maxSeries and maxGroups bound what one run asks for, of a large catalogue.
	maxSeries = 100
	maxGroups = 20
)

func (d *doctor) cloudWatchProbe() probe {
	c := cloudWatchChecks{client: cloudwatch.NewFromConfig(d.aws), region: d.cfg.Region, stream: d.cfg.Stream.Name, services: d.catalogue.services}
	return probe{
		system: "CloudWatch", skip: d.unusable([]string{config.RoleEvidence}, "region"),
		checks: []check{{"alarms", c.alarms}, {"alarm history", c.history}, {"metrics", c.metrics}},
	}
}

type cloudWatchChecks struct {
	client         *cloudwatch.Client
	region, stream string
	services       func() []incident.Service
}

// alarms reads the alarms that the service files name.
func (c cloudWatchChecks) alarms(ctx context.Context) finding {
	var named []string
	for _, s := range c.services() {
		named = append(named, s.Alarms...)
	}
	slices.Sort(named)
	named = slices.Compact(named)
	need := right{"cloudwatch:DescribeAlarms", "*"}
	if len(named) == 0 {
		if _, err := c.client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(1)}); err != nil {
			return awsTrouble(err, "CloudWatch", need)
		}
		return passed("can be read; the catalogue names none")
	}
	var exact, missing []string
	for _, name := range named {
		prefix, many := strings.CutSuffix(name, "*")
		if !many {
			exact = append(exact, name)
			continue
		}
		in := &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(1), AlarmTypes: bothTypes()}
		if prefix != "" {
			in.AlarmNamePrefix = &prefix
		}
		out, err := c.client.DescribeAlarms(ctx, in)
		if err != nil {
			return awsTrouble(err, "CloudWatch", need)
		}
		if len(out.MetricAlarms)+len(out.CompositeAlarms) == 0 {
			missing = append(missing, name)
		}
	}
	for page := range slices.Chunk(exact, 100) { // DescribeAlarms takes so many names
		found := map[string]bool{}
		out, err := c.client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: page, AlarmTypes: bothTypes(), MaxRecords: aws.Int32(100)})
		if err != nil {
			return awsTrouble(err, "CloudWatch", need)
		}
		for _, a := range out.MetricAlarms {
			found[aws.ToString(a.AlarmName)] = true
		}
		for _, a := range out.CompositeAlarms {
			found[aws.ToString(a.AlarmName)] = true
		}
		missing = append(missing, slices.DeleteFunc(slices.Clone(page), func(n string) bool { return found[n] })...)
	}
	if len(missing) > 0 {
		return warning("not in "+c.region+": "+listOf(missing), say("Create them, or take them out of the service files."))
	}
	return passed("all %d that services name are there", len(named))
}

// history reads what became of alarms. For composite ones the right has to be on
// all resources.
func (c cloudWatchChecks) history(ctx context.Context) finding {
	if _, err := c.client.DescribeAlarmHistory(ctx, &cloudwatch.DescribeAlarmHistoryInput{AlarmTypes: bothTypes(), MaxRecords: aws.Int32(1)}); err != nil {
		return awsTrouble(err, "CloudWatch", right{"cloudwatch:DescribeAlarmHistory", "*"})
	}
	return passed("can be read")
}

func bothTypes() []cwtypes.AlarmType {
	return []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm}
}

// metrics reads the series that the service files name, or else those of the
// stream itself.
func (c cloudWatchChecks) metrics(ctx context.Context) finding {
	var refs []incident.MetricRef
	for _, s := range c.services() {
		for _, m := range s.Metrics {
			refs = append(refs, m.MetricRef)
		}
	}
	fallback := len(refs) == 0
	if fallback {
		refs = []incident.MetricRef{{Namespace: "AWS/Kinesis", Name: "IncomingRecords", Dimensions: map[string]string{"StreamName": c.stream}, Stat: "Sum", Period: 300}}
	}
	refs = refs[:min(len(refs), maxSeries)]
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(time.Now().Add(-metricsBack)), EndTime: aws.Time(time.Now())}
	for i, r := range refs {
		in.MetricDataQueries = append(in.MetricDataQueries, query(fmt.Sprintf("m%d", i), r))
	}
	has := map[string]bool{}
	for {
		out, err := c.client.GetMetricData(ctx, in)
		if err != nil {
			return awsTrouble(err, "CloudWatch", right{"cloudwatch:GetMetricData", "*"})
		}
		for _, r := range out.MetricDataResults {
			has[aws.ToString(r.Id)] = has[aws.ToString(r.Id)] || len(r.Values) > 0
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	if fallback {
		return passed("can be read; the catalogue names none")
	}
	var silent []string
	for i, r := range refs {
		if !has[fmt.Sprintf("m%d", i)] {
			silent = append(silent, r.SourceKey())
		}
	}
	if len(silent) > 0 {
		return warning(fmt.Sprintf("no data for an hour in %d of %d: %s", len(silent), len(refs), listOf(silent)),
			say("Check namespace, name and dimensions in the service files, letter by letter."))
	}
	return passed("all %d that services name have data", len(refs))
}

func query(id string, r incident.MetricRef) cwtypes.MetricDataQuery {
	m := &cwtypes.Metric{Namespace: aws.String(r.Namespace), MetricName: aws.String(r.Name)}
	for k, v := range r.Dimensions {
		m.Dimensions = append(m.Dimensions, cwtypes.Dimension{Name: aws.String(k), Value: aws.String(v)})
	}
	// One point a minute is enough to see that there is data, also of a series
	// with a point a second, and keeps the answer to one page.
	period := max(60, r.Period)
	return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{Metric: m, Stat: aws.String(r.Stat), Period: aws.Int32(int32(period))}}
}

func (d *doctor) logsProbe() probe {
	l := logsChecks{client: cloudwatchlogs.NewFromConfig(d.aws), group: func(name string) string { return d.arn("logs", "log-group:"+name+":*") }, region: d.cfg.Region, services: d.catalogue.services}
	return probe{
		system: "CloudWatch Logs", skip: d.unusable([]string{config.RoleEvidence}, "region"),
		checks: []check{{"log groups", l.groups}},
	}
}

type logsChecks struct {
	client   *cloudwatchlogs.Client
	group    func(name string) string // ARN
	region   string
	services func() []incident.Service
}

// groups reads a little of each log group that the service files name.
func (l logsChecks) groups(ctx context.Context) finding {
	var names []string
	for _, s := range l.services() {
		names = append(names, s.LogGroups...)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return skipped("the catalogue names none")
	}
	all := len(names)
	names = names[:min(all, maxGroups)]
	var missing []string
	for _, name := range names {
		_, err := l.client.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: &name, Limit: aws.Int32(1), StartTime: aws.Int64(time.Now().Add(-time.Minute).UnixMilli()),
		})
		if absent := (*logstypes.ResourceNotFoundException)(nil); errors.As(err, &absent) {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			return awsTrouble(err, "CloudWatch Logs", right{"logs:FilterLogEvents", l.group(name)})
		}
	}
	if len(missing) > 0 {
		return failed("not in "+l.region+": "+listOf(missing), say("Create them, or mend log_groups in the service files."))
	}
	if all > len(names) {
		return passed("%d of the %d that services name can be read", len(names), all)
	}
	return passed("all %d that services name can be read", all)
}
