package fault_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	type ask struct {
		service, operation string
		want               fault.Verdict
	}
	throttle := fault.Rule{Service: "ssm", Kind: fault.Throttle, Times: 2}
	tests := []struct {
		name  string
		rules []fault.Rule
		asks  []ask
	}{
		{name: "no rule, no fault", asks: []ask{{"ssm", "GetDocument", fault.Verdict{}}}},
		{name: "another service is left alone, times runs out", rules: []fault.Rule{throttle}, asks: []ask{
			{"kinesis", "PutRecord", fault.Verdict{}},
			{"ssm", "GetDocument", fault.Verdict{Refuse: &throttle}},
			{"ssm", "StartAutomationExecution", fault.Verdict{Refuse: &throttle}},
			{"ssm", "GetDocument", fault.Verdict{}},
		}},
		{name: "zero times is once", rules: []fault.Rule{{Operation: "Put", Kind: fault.LoseResponse}}, asks: []ask{
			{"a", "Get", fault.Verdict{}},
			{"a", "Put", fault.Verdict{Lose: true}},
			{"a", "Put", fault.Verdict{}},
		}},
		{name: "skip lets requests pass first", rules: []fault.Rule{{Kind: fault.Duplicate, Skip: 1}}, asks: []ask{
			{"a", "b", fault.Verdict{}},
			{"a", "b", fault.Verdict{Duplicate: true}},
			{"a", "b", fault.Verdict{}},
		}},
		{
			name: "delays add to the first other fault; the second waits its turn",
			rules: []fault.Rule{
				{Kind: fault.Latency, Latency: time.Second, Times: fault.Forever},
				{Kind: fault.LoseResponse},
				{Kind: fault.Duplicate},
			},
			asks: []ask{
				{"a", "b", fault.Verdict{Delay: time.Second, Lose: true}},
				{"a", "b", fault.Verdict{Delay: time.Second, Duplicate: true}},
				{"a", "b", fault.Verdict{Delay: time.Second}},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fault.New()
			for _, r := range tt.rules {
				f.Set(r)
			}
			for i, a := range tt.asks {
				require.Equal(t, a.want, f.Decide(a.service, a.operation), "ask %d", i)
			}
		})
	}
}

func TestProbabilityIsAShare(t *testing.T) {
	t.Parallel()
	f := fault.New()
	f.Set(fault.Rule{Kind: fault.LoseResponse, Probability: 0.3, Times: fault.Forever})
	lost := 0
	for range 5000 {
		if f.Decide("s", "o").Lose {
			lost++
		}
	}
	// Six standard deviations around the expected 1500.
	require.InDelta(t, 1500, lost, 200)
	require.Equal(t, lost, f.Fired("s", "o", fault.LoseResponse))
}

func TestRemoveAndClear(t *testing.T) {
	t.Parallel()
	f := fault.New()
	remove := f.Set(fault.Rule{Kind: fault.LoseResponse, Times: fault.Forever})
	f.Set(fault.Rule{Kind: fault.Duplicate, Times: fault.Forever})
	remove()
	require.Equal(t, fault.Verdict{Duplicate: true}, f.Decide("s", "o"))
	f.Clear()
	require.Equal(t, fault.Verdict{}, f.Decide("s", "o"))
	var none *fault.Faults
	none.Clear()
	require.Equal(t, fault.Verdict{}, none.Decide("s", "o"))
}

func TestSetRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, r := range []fault.Rule{{}, {Kind: "explode"}, {Kind: fault.Error, Times: -2}, {Kind: fault.Error, Probability: 2}} {
		require.Panics(t, func() { fault.New().Set(r) }, "%+v", r)
	}
}

func TestTimesHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	f := fault.New()
	f.Set(fault.Rule{Kind: fault.LoseResponse, Times: 10})
	var lost atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if f.Decide("s", "o").Lose {
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, lost.Load())
}

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		rule       *fault.Rule
		effects    int
		status     int // 0: the connection breaks.
		retryAfter string
		atLeast    time.Duration
	}{
		{name: "no rule", effects: 1, status: 201},
		{name: "error", rule: &fault.Rule{Kind: fault.Error, Code: "boom", Status: 503}, status: 503},
		{name: "throttle", rule: &fault.Rule{Kind: fault.Throttle, Latency: 1500 * time.Millisecond}, status: 429, retryAfter: "2"},
		{name: "latency", rule: &fault.Rule{Kind: fault.Latency, Latency: 30 * time.Millisecond}, effects: 1, status: 201, atLeast: 30 * time.Millisecond},
		{name: "lost response", rule: &fault.Rule{Kind: fault.LoseResponse}, effects: 1},
		{name: "duplicate", rule: &fault.Rule{Kind: fault.Duplicate}, effects: 2, status: 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fault.New()
			if tt.rule != nil {
				tt.rule.Service, tt.rule.Operation = "jira", "POST /issue"
				f.Set(*tt.rule)
			}
			var mu sync.Mutex
			var bodies []string
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				mu.Lock()
				bodies = append(bodies, string(b))
				mu.Unlock()
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, "done")
			})
			srv := httptest.NewServer(f.Wrap(handler, fault.Endpoint{Service: "jira"}))
			t.Cleanup(srv.Close)

			began := time.Now()
			resp, err := srv.Client().Post(srv.URL+"/issue", "text/plain", strings.NewReader("payload"))
			if tt.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				defer func() { _ = resp.Body.Close() }()
				require.Equal(t, tt.status, resp.StatusCode)
				require.Equal(t, tt.retryAfter, resp.Header.Get("Retry-After"))
			}
			require.GreaterOrEqual(t, time.Since(began), tt.atLeast)
			mu.Lock()
			seen := slices.Clone(bodies)
			mu.Unlock()
			require.Equal(t, slices.Repeat([]string{"payload"}, tt.effects), append([]string{}, seen...))

			// The rule is used up: the next request goes through.
			resp, err = srv.Client().Get(srv.URL + "/other")
			require.NoError(t, err)
			_ = resp.Body.Close()
		})
	}
}

func TestLostResponseOverHTTP2(t *testing.T) {
	t.Parallel()
	f := fault.New()
	f.Set(fault.Rule{Kind: fault.LoseResponse})
	var effects atomic.Int64
	srv := httptest.NewUnstartedServer(f.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { effects.Add(1) }), fault.Endpoint{}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	resp, err := srv.Client().Post(srv.URL, "text/plain", nil)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
	require.EqualValues(t, 1, effects.Load())
}
