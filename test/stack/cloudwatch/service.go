// Package cloudwatch stands in for CloudWatch metrics and alarms: datapoints at
// one-second resolution in memory, GetMetricData with statistics, percentiles
// and metric math, alarms that are really evaluated and send their state
// changes, and a metric stream in CloudWatch's JSON format.
//
// Alarms are evaluated every second where AWS takes ten seconds or a minute,
// and only over periods that are complete. Composite alarms, anomaly bands and
// Metrics Insights are not known here.
package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/test/stack/awswire"
)

// EventPutter takes the events of alarms; the events stand-in does.
type EventPutter interface {
	PutEvent(event []byte) error
}

// Options configure a Service. The zero value works, with alarms that tell
// nobody.
type Options struct {
	Now     func() time.Time // Clock; time.Now when nil.
	Region  string           // "us-east-1" when empty.
	Account string           // "123456789012" when empty.
	Events  EventPutter      // Where alarm state changes go; nil drops them.
	Logger  *slog.Logger     // Discarded when nil.
	// Tick is how often Run evaluates alarms; a second when 0.
	Tick time.Duration
	// Retention is how long datapoints are kept; 3 hours when 0, which is how
	// long AWS keeps those of one-second resolution.
	Retention time.Duration
}

// maxSeries bounds the series that are kept.
const maxSeries = 5000

// Service holds metrics and alarms. It is safe for concurrent use.
type Service struct {
	o Options

	emitting sync.Mutex // Held while state changes leave, which keeps their order; taken before mu.

	mu      sync.Mutex
	series  map[string]*series
	alarms  map[string]*alarm
	history []historyItem // Oldest first.
	streams []*metricStream
}

// New makes a service without metrics.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Region = cmp.Or(o.Region, "us-east-1")
	o.Account = cmp.Or(o.Account, "123456789012")
	o.Tick = cmp.Or(o.Tick, time.Second)
	o.Retention = cmp.Or(o.Retention, 3*time.Hour)
	return &Service{o: o, series: map[string]*series{}, alarms: map[string]*alarm{}}
}

// Register serves metrics and alarms on the wire.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name:         "cloudwatch",
		SigningName:  "monitoring",
		Schema:       schemas.GraniteServiceVersion20100801,
		Errors:       cloudwatch.TypeRegistry,
		ThrottleCode: "Throttling",
		Operations: []awswire.Operation{
			awswire.Handle(schemas.PutMetricData, schemas.PutMetricDataInput, nil, s.putMetricData),
			awswire.Handle(schemas.GetMetricData, schemas.GetMetricDataInput, schemas.GetMetricDataOutput, s.getMetricData),
			awswire.Handle(schemas.GetMetricStatistics, schemas.GetMetricStatisticsInput, schemas.GetMetricStatisticsOutput, s.getMetricStatistics),
			awswire.Handle(schemas.ListMetrics, schemas.ListMetricsInput, schemas.ListMetricsOutput, s.listMetrics),
			awswire.Handle(schemas.PutMetricAlarm, schemas.PutMetricAlarmInput, nil, s.putMetricAlarm),
			awswire.Handle(schemas.DescribeAlarms, schemas.DescribeAlarmsInput, schemas.DescribeAlarmsOutput, s.describeAlarms),
			awswire.Handle(schemas.DeleteAlarms, schemas.DeleteAlarmsInput, nil, s.deleteAlarms),
			awswire.Handle(schemas.SetAlarmState, schemas.SetAlarmStateInput, nil, s.setAlarmState),
			awswire.Handle(schemas.DescribeAlarmHistory, schemas.DescribeAlarmHistoryInput, schemas.DescribeAlarmHistoryOutput, s.describeAlarmHistory),
		},
	})
}

// Run evaluates the alarms and feeds the metric streams until ctx ends.
func (s *Service) Run(ctx context.Context) {
	evaluate := time.NewTicker(s.o.Tick)
	defer evaluate.Stop()
	stream := time.NewTicker(streamTick)
	defer stream.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-evaluate.C:
			s.Evaluate(s.o.Now())
		case <-stream.C:
			s.Flush(s.o.Now())
		}
	}
}

// invalid is the error for a value that CloudWatch refuses.
func invalid(format string, args ...any) error {
	return &types.InvalidParameterValueException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// combination is the error for parameters that do not go together.
func combination(format string, args ...any) error {
	return &types.InvalidParameterCombinationException{Message: aws.String(fmt.Sprintf(format, args...))}
}
