package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/api/serviceerror"

	"firebreak/internal/config"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
)

// refuse makes a stand-in answer an operation with an error of the service.
func refuse(service, operation, code string, status int) func(*testing.T, *doctorWorld) {
	return func(_ *testing.T, w *doctorWorld) {
		w.faults.Set(fault.Rule{Service: service, Operation: operation, Kind: fault.Error, Code: code, Status: status, Times: fault.Forever})
	}
}

func deny(service, operation string) func(*testing.T, *doctorWorld) {
	return refuse(service, operation, "AccessDeniedException", 400)
}

// temporalFails makes a method of the frontend fail.
func temporalFails(method string, err error) func(*testing.T, *doctorWorld) {
	return func(_ *testing.T, w *doctorWorld) { w.temporal.errs[method] = err }
}

// doctorCase is one thing that is wrong, and how it is told.
type doctorCase struct {
	name  string
	wrong func(*testing.T, *doctorWorld)
	at    string // system/check
	want  verdict
	says  string // in the detail
	to    string // in the advice
}

func (c doctorCase) run(t *testing.T) {
	t.Helper()
	w := newDoctorWorld(t)
	c.wrong(t, w)
	found := w.examine(t)
	f, there := found[c.at]
	require.True(t, there, "there is no check %s in %v", c.at, found)
	require.Equal(t, c.want, f.Result, f.Detail)
	require.Contains(t, f.Detail, c.says)
	advice, err := json.Marshal(f.Advice)
	require.NoError(t, err)
	unescaped := strings.NewReplacer(`\u003e`, ">", `\u0026`, "&", `\"`, `"`).Replace(string(advice))
	require.Contains(t, unescaped, c.to)
	if c.want == verdictFailed || c.want == verdictWarning {
		require.NotEmpty(t, f.Advice, "what is to be done about %q", f.Detail)
	}
	all, err := json.Marshal(found)
	require.NoError(t, err)
	for _, secret := range []string{w.cfg.Slack.BotToken, w.cfg.Slack.AppToken, w.cfg.Jira.Token, w.cfg.Catalog.Token} {
		if secret != "" {
			require.NotContains(t, string(all), secret)
		}
	}
	// Other systems than the broken one are not drawn in.
	system, _, _ := strings.Cut(c.at, "/")
	for at, other := range found {
		if other.Result == verdictFailed && !strings.HasPrefix(at, system) {
			require.Equal(t, "AWS credentials/credentials", at, "%s failed as well", other.Detail)
			require.Equal(t, verdictSkipped, c.want)
		}
	}
}

