// Package config reads the worker's configuration: one YAML file, and
// environment variables that override it. Everything is validated before
// anything starts, and every mistake is reported at once with its key.
//
// AWS and Temporal are not configured here: the standard AWS_* variables
// (AWS_ENDPOINT_URL_* included) and Temporal's own environment configuration
// (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, ...) apply.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"gopkg.in/yaml.v3"
)

// Config is the whole configuration of a worker. A key's variable is
// FIREBREAK_ and its path in capitals, joined by underscores: slack.channel is
// FIREBREAK_SLACK_CHANNEL. Secrets are read from the environment only.
type Config struct {
	Account     string      `yaml:"account" env:"ACCOUNT"` // AWS account whose incidents these are, 12 digits
	Region      string      `yaml:"region" env:"REGION"`   // its region
	Roles       []string    `yaml:"roles" env:"ROLES"`     // what this worker serves; empty: everything
	Stream      Stream      `yaml:"stream" envPrefix:"STREAM_"`
	Correlation Correlation `yaml:"correlation" envPrefix:"CORRELATION_"`
	Incident    Incident    `yaml:"incident" envPrefix:"INCIDENT_"`
	Catalog     Catalog     `yaml:"catalog" envPrefix:"CATALOG_"`
	Evidence    Evidence    `yaml:"evidence" envPrefix:"EVIDENCE_"`
	Diagnosis   Diagnosis   `yaml:"diagnosis" envPrefix:"DIAGNOSIS_"`
	Automation  Automation  `yaml:"automation" envPrefix:"AUTOMATION_"`
	Guard       Guard       `yaml:"guard" envPrefix:"GUARD_"`
	Slack       Slack       `yaml:"slack" envPrefix:"SLACK_"`
	Jira        Jira        `yaml:"jira" envPrefix:"JIRA_"`
	Redaction   Redaction   `yaml:"redaction" envPrefix:"REDACTION_"`
	Worker      Worker      `yaml:"worker" envPrefix:"WORKER_"`
	UIURL       string      `yaml:"temporal_ui_url" env:"TEMPORAL_UI_URL"` // where people open the Temporal UI, for links
}

// Roles of a worker.
const (
	RoleWorkflows  = "workflows"  // workflows, catalogue and planning
	RoleEvidence   = "evidence"   // CloudWatch
	RoleDiagnosis  = "diagnosis"  // Bedrock
	RoleAutomation = "automation" // Systems Manager
	RoleChat       = "chat"       // Slack, and its Socket Mode gateway
	RoleTickets    = "tickets"    // Jira
	RoleStream     = "stream"     // the Kinesis consumer
)

// AllRoles lists every role.
func AllRoles() []string {
	return []string{RoleWorkflows, RoleEvidence, RoleDiagnosis, RoleAutomation, RoleChat, RoleTickets, RoleStream}
}

// Stream says which Kinesis stream to read and where to keep what was read.
type Stream struct {
	Name        string        `yaml:"name" env:"NAME"`               // of the Kinesis data stream
	Start       string        `yaml:"start" env:"START"`             // where a shard without a checkpoint begins: latest or trim_horizon
	Checkpoints string        `yaml:"checkpoints" env:"CHECKPOINTS"` // folder of checkpoints
	Quarantine  string        `yaml:"quarantine" env:"QUARANTINE"`   // folder of records that could not be read
	Sensitivity string        `yaml:"sensitivity" env:"SENSITIVITY"` // sensitive, balanced or quiet
	Poll        time.Duration `yaml:"poll" env:"POLL"`               // between two reads of a shard, at least 200ms
}

// Correlation says how anomalies become incidents.
type Correlation struct {
	Mode string `yaml:"mode" env:"MODE"` // group or each
}

