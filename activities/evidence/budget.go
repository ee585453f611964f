package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Limits of a result. Temporal payloads of ours stay under 64 KiB; the rest is
// for the anomalies of a storm, which go to the model with the evidence, and for
// the workflow's own words.
const (
	maxPieces  = 40
	maxBytes   = 28 << 10
	maxTitle   = 160
	maxDetail  = 600
	maxSample  = 300
	maxSamples = 2
	maxQuery   = 1200
	maxGaps    = 20
)

// result orders the pieces, the most telling first, gives each its id and keeps
// what fits; what is larger is stored. The same pieces give the same result in
// whatever order they came.
func (a *Activities) result(ctx context.Context, c *answer) incident.GatherEvidenceResult {
	slices.SortFunc(c.pieces, func(x, y piece) int {
		return cmp.Or(
			cmp.Compare(y.weight, x.weight),
			strings.Compare(x.Query, y.Query),
			strings.Compare(x.Title.String()+x.Detail.String(), y.Title.String()+y.Detail.String()),
		)
	})
	slices.SortFunc(c.gaps, func(x, y incident.Gap) int {
		return strings.Compare(x.What.String()+x.Reason.String(), y.What.String()+y.Reason.String())
	})
	out := incident.GatherEvidenceResult{Evidence: []incident.Evidence{}, Gaps: c.gaps}
	if len(out.Gaps) > maxGaps {
		out.Gaps = out.Gaps[:maxGaps]
	}
	taken := map[string]bool{}
	used := size(out)
	left := 0
	var chosen []piece
	for _, p := range c.pieces {
		p.Evidence = bounded(p.Evidence)
		p.ID = newID(p.Evidence, taken)
		a.pack(&p)
		n := size(p.Evidence) + 1
		if p.body != nil {
			n += size(placeholderRef) + len(`"whole":,`)
		}
		if len(chosen) < maxPieces && used+n <= maxBytes {
			used += n
			chosen = append(chosen, p)
			continue
		}
		left++
	}
	unkept := a.keep(ctx, chosen)
	for _, p := range chosen {
		out.Evidence = append(out.Evidence, p.Evidence)
	}
	if unkept != nil {
		out.Gaps = append(out.Gaps, *unkept)
	}
	if left > 0 {
		out.Gaps = append(out.Gaps, incident.Gap{
			What:   redact.Format("%d less telling pieces", left),
			Reason: redact.Literal("left out to keep the evidence within its limits"), Kind: incident.GapCut,
		})
	}
	return out
}

func size(v any) int {
	raw, err := json.Marshal(v)
	if err != nil {
		// Only a number that JSON cannot hold gets here, and bounded took those out.
		return maxBytes
	}
	return len(raw)
}

// bounded cuts texts to their limits and drops facts that JSON cannot carry.
func bounded(e incident.Evidence) incident.Evidence {
	e.Title, e.Detail = e.Title.Cut(maxTitle), e.Detail.Cut(maxDetail)
	if len(e.Query) > maxQuery {
		e.Query = strings.ToValidUTF8(e.Query[:maxQuery], "")
	}
	e.From, e.To = e.From.UTC(), e.To.UTC()
	samples := make([]redact.Text, 0, maxSamples)
	for _, s := range e.Samples {
		if len(samples) < maxSamples {
			samples = append(samples, s.Cut(maxSample))
		}
	}
	if e.Samples = samples; len(samples) == 0 {
		e.Samples = nil
	}
	for k, v := range e.Facts {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			delete(e.Facts, k)
			continue
		}
		e.Facts[k] = significant(v)
	}
	return e
}

// significant rounds to six significant digits: more is noise to a reader, and
// sums of floats would differ with their order.
func significant(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// newID is "ev-" and eight hex digits over query, range and kind. Two pieces of
// the same query, such as two patterns of one log group, differ by a counter.
func newID(e incident.Evidence, taken map[string]bool) string {
	base := strings.Join([]string{e.Query, e.From.Format(time.RFC3339Nano), e.To.Format(time.RFC3339Nano), string(e.Kind)}, "\x00")
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(base + "\x00" + strconv.Itoa(n)))
		if id := "ev-" + hex.EncodeToString(sum[:4]); !taken[id] {
			taken[id] = true
			return id
		}
	}
}
