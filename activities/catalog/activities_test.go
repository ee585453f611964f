package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/catalog"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/githost"
)

func TestPinCatalog(t *testing.T) {
	t.Parallel()
	a, err := catalog.New(catalog.Options{Source: catalog.NewFolder(runbooks.FS)})
	require.NoError(t, err)
	res, err := a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "checkout"})
	require.NoError(t, err)
	require.True(t, res.Known)
	require.Len(t, res.Commit, 40)
	require.Equal(t, "shop", res.Service.Team)
	require.Len(t, res.Runbooks, 6)
	require.Empty(t, res.Problem)
	raw, err := json.Marshal(res)
	require.NoError(t, err)
	require.Less(t, len(raw), 64<<10)

	res, err = a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "billing"})
	require.NoError(t, err)
	require.False(t, res.Known)
	require.Equal(t, incident.Service{Name: "billing"}, res.Service)
	require.Empty(t, res.Runbooks)
}

type source struct {
	cat          *runbook.Catalog
	problem, err error
}

func (s source) At(context.Context, string) (*runbook.Catalog, error) { return s.cat, s.err }

func (s source) Latest(context.Context) (*runbook.Catalog, error, error) {
	return s.cat, s.problem, s.err
}

func TestPinCatalogSaysWhyAnOlderCommitIsPinned(t *testing.T) {
	t.Parallel()
	a, err := catalog.New(catalog.Options{Source: source{cat: &runbook.Catalog{Commit: "c"}, problem: errors.New(strings.Repeat("é", 3000))}})
	require.NoError(t, err)
	res, err := a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "x"})
	require.NoError(t, err)
	require.Equal(t, "c", res.Commit)
	require.LessOrEqual(t, len(res.Problem), 2000)
	require.True(t, strings.HasSuffix(res.Problem, "é…"))
}

// A linter's message quotes the value, which can be a secret that stands in the
// wrong place. It must come neither into history nor into a log.
func TestProblemsOfACatalogueAreRedacted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	good := w.commit(t, shipped(t, ""))
	a, err := catalog.New(catalog.Options{Source: w.store})
	require.NoError(t, err)
	_, err = a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "checkout"})
	require.NoError(t, err)
	broken := shipped(t, "")
	broken["policy.yaml"] = []byte(strings.Replace(string(broken["policy.yaml"]), "max_attempts: 2", "max_attempts: password=hunter2", 1))
	bad := w.commit(t, broken)
	w.pass(time.Hour)

	res, err := a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "checkout"})
	require.NoError(t, err)
	require.Equal(t, good, res.Commit)
	require.Contains(t, res.Problem, "max_attempts")
	require.NotContains(t, res.Problem, "hunter2")
	_, problem, err := w.store.Latest(t.Context())
	require.NoError(t, err)
	require.NotContains(t, problem.Error(), "hunter2", "it is logged")
	_, err = w.store.At(t.Context(), bad)
	requireKind(t, err, "Validation", false)
	history := temporal.GetDefaultFailureConverter().ErrorToFailure(err).String()
	require.Contains(t, history, "max_attempts")
	require.NotContains(t, history, "hunter2")
}

func TestPinCatalogClassifiesErrors(t *testing.T) {
	t.Parallel()
	a, err := catalog.New(catalog.Options{Source: source{err: errors.New("reset by peer")}})
	require.NoError(t, err)
	_, err = a.PinCatalog(t.Context(), incident.PinCatalogInput{})
	requireKind(t, err, "Unavailable", true)
	_, err = catalog.New(catalog.Options{})
	require.Error(t, err)
}

func TestPinCatalogSurvivesLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	head := w.commit(t, shipped(t, ""))
	for _, operation := range []string{githost.ListRefs, githost.UploadPack} {
		w.faults.Set(fault.Rule{Service: githost.Service, Operation: operation, Kind: fault.LoseResponse})
	}
	a, err := catalog.New(catalog.Options{Source: w.store})
	require.NoError(t, err)
	tries := 0
	require.Eventually(t, func() bool {
		tries++
		res, err := a.PinCatalog(t.Context(), incident.PinCatalogInput{Service: "checkout"})
		return err == nil && res.Commit == head
	}, time.Minute, time.Millisecond)
	require.Equal(t, 3, tries, "each lost answer costs one try")
}
