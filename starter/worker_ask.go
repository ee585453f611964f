package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"firebreak/internal/detect"
	"firebreak/workers/stream"
)

// workerAnswer is what a worker answers at /healthz.
type workerAnswer struct {
	Ready    *bool                `json:"ready"`
	Stream   *stream.Counters     `json:"stream"`   // nil when it does not read the stream
	Feedback *[]detect.Adjustment `json:"feedback"` // likewise
}

// maxHealth is how much of an answer is read, in bytes.
const maxHealth = 4 << 20

// Why a worker could not be asked, beside that none answers.
var (
	errNoAddress = errors.New("no address to ask")
	errNoWorker  = errors.New("no worker")
)

// askWorker asks the worker at HOST:PORT how it is. Ready is set in what it
// returns.
func askWorker(ctx context.Context, address string) (workerAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return workerAnswer{}, fmt.Errorf("%w: %w", errNoAddress, err)
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		return workerAnswer{}, fmt.Errorf("ask the worker at %s: %w", address, err)
	}
	defer resp.Body.Close()
	var health workerAnswer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxHealth)).Decode(&health); err != nil || health.Ready == nil {
		return workerAnswer{}, errNoWorker
	}
	return health, nil
}
