package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	xraysdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/crypto/ssh"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"firebreak/internal/config"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock"
	"firebreak/test/stack/cloudtrail"
	"firebreak/test/stack/cloudwatch"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/githost"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/kinesis"
	"firebreak/test/stack/logs"
	"firebreak/test/stack/slack"
	"firebreak/test/stack/ssm"
	"firebreak/test/stack/xray"
)

// temporalFake answers the calls of the checks over gRPC, as a frontend does.
type temporalFake struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	mu         sync.Mutex
	errs       map[string]error // by method
	state      enums.NamespaceState
	retention  time.Duration
	attributes map[string]enums.IndexedValueType
	seen       map[string]time.Duration // queue -> how long ago it was polled
	correlator *workflowservice.DescribeWorkflowExecutionResponse
	guard      *schedulepb.ScheduleState // nil: there is none
}

func newTemporalFake() *temporalFake {
	f := &temporalFake{errs: map[string]error{}, state: enums.NAMESPACE_STATE_REGISTERED, retention: 30 * 24 * time.Hour, seen: map[string]time.Duration{}}
	f.attributes = map[string]enums.IndexedValueType{"CustomOther": enums.INDEXED_VALUE_TYPE_TEXT}
	for name, kind := range incident.SearchAttributes() {
		f.attributes[name] = enums.IndexedValueType(enums.IndexedValueType_shorthandValue[kind])
	}
	for _, q := range []string{
		incident.QueueWorkflows, incident.QueueEvidence, incident.QueueDiagnosis, incident.QueueAutomation, incident.QueueChat, incident.QueueTickets,
	} {
		f.seen[q] = time.Second
	}
	f.guard = &schedulepb.ScheduleState{}
	f.correlator = correlatorIn(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, 1)
	return f
}

func correlatorIn(status enums.WorkflowExecutionStatus, attempt int32) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status},
		PendingWorkflowTask:   &workflowpb.PendingWorkflowTaskInfo{Attempt: attempt},
	}
}

func (f *temporalFake) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		f.mu.Lock()
		err := f.errs[info.FullMethod[strings.LastIndex(info.FullMethod, "/")+1:]]
		f.mu.Unlock()
		if err != nil {
			return nil, serviceerror.ToStatus(err).Err()
		}
		return next(ctx, req)
	}))
	workflowservice.RegisterWorkflowServiceServer(s, f)
	operatorservice.RegisterOperatorServiceServer(s, f)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

func (f *temporalFake) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{ServerVersion: "1.32.1", Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *temporalFake) DescribeNamespace(_ context.Context, in *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{Name: in.GetNamespace(), State: f.state},
		Config:        &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(f.retention)},
	}, nil
}

func (f *temporalFake) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: f.attributes}, nil
}

func (f *temporalFake) CountWorkflowExecutions(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return &workflowservice.CountWorkflowExecutionsResponse{Count: 3}, nil
}

func (f *temporalFake) DescribeTaskQueue(_ context.Context, in *workflowservice.DescribeTaskQueueRequest) (*workflowservice.DescribeTaskQueueResponse, error) {
	out := &workflowservice.DescribeTaskQueueResponse{}
	if ago, polled := f.seen[in.GetTaskQueue().GetName()]; polled {
		out.Pollers = []*taskqueuepb.PollerInfo{{Identity: "1@host", LastAccessTime: timestamppb.New(time.Now().Add(-ago))}}
	}
	return out, nil
}

func (f *temporalFake) DescribeWorkflowExecution(_ context.Context, in *workflowservice.DescribeWorkflowExecutionRequest) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if f.correlator == nil || in.GetExecution().GetWorkflowId() != "correlator/123456789012/eu-central-1" {
		return nil, serviceerror.ToStatus(serviceerror.NewNotFound("no such workflow")).Err()
	}
	return f.correlator, nil
}

func (f *temporalFake) DescribeSchedule(_ context.Context, in *workflowservice.DescribeScheduleRequest) (*workflowservice.DescribeScheduleResponse, error) {
	if f.guard == nil || in.GetScheduleId() != "guard/123456789012/eu-central-1" {
		return nil, serviceerror.ToStatus(serviceerror.NewNotFound("no such schedule")).Err()
	}
	return &workflowservice.DescribeScheduleResponse{Schedule: &schedulepb.Schedule{State: f.guard}}, nil
}

