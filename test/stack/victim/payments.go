package victim

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// charge is the body of a charge.
type charge struct {
	Order    string `json:"order"`
	Cents    int    `json:"cents"`
	Currency string `json:"currency"`
}

// payments writes charges to a ledger, which takes its time.
type payments struct {
	dir      string
	log      *slog.Logger
	settings atomic.Pointer[paymentsSettings]
	ledger   quota
}

func newPayments(dir string, log *slog.Logger) (*payments, error) {
	settings, err := loadSettings[paymentsSettings](dir, Payments)
	if err != nil {
		return nil, err
	}
	p := &payments{dir: dir, log: log}
	p.settings.Store(&settings)
	return p, nil
}

func (p *payments) reload() (string, error) {
	next, err := loadSettings[paymentsSettings](p.dir, Payments)
	if err != nil {
		return "", err
	}
	was := *p.settings.Swap(&next)
	switch {
	case was.LedgerQuota != next.LedgerQuota:
		return fmt.Sprintf("ledger_quota is now %d writes in %.0f s, was %d", next.LedgerQuota, next.LedgerWindowSeconds, was.LedgerQuota), nil
	case was.LedgerMillis != next.LedgerMillis:
		return "ledger settings changed", nil
	case !slices.Equal(was.Currencies, next.Currencies):
		return "currencies changed", nil
	default:
		return "nothing changed", nil
	}
}

func (p *payments) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+chargePath, p.charge)
	return mux
}

func (p *payments) charge(w http.ResponseWriter, r *http.Request) {
	var c charge
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&c); err != nil {
		http.Error(w, "no charge", http.StatusBadRequest)
		return
	}
	settings := p.settings.Load()
	if !slices.Contains(settings.Currencies, c.Currency) {
		// A refusal is an answer and no trouble of payments, which says nothing of
		// it: a line that was never said would open the incident here.
		http.Error(w, "unknown currency", http.StatusUnprocessableEntity)
		return
	}
	if n := settings.LedgerQuota; n > 0 && !p.ledger.take(time.Now(), n, milliseconds(1000*settings.LedgerWindowSeconds)) {
		p.log.ErrorContext(r.Context(), "charge failed: the ledger's quota of writes is used up", requestID(r), "order", c.Order)
		http.Error(w, "the ledger takes no more writes for now", http.StatusServiceUnavailable)
		return
	}
	// Half to one and a half times the average, and now and then a slow disk.
	wait := settings.LedgerMillis * (0.5 + rand.Float64())
	if rand.IntN(50) == 0 {
		wait *= 3
	}
	if err := sleep(r.Context(), milliseconds(wait)); err != nil {
		p.log.WarnContext(r.Context(), "charge given up: the caller went away", requestID(r), "order", c.Order)
		return
	}
	p.log.InfoContext(r.Context(), "charge booked", requestID(r), "order", c.Order, "cents", c.Cents)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"status": "booked"}`)
}
