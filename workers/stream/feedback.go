package stream

import (
	"context"
	"log/slog"
	"slices"

	"firebreak/internal/detect"
	"firebreak/internal/redact"
)

// listener is what an engine has that takes feedback.
type listener interface {
	TakeFeedback() []detect.FeedbackOutcome
	Adjustments(limit int) []detect.Adjustment
}

// Bounds on what is told of feedback: anybody who may write to the stream can
// send as much of it as they like.
const (
	maxAdjustments = 100
	maxOutcomes    = 20 // lines of the log for a page of records
)

// heard logs what became of the feedback in the records that were just read.
func (c *Consumer) heard(ctx context.Context) {
	e, ok := c.o.Engine.(listener)
	if !ok {
		return
	}
	outcomes := slices.DeleteFunc(e.TakeFeedback(), func(o detect.FeedbackOutcome) bool {
		// It goes to every shard, because nobody but the engines knows whose
		// shard a series is on.
		return o.Elsewhere
	})
	if len(outcomes) == 0 {
		return
	}
	for _, o := range outcomes[:min(len(outcomes), maxOutcomes)] {
		log := c.log.With("series", redact.Name(o.Series).String(), "rule", redact.Name(o.Rule).String(),
			"verdict", string(o.Verdict), "by", redact.Name(o.By).String())
		if o.Ignored != "" {
			log.InfoContext(ctx, "feedback does not count", "reason", o.Ignored)
			continue
		}
		log.InfoContext(ctx, "feedback has moved a threshold", slog.Float64("times_the_usual", o.After), slog.Float64("before", o.Before))
	}
	if more := len(outcomes) - maxOutcomes; more > 0 {
		c.log.InfoContext(ctx, "more feedback came with it", "verdicts", more)
	}
	c.adjust()
}

// adjust notes how feedback has moved thresholds, for whoever asks.
func (c *Consumer) adjust() {
	e, ok := c.o.Engine.(listener)
	if !ok {
		return
	}
	adjusted := e.Adjustments(maxAdjustments)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.adjusted = adjusted
}

// Adjustments tells how feedback has moved the thresholds of series: the most
// moved first, at most a hundred. Nobody may write to it.
func (c *Consumer) Adjustments() []detect.Adjustment {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.adjusted
}
