package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Health answers /healthz: 200 while the process serves, 503 before and while it
// stops, each with a JSON document of the parts and what they last said.
type Health struct {
	mu    sync.Mutex
	ready bool
	parts map[string]func() any
}

// NewHealth starts out not ready.
func NewHealth() *Health { return &Health{parts: map[string]func() any{}} }

// SetReady says whether the process serves.
func (h *Health) SetReady(ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = ready
}

// Watch adds a part whose figures are read at every request.
func (h *Health) Watch(part string, figures func() any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts[part] = figures
}

func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		http.NotFound(w, r)
		return
	}
	h.mu.Lock()
	ready := h.ready
	doc := map[string]any{"ready": ready}
	for name, figures := range h.parts {
		doc[name] = figures()
	}
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(doc) // the client has gone; nobody is left to tell
}

// serve answers on the address until the context ends.
func (h *Health) serve(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for /healthz (worker.health): %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve /healthz: %w", err)
	}
	return nil
}
