package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
)

var onset = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// cloud is CloudWatch and CloudWatch Logs in memory.
type cloud struct {
	mu     sync.Mutex
	now    time.Time
	series map[string]map[int64]float64 // by namespace/name{...}, by unix second
	lines  map[string][]line
	alarms []cwtypes.MetricAlarm
	page   int // events of one page of FilterLogEvents

	history map[string][]cwtypes.AlarmHistoryItem // by type

	metricErr, alarmErr, historyErr, logErr error
	onRead                                  func()                                                                  // before each GetMetricData
	onLines                                 func(ctx context.Context, group string, from time.Time, skip int) error // before each FilterLogEvents
	status                                  map[string]cwtypes.StatusCode                                           // by namespace/name{...}
	filters                                 []string
	periods                                 []int32
}

type line struct {
	at   time.Time
	text string
}

func newCloud() *cloud {
	return &cloud{now: onset.Add(30 * time.Second), series: map[string]map[int64]float64{}, lines: map[string][]line{}, page: 50}
}

func (c *cloud) set(r incident.MetricRef, at time.Time, v float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.series[r.SourceKey()] == nil {
		c.series[r.SourceKey()] = map[int64]float64{}
	}
	c.series[r.SourceKey()][at.Unix()] = v
}

// fill sets one datapoint a second between two offsets from the onset.
func (c *cloud) fill(r incident.MetricRef, from, to int, f func(second int) float64) {
	for s := from; s < to; s++ {
		c.set(r, onset.Add(time.Duration(s)*time.Second), f(s))
	}
}

func (c *cloud) log(group string, second int, text string) {
	c.lines[group] = append(c.lines[group], line{onset.Add(time.Duration(second) * time.Second), text})
}

func (c *cloud) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// GetMetricData answers in pages of ten series, out of order of time.
func (c *cloud) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if c.onRead != nil {
		c.onRead()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.metricErr != nil {
		return nil, c.metricErr
	}
	i := 0
	if in.NextToken != nil {
		i, _ = strconv.Atoi(*in.NextToken)
	}
	out := &cloudwatch.GetMetricDataOutput{}
	for end := i + 10; i < min(end, len(in.MetricDataQueries)); i++ {
		out.MetricDataResults = append(out.MetricDataResults, c.result(in, in.MetricDataQueries[i]))
	}
	if i < len(in.MetricDataQueries) {
		out.NextToken = aws.String(strconv.Itoa(i))
	}
	return out, nil
}

func (c *cloud) result(in *cloudwatch.GetMetricDataInput, q cwtypes.MetricDataQuery) cwtypes.MetricDataResult {
	c.periods = append(c.periods, *q.MetricStat.Period)
	ref := incident.MetricRef{Namespace: *q.MetricStat.Metric.Namespace, Name: *q.MetricStat.Metric.MetricName, Dimensions: map[string]string{}}
	for _, d := range q.MetricStat.Metric.Dimensions {
		ref.Dimensions[*d.Name] = *d.Value
	}
	r := cwtypes.MetricDataResult{Id: q.Id, StatusCode: c.status[ref.SourceKey()]}
	for at, v := range c.series[ref.SourceKey()] {
		if t := time.Unix(at, 0); !t.Before(*in.StartTime) && t.Before(*in.EndTime) {
			r.Timestamps, r.Values = append(r.Timestamps, t), append(r.Values, v)
		}
	}
	return r
}

func (c *cloud) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if c.alarmErr != nil {
		return nil, c.alarmErr
	}
	out := &cloudwatch.DescribeAlarmsOutput{}
	for _, a := range c.alarms {
		prefix := aws.ToString(in.AlarmNamePrefix)
		if slices.Contains(in.AlarmNames, *a.AlarmName) || prefix != "" && strings.HasPrefix(*a.AlarmName, prefix) {
			out.MetricAlarms = append(out.MetricAlarms, a)
		}
	}
	return out, nil
}

// DescribeAlarmHistory answers in pages of one item.
func (c *cloud) DescribeAlarmHistory(_ context.Context, in *cloudwatch.DescribeAlarmHistoryInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmHistoryOutput, error) {
	if c.alarmErr != nil {
		return nil, c.alarmErr
	}
	items := c.history[string(in.HistoryItemType)]
	i := 0
	if in.NextToken != nil {
		i, _ = strconv.Atoi(*in.NextToken)
	}
	if c.historyErr != nil && i >= len(items)-1 { // the last page is lost
		return nil, c.historyErr
	}
	out := &cloudwatch.DescribeAlarmHistoryOutput{AlarmHistoryItems: items[min(i, len(items)):min(i+1, len(items))]}
	if i+1 < len(items) {
		out.NextToken = aws.String(strconv.Itoa(i + 1))
	}
	return out, nil
}

func (c *cloud) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if c.logErr != nil {
		return nil, c.logErr
	}
	c.mu.Lock()
	c.filters = append(c.filters, aws.ToString(in.FilterPattern))
	c.mu.Unlock()
	skip := 0
	if in.NextToken != nil {
		skip, _ = strconv.Atoi(*in.NextToken)
	}
	if c.onLines != nil {
		if err := c.onLines(ctx, *in.LogGroupName, time.UnixMilli(*in.StartTime), skip); err != nil {
			return nil, err
		}
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{}
	n := 0
	for _, l := range c.lines[*in.LogGroupName] {
		if ms := l.at.UnixMilli(); ms < *in.StartTime || ms > *in.EndTime || in.FilterPattern != nil && !strings.Contains(l.text, "error") {
			continue
		}
		if n++; n <= skip {
			continue
		}
		if len(out.Events) == c.page {
			out.NextToken = aws.String(strconv.Itoa(skip + c.page))
			break
		}
		out.Events = append(out.Events, logtypes.FilteredLogEvent{Timestamp: aws.Int64(l.at.UnixMilli()), Message: aws.String(l.text)})
	}
	return out, nil
}

// catalog knows services at one commit.
type catalog map[string]incident.Service

func (c catalog) At(_ context.Context, commit string) (*runbook.Catalog, error) {
	if commit != "abc" {
		return nil, fmt.Errorf("no commit %s", commit)
	}
	return &runbook.Catalog{Commit: commit, Services: c}, nil
}

func metric(service, name string) incident.MetricRef {
	return incident.MetricRef{Namespace: "Shop", Name: name, Dimensions: map[string]string{"service": service}, Stat: "Sum", Period: 1, Unit: "Count"}
}

func service(name string, depends ...string) incident.Service {
	return incident.Service{
		Name: name, DependsOn: depends, LogGroups: []string{"/shop/" + name}, Alarms: []string{name + "-*"},
		Metrics: []incident.WatchedMetric{
			{MetricRef: metric(name, "Errors"), Role: incident.RoleErrors},
			{MetricRef: metric(name, "Requests"), Role: incident.RoleRequests},
		},
	}
}

func activities(t *testing.T, c *cloud) (*evidence.Activities, *testsuite.TestActivityEnvironment) {
	t.Helper()
	a, err := evidence.New(evidence.Options{
		Metrics: c, Logs: c, Catalog: catalog{"payments": service("payments")}, Now: c.clock, Poll: time.Millisecond, Before: 2 * time.Minute,
	})
	require.NoError(t, err)
	return a, environment(a)
}

func environment(a *evidence.Activities) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	return env
}

// full is a store that has no room.
type full struct{}

func (full) Put(context.Context, []byte) (incident.ObjectRef, error) {
	return incident.ObjectRef{}, errors.New("no space left")
}
