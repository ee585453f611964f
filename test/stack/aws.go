package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock"
	"firebreak/test/stack/cloudtrail"
	"firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/events"
	"firebreak/test/stack/kinesis"
	"firebreak/test/stack/logs"
	"firebreak/test/stack/ssm"
	"firebreak/test/stack/xray"
)

// shards of the stream.
const shards = 2

// standIns are the AWS services, behind one listener.
type standIns struct {
	Kinesis    *kinesis.Service
	CloudWatch *cloudwatch.Service
	Logs       *logs.Service
	Events     *events.Service
	SSM        *ssm.Service
	Bedrock    *bedrock.Service
	XRay       *xray.Service
	CloudTrail *cloudtrail.Service

	aws     *awswire.Server
	awsURL  string
	running sync.WaitGroup // what the stand-ins do by themselves

	unstreamed sync.Map // names of services whose metrics are kept off the stream
}

// startAWS makes the services and ties them together as they are in an account:
// alarms emit events, rules and subscriptions deliver to the stream.
func (s *Stack) startAWS(ctx, running context.Context) error {
	o := s.opts
	s.CloudTrail = cloudtrail.New(cloudtrail.Options{Region: Region, Account: Account})
	s.aws = awswire.New(awswire.Options{Region: Region, AllowedHosts: o.AllowedHosts, Faults: s.Faults, Logger: o.Logger, Observe: s.CloudTrail.Observe})
	s.Kinesis = kinesis.New(kinesis.Options{Region: Region, Account: Account, ReadsPerSecond: 5, WritesPerSecond: 1000})
	s.Events = events.New(events.Options{Region: Region, Account: Account, Sink: s.Kinesis, Faults: s.Faults, Logger: o.Logger})
	s.Logs = logs.New(logs.Options{Region: Region, Account: Account, Sink: s.Kinesis, Faults: s.Faults, Logger: o.Logger})
	s.CloudWatch = cloudwatch.New(cloudwatch.Options{Region: Region, Account: Account, Events: s.Events, Logger: o.Logger})
	s.SSM = ssm.New(ssm.Options{Region: Region, Account: Account, Alarms: alarmStates{s}})
	s.Bedrock = bedrock.New(bedrock.Options{Logger: o.Logger})
	s.XRay = xray.New(xray.Options{Account: Account})
	for _, service := range []interface{ Register(*awswire.Server) }{s.Kinesis, s.Events, s.Logs, s.CloudWatch, s.SSM, s.Bedrock, s.XRay, s.CloudTrail} {
		service.Register(s.aws)
	}
	for _, run := range []func(context.Context){s.Events.Run, s.Logs.Run, s.CloudWatch.Run} {
		s.running.Go(func() { run(running) })
	}
	var err error
	if s.awsURL, err = s.aws.Listen(running, s.listen()); err != nil {
		return err
	}
	if err := s.provision(ctx); err != nil {
		return err
	}
	// A metric stream cannot reach Kinesis Data Streams by itself; this is the
	// transform behind Firehose that a real account needs.
	s.CloudWatch.StreamMetrics(s.putMetrics, time.Second)
	return nil
}

// stopAutomations ends what runs on the instances before they are taken away.
func (s *Stack) stopAutomations() {
	if s.SSM != nil {
		s.SSM.Close()
	}
}

// registerInstances makes the shop's machines managed instances, and gives
// automation documents the operations that they may call.
func (s *Stack) registerInstances() error {
	for _, in := range s.Shop.Instances() {
		if err := s.SSM.RegisterInstance(ssm.Instance{ID: in.ID, Dir: in.Dir, Path: in.Path}); err != nil {
			return err
		}
	}
	s.SSM.RegisterAPI("cloudwatch", "DescribeAlarms", func(ctx context.Context, input map[string]any) (map[string]any, error) {
		var in cw.DescribeAlarmsInput
		if err := recode(input, &in); err != nil {
			return nil, err
		}
		out, err := cw.NewFromConfig(s.AWS()).DescribeAlarms(ctx, &in)
		if err != nil {
			return nil, err
		}
		var answer map[string]any
		return answer, recode(out, &answer)
	})
	return nil
}

// recode turns what a document says into an operation's input, and its output
// into what a document reads: the SDK's field names are the service's.
func recode(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

// alarmStates answers for executions that an alarm may stop.
type alarmStates struct{ s *Stack }

// AlarmState implements automation.AlarmStates.
func (a alarmStates) AlarmState(ctx context.Context, name string) (string, error) {
	out, err := cw.NewFromConfig(a.s.AWS()).DescribeAlarms(ctx, &cw.DescribeAlarmsInput{AlarmNames: []string{name}})
	if err != nil {
		return "", fmt.Errorf("describe alarm %s: %w", name, err)
	}
	if len(out.MetricAlarms) == 0 {
		return "", fmt.Errorf("describe alarm %s: there is none", name)
	}
	return string(out.MetricAlarms[0].StateValue), nil
}

// serveHTTP serves a handler on an address and returns the server, which the
// caller closes, and its URL.
func serveHTTP(ctx context.Context, addr string, handler http.Handler) (*http.Server, string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			slog.Default().Error("a stand-in stopped serving", "address", l.Addr().String(), "error", err)
		}
	}()
	return server, "http://" + l.Addr().String(), nil
}
