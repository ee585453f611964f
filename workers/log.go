package workers

import (
	"context"
	"encoding/json"
	"log/slog"

	"firebreak/internal/redact"
)

// redactedLog is a logger whose messages, strings, errors and other values are
// redacted before they are written: an error may quote what an outside system
// answered, and the Temporal SDK logs errors of activities by itself.
func redactedLog(to *slog.Logger, r redact.Redactor) *slog.Logger {
	return slog.New(redactingHandler{to.Handler(), r})
}

type redactingHandler struct {
	slog.Handler

	redactor redact.Redactor
}

// Handle implements slog.Handler.
func (h redactingHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.redactor.Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (h redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return redactingHandler{h.Handler.WithAttrs(clean), h.redactor}
}

// WithGroup implements slog.Handler.
func (h redactingHandler) WithGroup(name string) slog.Handler {
	return redactingHandler{h.Handler.WithGroup(name), h.redactor}
}

func (h redactingHandler) attr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(h.redactor.Redact(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, inner := range group {
			clean[i] = h.attr(inner)
		}
		a.Value = slog.GroupValue(clean...)
	case slog.KindAny:
		a.Value = h.other(v)
	default:
		a.Value = v
	}
	return a
}

// other keeps the structure of a value that is data, such as counters.
func (h redactingHandler) other(v slog.Value) slog.Value {
	if _, failure := v.Any().(error); !failure {
		if raw, err := json.Marshal(v.Any()); err == nil {
			if clean := h.redactor.Redact(string(raw)); json.Valid([]byte(clean)) {
				return slog.AnyValue(json.RawMessage(clean))
			}
		}
	}
	return slog.StringValue(h.redactor.Redact(v.String()))
}
