package planning_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/catalog"
	"firebreak/activities/planning"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

const (
	workflowID = "incident/123456789012/eu-central-1/checkout/inc-0123456789ab"
	runID      = "8c9e6679-7425-40de-944b-e07fc1f90ae7"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // a Monday

// catalogues is a source of two catalogues: what is pinned, and what is latest.
type catalogues struct {
	pinned, latest *runbook.Catalog
	err            error
}

func (c *catalogues) At(_ context.Context, commit string) (*runbook.Catalog, error) {
	for _, x := range []*runbook.Catalog{c.pinned, c.latest} {
		if x.Commit == commit {
			return x, nil
		}
	}
	return nil, temporal.NewNonRetryableApplicationError("no such commit", "NotFound", nil)
}

func (c *catalogues) Latest(context.Context) (*runbook.Catalog, error, error) {
	return c.latest, nil, c.err
}

// edit changes a text in a file of the shipped catalogue.
type edit struct{ file, old, new string }

// load reads the shipped catalogue after some edits.
func load(t *testing.T, edits ...edit) *runbook.Catalog {
	t.Helper()
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(runbooks.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(runbooks.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	for _, e := range edits {
		old := string(files[e.file].Data)
		require.Contains(t, old, e.old)
		files[e.file] = &fstest.MapFile{Data: []byte(strings.Replace(old, e.old, e.new, 1))}
	}
	c, _, err := catalog.NewFolder(files).Latest(t.Context())
	require.NoError(t, err)
	return c
}

// unverified lets decisions count that nobody signed.
var unverified = edit{"policy.yaml", "allow_unverified: false", "allow_unverified: true"}

// upper is a Redactor whose work can be seen.
type upper struct{}

func (upper) Redact(s string) string { return strings.ReplaceAll(s, "secret", "[removed]") }

func activities(t *testing.T, c *catalogues, change ...func(*planning.Options)) *planning.Activities {
	t.Helper()
	o := planning.Options{Catalogs: c, Redactor: upper{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	a, err := planning.New(o)
	require.NoError(t, err)
	return a
}

func errorsSeries(service string) *incident.MetricRef {
	return &incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": service}, Stat: "Sum", Period: 10}
}

// question is a plan's input for errors at checkout.
func question(c *runbook.Catalog) incident.CompilePlanInput {
	return incident.CompilePlanInput{
		IncidentID: "inc-0123456789ab", WorkflowID: workflowID, Origin: incident.OriginLive, Severity: incident.Sev2, Service: "checkout",
		Anomalies: []incident.Anomaly{
			{Service: "checkout", Kind: incident.KindMetric, Metric: errorsSeries("checkout"), Observed: 12, LastSeen: now.Add(-time.Minute)},
			{Service: "checkout", Kind: incident.KindMetric, Metric: errorsSeries("checkout"), Observed: 17, LastSeen: now},
		},
		Hypothesis: incident.Hypothesis{Service: "checkout", Runbook: "restart-service"},
		Commit:     c.Commit, Attempt: 1,
	}
}

func texts(in []redact.Text) string {
	var out []string
	for _, t := range in {
		out = append(out, t.String())
	}
	return strings.Join(out, "\n")
}

type reader struct {
	value float64
	known bool
	err   error
}

func (r reader) ReadMetric(context.Context, incident.MetricRef) (float64, bool, error) {
	return r.value, r.known, r.err
}

type past struct {
	n      int
	err    error
	prefix *string
	except *string
}

func (p past) Remediations(_ context.Context, prefix string, _ time.Time, except string) (int, error) {
	if p.prefix != nil {
		*p.prefix, *p.except = prefix, except
	}
	return p.n, p.err
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	_, err := planning.New(planning.Options{})
	require.Error(t, err)
}

var errDown = errors.New("down")