// Incident holds the limits of an incident.
type Incident struct {
	ReopenWindow time.Duration `yaml:"reopen_window" env:"REOPEN_WINDOW"` // how long it stays open after its work has ended
	Settle       time.Duration `yaml:"settle" env:"SETTLE"`               // how long telemetry may take to arrive before evidence is gathered
	MaxAttempts  int           `yaml:"max_attempts" env:"MAX_ATTEMPTS"`   // plans tried before it escalates
	// DiagnoseWithin is how long a model is tried before the suspects are ranked
	// by rule; one question may take half of it.
	DiagnoseWithin time.Duration `yaml:"diagnose_within" env:"DIAGNOSE_WITHIN"`
	// CatchUp is how long after its end an incident still tries to tell Slack and
	// Jira what they missed in an outage; 0 tries once and gives up.
	CatchUp   time.Duration `yaml:"catch_up" env:"CATCH_UP"`
	LostAfter time.Duration `yaml:"lost_after" env:"LOST_AFTER"` // silence of a worker after which another one takes over what it was doing
}

// Catalog says where services, runbooks and policy come from.
type Catalog struct {
	URL      string        `yaml:"url" env:"URL"`           // HTTPS address of the git repository
	Branch   string        `yaml:"branch" env:"BRANCH"`     //
	Path     string        `yaml:"path" env:"PATH"`         // folder in the repository; empty: its root
	Refresh  time.Duration `yaml:"refresh" env:"REFRESH"`   // how old the latest commit may be
	User     string        `yaml:"user" env:"USER"`         // for the token; GitHub takes any
	Token    string        `yaml:"-" env:"TOKEN"`           // secret
	Insecure bool          `yaml:"insecure" env:"INSECURE"` // allows plain HTTP, to loopback only
}

// Evidence switches on what is asked besides CloudWatch, where each takes rights of
// its own and has its price, and says where large pieces are kept.
type Evidence struct {
	XRay       bool `yaml:"xray" env:"XRAY"`             // service graph and trace summaries of X-Ray
	CloudTrail bool `yaml:"cloudtrail" env:"CLOUDTRAIL"` // calls that changed something, where the stream has no event of them
	// Store keeps what is too large for a workflow: s3://BUCKET/PREFIX, or
	// file:FOLDER on a file system that all workers of role evidence share. Empty:
	// nothing does, and large pieces are cut.
	Store string `yaml:"store" env:"STORE"`
}

// Diagnosis says which model reasons.
type Diagnosis struct {
	Model            string `yaml:"model" env:"MODEL"` // Bedrock model id or inference profile
	MaxTokens        int    `yaml:"max_tokens" env:"MAX_TOKENS"`
	GuardrailID      string `yaml:"guardrail_id" env:"GUARDRAIL_ID"`
	GuardrailVersion string `yaml:"guardrail_version" env:"GUARDRAIL_VERSION"`
}

// Automation says how executions and their effect are watched.
type Automation struct {
	Poll       time.Duration `yaml:"poll" env:"POLL"`               // between two looks at an execution
	VerifyPoll time.Duration `yaml:"verify_poll" env:"VERIFY_POLL"` // between two looks at the live metric
}

// Guard says how often what terminated incidents left behind is looked for.
type Guard struct {
	Every time.Duration `yaml:"every" env:"EVERY"` // between two rounds
	Grace time.Duration `yaml:"grace" env:"GRACE"` // how long a workflow has to be over before its automation is stopped
}

// Slack says where incidents are told.
type Slack struct {
	Channel    string `yaml:"channel" env:"CHANNEL"`         // channel id
	BotToken   string `yaml:"-" env:"BOT_TOKEN"`             // secret, xoxb-...
	AppToken   string `yaml:"-" env:"APP_TOKEN"`             // secret, xapp-..., for Socket Mode
	APIURL     string `yaml:"api_url" env:"API_URL"`         // other than https://slack.com/api/
	GatewayKey string `yaml:"gateway_key" env:"GATEWAY_KEY"` // file with the SSH key that signs decisions from Slack
}

