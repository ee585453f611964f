package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"golang.org/x/crypto/ssh"

	"firebreak/activities/automation"
	"firebreak/activities/catalog"
	"firebreak/activities/chat"
	"firebreak/activities/diagnosis"
	"firebreak/activities/evidence"
	"firebreak/activities/evidence/store"
	"firebreak/activities/guard"
	"firebreak/activities/planning"
	"firebreak/activities/tickets"
	"firebreak/internal/config"
	"firebreak/internal/correlate"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/workers/stream"
	"firebreak/workflows"
)

// assembly holds what the roles share while they are put together.
type assembly struct {
	*process

	cfg       config.Config
	aws       aws.Config
	temporal  client.Client
	namespace string
	identity  string // of the namespace; see namespaceIdentity
	redactor  redact.Redactor
	store     *catalog.Store
}

// assemble makes the process of the roles that the configuration names.
func assemble(cfg config.Config, awsCfg aws.Config, temporal client.Client, namespace, identity string, log *slog.Logger) (*process, error) {
	if err := redaction(cfg.Redaction, log); err != nil {
		return nil, err
	}
	a := &assembly{
		process: &process{log: log, health: NewHealth(), listen: cfg.Worker.Health, fatal: make(chan error, 1)},
		cfg:     cfg, aws: awsCfg, temporal: temporal, namespace: namespace, identity: identity, redactor: rules.Default(),
	}
	a.health.Watch("redacted", func() any { return rules.Default().Counts() })
	if cfg.Catalog.URL != "" {
		store, err := catalog.NewStore(catalog.StoreOptions{
			URL: cfg.Catalog.URL, Branch: cfg.Catalog.Branch, Path: cfg.Catalog.Path, Refresh: cfg.Catalog.Refresh,
			Insecure: cfg.Catalog.Insecure, Auth: catalog.TokenAuth(a.cfg.Catalog.User, a.cfg.Catalog.Token), Log: log,
		})
		if err != nil {
			return nil, fmt.Errorf("set up the catalogue: %w", err)
		}
		a.store = store
	}
	for _, role := range []struct {
		name string
		add  func() error
	}{
		{config.RoleWorkflows, a.workflows},
		{config.RoleEvidence, a.evidence},
		{config.RoleDiagnosis, a.diagnosis},
		{config.RoleAutomation, a.automation},
		{config.RoleChat, a.chat},
		{config.RoleTickets, a.tickets},
		{config.RoleStream, a.stream},
	} {
		if !cfg.Serves(role.name) {
			continue
		}
		if err := role.add(); err != nil {
			return nil, fmt.Errorf("set up role %s: %w", role.name, err)
		}
	}
	return a.process, nil
}

// serveQueue adds a worker. perSecond limits the queue over all workers; 0 does
// not.
func (a *assembly) serveQueue(queue string, perSecond float64) worker.Worker {
	w := worker.New(a.temporal, queue, worker.Options{
		WorkerStopTimeout:            a.cfg.Worker.StopTimeout,
		TaskQueueActivitiesPerSecond: perSecond,
		// A heartbeat tells a cancelled activity so; automations are to be stopped
		// within seconds, whatever the heartbeat timeout is.
		MaxHeartbeatThrottleInterval:     2 * time.Second,
		DefaultHeartbeatThrottleInterval: 2 * time.Second,
		Interceptors:                     []interceptor.WorkerInterceptor{&heartbeats{}},
		OnFatalError: func(err error) {
			select {
			case a.fatal <- fmt.Errorf("worker of task queue %s: %w", queue, err):
			default:
			}
		},
	})
	a.workers = append(a.workers, w)
	return w
}

func (a *assembly) workflows() error {
	w := a.serveQueue(incident.QueueWorkflows, 0)
	workflows.Register(w)
	pinning, err := catalog.New(catalog.Options{Source: a.store})
	if err != nil {
		return err
	}
	plans, err := planning.New(planning.Options{Catalogs: a.store, History: planning.TemporalHistory{Client: a.temporal, Namespace: a.namespace}, Redactor: a.redactor, Log: a.log})
	if err != nil {
		return err
	}
	guarding, err := guard.New(guard.Options{Temporal: a.temporal, Redactor: a.redactor, Log: a.log})
	if err != nil {
		return err
	}
	w.RegisterActivity(pinning)
	w.RegisterActivity(plans)
	w.RegisterActivity(guarding)
	return nil
}

func (a *assembly) evidence() error {
	// A source that cannot be read is a gap and not a failed activity, so that
	// Temporal would not try it again: here the SDK does, all of it is reading.
	reading := a.aws.Copy()
	reading.Retryer = func() aws.Retryer { return retry.NewStandard() }
	large, err := a.evidenceStore(reading)
	if err != nil {
		return fmt.Errorf("evidence.store: %w", err)
	}
	opts := evidence.Options{
		Store:   large,
		Metrics: cloudwatch.NewFromConfig(reading), Logs: cloudwatchlogs.NewFromConfig(reading), Catalog: a.store,
		Past:     evidence.TemporalPast{Client: a.temporal, Namespace: a.namespace},
		Redactor: a.redactor, Poll: a.cfg.Automation.VerifyPoll, Stream: a.cfg.Stream.Name,
	}
	if a.cfg.Evidence.XRay {
		opts.Traces = xray.NewFromConfig(reading)
	}
	if a.cfg.Evidence.CloudTrail {
		opts.Trail = cloudtrail.NewFromConfig(reading)
	}
	acts, err := evidence.New(opts)
	if err != nil {
		return err
	}
	a.serveQueue(incident.QueueEvidence, 0).RegisterActivity(acts)
	return nil
}

