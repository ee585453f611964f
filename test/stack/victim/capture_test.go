package victim

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebschemas "github.com/aws/aws-sdk-go-v2/service/eventbridge/schemas"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
)

// capture takes what the services send over the real wire protocols and keeps it.
type capture struct {
	env         []string
	credentials awswire.Credentials

	mu      sync.Mutex
	streams map[string]bool
	lines   map[string][]map[string]any // by log group
	data    []cwtypes.MetricDatum
	events  []ebtypes.PutEventsRequestEntry
}

func startCapture(t *testing.T) *capture {
	t.Helper()
	c := &capture{streams: map[string]bool{}, lines: map[string][]map[string]any{}}
	server := awswire.New(awswire.Options{Region: "eu-central-1"})
	server.Register(awswire.Service{
		Name: "logs", SigningName: "logs", Schema: logschemas.Logs_20140328, Errors: cloudwatchlogs.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(logschemas.CreateLogStream, logschemas.CreateLogStreamRequest, nil, c.createStream),
			awswire.Handle(logschemas.PutLogEvents, logschemas.PutLogEventsRequest, logschemas.PutLogEventsResponse, c.putLogs),
		},
	})
	server.Register(awswire.Service{
		Name: "cloudwatch", SigningName: "monitoring", Schema: cwschemas.GraniteServiceVersion20100801, Errors: cloudwatch.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(cwschemas.PutMetricData, cwschemas.PutMetricDataInput, nil, c.putMetrics),
		},
	})
	server.Register(awswire.Service{
		Name: "events", SigningName: "events", Schema: ebschemas.AWSEvents, Errors: eventbridge.TypeRegistry,
		Operations: []awswire.Operation{
			awswire.Handle(ebschemas.PutEvents, ebschemas.PutEventsRequest, ebschemas.PutEventsResponse, c.putEvents),
		},
	})
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	c.credentials = server.Credentials()
	c.env = []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_REGION=eu-central-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + server.Credentials().AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + server.Credentials().Secret,
	}
	return c
}

func (c *capture) createStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams[aws.ToString(in.LogStreamName)] = true
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (c *capture) putLogs(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range in.LogEvents {
		var line map[string]any
		if err := json.Unmarshal([]byte(aws.ToString(e.Message)), &line); err != nil {
			return nil, err
		}
		c.lines[aws.ToString(in.LogGroupName)] = append(c.lines[aws.ToString(in.LogGroupName)], line)
	}
	return &cloudwatchlogs.PutLogEventsOutput{}, nil
}

func (c *capture) putMetrics(_ context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = append(c.data, in.MetricData...)
	return &cloudwatch.PutMetricDataOutput{}, nil
}

func (c *capture) putEvents(_ context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, in.Entries...)
	return &eventbridge.PutEventsOutput{Entries: make([]ebtypes.PutEventsResultEntry, len(in.Entries))}, nil
}

// datapoints returns the values of a service's metric in the order of arrival.
func (c *capture) datapoints(service, name string) []cwtypes.MetricDatum {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []cwtypes.MetricDatum
	for _, d := range c.data {
		if aws.ToString(d.MetricName) == name && aws.ToString(d.Dimensions[0].Value) == service {
			out = append(out, d)
		}
	}
	return out
}

// messages returns the messages of a level in a service's log group.
func (c *capture) messages(service, level string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, line := range c.lines[LogGroup(service)] {
		if line["level"] == level && line["service"] == service {
			out = append(out, line["msg"].(string))
		}
	}
	return out
}

func (c *capture) changes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range c.events {
		if aws.ToString(e.Source) == changeSource && strings.Contains(aws.ToString(e.DetailType), "Reload") {
			out = append(out, aws.ToString(e.Detail))
		}
	}
	return out
}