// keyPair makes an SSH key: a private key file and the line of its public half.
func keyPair(t *testing.T) (file, public string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	key, err := ssh.NewPublicKey(pub)
	require.NoError(t, err)
	return file, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// doctorWorld is a set-up in which every check is ok. Tests break it.
type doctorWorld struct {
	cfg      config.Config
	mistakes []error
	deep     bool
	limit    time.Duration
	faults   *fault.Faults
	temporal *temporalFake
	address  string // of Temporal, when it is not the fake's
	files    map[string]string
	slack    slack.Options
	jira     jira.Options
	account  string // that the stream is in
	awsURL   string // of the AWS services, when it is not the stand-ins'
	noLogs   bool
	offline  bool     // whether no instance is registered
	traced   []string // names of services that send segments to X-Ray
	keys     aws.CredentialsProvider
}

func newDoctorWorld(t *testing.T) *doctorWorld {
	t.Helper()
	cfg := config.Default()
	cfg.Account, cfg.Region = "123456789012", "eu-central-1"
	cfg.Stream.Name, cfg.Diagnosis.Model = "firebreak", "offline-rules"
	cfg.Slack.Channel, cfg.Worker.Health = "C0INCIDENTS", ""
	cfg.Redaction.Key = "marks of this test"
	cfg.Evidence.XRay, cfg.Evidence.CloudTrail = true, true
	var gateway, ana string
	cfg.Slack.GatewayKey, gateway = keyPair(t)
	_, ana = keyPair(t)
	w := &doctorWorld{cfg: cfg, limit: 10 * time.Second, faults: fault.New(), temporal: newTemporalFake(), account: cfg.Account, files: map[string]string{}, traced: []string{"checkout", "payments"}}
	w.edit(t, "policy.yaml", "approvers: []\n", fmt.Sprintf(
		"approvers:\n  - {identity: ana@example.com, ssh_keys: [%q]}\nslack_gateway: {ssh_keys: [%q]}\n", ana, gateway))
	return w
}

// edit replaces a text in a file of the catalogue.
func (w *doctorWorld) edit(t *testing.T, file, old, by string) {
	t.Helper()
	content, edited := w.files[file]
	if !edited {
		raw, err := fs.ReadFile(runbooks.FS, file)
		require.NoError(t, err)
		content = string(raw)
	}
	require.Contains(t, content, old)
	w.files[file] = strings.ReplaceAll(content, old, by)
}

// start serves everything and returns the doctor who knows where it is.
func (w *doctorWorld) start(t *testing.T) *doctor {
	t.Helper()
	ctx := t.Context()
	server := awswire.New(awswire.Options{Region: w.cfg.Region, Faults: w.faults})
	streams := kinesis.New(kinesis.Options{Region: w.cfg.Region, Account: w.account, ReadsPerSecond: 5, WritesPerSecond: 1000})
	require.NoError(t, streams.Create("firebreak", 2))
	metrics := cloudwatch.New(cloudwatch.Options{Region: w.cfg.Region, Account: w.account})
	groups := logs.New(logs.Options{Region: w.cfg.Region, Account: w.account})
	systems := ssm.New(ssm.Options{Region: w.cfg.Region, Account: w.account})
	t.Cleanup(systems.Close)
	traces := xray.New(xray.Options{Account: w.account})
	for _, s := range []interface{ Register(*awswire.Server) }{streams, metrics, groups, systems, traces, cloudtrail.New(cloudtrail.Options{}), bedrock.New(bedrock.Options{})} {
		s.Register(server)
	}
	address, err := server.Listen(ctx, "127.0.0.1:0")
	require.NoError(t, err)
	awsCfg := server.ClientConfig(address)
	w.provision(t, awsCfg, systems)
	w.trace(t, awsCfg)
	if w.awsURL != "" {
		awsCfg = server.ClientConfig(w.awsURL)
	}
	if w.keys != nil {
		awsCfg.Credentials = w.keys
	}
	awsCfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }

	w.slack.Faults, w.jira.Faults = w.faults, w.faults
	chat, err := slack.Start(ctx, w.slack)
	require.NoError(t, err)
	t.Cleanup(chat.Close)
	tickets, err := jira.Start(ctx, w.jira)
	require.NoError(t, err)
	t.Cleanup(tickets.Close)
	w.set(&w.cfg.Slack.APIURL, chat.URL())
	w.set(&w.cfg.Slack.BotToken, chat.BotToken())
	w.set(&w.cfg.Slack.AppToken, chat.AppToken())
	w.set(&w.cfg.Jira.URL, tickets.URL())
	w.set(&w.cfg.Jira.Project, tickets.Project())
	w.set(&w.cfg.Jira.User, tickets.User())
	w.set(&w.cfg.Jira.Token, tickets.Token())
	w.commit(t)

	if w.address == "" {
		w.address = w.temporal.serve(t)
	}
	return &doctor{
		cfg: w.cfg, mistakes: w.mistakes, aws: awsCfg, deep: w.deep,
		temporal: client.Options{HostPort: w.address, Namespace: "prod", Logger: slog.New(slog.DiscardHandler)},
	}
}

