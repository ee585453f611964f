package victim

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxInFlight bounds the requests that wait for an answer: callers of a shop
// that does not answer go away.
const maxInFlight = 200

// Traffic is what callers have seen in a stretch of time.
type Traffic struct {
	Requests int
	Errors   int           // answers of 500 and above, and no answer at all
	Slowest  time.Duration //
}

// load sends requests to checkout: orders, and now and then a look at the
// basket. Gaps between requests are exponential, as those of independent
// callers are.
type load struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	rate    float64 // requests a second
	answers []answer
}

type answer struct {
	at     time.Time
	took   time.Duration
	failed bool
}

func startLoad(base string, rate float64) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel, rate: rate}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: maxInFlight}}
	l.running.Go(func() {
		defer client.CloseIdleConnections()
		l.run(ctx, client, base)
	})
	return l
}

func (l *load) run(ctx context.Context, client *http.Client, base string) {
	slots := make(chan struct{}, maxInFlight)
	var wg sync.WaitGroup
	defer wg.Wait()
	for sleep(ctx, time.Duration(rand.ExpFloat64()*float64(l.gap()))) == nil {
		select {
		case slots <- struct{}{}:
		default:
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			l.send(ctx, client, base)
		})
	}
}

// gap is the mean time between two requests.
func (l *load) gap() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(float64(time.Second) / l.rate)
}

func (l *load) setRate(rate float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate = rate
}

func (l *load) send(ctx context.Context, client *http.Client, base string) {
	method, path, body := http.MethodPost, "/orders", orderBody(false)
	if rand.IntN(5) == 0 {
		method, path, body = http.MethodGet, "/basket", ""
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("X-Request-Id", uuid.NewString())
	req.Header.Set(shopHeader, shops[rand.IntN(len(shops))])
	began := time.Now()
	resp, err := client.Do(req)
	failed := err != nil
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		failed = resp.StatusCode >= http.StatusInternalServerError
	}
	if ctx.Err() != nil {
		return
	}
	l.note(answer{at: time.Now(), took: time.Since(began), failed: failed})
}

// shops are those that callers ask for.
var shops = Shops()

// orderBody is an order of two items.
func orderBody(remember bool) string {
	return fmt.Sprintf(`{"items": [%d, %d], "remember": %t}`, rand.IntN(catalogueItems), rand.IntN(catalogueItems), remember)
}

// note keeps the answers of the last minute.
func (l *load) note(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, a)
	if old := a.at.Add(-time.Minute); l.answers[0].at.Before(old) && len(l.answers)%256 == 0 {
		l.answers = slices.DeleteFunc(l.answers, func(b answer) bool { return b.at.Before(old) })
	}
}

func (l *load) seen(last time.Duration) Traffic {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := time.Now().Add(-last)
	var t Traffic
	for _, a := range l.answers {
		if a.at.Before(since) {
			continue
		}
		t.Requests++
		if a.failed {
			t.Errors++
		}
		t.Slowest = max(t.Slowest, a.took)
	}
	return t
}

func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}
