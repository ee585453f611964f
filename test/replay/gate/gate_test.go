package gate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"firebreak/internal/incident"
	"firebreak/test/replay/gate"
	"firebreak/workflows"
)

// recorded reads one of the histories of test/replay.
func recorded(t *testing.T, name string) *historypb.History {
	t.Helper()
	f, err := os.Open(filepath.Join("..", name+".json"))
	require.NoError(t, err)
	defer f.Close()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}

// open cuts a history after its n-th completed workflow task, as it was while
// the workflow was open.
func open(h *historypb.History, n int) *historypb.History {
	for i, e := range h.GetEvents() {
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			if n--; n == 0 {
				last := i + 1
				for last < len(h.GetEvents()) && h.GetEvents()[last].GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED {
					last++ // the commands of the task come with it
				}
				return &historypb.History{Events: h.GetEvents()[:last]}
			}
		}
	}
	return h
}

// namespace is one with many open workflows, which share a few histories.
type namespace struct {
	open      int
	histories []*historypb.History
	pages     atomic.Int32
	query     string
	listErr   error // of the second page
	readErr   error // of the history of workflow 7
}

func (n *namespace) CountWorkflow(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return &workflowservice.CountWorkflowExecutionsResponse{Count: int64(n.open)}, nil
}

func (n *namespace) ListWorkflow(_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	n.query = in.GetQuery()
	from := 0
	if len(in.GetNextPageToken()) > 0 {
		if n.listErr != nil {
			return nil, n.listErr
		}
		_, _ = fmt.Sscan(string(in.GetNextPageToken()), &from)
	}
	n.pages.Add(1)
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	to := min(from+int(in.GetPageSize()), n.open)
	for i := from; i < to; i++ {
		out.Executions = append(out.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: fmt.Sprintf("w/%d", i), RunId: fmt.Sprintf("r%d", i)}})
	}
	if to < n.open {
		out.NextPageToken = []byte(fmt.Sprint(to))
	}
	return out, nil
}

func (n *namespace) GetWorkflowHistory(_ context.Context, id, _ string, _ bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	var i int
	_, _ = fmt.Sscanf(id, "w/%d", &i)
	if i == 7 && n.readErr != nil {
		return &iterator{err: n.readErr}
	}
	// Everybody who asks gets a history of one's own, as from a server: a replay
	// writes into it.
	h := proto.CloneOf(n.histories[i%len(n.histories)])
	return &iterator{events: h.GetEvents()}
}

type iterator struct {
	events []*historypb.HistoryEvent
	err    error
}

func (it *iterator) HasNext() bool { return it.err != nil || len(it.events) > 0 }

func (it *iterator) Next() (*historypb.HistoryEvent, error) {
	if it.err != nil {
		return nil, it.err
	}
	e := it.events[0]
	it.events = it.events[1:]
	return e, nil
}

// incompatible is today's code with one more timer at the start of an incident.
func incompatible(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return incident.State{}, err
		}
		return workflows.IncidentWorkflow(ctx, in)
	}, workflow.RegisterOptions{Name: incident.WorkflowIncident})
	r.RegisterWorkflowWithOptions(workflows.CorrelatorWorkflow, workflow.RegisterOptions{Name: incident.WorkflowCorrelator})
}

// guarded is the same change, guarded as docs/contributing.md says.
func guarded(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in incident.IncidentInput) (incident.State, error) {
		if workflow.GetVersion(ctx, "think-first", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			if err := workflow.Sleep(ctx, time.Minute); err != nil {
				return incident.State{}, err
			}
		}
		return workflows.IncidentWorkflow(ctx, in)
	}, workflow.RegisterOptions{Name: incident.WorkflowIncident})
}

func TestAGuardedChangeReplays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"resolved", "joined", "rejected"} {
		h := recorded(t, name)
		started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
		replay := func(register gate.Register) gate.Verdict {
			return gate.Replay(gate.Options{Register: register}, started.GetWorkflowId(), started.GetOriginalExecutionRunId(), h).Verdict
		}
		require.Equal(t, gate.Replays, replay(guarded), name)
		require.Equal(t, gate.Breaks, replay(incompatible), name)
	}
}

// small are open histories that replay in a millisecond or two.
func small(t *testing.T) []*historypb.History {
	t.Helper()
	return []*historypb.History{open(recorded(t, "shadowed"), 1), open(recorded(t, "correlator"), 2), open(recorded(t, "resolved"), 3)}
}

// TestThousandsAreReadPageByPage runs through a namespace of some pages.
func TestThousandsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	n := &namespace{open: 2300, histories: small(t)}
	count, err := gate.Count(t.Context(), n, gate.Options{Register: workflows.Register})
	require.NoError(t, err)
	require.Equal(t, 2300, count)
	seen, kinds := map[string]bool{}, map[string]int{}
	require.NoError(t, gate.Open(t.Context(), n, gate.Options{Register: workflows.Register}, func(r gate.Result) error {
		require.Equal(t, gate.Replays, r.Verdict, "%s: %v", r.WorkflowID, r.Err)
		seen[r.WorkflowID] = true
		kinds[r.Type]++
		return nil
	}))
	require.Len(t, seen, 2300)
	require.Equal(t, int32(5), n.pages.Load())
	require.Equal(t, map[string]int{incident.WorkflowIncident: 1533, incident.WorkflowCorrelator: 767}, kinds)
	require.Contains(t, n.query, "ExecutionStatus = 'Running' AND WorkflowType IN (")
	for _, name := range []string{incident.WorkflowIncident, incident.WorkflowRemediation, incident.WorkflowCorrelator, incident.WorkflowGuard} {
		require.Contains(t, n.query, "'"+name+"'", "all that is registered is asked for")
	}
}

