package stream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	standin "firebreak/test/stack/kinesis"
	"firebreak/workers/stream"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
	name    = "firebreak"
)

// shop is a stream in the Kinesis stand-in with somebody who writes to it.
type shop struct {
	t      *testing.T
	data   *standin.Service
	client *kinesis.Client
	faults *fault.Faults
	rng    *rand.Rand
	begin  time.Time
	second int
	folder string
}

func newShop(t *testing.T, shards int) *shop {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Region: region, Faults: faults})
	data := standin.New(standin.Options{Region: region, Account: account})
	data.Register(server)
	require.NoError(t, data.Create(name, shards))
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	config := server.ClientConfig(endpoint)
	config.RetryMaxAttempts = 1 // so that the consumer sees every failure
	return &shop{
		t: t, data: data, faults: faults, client: kinesis.NewFromConfig(config), rng: rand.New(rand.NewPCG(1, 2)),
		begin: time.Now().Add(-5 * time.Minute).Truncate(time.Second).UTC(), folder: t.TempDir(),
	}
}

func inventory() *incident.Inventory {
	watch := func(service, metric string, role incident.MetricRole) incident.WatchedMetric {
		return incident.WatchedMetric{Role: role, MetricRef: incident.MetricRef{
			Namespace: "Shop", Name: metric, Dimensions: map[string]string{"service": service}, Stat: "Sum",
		}}
	}
	return incident.NewInventory([]incident.Service{
		{
			Name: "checkout", Severity: incident.Sev2, DependsOn: []string{"payments"}, LogGroups: []string{"/shop/checkout"},
			Metrics: []incident.WatchedMetric{watch("checkout", "Errors", incident.RoleErrors)}, Alarms: []string{"checkout-errors"},
		},
		{
			Name: "payments", LogGroups: []string{"/shop/payments"},
			Metrics: []incident.WatchedMetric{watch("payments", "Errors", incident.RoleErrors)},
		},
	})
}

// put writes a record and requires that it is taken.
func (s *shop) put(key string, data []byte) {
	s.t.Helper()
	require.NoError(s.t, s.data.PutRecord(name, key, data))
}

func (s *shop) now() time.Time { return s.begin.Add(time.Duration(s.second) * time.Second) }

// live writes seconds of both services' metrics and logs; failing is how many
// requests of checkout fail in each.
func (s *shop) live(seconds, failing int) {
	s.t.Helper()
	for range seconds {
		for _, service := range []string{"checkout", "payments"} {
			errors := 0
			if service == "checkout" {
				errors = failing
			}
			if s.rng.IntN(40) == 0 {
				errors++
			}
			s.put(service, metric(service, "Errors", s.now(), float64(errors)))
			var events []string
			for i := range 10 + errors {
				level, msg := "info", fmt.Sprintf("served %d", s.rng.IntN(1e6))
				if i >= 10 {
					level, msg = "error", "cannot read price of item: configuration is broken"
				}
				events = append(events, fmt.Sprintf(`{"level":%q,"msg":%q,"request_id":"%x"}`, level, msg, s.rng.Uint64()))
			}
			s.put("/shop/"+service, logs(s.t, "/shop/"+service, s.now(), events...))
		}
		s.second++
	}
}

func metric(service, metric string, at time.Time, sum float64) []byte {
	return fmt.Appendf(nil, `{"metric_stream_name":"m","account_id":%q,"region":%q,"namespace":"Shop","metric_name":%q,"dimensions":{"service":%q},"timestamp":%d,"value":{"count":1,"sum":%g,"max":%g,"min":%g},"unit":"Count"}`+"\n",
		account, region, metric, service, at.UnixMilli(), sum, sum, sum)
}

func logs(t *testing.T, group string, at time.Time, lines ...string) []byte {
	t.Helper()
	type event struct {
		ID        string `json:"id"`
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"message"`
	}
	var events []event
	for i, l := range lines {
		events = append(events, event{fmt.Sprintf("%s-%d-%d", group, at.UnixMilli(), i), at.UnixMilli() + int64(i), l})
	}
	raw, err := json.Marshal(map[string]any{
		"messageType": "DATA_MESSAGE", "owner": account, "logGroup": group, "logStream": "s", "subscriptionFilters": []string{"f"}, "logEvents": events,
	})
	require.NoError(t, err)
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, err = zw.Write(raw)
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	return b.Bytes()
}

func change(service, text string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"c-%d","detail-type":"Shop Configuration Reload","source":"shop.config","account":%q,"time":%q,"region":%q,"resources":[],"detail":{"service":%q,"change":%q}}`,
		at.UnixNano(), account, at.Format(time.RFC3339), region, service, text)
}

// inbox is an emitter that keeps what it is given.
type inbox struct {
	mu      sync.Mutex
	batches []incident.Batch
	refuse  func(n int) error // of the n-th call, counted from 1
	calls   int
}

func (i *inbox) Emit(ctx context.Context, b incident.Batch) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls++
	if i.refuse != nil {
		if err := i.refuse(i.calls); err != nil {
			return err
		}
	}
	i.batches = append(i.batches, b)
	return ctx.Err()
}

// anomalies returns what was emitted, in order, each emission once: the same
// episode in the same state with the same count is a repetition.
func (i *inbox) anomalies() []incident.Anomaly {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []incident.Anomaly
	seen := map[string]bool{}
	for _, b := range i.batches {
		for _, a := range b.Anomalies {
			key := fmt.Sprint(a.ID, a.State, a.Count)
			if !seen[key] {
				out = append(out, a)
			}
			seen[key] = true
		}
	}
	return out
}

func (i *inbox) opened(service string, kind incident.AnomalyKind) (incident.Anomaly, bool) {
	for _, a := range i.anomalies() {
		if a.Service == service && a.Kind == kind {
			return a, true
		}
	}
	return incident.Anomaly{}, false
}

// options are those of a consumer that starts at the oldest record.
func (s *shop) options(out *inbox) stream.Options {
	inv := inventory()
	return stream.Options{
		Stream: name, Account: account, Region: region, Kinesis: s.client, Emitter: out, Redactor: rules.Default(),
		Engine:      detect.New(detect.Options{Inventory: inv, Redactor: rules.Default()}),
		Inventory:   func() *incident.Inventory { return inv },
		Checkpoints: filepath.Join(s.folder, "checkpoints"), Quarantine: filepath.Join(s.folder, "quarantine"),
		Start: stream.StartTrimHorizon, Poll: 200 * time.Millisecond, Reconcile: 300 * time.Millisecond, Idle: 300 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// start runs a consumer and returns it with the function that stops it and
// tells how it ended.
func start(t *testing.T, o stream.Options) (*stream.Consumer, func() error) {
	t.Helper()
	c, stop, _ := startToEnd(t, o)
	return c, stop
}

// startToEnd is start with a way to wait for the consumer to end by itself.
func startToEnd(t *testing.T, o stream.Options) (c *stream.Consumer, stop, wait func() error) {
	t.Helper()
	c, err := stream.New(o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	wait = func() error {
		select {
		case err := <-done:
			done <- err
			return err
		case <-time.After(deadline):
			return errors.New("the consumer goes on")
		}
	}
	return c, stop, wait
}

const deadline, look = 20 * time.Second, 20 * time.Millisecond

// caughtUp waits until a consumer has read as many records as were written.
func caughtUp(t *testing.T, c *stream.Consumer, s *shop, before int64) {
	t.Helper()
	want := int64(len(s.data.Records(name))) - before
	require.Eventually(t, func() bool { return c.Counters().Records >= want }, deadline, look, "of %d records", want)
}
