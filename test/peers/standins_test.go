//go:build peers

package peers

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock"
	"firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/events"
	"firebreak/test/stack/kinesis"
	"firebreak/test/stack/logs"
	"firebreak/test/stack/ssm"
)

const (
	region  = "eu-central-1"
	account = "123456789012"
)

// Features that not every server has.
const (
	ownClock    = "a clock that the test moves"
	evaluates   = "alarms that are evaluated"
	runs        = "automations that run"
	delivers    = "rules that deliver to streams"
	converses   = "the offline model"
	logMatching = "filter patterns"
)

// server is what cases run against.
type server struct {
	name     string
	endpoint string
	key      string
	secret   string
	features []string
	clock    *clock // of ours only
}

// config is an SDK configuration for the server, which tries once.
func (s *server) config() aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &s.endpoint, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider(s.key, s.secret, ""),
	}
}

// environment is the same for clients that are processes. No file of the
// person who runs this has a say.
func (s *server) environment() []string {
	return []string{
		"PEER_ENDPOINT=" + s.endpoint, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + s.key, "AWS_SECRET_ACCESS_KEY=" + s.secret,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"AWS_RETRY_MODE=standard", "AWS_MAX_ATTEMPTS=1",
	}
}

// clock is the real time and what a test adds to it.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// ours starts all AWS stand-ins on one address, tied together as the stack does
// it.
func ours(t *testing.T) *server {
	t.Helper()
	c := &clock{}
	wire := awswire.New(awswire.Options{Region: region, Logger: slog.Default()})
	streams := kinesis.New(kinesis.Options{Region: region, Account: account, Now: c.now})
	bus := events.New(events.Options{Region: region, Account: account, Sink: streams})
	groups := logs.New(logs.Options{Region: region, Account: account, Sink: streams})
	metrics := cloudwatch.New(cloudwatch.Options{Region: region, Account: account, Events: bus})
	manager := ssm.New(ssm.Options{Region: region, Account: account, Poll: 50 * time.Millisecond})
	t.Cleanup(manager.Close)
	require.NoError(t, manager.RegisterInstance(ssm.Instance{ID: "i-0123456789abcdef0", Dir: t.TempDir()}))
	for _, service := range []interface{ Register(*awswire.Server) }{streams, bus, groups, metrics, manager, bedrock.New(bedrock.Options{})} {
		service.Register(wire)
	}
	for _, run := range []func(context.Context){bus.Run, groups.Run, metrics.Run} {
		go run(t.Context())
	}
	endpoint, err := wire.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return &server{
		name: "ours", endpoint: endpoint, key: wire.Credentials().AccessKeyID, secret: wire.Credentials().Secret, clock: c,
		features: []string{ownClock, evaluates, runs, delivers, converses, logMatching},
	}
}
