// Package planning turns a diagnosis into a plan that people can approve, checks
// who approved it, and checks everything once more right before it runs.
package planning

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
)

// Catalogs gives catalogues by commit, and the newest one.
type Catalogs interface {
	At(ctx context.Context, commit string) (*runbook.Catalog, error)
	Latest(ctx context.Context) (cat *runbook.Catalog, problem, err error)
}

// MetricReader reads the live value of a series: its newest datapoint that is
// complete, and whether there is one.
type MetricReader interface {
	ReadMetric(ctx context.Context, m incident.MetricRef) (value float64, known bool, err error)
}

// History counts the remediations that were started since a time for incidents
// whose workflow ids begin with a prefix. Ids in except are left out.
type History interface {
	Remediations(ctx context.Context, workflowIDPrefix string, since time.Time, except string) (int, error)
}

// Options of the activities.
type Options struct {
	Catalogs Catalogs         //
	Metrics  MetricReader     // nil: the reading before the fix is taken from the incident's anomalies
	History  History          // nil: max_per_hour of the policy cannot be held, which New logs
	Redactor redact.Redactor  // for the notes of decisions
	Now      func() time.Time // nil: time.Now; used where the workflow gives no time
	Log      *slog.Logger     // nil: slog.Default
}

// Activities are the activities of this package.
type Activities struct{ o Options }

// New makes the activities.
func New(o Options) (*Activities, error) {
	if o.Catalogs == nil || o.Redactor == nil {
		return nil, errors.New("planning activities: a catalogue and a redactor are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.History == nil {
		o.Log.Warn("planning has no history of remediations: max_per_hour of the policy is not enforced")
	}
	return &Activities{o: o}, nil
}

// catalog gets the catalogue at a commit. Its error can be returned as it is.
func (a *Activities) catalog(ctx context.Context, commit string) (*runbook.Catalog, error) {
	c, err := a.o.Catalogs.At(ctx, commit)
	if err != nil {
		return nil, outermost(err, "get catalogue at "+commit)
	}
	return c, nil
}

// outermost gives an error back in a form whose retry class survives: the SDK
// looks at the outermost error only.
func outermost(err error, doing string) error {
	if app := new(temporal.ApplicationError); errors.As(err, &app) {
		return app
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func invalid(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), incident.ErrorValidation, nil)
}

// place is where an incident is, taken from its workflow id:
// <prefix>incident/<account>/<region>/<service>/<incident id>.
type place struct {
	account  string
	service  string // the incident's
	incident string // workflow id of the incident
	siblings string // what the ids of all incidents of the service begin with
}

// placeOf reads the workflow id of an incident or of one of its remediations.
func placeOf(workflowID string) (place, error) {
	id, _, _ := strings.Cut(workflowID, "/remediation/")
	parts := strings.Split(id, "/")
	n := len(parts)
	if n < 5 || parts[n-5] != "incident" {
		return place{}, invalid("%q is not the workflow id of an incident", workflowID)
	}
	return place{account: parts[n-4], service: parts[n-2], incident: id, siblings: strings.Join(parts[:n-1], "/") + "/"}, nil
}

// recent counts remediations of the last hour, the incident's own attempt left
// out.
func (a *Activities) recent(ctx context.Context, at place, now time.Time, except string) (int, error) {
	if a.o.History == nil {
		return 0, nil
	}
	n, err := a.o.History.Remediations(ctx, at.siblings, now.Add(-time.Hour), except)
	if err != nil {
		return 0, outermost(err, "count the remediations of the last hour")
	}
	return n, nil
}
