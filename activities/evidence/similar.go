package evidence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Past knows incidents that are over.
type Past interface {
	// Over lists runs of incidents of a service that have done their work and
	// began after a time, the latest first, at most limit. Workflow ids begin with
	// prefix, which keeps live and replayed ones apart.
	Over(ctx context.Context, prefix, service string, since time.Time, limit int) ([]PastRun, error)
	// Result is what became of a run.
	Result(ctx context.Context, run PastRun) (incident.State, error)
}

// PastRun names the run of an incident.
type PastRun struct {
	WorkflowID, RunID string
	Running           bool // its work is done, and it stays open for a while
}

// Limits of looking back.
const (
	pastReach    = 90 * 24 * time.Hour
	pastRuns     = 50
	pastParallel = 4
	pastShown    = 3 // incidents that are told of by themselves
	fixesShown   = 4 // runbooks that are told of
	alike        = 0.4

	weightPast = 300 // below everything that is happening now
)

// pastSources looks back where incidents can be found.
func (a *Activities) pastSources(*question) []source {
	if a.opts.Past == nil {
		return nil
	}
	return []source{pastSource{a}}
}

// pastSource finds incidents of the same service that looked like this one, and
// what became of them. That something helped before is no proof that it will
// again: the pieces say how often, and no more.
type pastSource struct{ a *Activities }

func (pastSource) name() redact.Text { return redact.Literal("incidents of the past") }

func (pastSource) needs() []string { return nil } // Temporal is no service of AWS

// pastIncident is one that is over, with how much it is like this one.
type pastIncident struct {
	incident.State
	likeness
}

// gather implements source.
func (s pastSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	prefix, ok := scopePrefix(activity.GetInfo(ctx).WorkflowExecution.ID, q)
	if !ok {
		return out, nil // nobody's incident: there is no telling which ones are of its kind
	}
	runs, err := s.a.opts.Past.Over(ctx, prefix, q.service().Name, q.onset.Add(-pastReach), pastRuns)
	if err != nil {
		return out, err
	}
	states, errs := each(ctx, pastParallel, runs, s.a.opts.Past.Result)
	now := featuresOf(q.anomalies, q.onset)
	var similar []pastIncident
	var failure error // the first one
	looked, failed := 0, 0
	for i, st := range states {
		if errs[i] != nil {
			failed++
			failure = cmp.Or(failure, errs[i])
			continue
		}
		// The incident itself, and what began after it did: in a replay of the past
		// that is what came of it later.
		if st.ID == q.incident || !st.Opened.Before(q.onset) {
			continue
		}
		looked++
		if l := now.like(featuresOf(st.Anomalies, st.Opened)); l.score >= alike {
			similar = append(similar, pastIncident{st, l})
		}
	}
	slices.SortStableFunc(similar, func(a, b pastIncident) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.Opened.Compare(a.Opened), cmp.Compare(a.ID, b.ID))
	})
	if failed > 0 {
		kind, why := s.a.reason(failure, s.needs())
		out.gap(kind, s.name(), redact.Format("%d of %d could not be read: %s", failed, len(runs), why))
	}
	s.pieces(similar, looked, q, &out)
	return out, nil
}

// scopePrefix is what the workflow ids of incidents of the same account, region
// and origin begin with, from the id of the one that asks.
func scopePrefix(workflowID string, q *question) (string, bool) {
	for _, an := range q.anomalies {
		own := incident.Scope{Account: an.Account, Region: an.Region}.IncidentPrefix()
		if before, _, found := strings.Cut(workflowID, own); found && incident.Queryable(workflowID) {
			return before + own, true
		}
	}
	return "", false
}
