package workers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

// schedules is a Temporal that may have the schedule already.
type schedules struct {
	client.ScheduleClient
	client.ScheduleHandle

	there   *client.Schedule
	created []client.ScheduleOptions
	refuses error
	updated *client.Schedule
}

func (s *schedules) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if s.there != nil {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	s.created = append(s.created, o)
	return s, s.refuses
}

func (s *schedules) GetHandle(context.Context, string) client.ScheduleHandle { return s }

func (s *schedules) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	if s.refuses != nil {
		return s.refuses
	}
	update, err := o.DoUpdate(client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: *s.there}})
	if err != nil {
		return err
	}
	s.updated = update.Schedule
	return nil
}

func guarded() config.Config {
	cfg := config.Default()
	cfg.Account, cfg.Region, cfg.UIURL = "123456789012", "eu-central-1", "https://temporal.example"
	return cfg
}

func TestGuardSchedule(t *testing.T) {
	t.Parallel()
	s := &schedules{}
	require.NoError(t, ensureGuard(t.Context(), s, guardSchedule(guarded(), "prod")))
	require.Len(t, s.created, 1)
	o := s.created[0]
	require.Equal(t, "guard/123456789012/eu-central-1", o.ID)
	require.Equal(t, time.Minute, o.Spec.Intervals[0].Every)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, o.Overlap, "rounds never run side by side")
	require.LessOrEqual(t, o.CatchupWindow, 5*time.Minute, "the default of a year would start a round for every minute of an outage")
	require.GreaterOrEqual(t, o.CatchupWindow, 10*time.Second, "the server refuses less")
	require.False(t, o.PauseOnFailure, "a round that fails must not be the last")
	action := o.Action.(*client.ScheduleWorkflowAction)
	require.Equal(t, incident.WorkflowGuard, action.Workflow)
	require.Equal(t, incident.QueueWorkflows, action.TaskQueue)
	in := action.Args[0].(incident.GuardInput)
	require.Equal(t, incident.Scope{Account: "123456789012", Region: "eu-central-1"}, in.Scope)
	require.Equal(t, time.Minute, in.Grace.Std())
	require.Equal(t, "prod", in.Settings.Namespace)
}

// The second worker, and the next version, find a schedule.
func TestGuardScheduleIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	paused := &client.ScheduleState{Paused: true, Note: "maintenance"}
	s := &schedules{there: &client.Schedule{
		Spec: &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}}, Policy: &client.SchedulePolicies{}, State: paused,
	}}
	wanted := guardSchedule(guarded(), "prod")
	require.NoError(t, ensureGuard(t.Context(), s, wanted))
	require.Empty(t, s.created)
	require.Equal(t, time.Minute, s.updated.Spec.Intervals[0].Every)
	require.Equal(t, wanted.Action, s.updated.Action)
	require.Equal(t, wanted.CatchupWindow, s.updated.Policy.CatchupWindow)
	require.Equal(t, paused, s.updated.State, "what a person paused stays paused")

	s.refuses = errors.New("no")
	require.ErrorContains(t, ensureGuard(t.Context(), s, wanted), "update schedule guard/123456789012/eu-central-1")
	err := ensureGuard(t.Context(), &schedules{refuses: serviceerror.NewPermissionDenied("no", "")}, wanted)
	require.ErrorContains(t, err, "needs the right to write schedules")
}

// described answers about a namespace.
type described struct {
	id  string
	err error
}

func (d described) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{Id: d.id}}, d.err
}

func TestNamespaceIdentity(t *testing.T) {
	t.Parallel()
	identity, err := namespaceIdentity(t.Context(), described{id: "32049b68"}, "default")
	require.NoError(t, err)
	require.Equal(t, "default/32049b68", identity)
	_, err = namespaceIdentity(t.Context(), described{}, "default")
	require.ErrorContains(t, err, "no id")
	_, err = namespaceIdentity(t.Context(), described{err: serviceerror.NewPermissionDenied("no", "")}, "default")
	require.ErrorContains(t, err, "needs the right to read it")
}
