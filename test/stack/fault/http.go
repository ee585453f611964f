package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxReplay bounds the body that a Duplicate fault keeps to serve a request
// twice, in bytes.
const maxReplay = 32 << 20

// Endpoint tells Wrap how a stand-in names and refuses its requests.
type Endpoint struct {
	Service string // Name that rules match, such as "jira".
	// Operation names a request, such as "chat.postMessage"; nil uses method
	// and path, "POST /rest/api/3/issue".
	Operation func(*http.Request) string
	// Refuse writes the error of a Refuse verdict in the stand-in's own form;
	// nil writes WriteRefusal's JSON.
	Refuse func(http.ResponseWriter, *http.Request, Rule)
}

// Wrap puts the switch in front of a stand-in: it delays, refuses, serves twice
// or serves and then cuts the connection, as the rules say.
func (f *Faults) Wrap(next http.Handler, e Endpoint) http.Handler {
	if e.Operation == nil {
		e.Operation = func(r *http.Request) string { return r.Method + " " + r.URL.Path }
	}
	if e.Refuse == nil {
		e.Refuse = WriteRefusal
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := f.Decide(e.Service, e.Operation(r))
		if err := Sleep(r.Context(), v.Delay); err != nil {
			panic(http.ErrAbortHandler)
		}
		switch {
		case v.Refuse != nil:
			// An unread body would make the server close the connection, which
			// a client could mistake for a lost response.
			_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxReplay))
			e.Refuse(w, r, *v.Refuse)
		case v.Duplicate:
			body, err := io.ReadAll(io.LimitReader(r.Body, maxReplay))
			if err != nil {
				http.Error(w, "read the request: "+err.Error(), http.StatusBadRequest)
				return
			}
			first := r.Clone(r.Context())
			first.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(&discard{header: http.Header{}}, first)
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		case v.Lose:
			next.ServeHTTP(&discard{header: http.Header{}}, r)
			Cut(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Cut closes the connection of a request without an answer. It does not return
// when the connection cannot be taken over (HTTP/2): then it aborts the
// handler, which has the same effect on the client.
//
// Go's HTTP client repeats a GET, HEAD or a request with an Idempotency-Key by
// itself when a reused connection is cut; a POST it does not.
func Cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close() // The client is meant to see a broken connection either way.
}

// Sleep waits, or returns the context's error when that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("delay a request: %w", ctx.Err())
	}
}

// StatusOr is the rule's status, or 429 for a throttle and 500 for an error.
func (r Rule) StatusOr() int {
	switch {
	case r.Status != 0:
		return r.Status
	case r.Kind == Throttle:
		return http.StatusTooManyRequests
	default:
		return http.StatusInternalServerError
	}
}

// MessageOr is the rule's message, or one that says that a rule made it.
func (r Rule) MessageOr() string {
	if r.Message != "" {
		return r.Message
	}
	return fmt.Sprintf("a fault rule of kind %s answered this request", r.Kind)
}

// WriteRefusal writes `{"code","message"}` with the rule's status, and
// Retry-After in whole seconds (at least 1) on a throttle.
func WriteRefusal(w http.ResponseWriter, _ *http.Request, r Rule) {
	if r.Kind == Throttle {
		seconds := int((r.Latency + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.StatusOr())
	_ = json.NewEncoder(w).Encode(map[string]string{"code": r.Code, "message": r.MessageOr()})
}

// discard is the writer of an answer that nobody will read. It can be neither
// hijacked nor flushed to the client.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header { return d.header }

func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

func (d *discard) WriteHeader(int) {}
