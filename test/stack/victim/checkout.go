package victim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// chargePath is the one operation that payments serves.
const chargePath = "/v1/charges"

// maxItems is how many items an order may have.
const maxItems = 100

// checkout takes orders and has payments charge them.
type checkout struct {
	dir      string
	log      *slog.Logger
	release  release
	settings atomic.Pointer[checkoutSettings]
	client   *http.Client

	catalogue catalogue
	sessions  sessions
}

// orderRequest is the body of an order.
type orderRequest struct {
	Items    []int64 `json:"items"`
	Remember bool    `json:"remember"` // the shopper wants to find the session again
}

func newCheckout(dir string, rel release, tel *telemetry) (*checkout, error) {
	settings, err := loadSettings[checkoutSettings](dir, Checkout)
	if err != nil {
		return nil, err
	}
	c := &checkout{dir: dir, log: tel.log, release: rel, client: &http.Client{}, catalogue: loadCatalogue()}
	c.settings.Store(&settings)
	if settings.DetailedMetrics {
		tel.meter.detail()
	}
	return c, nil
}

func (c *checkout) reload() (string, error) {
	next, err := loadSettings[checkoutSettings](c.dir, Checkout)
	if err != nil {
		return "", err
	}
	was := *c.settings.Swap(&next)
	switch {
	case was.PaymentsURL != next.PaymentsURL:
		return "payments_url is now " + pathOf(next.PaymentsURL) + ", was " + pathOf(was.PaymentsURL), nil
	case was.SessionLimit != next.SessionLimit:
		return fmt.Sprintf("session_limit is now %d, was %d", next.SessionLimit, was.SessionLimit), nil
	case was != next:
		return "other settings changed", nil
	default:
		return "nothing changed", nil
	}
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Path
}

func (c *checkout) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /basket", c.basket)
	mux.HandleFunc("POST /orders", c.order)
	return mux
}

func (c *checkout) basket(w http.ResponseWriter, r *http.Request) {
	c.log.InfoContext(r.Context(), "basket shown", requestID(r))
	_, _ = io.WriteString(w, `{"items": 2}`)
}

func (c *checkout) order(w http.ResponseWriter, r *http.Request) {
	order := strconv.Itoa(100_000 + rand.IntN(900_000))
	var o orderRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&o); err != nil || len(o.Items) == 0 || len(o.Items) > maxItems {
		http.Error(w, "no order", http.StatusBadRequest)
		return
	}
	alike := c.sessions.add(o.Items, o.Remember, c.settings.Load().SessionLimit)
	total := 0
	for _, item := range o.Items {
		total += c.catalogue.price(item)
	}
	if n := c.release.Instalments; n != nil {
		total /= *n // the defect of a bad release: a panic that telemetry.measure turns into a 500
	}
	if err := c.charge(r.Context(), order, total); err != nil {
		c.log.ErrorContext(r.Context(), "order "+order+" failed: "+err.Error(), requestID(r), "order", order)
		http.Error(w, "the order could not be charged", http.StatusInternalServerError)
		return
	}
	c.log.InfoContext(r.Context(), "order "+order+" placed", requestID(r), "order", order, "total_cents", total, "alike", alike)
	_, _ = io.WriteString(w, `{"status": "placed"}`)
}

func (c *checkout) charge(ctx context.Context, order string, cents int) error {
	settings := c.settings.Load()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(settings.TimeoutMillis)*time.Millisecond)
	defer cancel()
	body, err := json.Marshal(charge{Order: order, Cents: cents, Currency: settings.Currency})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, settings.PaymentsURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answered := traceCall(req, Payments)
	resp, err := c.client.Do(req)
	if err != nil {
		answered(0, err)
	} else {
		answered(resp.StatusCode, nil)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("payments did not answer POST %s within %d ms", req.URL.Path, settings.TimeoutMillis)
	case err != nil:
		return fmt.Errorf("payments cannot be reached: %w", errors.Unwrap(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("payments answered %s for POST %s", resp.Status, req.URL.Path)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func requestID(r *http.Request) slog.Attr {
	return slog.String("request_id", r.Header.Get("X-Request-Id"))
}
