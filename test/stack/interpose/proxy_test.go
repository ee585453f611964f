package interpose_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"firebreak/test/stack/interpose"
)

// frontend is a Temporal frontend that has one task of "Post" for whoever polls,
// or gives it away with a workflow task, and counts reports.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	reports atomic.Int32
}

func task() *workflowservice.PollActivityTaskQueueResponse {
	return &workflowservice.PollActivityTaskQueueResponse{TaskToken: []byte("t1"), ActivityType: &commonpb.ActivityType{Name: "Post"}}
}

func (f *frontend) PollActivityTaskQueue(context.Context, *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return task(), nil
}

func (f *frontend) RespondWorkflowTaskCompleted(context.Context, *workflowservice.RespondWorkflowTaskCompletedRequest) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	return &workflowservice.RespondWorkflowTaskCompletedResponse{ActivityTasks: []*workflowservice.PollActivityTaskQueueResponse{task()}}, nil
}

func (f *frontend) RespondActivityTaskCompleted(context.Context, *workflowservice.RespondActivityTaskCompletedRequest) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.reports.Add(1)
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

func (f *frontend) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{StorageSchema: map[string]string{"asked": "yes"}}, nil
}

// between starts a proxy in front of a frontend and returns both with a
// connection to the proxy.
func between(t *testing.T) (*frontend, *interpose.Proxy, *grpc.ClientConn) {
	t.Helper()
	f := &frontend{}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	operatorservice.RegisterOperatorServiceServer(server, f)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	p, err := interpose.Start(t.Context(), listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(p.Stop)
	conn, err := grpc.NewClient(p.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return f, p, conn
}

func TestStrikes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		strike  interpose.Strike
		eager   bool // the task comes with a workflow task
		handed  bool // the worker gets the task
		told    bool // the worker learns that its report arrived
		reports int32
		struck  int
	}{
		"none":                        {handed: true, told: true, reports: 1},
		"another activity":            {strike: interpose.Strike{Activity: "Start", Moment: interpose.Handed, Fate: interpose.Lose}, handed: true, told: true, reports: 1},
		"the task is lost":            {strike: interpose.Strike{Activity: "Post", Moment: interpose.Handed, Fate: interpose.Lose}, struck: 1},
		"the task is lost, eagerly":   {strike: interpose.Strike{Activity: "Post", Moment: interpose.Handed, Fate: interpose.Lose}, eager: true, struck: 1},
		"the task is only looked at":  {strike: interpose.Strike{Activity: "Post", Moment: interpose.Handed, Fate: interpose.Deliver}, handed: true, told: true, reports: 1, struck: 1},
		"the report is lost":          {strike: interpose.Strike{Activity: "Post", Moment: interpose.Reported, Fate: interpose.Lose}, handed: true, struck: 1},
		"the answer to it is lost":    {strike: interpose.Strike{Activity: "Post", Moment: interpose.Reported, Fate: interpose.LoseAnswer}, handed: true, reports: 1, struck: 1},
		"the report is only observed": {strike: interpose.Strike{Activity: "Post", Moment: interpose.Reported, Fate: interpose.Deliver}, eager: true, handed: true, told: true, reports: 1, struck: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p, conn := between(t)
			done := 0
			tc.strike.Do = func() { done++ }
			p.Arm(tc.strike)
			worker := workflowservice.NewWorkflowServiceClient(conn)
			var err error
			if tc.eager {
				_, err = worker.RespondWorkflowTaskCompleted(t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{})
			} else {
				_, err = worker.PollActivityTaskQueue(t.Context(), &workflowservice.PollActivityTaskQueueRequest{})
			}
			if tc.handed {
				require.NoError(t, err)
				_, err = worker.RespondActivityTaskCompleted(t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{TaskToken: []byte("t1")})
			}
			if tc.told {
				require.NoError(t, err)
			} else {
				require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
			}
			require.Equal(t, tc.reports, f.reports.Load())
			require.Equal(t, tc.struck, p.Struck())
			require.Equal(t, tc.struck, done)
			require.Equal(t, 1, p.Handed("Post"))
		})
	}
}

func TestStrikeHappensOnce(t *testing.T) {
	t.Parallel()
	f, p, conn := between(t)
	p.Arm(interpose.Strike{Activity: "Post", Moment: interpose.Handed, Fate: interpose.Lose})
	worker := workflowservice.NewWorkflowServiceClient(conn)
	_, err := worker.PollActivityTaskQueue(t.Context(), &workflowservice.PollActivityTaskQueueRequest{})
	require.Error(t, err)
	_, err = worker.PollActivityTaskQueue(t.Context(), &workflowservice.PollActivityTaskQueueRequest{})
	require.NoError(t, err)
	require.Equal(t, 2, p.Handed("Post"))
	require.Zero(t, f.reports.Load())
}

func TestOperatorCallsPassThrough(t *testing.T) {
	t.Parallel()
	_, _, conn := between(t)
	out, err := operatorservice.NewOperatorServiceClient(conn).ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{})
	require.NoError(t, err)
	require.Equal(t, "yes", out.GetStorageSchema()["asked"])
}