// TestEveryRecordedHistoryReplaysWhereItWasOpen cuts the histories wherever a
// server could have stood: anywhere but between what one task asked for.
func TestEveryRecordedHistoryReplaysWhereItWasOpen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"resolved", "cancelled", "joined", "remediation-undone", "correlator"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := recorded(t, name).GetEvents()
			started := events[0].GetWorkflowExecutionStartedEventAttributes()
			verdicts := map[gate.Verdict]int{}
			for n := 1; n <= len(events); n++ {
				if n < len(events) && gate.Asked(events[n]) {
					continue
				}
				r := gate.Replay(gate.Options{Register: workflows.Register}, started.GetWorkflowId(), started.GetOriginalExecutionRunId(), &historypb.History{Events: events[:n]})
				require.NotEqual(t, gate.Breaks, r.Verdict, "after %d events, the last a %s: %v", n, events[n-1].GetEventType(), r.Err)
				verdicts[r.Verdict]++
			}
			require.Greater(t, verdicts[gate.Replays], 10)
			require.Less(t, verdicts[gate.New], 6)
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	run := func(n *namespace, register gate.Register) ([]gate.Result, error) {
		var all []gate.Result
		err := gate.Open(t.Context(), n, gate.Options{Register: register, Parallel: 2}, func(r gate.Result) error {
			all = append(all, r)
			return nil
		})
		return all, err
	}
	all, err := run(&namespace{open: 3, histories: small(t)}, incompatible)
	require.NoError(t, err)
	broken := 0
	for _, r := range all {
		if r.Verdict == gate.Breaks {
			broken++
			require.Equal(t, incident.WorkflowIncident, r.Type)
			require.ErrorContains(t, r.Err, "TMPRL1100", "the SDK's code of a history that does not fit")
		}
	}
	require.Equal(t, 2, broken, "the correlator is as it was")

	started := &historypb.History{Events: recorded(t, "resolved").GetEvents()[:2]}
	all, err = run(&namespace{open: 1, histories: []*historypb.History{started}}, incompatible)
	require.NoError(t, err)
	require.Equal(t, gate.New, all[0].Verdict, "nothing was decided yet")

	all, err = run(&namespace{open: 8, histories: small(t), readErr: serviceerror.NewNotFound("deleted")}, workflows.Register)
	require.NoError(t, err)
	gone := 0
	for _, r := range all {
		if r.Verdict == gate.Gone {
			gone++
		}
	}
	require.Equal(t, 1, gone)

	_, err = run(&namespace{open: 1000, histories: small(t), readErr: errors.New("torn")}, workflows.Register)
	require.ErrorContains(t, err, "read the history of w/7, run r7: torn")
	_, err = run(&namespace{open: 1000, histories: small(t), listErr: errors.New("no more")}, workflows.Register)
	require.ErrorContains(t, err, "list the open workflows: no more")
	err = gate.Open(t.Context(), &namespace{open: 1000, histories: small(t)}, gate.Options{Register: workflows.Register}, func(gate.Result) error { return errors.New("disk full") })
	require.ErrorContains(t, err, "disk full")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, 0, "Exit status"},
		{[]string{"--nonsense"}, 2, "nonsense"},
		{[]string{"surplus"}, 2, "surplus"},
		{[]string{"--parallel", "0"}, 2, "--parallel"},
		{[]string{"--from", "x", "--keep-all"}, 2, "--from needs no other setting"},
		{[]string{"--from", filepath.Join(t.TempDir(), "none")}, 1, "look for histories"},
		{[]string{"--from", t.TempDir()}, 1, "there is no history"},
		{[]string{"--address", "127.0.0.1:1"}, 1, "connect to Temporal at 127.0.0.1:1 (TEMPORAL_ADDRESS)"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, c.code, gate.Main(t.Context(), c.args, &stdout, &stderr, workflows.Register), c.args)
		require.Contains(t, stdout.String()+stderr.String(), c.says, c.args)
	}
}

// Kept histories replay without Temporal, each under its own ids.
func TestKeptHistories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"resolved", "correlator"} {
		raw, err := os.ReadFile(filepath.Join("..", name+".json"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), raw, 0o600))
	}
	var stdout, stderr bytes.Buffer
	require.Equal(t, 0, gate.Main(t.Context(), []string{"--from", dir}, &stdout, &stderr, workflows.Register), stderr.String())
	require.Contains(t, stdout.String(), "2 workflows: 2 ok, 0 fail")
	stdout.Reset()
	require.Equal(t, 1, gate.Main(t.Context(), []string{"--from", dir}, &stdout, &stderr, incompatible))
	require.Contains(t, stdout.String(), "2 workflows: 1 ok, 1 fail")
	require.Contains(t, stderr.String(), "do not deploy this: 1 workflow would stop")
	require.Len(t, strings.Split(strings.TrimSpace(stdout.String()), "\n"), 3, "one line a workflow: %s", stdout.String())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.json"), []byte("{}"), 0o600))
	require.Equal(t, 1, gate.Main(t.Context(), []string{"--from", dir}, &stdout, &stderr, workflows.Register))
	require.Contains(t, stderr.String(), "x.json")
}
