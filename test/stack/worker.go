package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"go.temporal.io/sdk/client"

	"firebreak/internal/config"
	"firebreak/test/stack/githost"
	"firebreak/test/stack/temporal"
	"firebreak/workers"
)

// Refresh is how soon a worker sees a new commit of the catalogue.
const Refresh = time.Second

// ReopenWindow is how long an incident of the stack stays open after it is resolved.
const ReopenWindow = 5 * time.Second

// Settle is how long the stack's telemetry takes to arrive: metrics of one
// second, alarms of ten.
const Settle = 4 * time.Second

// DiagnoseWithin is how long the stack's own model is tried before the suspects
// are ranked by rule. A model of real Bedrock gets the production time.
const DiagnoseWithin = 16 * time.Second

// CatchUp is how long incidents of the stack tell Slack and Jira after their end
// what these missed.
const CatchUp = 3 * time.Minute

// redactionKey makes the marks of what is redacted, on every worker of a stack and
// in the commands that it is looked at with.
const redactionKey = "marks of the stand-ins"

// GuardGrace is how long a workflow of the stack has to be over before what it
// left behind is seen to.
const GuardGrace = 2 * time.Second

// Config is the configuration of a worker for this stack: the production one
// with shorter waits. What detectors take for trouble is production's, too.
func (s *Stack) Config() config.Config {
	cfg := config.Default()
	cfg.Account, cfg.Region = Account, Region
	cfg.Stream = config.Stream{
		Name: Stream, Start: "trim_horizon", Sensitivity: cfg.Stream.Sensitivity, Poll: 250 * time.Millisecond,
		Checkpoints: s.path("checkpoints"), Quarantine: s.path("quarantine"),
	}
	cfg.Incident.ReopenWindow, cfg.Incident.Settle, cfg.Incident.CatchUp = ReopenWindow, Settle, CatchUp
	if s.opts.Model == OfflineModel {
		cfg.Incident.DiagnoseWithin = DiagnoseWithin
	}
	cfg.Catalog = config.Catalog{URL: s.gitURL + githost.Path, Branch: githost.Branch, Refresh: Refresh, User: "firebreak", Token: s.Git.Token(), Insecure: true}
	cfg.Evidence.XRay, cfg.Evidence.CloudTrail = true, true
	cfg.Diagnosis.Model = s.opts.Model
	cfg.Automation = config.Automation{Poll: 250 * time.Millisecond, VerifyPoll: 500 * time.Millisecond}
	cfg.Evidence.Store = "file:" + s.path("evidence")
	cfg.Guard = config.Guard{Every: s.opts.GuardEvery, Grace: GuardGrace}
	cfg.Redaction.Key = redactionKey
	cfg.Slack = config.Slack{Channel: SlackChannel, BotToken: s.Slack.BotToken(), AppToken: s.Slack.AppToken(), APIURL: s.Slack.URL(), GatewayKey: s.gateway.file}
	cfg.Jira = config.Jira{URL: s.Jira.URL(), Project: s.Jira.Project(), IssueType: "Task", User: s.Jira.User(), Token: s.Jira.Token()}
	cfg.Worker = config.Worker{StopTimeout: 5 * time.Second}
	if s.Temporal != nil {
		cfg.UIURL = s.Temporal.UIURL()
	}
	return cfg
}

