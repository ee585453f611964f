package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	// What a bucket and a prefix may be called, so that nothing needs escaping.
	storePattern   = regexp.MustCompile(`^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*/?|file:.+)$`)
	projectPattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
)

// Serves tells whether this worker has the role.
func (c Config) Serves(role string) bool {
	return len(c.Roles) == 0 || slices.Contains(c.Roles, role)
}

// Mistake is one thing that is wrong with the value of a key.
type Mistake struct {
	Key  string // as in the file, such as "slack.channel"
	Text string // what is wrong with it; never the value of a secret
}

// Error implements error.
func (m Mistake) Error() string { return m.Key + ": " + m.Text }

// checks collects mistakes under their keys.
type checks struct{ found []error }

func (c *checks) require(ok bool, key, format string, args ...any) {
	if !ok {
		c.found = append(c.found, Mistake{key, fmt.Sprintf(format, args...)})
	}
}

func (c *checks) oneOf(value, key string, allowed ...string) {
	c.require(slices.Contains(allowed, value), key, "%q is none of %s", value, strings.Join(allowed, ", "))
}

func (c *checks) atLeast(value time.Duration, key string, least time.Duration) {
	c.require(value >= least, key, "%s is below the least, %s", value, least)
}

// secret names the variable, never the value.
func (c *checks) secret(value, key, variable string) {
	c.require(value != "", key, "is missing; set %s in the environment", variable)
}

// httpURL accepts https anywhere and http on loopback only, because a token
// travels with every request.
func (c *checks) httpURL(value, key string, insecure bool) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		c.require(false, key, "%q is no http(s) address", value)
		return
	}
	c.require(u.User == nil, key, "has a user or password in it; give the token by environment variable")
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	c.require(u.Scheme == "https" || (insecure && loopback), key, "must be https")
}

