// Package evidence gathers what CloudWatch knows about the time around an
// onset, and watches the live metric before and after a fix. It only reads.
package evidence

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"golang.org/x/time/rate"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
)

// Metrics is the part of CloudWatch that is read.
type Metrics interface {
	GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, opts ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
	DescribeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput, opts ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	DescribeAlarmHistory(ctx context.Context, in *cloudwatch.DescribeAlarmHistoryInput, opts ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmHistoryOutput, error)
}

// Logs is the part of CloudWatch Logs that is read.
type Logs interface {
	FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// Catalog finds the service files of neighbours at the incident's commit.
type Catalog interface {
	At(ctx context.Context, commit string) (*runbook.Catalog, error)
}

// Store keeps what is larger than a piece may be, under its content's hash.
type Store interface {
	Put(ctx context.Context, body []byte) (incident.ObjectRef, error)
}

// Options are what the activities work with. Metrics, Logs and Catalog are
// needed, everything else has a default.
type Options struct {
	Metrics  Metrics
	Logs     Logs
	Catalog  Catalog
	Traces   Traces           // X-Ray; nil: it is switched off
	Trail    Trail            // CloudTrail; nil: it is switched off
	Past     Past             // incidents that are over; nil: none are looked at
	Store    Store            // keeps large pieces; nil: nothing does
	Redactor redact.Redactor  // default: rules.Default()
	Now      func() time.Time // default: time.Now
	Poll     time.Duration    // between two looks at the live metric; default 10 s
	Within   time.Duration    // for one source of evidence to answer; default 30 s
	Before   time.Duration    // how long before the onset counts as normal; default 10 min
	Stream   string           // name of the Kinesis stream, for queries that find change events again; default "firebreak"
}

// Activities are GatherEvidence, ReadSymptom and VerifyRecovery.
type Activities struct {
	opts Options
	beat time.Duration // between two heartbeats while sources are asked

	trailPace *rate.Limiter // of all incidents of this worker together
}

// New checks the options and fills in the defaults.
func New(opts Options) (*Activities, error) {
	if opts.Metrics == nil || opts.Logs == nil || opts.Catalog == nil {
		return nil, errors.New("evidence activities need clients of CloudWatch and CloudWatch Logs, and a catalogue")
	}
	if opts.Redactor == nil {
		opts.Redactor = rules.Default()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Poll <= 0 {
		opts.Poll = 10 * time.Second
	}
	if opts.Within <= 0 {
		opts.Within = defaultWithin
	}
	if opts.Before <= 0 {
		opts.Before = 10 * time.Minute
	}
	if opts.Stream == "" {
		opts.Stream = "firebreak"
	}
	return &Activities{opts: opts, beat: beatEvery, trailPace: trailPace()}, nil
}
