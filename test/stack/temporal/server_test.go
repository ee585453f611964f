package temporal

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	schema "go.temporal.io/server/schema/sqlite"

	"firebreak/internal/incident"
)

const slashedID = "incident/123456789012/eu-central-1/checkout/inc-0123456789ab"

var (
	statusKey    = sdk.NewSearchAttributeKeyKeyword(incident.AttrStatus)
	anomaliesKey = sdk.NewSearchAttributeKeyInt64(incident.AttrAnomalies)
)

func upserting(ctx workflow.Context) (string, error) {
	err := workflow.UpsertTypedSearchAttributes(ctx, statusKey.ValueSet("resolved"), anomaliesKey.ValueSet(3))
	return workflow.GetInfo(ctx).WorkflowExecution.ID, err
}

// TestServerKeepsItsWorkflows starts a server, runs a workflow whose id has
// slashes and which sets search attributes, and finds it again after a restart
// on the same folder.
func TestServerKeepsItsWorkflows(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()

	first, err := Start(ctx, Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Stop()) })
	c, err := first.Dial(ctx)
	require.NoError(t, err)

	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	require.NoError(t, err)
	require.Equal(t, Retention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	_, err = os.Stat(filepath.Join(dir, databaseFile+"-wal"))
	require.NoError(t, err, "the database is not in write-ahead mode")

	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(upserting)
	require.NoError(t, w.Start())
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: slashedID, TaskQueue: "test"}, upserting)
	require.NoError(t, err)
	var id string
	require.NoError(t, run.Get(ctx, &id))
	require.Equal(t, slashedID, id)
	requireListed(ctx, t, c)

	require.NoError(t, getPage(ctx, first.UIURL()+"/healthz"))
	require.NoError(t, getPage(ctx, first.UIURL()+"/api/v1/namespaces"), "the UI does not reach the server")
	w.Stop()
	c.Close()
	uiURL := first.UIURL()
	require.NoError(t, first.Stop())
	require.Error(t, getPage(ctx, uiURL+"/healthz"), "the UI outlives Stop")
	_, err = net.DialTimeout("tcp4", first.Address(), time.Second)
	require.Error(t, err, "the frontend outlives Stop")

	second, err := Start(ctx, Options{Dir: dir, WithoutUI: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	require.Empty(t, second.UIURL())
	c, err = second.Dial(ctx)
	require.NoError(t, err)
	defer c.Close()
	requireListed(ctx, t, c)
}

func requireListed(ctx context.Context, t *testing.T, c client.Client) {
	t.Helper()
	require.Eventually(t, func() bool {
		listed, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: incident.AttrStatus + " = 'resolved' AND " + incident.AttrAnomalies + " = 3",
		})
		return err == nil && len(listed.GetExecutions()) == 1 && listed.GetExecutions()[0].GetExecution().GetWorkflowId() == slashedID
	}, time.Minute, 50*time.Millisecond)
}

// TestServerAddsMissingAttributes starts on a database whose namespace was
// created before any attribute was known.
func TestServerAddsMissingAttributes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	sql := databaseConfig(dir)
	require.NoError(t, schema.SetupSchema(sql))
	bare, err := schema.NewNamespaceConfig(clusterName, Namespace, false, nil)
	require.NoError(t, err)
	require.NoError(t, schema.CreateNamespaces(sql, bare))

	s, err := Start(ctx, Options{Dir: dir, WithoutUI: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	c, err := s.Dial(ctx)
	require.NoError(t, err)
	defer c.Close()
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	require.NoError(t, err)
	for name, kind := range SearchAttributes() {
		require.Equal(t, kind, listed.GetCustomAttributes()[name], name)
	}
}

func TestStartNamesAFolderThatIsMissing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "absent")
	_, err := Start(t.Context(), Options{Dir: dir, WithoutUI: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, dir)
}

func TestChoosePorts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", address(0))
	require.NoError(t, err)
	defer taken.Close()
	takenPort := taken.Addr().(*net.TCPAddr).Port

	got, err := choosePorts(takenPort, 0, 0)
	require.NoError(t, err)
	require.NotEqual(t, takenPort, got[0], "a taken port was chosen")
	require.NotEqual(t, got[1], got[2], "one port was chosen twice")
	for _, port := range got {
		l, err := net.Listen("tcp4", address(port))
		require.NoError(t, err, "a chosen port is not free")
		require.NoError(t, l.Close())
	}
}

// TestPageOfNothing proves that waiting for a page ends with its context.
func TestPageOfNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, awaitPage(ctx, "http://"+address(1)), context.DeadlineExceeded)
}