func TestDoctorOnTemporal(t *testing.T) {
	t.Parallel()
	const add = "temporal operator search-attribute create --namespace prod --name "
	for _, c := range []doctorCase{
		{
			"nothing listens", func(t *testing.T, w *doctorWorld) { w.address = deadAddress(t) },
			"Temporal/server", verdictFailed, "connection refused", "TEMPORAL_ADDRESS",
		},
		{
			"never answers", func(t *testing.T, w *doctorWorld) { w.address, w.limit = silentAddress(t), 500*time.Millisecond },
			"Temporal/server", verdictFailed, "does not answer in time", "network path",
		},
		{
			"what follows an unreachable server is not asked", func(t *testing.T, w *doctorWorld) { w.address = deadAddress(t) },
			"Temporal/search attributes", verdictSkipped, "not asked, because of server above", "",
		},
		{
			"key refused", temporalFails("GetSystemInfo", serviceerror.NewPermissionDenied("Request unauthorized.", "")),
			"Temporal/server", verdictFailed, "denied", "TEMPORAL_API_KEY",
		},
		{
			"no namespace", temporalFails("DescribeNamespace", serviceerror.NewNamespaceNotFound("prod")),
			"Temporal/namespace", verdictFailed, "there is no namespace prod", "temporal operator namespace create --namespace prod",
		},
		{
			"short retention", func(_ *testing.T, w *doctorWorld) { w.temporal.retention = 24 * time.Hour },
			"Temporal/namespace", verdictWarning, "for 24h0m0s only", "temporal operator namespace update --namespace prod --retention 30d",
		},
		{
			"deprecated namespace", func(_ *testing.T, w *doctorWorld) { w.temporal.state = enums.NAMESPACE_STATE_DEPRECATED },
			"Temporal/namespace", verdictWarning, "prod is deprecated", "another namespace",
		},
		{
			"missing attribute", func(_ *testing.T, w *doctorWorld) { delete(w.temporal.attributes, incident.AttrTeam) },
			"Temporal/search attributes", verdictFailed, "missing: IncidentTeam", add + "IncidentTeam --type Keyword",
		},
		{"attribute of the wrong type", func(_ *testing.T, w *doctorWorld) {
			w.temporal.attributes[incident.AttrAnomalies] = enums.INDEXED_VALUE_TYPE_TEXT
		}, "Temporal/search attributes", verdictFailed, "IncidentAnomalies is of type Text and has to be Int", "search-attribute remove --namespace prod --name IncidentAnomalies --yes"},
		{
			"attributes may not be listed", temporalFails("ListSearchAttributes", serviceerror.NewPermissionDenied("no", "")),
			"Temporal/search attributes", verdictFailed, "denied", "the right to list search attributes in namespace prod",
		},
		{
			"attributes cannot be listed here", temporalFails("ListSearchAttributes", serviceerror.NewUnimplemented("unknown method")),
			"Temporal/search attributes", verdictSkipped, "does not offer the call", "",
		},
		{
			"no worker for a queue", func(_ *testing.T, w *doctorWorld) { delete(w.temporal.seen, incident.QueueChat) },
			"Temporal/firebreak-chat", verdictFailed, "no worker polls for activity tasks", `the role "chat"`,
		},
		{
			"a worker that is gone", func(_ *testing.T, w *doctorWorld) { w.temporal.seen[incident.QueueWorkflows] = 4 * time.Minute },
			"Temporal/firebreak", verdictFailed, "4m0s ago", `the role "workflows"`,
		},
		{
			"no correlator yet", func(_ *testing.T, w *doctorWorld) { w.temporal.correlator = nil },
			"Temporal/correlator", verdictSkipped, "the first anomaly on the stream starts it", "",
		},
		{"terminated correlator", func(_ *testing.T, w *doctorWorld) {
			w.temporal.correlator = correlatorIn(enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, 0)
		}, "Temporal/correlator", verdictWarning, "its last run is terminated", "temporal workflow show --namespace prod --workflow-id correlator/123456789012/eu-central-1"},
		{"correlator that does not replay", func(_ *testing.T, w *doctorWorld) {
			w.temporal.correlator = correlatorIn(enums.WORKFLOW_EXECUTION_STATUS_RUNNING, 7)
		}, "Temporal/correlator", verdictFailed, "attempt 7", "does not replay"},
		{
			"no guard", func(_ *testing.T, w *doctorWorld) { w.temporal.guard = nil },
			"Temporal/guard", verdictWarning, "there is no schedule guard/123456789012/eu-central-1", `the role "workflows"`,
		},
		{"guard is paused", func(_ *testing.T, w *doctorWorld) {
			w.temporal.guard = &schedulepb.ScheduleState{Paused: true, Notes: "while we move"}
		}, "Temporal/guard", verdictWarning, "paused: while we move", "--unpause"},
		{
			"visibility is down", temporalFails("CountWorkflowExecutions", serviceerror.NewUnavailable("visibility store")),
			"Temporal/incidents", verdictFailed, "fails: visibility store", "its log",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

// Temporal Cloud does not take namespaces' settings from `temporal operator`.
func TestDoctorAdvisesWithCloudsOwnCommand(t *testing.T) {
	t.Parallel()
	c := temporalChecks{namespace: "prod.a1b2c", address: "prod.a1b2c.tmprl.cloud:7233"}
	require.Equal(t, "tcld namespace search-attributes add --namespace prod.a1b2c --search-attribute IncidentTeam=Keyword", c.addCommand(map[string]string{"IncidentTeam": "Keyword"}))
	require.Equal(t, "tcld namespace retention set --namespace prod.a1b2c --retention-days 30", c.retentionCommand())
}

func TestDoctorOnAWS(t *testing.T) {
	t.Parallel()
	const stream = "arn:aws:kinesis:eu-central-1:123456789012:stream/firebreak"
	for _, c := range []doctorCase{
		{"no credentials", func(_ *testing.T, w *doctorWorld) {
			w.keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("no EC2 IMDS role found")
			})
		}, "AWS credentials/credentials", verdictFailed, "no EC2 IMDS role found", "AWS_PROFILE"},
		{"nothing is asked without credentials", func(_ *testing.T, w *doctorWorld) {
			w.keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("none") })
		}, "Kinesis/everything", verdictSkipped, "there are no AWS credentials", ""},
		{"expired credentials", func(_ *testing.T, w *doctorWorld) {
			w.keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", CanExpire: true, Expires: time.Now().Add(-time.Minute)}, nil
			})
		}, "AWS credentials/credentials", verdictFailed, "they have expired", "worker's role"},
		{
			"credentials are refused", refuse("kinesis", "ListShards", "UnrecognizedClientException", 400),
			"Kinesis/shards", verdictFailed, "the credentials are refused", "aws sts get-caller-identity",
		},
		{"nothing listens", func(t *testing.T, w *doctorWorld) {
			w.awsURL = "http://" + deadAddress(t)
			w.cfg.Roles = []string{config.RoleStream}
		}, "Kinesis/shards", verdictFailed, "connection refused", "the region is eu-central-1"},
		{"never answers", func(t *testing.T, w *doctorWorld) {
			w.awsURL, w.limit = "http://"+silentAddress(t), time.Second
			w.cfg.Roles = []string{config.RoleStream}
		}, "Kinesis/shards", verdictFailed, "Kinesis does not answer in time", "VPC endpoint"},
		{
			"no stream", func(_ *testing.T, w *doctorWorld) { w.cfg.Stream.Name = "other" },
			"Kinesis/shards", verdictFailed, "there is no stream other", "aws kinesis create-stream --region eu-central-1 --stream-name other",
		},
		{"shards denied", deny("kinesis", "ListShards"), "Kinesis/shards", verdictFailed, "denied", "Allow kinesis:ListShards on " + stream},
		{"iterator denied", deny("kinesis", "GetShardIterator"), "Kinesis/records", verdictFailed, "denied", "Allow kinesis:GetShardIterator on " + stream},
		{"records denied", deny("kinesis", "GetRecords"), "Kinesis/records", verdictFailed, "denied", "Allow kinesis:GetRecords on " + stream},
		{"key of the stream denied", refuse("kinesis", "GetRecords", "KMSAccessDeniedException", 400), "Kinesis/records", verdictFailed, "denied", "kms:Decrypt"},
		{"too many readers", refuse("kinesis", "GetRecords", "ProvisionedThroughputExceededException", 400), "Kinesis/records", verdictWarning, "as often as it may be", "enhanced fan-out"},
		{"more than the worker needs is denied", deny("kinesis", "DescribeStreamSummary"), "Kinesis/stream", verdictSkipped, "the worker itself does not need", ""},
		{"somebody else's stream", func(_ *testing.T, w *doctorWorld) { w.account = "999999999999" }, "Kinesis/stream", verdictFailed, "in account 999999999999, but account is set to 123456789012", "FIREBREAK_ACCOUNT"},
		{"Kinesis fails", refuse("kinesis", "ListShards", "InternalFailureException", 500), "Kinesis/shards", verdictFailed, "fails", "Health dashboard"},

		{"alarms denied", deny("cloudwatch", "DescribeAlarms"), "CloudWatch/alarms", verdictFailed, "denied", "Allow cloudwatch:DescribeAlarms on *"},
		{"history denied", deny("cloudwatch", "DescribeAlarmHistory"), "CloudWatch/alarm history", verdictFailed, "denied", "Allow cloudwatch:DescribeAlarmHistory on *"},
		{"metrics denied", deny("cloudwatch", "GetMetricData"), "CloudWatch/metrics", verdictFailed, "denied", "Allow cloudwatch:GetMetricData on *"},
		{"metrics throttled", refuse("cloudwatch", "GetMetricData", "ThrottlingException", 400), "CloudWatch/metrics", verdictWarning, "throttles", "quota"},
		{"an alarm that there is not", func(t *testing.T, w *doctorWorld) {
			w.edit(t, "services/checkout.yaml", "alarms: [checkout-errors", "alarms: [checkout-errrors")
		}, "CloudWatch/alarms", verdictWarning, "checkout-errrors", "service files"},
		{"a prefix that no alarm has", func(t *testing.T, w *doctorWorld) {
			w.edit(t, "services/checkout.yaml", "alarms: [checkout-errors", "alarms: [basket-*")
		}, "CloudWatch/alarms", verdictWarning, "basket-*", "service files"},
		{"a series without data", func(t *testing.T, w *doctorWorld) {
			w.edit(t, "services/checkout.yaml", "metrics:\n", "metrics:\n  - {role: health, namespace: Shop, name: MemoryUzed, dimensions: {service: checkout}, stat: Maximum, period: 60}\n")
		}, "CloudWatch/metrics", verdictWarning, "Shop/MemoryUzed{service=checkout}", "letter by letter"},

		{"logs denied", deny("logs", "FilterLogEvents"), "CloudWatch Logs/log groups", verdictFailed, "denied", "Allow logs:FilterLogEvents on arn:aws:logs:eu-central-1:123456789012:log-group:/shop/checkout:*"},
		{"no log group", func(_ *testing.T, w *doctorWorld) { w.noLogs = true }, "CloudWatch Logs/log groups", verdictFailed, "/shop/checkout, /shop/payments", "log_groups"},

		{"service graph denied", deny("xray", "GetServiceGraph"), "X-Ray/service graph", verdictFailed, "denied", "Allow xray:GetServiceGraph on *"},
		{"trace summaries denied", deny("xray", "GetTraceSummaries"), "X-Ray/trace summaries", verdictFailed, "denied", "Allow xray:GetTraceSummaries on *"},
		{"X-Ray throttled", refuse("xray", "GetServiceGraph", "ThrottledException", 429), "X-Ray/service graph", verdictWarning, "throttles", "quota"},
		{"nothing is traced", func(_ *testing.T, w *doctorWorld) { w.traced = nil }, "X-Ray/service graph", verdictWarning, "nothing in eu-central-1 has sent a trace", "switch evidence.xray off"},
		{"segments of other names", func(_ *testing.T, w *doctorWorld) { w.traced = []string{"shop.example.com"} }, "X-Ray/service graph", verdictWarning, "checkout, payments", "xray:"},
		{"segments of a name in a service file", func(t *testing.T, w *doctorWorld) {
			w.traced = []string{"shop.example.com"}
			w.edit(t, "services/checkout.yaml", "team: shop", "team: shop\nxray: [shop.example.com]")
		}, "X-Ray/service graph", verdictOK, "1 of 2 services have a node in it, not payments", ""},
		{"X-Ray is off", func(_ *testing.T, w *doctorWorld) { w.cfg.Evidence.XRay = false }, "X-Ray/everything", verdictSkipped, "evidence.xray is off", ""},
		{"lookups denied", deny("cloudtrail", "LookupEvents"), "CloudTrail/event history", verdictFailed, "denied", "Allow cloudtrail:LookupEvents on *"},
		{"lookups throttled", refuse("cloudtrail", "LookupEvents", "ThrottlingException", 400), "CloudTrail/event history", verdictWarning, "throttles", "quota"},
		{"CloudTrail is off", func(_ *testing.T, w *doctorWorld) { w.cfg.Evidence.CloudTrail = false }, "CloudTrail/everything", verdictSkipped, "evidence.cloudtrail is off", ""},

		{"a model that there is not", func(_ *testing.T, w *doctorWorld) { w.cfg.Diagnosis.Model = "nonsense" }, "Bedrock/model", verdictFailed, "model identifier is invalid", "diagnosis.model"},
		{"a model without access", func(_ *testing.T, w *doctorWorld) { w.cfg.Diagnosis.Model = "acme.model-v1:0" }, "Bedrock/model", verdictFailed, "acme.model-v1:0", "list-inference-profiles"},
		{"model denied", deny("bedrock", "Converse"), "Bedrock/model", verdictFailed, "denied", "Allow bedrock:InvokeModel on arn:aws:bedrock:eu-central-1::foundation-model/offline-rules"},
		{"model throttled", refuse("bedrock", "Converse", "ThrottlingException", 429), "Bedrock/model", verdictWarning, "throttles", "quota"},

		{"documents may not be listed", deny("ssm", "ListDocuments"), "Systems Manager/documents", verdictSkipped, "the worker itself does not need", ""},
		{"documents may not be read", deny("ssm", "GetDocument"), "Systems Manager/read a document", verdictFailed, "denied", "Allow ssm:GetDocument on arn:aws:ssm:eu-central-1:123456789012:document/Firebreak-*"},
		{"executions may not be read", deny("ssm", "GetAutomationExecution"), "Systems Manager/executions", verdictFailed, "denied", "Allow ssm:GetAutomationExecution on"},
		{"running automations may not be listed", deny("ssm", "DescribeAutomationExecutions"), "Systems Manager/orphans", verdictFailed, "denied", "Allow ssm:DescribeAutomationExecutions on *"},
		{"tags of automations may not be read", deny("ssm", "ListTagsForResource"), "Systems Manager/orphans", verdictFailed, "denied", "Allow ssm:ListTagsForResource on arn:aws:ssm:eu-central-1:123456789012:automation-execution/*"},
		{"instances may not be listed", deny("ssm", "DescribeInstanceInformation"), "Systems Manager/instances", verdictSkipped, "the worker itself does not need", ""},
		{"instances without an agent", func(_ *testing.T, w *doctorWorld) { w.offline = true }, "Systems Manager/instances", verdictFailed, "i-0c0ffee0000000001, i-0c0ffee0000000002", "AmazonSSMManagedInstanceCore"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}