// Jira says where tickets go.
type Jira struct {
	URL       string `yaml:"url" env:"URL"`
	Project   string `yaml:"project" env:"PROJECT"`       // key
	IssueType string `yaml:"issue_type" env:"ISSUE_TYPE"` // name
	User      string `yaml:"user" env:"USER"`             // e-mail for Cloud; empty: Data Center with a bearer token
	Token     string `yaml:"-" env:"TOKEN"`               // secret
}

// Worker holds the process's own settings.
type Worker struct {
	Health      string        `yaml:"health" env:"HEALTH"`             // address of /healthz; empty: none
	StopTimeout time.Duration `yaml:"stop_timeout" env:"STOP_TIMEOUT"` // for running activities at shutdown
}

// Default is the configuration before the file and the environment.
func Default() Config {
	return Config{
		Stream: Stream{
			Start: "latest", Checkpoints: "/var/lib/firebreak/checkpoints", Quarantine: "/var/lib/firebreak/quarantine",
			Sensitivity: "quiet", Poll: time.Second,
		},
		Correlation: Correlation{Mode: "group"},
		Incident:    Incident{ReopenWindow: 30 * time.Minute, Settle: 20 * time.Second, MaxAttempts: 2, LostAfter: 30 * time.Second, DiagnoseWithin: 3 * time.Minute, CatchUp: 24 * time.Hour},
		Catalog:     Catalog{Branch: "main", Refresh: time.Minute},
		Diagnosis:   Diagnosis{MaxTokens: 4096},
		Automation:  Automation{Poll: 5 * time.Second, VerifyPoll: 10 * time.Second},
		Guard:       Guard{Every: time.Minute, Grace: time.Minute},
		Jira:        Jira{IssueType: "Task"},
		Redaction:   Redaction{Addresses: "public", Hosts: "keep"},
		Worker:      Worker{Health: "127.0.0.1:8080", StopTimeout: 30 * time.Second},
	}
}

// prefix of the environment variables, and the one among them that names the
// file rather than a key of it.
const (
	prefix       = "FIREBREAK_"
	fileVariable = prefix + "CONFIG"
)

// unknownVariables finds misspelt variables, which would else do nothing.
func unknownVariables(cfg *Config, o env.Options) []error {
	fields, err := env.GetFieldParamsWithOptions(cfg, o)
	if err != nil {
		return []error{fmt.Errorf("environment: %w", err)}
	}
	known := map[string]bool{fileVariable: true}
	for _, f := range fields {
		known[f.Key] = true
	}
	var found []error
	for _, name := range slices.Sorted(maps.Keys(o.Environment)) {
		if strings.HasPrefix(name, prefix) && !known[name] {
			found = append(found, fmt.Errorf("environment: %s is no key of the configuration", name))
		}
	}
	return found
}

// Load reads the file (path "" reads none), then the environment given as
// "KEY=value" strings, and validates the result. The error joins every mistake
// found, one a line.
func Load(path string, environ []string) (Config, error) {
	cfg, mistakes, err := Read(path, environ)
	if err := errors.Join(append([]error{err}, mistakes...)...); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// Read is Load for whoever wants to see a configuration with mistakes in it: it
// returns what could be read and every mistake beside it, those about the value
// of one key as a Mistake. The error says that the file could not be opened.
func Read(path string, environ []string) (cfg Config, mistakes []error, err error) {
	cfg = Default()
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return Config{}, nil, fmt.Errorf("read configuration: %w", err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(raw))
		dec.KnownFields(true)
		if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", path, err))
		}
	}
	variables := env.Options{Prefix: prefix, Environment: env.ToMap(environ)}
	if err := env.ParseWithOptions(&cfg, variables); err != nil {
		mistakes = append(mistakes, fmt.Errorf("environment: %w", err))
	}
	mistakes = append(mistakes, unknownVariables(&cfg, variables)...)
	return cfg, append(mistakes, cfg.problems()...), nil
}
