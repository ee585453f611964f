package victim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	metricNamespace = "Shop"
	changeSource    = "shop.config"
	changeType      = "Shop Configuration Reload"
	// callTimeout bounds every call to AWS, so that a service that cannot reach
	// it goes on serving.
	callTimeout = 5 * time.Second
)

// LogGroup is the CloudWatch Logs group of a service.
func LogGroup(service string) string { return "/shop/" + service }

// telemetry is what a service tells about itself: log lines to standard output
// and to CloudWatch Logs, four metrics a second to CloudWatch, its changes of
// configuration to EventBridge, and segments of sampled requests to X-Ray, each
// with the SDK's client as it comes.
type telemetry struct {
	service string
	log     *slog.Logger
	events  *eventbridge.Client
	shipper *shipper
	meter   *meter
	tracer  *tracer
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func startTelemetry(ctx context.Context, service, version string) (*telemetry, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	// Metrics and logs outlive the request to stop: the last second is sent too.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &telemetry{service: service, cancel: cancel, events: eventbridge.NewFromConfig(cfg)}
	t.shipper = newShipper(cloudwatchlogs.NewFromConfig(cfg), LogGroup(service), fmt.Sprintf("%s/%d", service, os.Getpid()))
	t.meter = newMeter(cloudwatch.NewFromConfig(cfg), service)
	t.log = slog.New(slog.NewJSONHandler(io.MultiWriter(os.Stdout, t.shipper), &slog.HandlerOptions{ReplaceAttr: lowerLevel})).
		With("service", service, "release", version)
	t.running.Go(func() { t.shipper.run(ctx) })
	t.running.Go(func() { t.meter.run(ctx) })
	t.tracer = newTracer(cfg, service)
	t.running.Go(func() { t.tracer.run(ctx) })
	return t, nil
}

// stop sends what is left and ends.
func (t *telemetry) stop() {
	t.cancel()
	t.running.Wait()
}

func lowerLevel(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.LevelKey {
		return slog.String(slog.LevelKey, strings.ToLower(a.Value.String()))
	}
	return a
}

// announce puts an event about a change of configuration on the default bus.
func (t *telemetry) announce(ctx context.Context, change string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := t.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source:     aws.String(changeSource),
		DetailType: aws.String(changeType),
		Detail:     aws.String(fmt.Sprintf(`{"service": %q, "change": %q}`, t.service, change)),
		Time:       aws.Time(time.Now()),
	}}})
	if err != nil {
		return fmt.Errorf("put the event %q: %w", changeType, err)
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("put the event %q: %s", changeType, aws.ToString(out.Entries[0].ErrorMessage))
	}
	return nil
}

// measure counts, times and traces every request and turns a panic into a 500 with an
// error in the log.
func (t *telemetry) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		segment, r := t.tracer.begin(r)
		defer func() {
			if v := recover(); v != nil {
				t.log.Error(fmt.Sprintf("panic in %s %s: %v", r.Method, r.URL.Path, v), requestID(r))
				http.Error(answer, "internal error", http.StatusInternalServerError)
			}
			t.tracer.end(segment, r, answer.status)
			t.meter.observe(time.Since(began), answer.status >= http.StatusInternalServerError, r.Header.Get(shopHeader))
		}()
		next.ServeHTTP(answer, r)
	})
}

type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// complain writes to standard error, which the supervisor keeps, what cannot go
// to CloudWatch because it is about CloudWatch.
func complain(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	}
}