func (w *doctorWorld) set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// trace sends a segment of each service that is traced.
func (w *doctorWorld) trace(t *testing.T, awsCfg aws.Config) {
	t.Helper()
	now := float64(time.Now().Unix()) - 60
	for i, name := range w.traced {
		out, err := xraysdk.NewFromConfig(awsCfg).PutTraceSegments(t.Context(), &xraysdk.PutTraceSegmentsInput{TraceSegmentDocuments: []string{fmt.Sprintf(
			`{"name":%q,"id":"%016x","trace_id":"1-00000000-%024x","start_time":%f,"end_time":%f}`, name, i, i, now, now+1)}})
		require.NoError(t, err)
		require.Empty(t, out.UnprocessedTraceSegments)
	}
}

// provision makes what the shipped service files name.
func (w *doctorWorld) provision(t *testing.T, awsCfg aws.Config, systems *ssm.Service) {
	t.Helper()
	shipped, err := runbook.Load(runbooks.FS)
	require.NoError(t, err)
	metrics, groups := cw.NewFromConfig(awsCfg), cwl.NewFromConfig(awsCfg)
	for _, service := range shipped.Services {
		for _, name := range service.Alarms {
			_, err := metrics.PutMetricAlarm(t.Context(), &cw.PutMetricAlarmInput{
				AlarmName: &name, Namespace: aws.String("Shop"), MetricName: aws.String("Errors"),
				Period: aws.Int32(10), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(5), Statistic: cwtypes.StatisticSum,
				ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
			})
			require.NoError(t, err)
		}
		for _, m := range service.Metrics {
			datum := cwtypes.MetricDatum{MetricName: &m.Name, Value: aws.Float64(1), Timestamp: aws.Time(time.Now().Add(-2 * time.Minute))}
			for k, v := range m.Dimensions {
				datum.Dimensions = append(datum.Dimensions, cwtypes.Dimension{Name: &k, Value: &v})
			}
			_, err := metrics.PutMetricData(t.Context(), &cw.PutMetricDataInput{Namespace: &m.Namespace, MetricData: []cwtypes.MetricDatum{datum}})
			require.NoError(t, err)
		}
		for _, name := range service.LogGroups {
			if !w.noLogs {
				_, err := groups.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: &name})
				require.NoError(t, err)
			}
		}
		for _, id := range service.Resources {
			if !w.offline {
				require.NoError(t, systems.RegisterInstance(ssm.Instance{ID: id, Dir: t.TempDir()}))
			}
		}
	}
}

// commit serves the shipped catalogue, with an approver and the edits.
func (w *doctorWorld) commit(t *testing.T) {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(runbooks.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(runbooks.FS, path)
		files[path] = raw
		return err
	}))
	for path, content := range w.files {
		files[path] = []byte(content)
		if content == "" {
			delete(files, path)
		}
	}
	host := githost.New(githost.Options{Faults: w.faults})
	_, err := host.Commit(files, "Services, runbooks and policy")
	require.NoError(t, err)
	server := httptest.NewServer(host.Handler())
	t.Cleanup(server.Close)
	w.set(&w.cfg.Catalog.URL, server.URL+githost.Path)
	w.cfg.Catalog.Insecure = true
	w.set(&w.cfg.Catalog.Token, host.Token())
}

// examine runs every check and returns the findings as system/check.
func (w *doctorWorld) examine(t *testing.T) map[string]finding {
	t.Helper()
	d := w.start(t)
	found := map[string]finding{}
	for findings := range runProbes(t.Context(), d.probes(), w.limit) {
		for _, f := range findings {
			found[f.System+"/"+f.Check] = f
		}
	}
	return found
}

// serveText answers every request with a text and returns its host and port.
func serveText(t *testing.T, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// deadAddress is one that nothing listens on.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// silentAddress takes connections and never answers.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
