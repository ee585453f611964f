package victim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

const (
	// traceHeader carries the trace of a request from service to service.
	traceHeader = "X-Amzn-Trace-Id"
	// envXRay is set where there is an X-Ray to send segments to; without it
	// nothing is traced.
	envXRay = "AWS_ENDPOINT_URL_XRAY"

	// The sampling rule: so many requests of every second, and a share of the rest.
	sampleFirst = 5
	sampleShare = 0.05

	maxSegmentsWaiting = 500
	segmentsAtOnce     = 50 // the limit of PutTraceSegments
)

// tracer makes segments of the sampled requests and sends them every second, as
// the X-Ray daemon does.
type tracer struct {
	client  *xray.Client
	service string

	mu      sync.Mutex
	second  int64 // of the latest request that was asked about
	taken   int   // in that second
	waiting []string
}

// newTracer returns nil, which traces nothing, where there is no X-Ray.
func newTracer(cfg aws.Config, service string) *tracer {
	if os.Getenv(envXRay) == "" {
		return nil
	}
	return &tracer{client: xray.NewFromConfig(cfg), service: service}
}

// span is a segment, or a subsegment of one, while it is open.
type span struct {
	segment map[string]any
	began   time.Time

	mu   sync.Mutex
	subs []map[string]any
}

type spanKey struct{}

func randomID(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// unixSeconds is a time as segments have it.
func unixSeconds(t time.Time) float64 { return math.Round(float64(t.UnixNano())/1e3) / 1e6 }

// begin opens the segment of a request, in the trace that its header names. It
// returns nil for a request that is not sampled.
func (t *tracer) begin(r *http.Request) (*span, *http.Request) {
	if t == nil {
		return nil, r
	}
	id, parent, sampled := readTraceHeader(r.Header.Get(traceHeader))
	if sampled == "" {
		sampled = "0"
		if t.sample(time.Now()) {
			sampled = "1"
		}
	}
	if sampled != "1" {
		return nil, r.WithContext(context.WithValue(r.Context(), spanKey{}, (*span)(nil)))
	}
	now := time.Now()
	if id == "" {
		id = fmt.Sprintf("1-%08x-%s", now.Unix(), randomID(12))
	}
	s := &span{began: now, segment: map[string]any{
		"name": t.service, "id": randomID(8), "trace_id": id, "start_time": unixSeconds(now), "origin": "AWS::EC2::Instance",
	}}
	if parent != "" {
		s.segment["parent_id"] = parent
	}
	return s, r.WithContext(context.WithValue(r.Context(), spanKey{}, s))
}

// sample is the sampling rule.
func (t *tracer) sample(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Unix() != t.second {
		t.second, t.taken = now.Unix(), 0
	}
	if t.taken < sampleFirst {
		t.taken++
		return true
	}
	return mathrand.Float64() < sampleShare
}

// readTraceHeader reads "Root=...;Parent=...;Sampled=1" with any of its parts.
func readTraceHeader(header string) (root, parent, sampled string) {
	for part := range strings.SplitSeq(header, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "Root":
			root = value
		case "Parent":
			parent = value
		case "Sampled":
			sampled = value
		}
	}
	return root, parent, sampled
}

// end closes the segment of a request and queues it.
func (t *tracer) end(s *span, r *http.Request, status int) {
	if t == nil || s == nil {
		return
	}
	s.segment["end_time"] = unixSeconds(time.Now())
	s.segment["http"] = map[string]any{
		"request":  map[string]any{"method": r.Method, "url": "http://" + t.service + r.URL.Path},
		"response": map[string]any{"status": status},
	}
	judge(s.segment, status)
	s.mu.Lock()
	if len(s.subs) > 0 {
		s.segment["subsegments"] = s.subs
	}
	s.mu.Unlock()
	doc, err := json.Marshal(s.segment)
	if err != nil {
		complain("encode a segment", err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) < maxSegmentsWaiting {
		t.waiting = append(t.waiting, string(doc))
	}
}

// judge says how a request ended, as X-Ray does by the status.
func judge(segment map[string]any, status int) {
	switch {
	case status >= http.StatusInternalServerError:
		segment["fault"] = true
	case status == http.StatusTooManyRequests:
		segment["throttle"], segment["error"] = true, true
	case status >= http.StatusBadRequest:
		segment["error"] = true
	}
}

// traceCall opens the subsegment of a call to another service and puts its trace
// into the request; the function that it returns closes it with the answer.
func traceCall(req *http.Request, service string) (end func(status int, err error)) {
	s, _ := req.Context().Value(spanKey{}).(*span)
	if s == nil {
		if req.Context().Value(spanKey{}) != nil { // of a request that is not sampled
			req.Header.Set(traceHeader, "Sampled=0")
		}
		return func(int, error) {}
	}
	sub := map[string]any{"name": service, "id": randomID(8), "namespace": "remote", "start_time": unixSeconds(time.Now())}
	req.Header.Set(traceHeader, fmt.Sprintf("Root=%s;Parent=%s;Sampled=1", s.segment["trace_id"], sub["id"]))
	return func(status int, err error) {
		sub["end_time"] = unixSeconds(time.Now())
		sub["http"] = map[string]any{
			"request":  map[string]any{"method": req.Method, "url": "http://" + service + req.URL.Path},
			"response": map[string]any{"status": status},
		}
		judge(sub, status)
		if err != nil {
			kind := "ConnectionError"
			if errors.Is(err, context.DeadlineExceeded) {
				kind = "TimeoutError"
			}
			sub["fault"] = true
			sub["cause"] = map[string]any{"exceptions": []any{map[string]any{"id": randomID(8), "type": kind, "message": causeOf(err).Error(), "remote": true}}}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.subs = append(s.subs, sub)
	}
}

// run sends what was queued every second until the end, and then the rest.
func (t *tracer) run(ctx context.Context) {
	if t == nil {
		return
	}
	for sleep(ctx, time.Second) == nil {
		complain("send segments", t.send(ctx))
	}
	complain("send the last segments", t.send(context.WithoutCancel(ctx)))
}

func (t *tracer) send(ctx context.Context) error {
	t.mu.Lock()
	waiting := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for len(waiting) > 0 {
		n := min(len(waiting), segmentsAtOnce)
		out, err := t.client.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: waiting[:n]})
		if err != nil {
			return err
		}
		if len(out.UnprocessedTraceSegments) > 0 {
			return fmt.Errorf("a segment was refused: %s", aws.ToString(out.UnprocessedTraceSegments[0].Message))
		}
		waiting = waiting[n:]
	}
	return nil
}

// causeOf is what an error of the HTTP client is about, without the address,
// which is another one in every run.
func causeOf(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
