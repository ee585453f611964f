package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Limits of storing. What the pieces show is known by then, so that storing may
// not take long.
const (
	storeWithin   = 20 * time.Second
	storedAtATime = 4
)

// placeholderRef is as large as any reference to an object under its hash, so that
// a result keeps its limits whether or not its large pieces can be stored.
var placeholderRef = incident.ObjectRef{Key: strings.Repeat("0", 64) + ".json", SHA256: strings.Repeat("0", 64), Bytes: 1_000_000}

// pack writes down the full form of a piece if it is worth storing: if it is
// larger than that. Calm series are looked up by their query instead.
func (a *Activities) pack(p *piece) {
	if a.opts.Store == nil || p.full == nil || p.weight < weightSignal && p.Kind == incident.EvidenceMetric {
		return
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // people read it, and it is no page
	// Only a number that JSON cannot hold fails; the piece does without then.
	if enc.Encode(p.full) == nil && body.Len() > size(p.Evidence) {
		p.body = body.Bytes()
	}
}

// keep stores the full forms of the pieces that made it into the result, equal
// ones once, and refers to them. Those that cannot be stored are one gap.
func (a *Activities) keep(ctx context.Context, chosen []piece) *incident.Gap {
	var bodies []string
	for _, p := range chosen {
		if body := string(p.body); body != "" && !slices.Contains(bodies, body) {
			bodies = append(bodies, body)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, storeWithin, tooLong{storeWithin})
	defer cancel()
	refs, errs := each(ctx, storedAtATime, bodies, func(ctx context.Context, body string) (incident.ObjectRef, error) {
		return a.opts.Store.Put(ctx, []byte(body))
	})
	failed := 0
	for i, p := range chosen {
		at := slices.Index(bodies, string(p.body))
		switch {
		case at < 0:
		case errs[at] == nil:
			chosen[i].Whole = &refs[at]
		default:
			failed++
		}
	}
	first := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if first < 0 {
		return nil
	}
	kind, why := a.reason(errs[first], []string{"s3:PutObject"})
	return &incident.Gap{
		What: redact.Format("all of %s", incident.Count(failed, "large piece", "large pieces")), Reason: why.Cut(maxDetail), Kind: kind,
	}
}