// problems returns every mistake in the configuration, in the order of its keys.
func (c Config) problems() []error {
	var ck checks
	ck.require(accountPattern.MatchString(c.Account), "account", "%q is no AWS account id (12 digits)", c.Account)
	ck.require(regionPattern.MatchString(c.Region), "region", "%q is no AWS region", c.Region)
	for _, r := range c.Roles {
		ck.oneOf(r, "roles", AllRoles()...)
	}
	ck.oneOf(c.Correlation.Mode, "correlation.mode", "group", "each")
	ck.atLeast(c.Incident.ReopenWindow, "incident.reopen_window", 0)
	ck.require(c.Incident.Settle >= 0 && c.Incident.Settle <= 5*time.Minute, "incident.settle", "%s is not between 0s and 5m", c.Incident.Settle)
	ck.require(c.Incident.MaxAttempts >= 1 && c.Incident.MaxAttempts <= 5, "incident.max_attempts", "%d is not between 1 and 5", c.Incident.MaxAttempts)
	ck.require(c.Incident.DiagnoseWithin >= 5*time.Second && c.Incident.DiagnoseWithin <= 30*time.Minute, "incident.diagnose_within", "%s is not between 5s and 30m", c.Incident.DiagnoseWithin)
	ck.require(c.Incident.CatchUp >= 0 && c.Incident.CatchUp <= 7*24*time.Hour, "incident.catch_up", "%s is not between 0s and 168h", c.Incident.CatchUp)
	// Below three seconds a busy machine would be taken for a dead one.
	ck.require(c.Incident.LostAfter >= 3*time.Second && c.Incident.LostAfter <= 5*time.Minute, "incident.lost_after", "%s is not between 3s and 5m", c.Incident.LostAfter)
	ck.atLeast(c.Worker.StopTimeout, "worker.stop_timeout", time.Second)
	if c.Worker.Health != "" {
		_, _, err := net.SplitHostPort(c.Worker.Health)
		ck.require(err == nil, "worker.health", "%q is no host:port", c.Worker.Health)
	}
	ck.oneOf(c.Redaction.Addresses, "redaction.addresses", "keep", "public", "all")
	ck.oneOf(c.Redaction.Hosts, "redaction.hosts", "keep", "redact")
	ck.require(c.Redaction.Key == "" || c.Redaction.KeyFile == "", "redaction.key_file", "goes without FIREBREAK_REDACTION_KEY: set one of both")
	ck.require(c.Redaction.Key == "" || len(c.Redaction.Key) >= leastKey, "redaction.key", "has %d bytes where %d are the least; `openssl rand -hex 32` makes one", len(c.Redaction.Key), leastKey)
	if c.UIURL != "" {
		ck.httpURL(c.UIURL, "temporal_ui_url", true)
	}

	if c.Serves(RoleStream) {
		ck.require(c.Stream.Name != "", "stream.name", "is missing: the Kinesis data stream to read")
		ck.oneOf(c.Stream.Start, "stream.start", "latest", "trim_horizon")
		ck.oneOf(c.Stream.Sensitivity, "stream.sensitivity", "sensitive", "balanced", "quiet")
		ck.require(c.Stream.Checkpoints != "", "stream.checkpoints", "is missing: a folder that outlives the process")
		ck.require(c.Stream.Quarantine != "", "stream.quarantine", "is missing: a folder for records that cannot be read")
		// GetRecords allows five calls a second and shard.
		ck.atLeast(c.Stream.Poll, "stream.poll", 200*time.Millisecond)
	}
	if c.Serves(RoleWorkflows) || c.Serves(RoleEvidence) || c.Serves(RoleAutomation) || c.Serves(RoleStream) {
		ck.httpURL(c.Catalog.URL, "catalog.url", c.Catalog.Insecure)
		ck.require(c.Catalog.Branch != "", "catalog.branch", "is missing")
		ck.atLeast(c.Catalog.Refresh, "catalog.refresh", time.Second)
	}
	if c.Serves(RoleEvidence) && c.Evidence.Store != "" {
		ck.require(storePattern.MatchString(c.Evidence.Store), "evidence.store", "%q is neither s3://BUCKET/PREFIX nor file:FOLDER", c.Evidence.Store)
	}
	if c.Serves(RoleDiagnosis) {
		ck.require(c.Diagnosis.Model != "", "diagnosis.model", "is missing: a Bedrock model id or inference profile")
		ck.require(c.Diagnosis.MaxTokens >= 256 && c.Diagnosis.MaxTokens <= 64_000, "diagnosis.max_tokens", "%d is not between 256 and 64000", c.Diagnosis.MaxTokens)
		ck.require((c.Diagnosis.GuardrailID == "") == (c.Diagnosis.GuardrailVersion == ""), "diagnosis.guardrail_version", "goes with diagnosis.guardrail_id: set both or neither")
	}
	if c.Serves(RoleAutomation) || c.Serves(RoleEvidence) {
		ck.atLeast(c.Automation.Poll, "automation.poll", 100*time.Millisecond)
		ck.atLeast(c.Automation.VerifyPoll, "automation.verify_poll", 100*time.Millisecond)
	}
	if c.Serves(RoleWorkflows) {
		ck.atLeast(c.Guard.Every, "guard.every", time.Second)
		// What ends in good order needs some seconds to settle its affairs.
		ck.atLeast(c.Guard.Grace, "guard.grace", time.Second)
	}
	if c.Serves(RoleChat) {
		ck.require(c.Slack.Channel != "", "slack.channel", "is missing: a channel id")
		ck.secret(c.Slack.BotToken, "slack.bot_token", "FIREBREAK_SLACK_BOT_TOKEN")
		ck.secret(c.Slack.AppToken, "slack.app_token", "FIREBREAK_SLACK_APP_TOKEN")
		if c.Slack.APIURL != "" {
			ck.httpURL(c.Slack.APIURL, "slack.api_url", true)
		}
	}
	if c.Serves(RoleTickets) {
		ck.httpURL(c.Jira.URL, "jira.url", true)
		ck.require(projectPattern.MatchString(c.Jira.Project), "jira.project", "%q is no project key", c.Jira.Project)
		ck.require(c.Jira.IssueType != "", "jira.issue_type", "is missing")
		ck.secret(c.Jira.Token, "jira.token", "FIREBREAK_JIRA_TOKEN")
	}
	return ck.found
}