// Env is the same configuration as environment variables, with AWS's and
// Temporal's own, for a worker or a starter in another process.
func (s *Stack) Env() []string {
	cfg := s.Config()
	env := slices.Concat(s.awsEnv(), []string{
		"FIREBREAK_ACCOUNT=" + cfg.Account,
		"FIREBREAK_REGION=" + cfg.Region,
		"FIREBREAK_STREAM_NAME=" + cfg.Stream.Name,
		"FIREBREAK_STREAM_START=" + cfg.Stream.Start,
		"FIREBREAK_STREAM_SENSITIVITY=" + cfg.Stream.Sensitivity,
		"FIREBREAK_STREAM_POLL=" + cfg.Stream.Poll.String(),
		"FIREBREAK_INCIDENT_SETTLE=" + cfg.Incident.Settle.String(),
		"FIREBREAK_INCIDENT_DIAGNOSE_WITHIN=" + cfg.Incident.DiagnoseWithin.String(),
		"FIREBREAK_INCIDENT_CATCH_UP=" + cfg.Incident.CatchUp.String(),
		"FIREBREAK_INCIDENT_REOPEN_WINDOW=" + cfg.Incident.ReopenWindow.String(),
		"FIREBREAK_CATALOG_URL=" + cfg.Catalog.URL,
		"FIREBREAK_CATALOG_BRANCH=" + cfg.Catalog.Branch,
		"FIREBREAK_CATALOG_REFRESH=" + cfg.Catalog.Refresh.String(),
		"FIREBREAK_CATALOG_USER=" + cfg.Catalog.User,
		"FIREBREAK_CATALOG_TOKEN=" + cfg.Catalog.Token,
		"FIREBREAK_CATALOG_INSECURE=" + strconv.FormatBool(cfg.Catalog.Insecure),
		"FIREBREAK_EVIDENCE_XRAY=" + strconv.FormatBool(cfg.Evidence.XRay),
		"FIREBREAK_EVIDENCE_CLOUDTRAIL=" + strconv.FormatBool(cfg.Evidence.CloudTrail),
		"FIREBREAK_DIAGNOSIS_MODEL=" + cfg.Diagnosis.Model,
		"FIREBREAK_AUTOMATION_POLL=" + cfg.Automation.Poll.String(),
		"FIREBREAK_AUTOMATION_VERIFY_POLL=" + cfg.Automation.VerifyPoll.String(),
		"FIREBREAK_EVIDENCE_STORE=" + cfg.Evidence.Store,
		"FIREBREAK_REDACTION_KEY=" + cfg.Redaction.Key,
		"FIREBREAK_GUARD_EVERY=" + cfg.Guard.Every.String(),
		"FIREBREAK_GUARD_GRACE=" + cfg.Guard.Grace.String(),
		"FIREBREAK_SLACK_CHANNEL=" + cfg.Slack.Channel,
		"FIREBREAK_SLACK_BOT_TOKEN=" + cfg.Slack.BotToken,
		"FIREBREAK_SLACK_APP_TOKEN=" + cfg.Slack.AppToken,
		"FIREBREAK_SLACK_API_URL=" + cfg.Slack.APIURL,
		"FIREBREAK_SLACK_GATEWAY_KEY=" + cfg.Slack.GatewayKey,
		"FIREBREAK_JIRA_URL=" + cfg.Jira.URL,
		"FIREBREAK_JIRA_PROJECT=" + cfg.Jira.Project,
		"FIREBREAK_JIRA_USER=" + cfg.Jira.User,
		"FIREBREAK_JIRA_TOKEN=" + cfg.Jira.Token,
	})
	if s.Temporal != nil {
		env = append(env, "TEMPORAL_ADDRESS="+s.Temporal.Address(), "TEMPORAL_NAMESPACE="+temporal.Namespace, "FIREBREAK_TEMPORAL_UI_URL="+cfg.UIURL)
	}
	return env
}

// AWS is the SDK's configuration for clients of the stand-ins.
func (s *Stack) AWS() aws.Config { return s.aws.ClientConfig(s.awsURL) }

func (s *Stack) awsEnv() []string {
	credentials := s.aws.Credentials()
	env := []string{
		"AWS_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=" + credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + credentials.Secret,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	return append(env, awsEndpoints(s.awsURL)...)
}

// awsEndpoints have every client of AWS talk to one address.
func awsEndpoints(url string) []string {
	var env []string
	for _, service := range []string{"KINESIS", "CLOUDWATCH", "CLOUDWATCH_LOGS", "EVENTBRIDGE", "SSM", "BEDROCK_RUNTIME", "XRAY", "CLOUDTRAIL"} {
		env = append(env, "AWS_ENDPOINT_URL_"+service+"="+url)
	}
	return env
}

// StartWorker runs the production worker in this process against the stack and
// returns once it serves. With a model of real Bedrock the diagnosis alone uses
// the AWS credentials of the environment; everything else stays with the
// stand-ins. The returned function stops the worker and waits for its end; it
// returns the worker's error when it failed by itself. Edits change the worker's
// configuration, which is Config's.
func (s *Stack) StartWorker(ctx context.Context, logger *slog.Logger, edits ...func(*config.Config)) (stop func() error, err error) {
	if s.Temporal == nil {
		return nil, errors.New("start a worker: the stack has no Temporal server")
	}
	cfg := s.Config()
	for _, edit := range edits {
		edit(&cfg)
	}
	standIns := s.AWS()
	runs := []workerRun{{cfg, &standIns}}
	if s.opts.Model != OfflineModel {
		rest := slices.DeleteFunc(config.AllRoles(), func(role string) bool { return role == config.RoleDiagnosis })
		real, err := awsconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the AWS configuration for Bedrock: %w", err)
		}
		only := cfg
		cfg.Roles, only.Roles = rest, []string{config.RoleDiagnosis}
		runs = []workerRun{{cfg, &standIns}, {only, &real}}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, len(runs))
	ready := make(chan struct{}, len(runs))
	for _, r := range runs {
		go func() {
			ended <- workers.Run(ctx, r.cfg, workers.Options{
				Logger: logger, AWS: r.aws,
				Temporal: &client.Options{HostPort: s.Temporal.Address(), Namespace: temporal.Namespace},
				Ready:    func() { ready <- struct{}{} },
			})
		}()
	}
	stop = func() error {
		cancel()
		var errs []error
		for range runs {
			errs = append(errs, <-ended)
		}
		return errors.Join(errs...)
	}
	for range runs {
		select {
		case <-ready:
		case err := <-ended:
			ended <- err // for stop
			return nil, fmt.Errorf("start the worker: %w", errors.Join(err, stop()))
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), stop())
		}
	}
	return stop, nil
}

type workerRun struct {
	cfg config.Config
	aws *aws.Config
}