// evidenceStore is where large pieces of evidence are kept; nil when nobody has
// said where.
func (a *assembly) evidenceStore(cfg aws.Config) (evidence.Store, error) {
	kept, err := store.Open(a.cfg.Evidence.Store, s3.NewFromConfig(cfg))
	if kept == nil || err != nil {
		return nil, err // and not a store that is nil inside
	}
	return kept, nil
}

func (a *assembly) diagnosis() error {
	acts, err := diagnosis.New(diagnosis.Options{
		Client: bedrockruntime.NewFromConfig(a.aws), ModelID: a.cfg.Diagnosis.Model, MaxTokens: a.cfg.Diagnosis.MaxTokens,
		GuardrailID: a.cfg.Diagnosis.GuardrailID, GuardrailVersion: a.cfg.Diagnosis.GuardrailVersion, Redactor: a.redactor,
	})
	if err != nil {
		return err
	}
	a.serveQueue(incident.QueueDiagnosis, 0).RegisterActivity(acts)
	return nil
}

func (a *assembly) automation() error {
	acts, err := automation.New(automation.Options{
		Systems: ssm.NewFromConfig(a.aws), Catalog: a.store, Redactor: a.redactor, Poll: a.cfg.Automation.Poll,
		Namespace: a.identity,
	})
	if err != nil {
		return err
	}
	a.serveQueue(incident.QueueAutomation, 0).RegisterActivity(acts)
	return nil
}

// chat serves Slack: the activities, and the gateway for presses of buttons.
func (a *assembly) chat() error {
	api, err := chat.Connect(a.cfg.Slack.APIURL, a.cfg.Slack.BotToken, a.cfg.Slack.AppToken)
	if err != nil {
		return err
	}
	acts, err := chat.New(chat.Options{Client: api, Channel: a.cfg.Slack.Channel, Logger: a.log})
	if err != nil {
		return err
	}
	a.serveQueue(incident.QueueChat, 0).RegisterActivity(acts)

	var signer ssh.Signer
	if path := a.cfg.Slack.GatewayKey; path != "" {
		if signer, err = chat.ReadKey(path); err != nil {
			return fmt.Errorf("slack.gateway_key: %w", err)
		}
	}
	gateway, err := chat.NewGateway(chat.GatewayOptions{Client: api, Updater: a.temporal, Namespace: a.namespace, Signer: signer, Logger: a.log})
	if err != nil {
		return err
	}
	a.loops = append(a.loops, loop{"slack gateway", gateway.Run})
	return nil
}

func (a *assembly) tickets() error {
	api, err := tickets.Connect(a.cfg.Jira.URL, a.cfg.Jira.User, a.cfg.Jira.Token)
	if err != nil {
		return err
	}
	acts, err := tickets.New(tickets.Options{
		Client: api, Project: a.cfg.Jira.Project, IssueType: a.cfg.Jira.IssueType, DataCenter: a.cfg.Jira.User == "", Logger: a.log,
	})
	if err != nil {
		return err
	}
	a.serveQueue(incident.QueueTickets, 0).RegisterActivity(acts)
	return nil
}

// stream reads Kinesis, with the inventory kept fresh beside it.
func (a *assembly) stream() error {
	inv := &inventory{store: a.store, refresh: a.cfg.Catalog.Refresh, log: a.log}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := inv.load(ctx); err != nil {
		return err
	}
	correlator := stream.NewCorrelator(a.temporal, correlate.Input{
		Scope:   incident.Scope{Account: a.cfg.Account, Region: a.cfg.Region},
		Mode:    correlate.Mode(a.cfg.Correlation.Mode),
		Effects: incident.AllEffects(),
		Settings: incident.Settings{
			ReopenWindow: incident.Seconds(a.cfg.Incident.ReopenWindow), MaxAttempts: a.cfg.Incident.MaxAttempts,
			Settle: incident.Seconds(a.cfg.Incident.Settle), LostAfter: incident.Seconds(a.cfg.Incident.LostAfter),
			DiagnoseWithin: incident.Seconds(a.cfg.Incident.DiagnoseWithin), CatchUp: incident.Seconds(a.cfg.Incident.CatchUp),
			UIURL: a.cfg.UIURL, Namespace: a.namespace,
		},
	})
	consumer, err := stream.New(stream.Options{
		Stream: a.cfg.Stream.Name, Account: a.cfg.Account, Region: a.cfg.Region,
		Kinesis: kinesis.NewFromConfig(a.aws), Emitter: correlator, Inventory: inv.newest, Redactor: a.redactor,
		Engine: detect.New(detect.Options{
			Inventory: inv.newest(), Redactor: a.redactor, Sensitivity: detect.Sensitivity(a.cfg.Stream.Sensitivity),
		}),
		Checkpoints: a.cfg.Stream.Checkpoints, Quarantine: a.cfg.Stream.Quarantine, Start: a.cfg.Stream.Start, Poll: a.cfg.Stream.Poll,
		Logger: a.log,
	})
	if err != nil {
		return err
	}
	a.health.Watch("stream", func() any { return consumer.Counters() })
	a.health.Watch("feedback", func() any { return consumer.Adjustments() })
	a.loops = append(a.loops, loop{"catalogue", inv.follow}, loop{"stream", consumer.Run})
	return nil
}
