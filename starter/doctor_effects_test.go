package main

import (
	"fmt"
	"testing"
	"time"

	"firebreak/test/stack/fault"
)

func TestDoctorOnSlack(t *testing.T) {
	t.Parallel()
	for _, c := range []doctorCase{
		{"nothing listens", func(t *testing.T, w *doctorWorld) { w.cfg.Slack.APIURL = "http://" + deadAddress(t) + "/api/" }, "Slack/bot token", verdictFailed, "connection refused", "HTTPS_PROXY"},
		{"never answers", func(t *testing.T, w *doctorWorld) {
			w.cfg.Slack.APIURL, w.limit = "http://"+silentAddress(t)+"/api/", time.Second
		}, "Slack/bot token", verdictFailed, "Slack does not answer in time", "network path"},
		{"no Slack at all", refuse("slack", "auth.test", "", 404), "Slack/bot token", verdictFailed, "status 404", "slack.api_url"},
		{"bot token refused", func(_ *testing.T, w *doctorWorld) { w.cfg.Slack.BotToken = "xoxb-wrong-1234567890" }, "Slack/bot token", verdictFailed, "invalid_auth", "FIREBREAK_SLACK_BOT_TOKEN"},
		{"may not write", func(_ *testing.T, w *doctorWorld) { w.slack.Scopes = []string{"channels:history"} }, "Slack/bot token", verdictFailed, "missing scopes: chat:write", "Bot Token Scopes"},
		{"may not read, by the header", func(_ *testing.T, w *doctorWorld) { w.slack.Scopes = []string{"chat:write"} }, "Slack/bot token", verdictFailed, "channels:history", "Add channels:history"},
		{"may not read, by the call", func(_ *testing.T, w *doctorWorld) { w.slack.Scopes = []string{"chat:write"} }, "Slack/channel", verdictFailed, "missing scope: channels:history", "Add channels:history"},
		{"private channels are enough", func(_ *testing.T, w *doctorWorld) {
			w.slack.Scopes = []string{"chat:write", "groups:history", "channels:history"}
		}, "Slack/bot token", verdictOK, "with the scopes it needs", ""},
		{"no such channel", func(_ *testing.T, w *doctorWorld) { w.cfg.Slack.Channel = "incidents" }, "Slack/channel", verdictFailed, "there is no channel incidents", "takes the id"},
		{"not in the channel", refuse("slack", "conversations.history", "not_in_channel", 0), "Slack/channel", verdictFailed, "the bot is not in C0INCIDENTS", "/invite @"},
		{"archived", refuse("slack", "conversations.history", "is_archived", 0), "Slack/channel", verdictFailed, "archived", "slack.channel"},
		{"throttled", func(_ *testing.T, w *doctorWorld) {
			w.faults.Set(fault.Rule{Service: "slack", Operation: "conversations.history", Kind: fault.Throttle, Latency: 30 * time.Second, Times: fault.Forever})
		}, "Slack/channel", verdictWarning, "throttles", "30s"},
		{"app token refused", func(_ *testing.T, w *doctorWorld) { w.cfg.Slack.AppToken = "xapp-wrong-1234567890" }, "Slack/Socket Mode", verdictFailed, "the app-level token is refused", "FIREBREAK_SLACK_APP_TOKEN"},
		{"app token without its scope", refuse("slack", "apps.connections.open", "missing_scope", 0), "Slack/Socket Mode", verdictFailed, "connections:write", "App-Level Tokens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func TestDoctorOnJira(t *testing.T) {
	t.Parallel()
	for _, c := range []doctorCase{
		{"nothing listens", func(t *testing.T, w *doctorWorld) { w.cfg.Jira.URL = "http://" + deadAddress(t) }, "Jira/account", verdictFailed, "connection refused", "network path"},
		{"never answers", func(t *testing.T, w *doctorWorld) { w.cfg.Jira.URL, w.limit = "http://"+silentAddress(t), time.Second }, "Jira/account", verdictFailed, "Jira does not answer in time", ""},
		{"token refused", func(_ *testing.T, w *doctorWorld) { w.cfg.Jira.Token = "wrong" }, "Jira/account", verdictFailed, "401", "API token"},
		{"denied", refuse("jira", "myself", "", 403), "Jira/account", verdictFailed, "403", "CAPTCHA"},
		{"another site", refuse("jira", "myself", "", 404), "Jira/account", verdictFailed, "404", "atlassian.net"},
		{"throttled", func(_ *testing.T, w *doctorWorld) {
			w.faults.Set(fault.Rule{Service: "jira", Operation: "mypermissions", Kind: fault.Throttle, Latency: time.Second, Times: fault.Forever})
		}, "Jira/permissions", verdictWarning, "throttles", "minute"},
		{"fails", refuse("jira", "project.get", "", 500), "Jira/project", verdictFailed, "status 500", ""},
		{"no project", func(_ *testing.T, w *doctorWorld) { w.cfg.Jira.Project = "NONE" }, "Jira/project", verdictFailed, "no project NONE", "Browse Projects"},
		{"no issue type", func(_ *testing.T, w *doctorWorld) { w.cfg.Jira.IssueType = "Incident" }, "Jira/project", verdictFailed, "no issue type Incident", "one of Task, Bug"},
		{"may not comment", func(_ *testing.T, w *doctorWorld) { w.jira.Denied = []string{"ADD_COMMENTS", "CREATE_ISSUES"} }, "Jira/permissions", verdictFailed, "missing in OPS: CREATE_ISSUES, ADD_COMMENTS", "project settings"},
		{"a field that must be filled in", func(_ *testing.T, w *doctorWorld) { w.jira.Required = []string{"Severity"} }, "Jira/fields", verdictFailed, "a new Task also needs Severity (customfield_10100)", "optional"},
		{"fields are not told", refuse("jira", "createmeta", "", 403), "Jira/fields", verdictSkipped, "is not told", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func TestDoctorOnTheCatalogue(t *testing.T) {
	t.Parallel()
	policy := func(old, by string) func(*testing.T, *doctorWorld) {
		return func(t *testing.T, w *doctorWorld) {
			t.Helper()
			w.edit(t, "policy.yaml", old, by)
		}
	}
	for _, c := range []doctorCase{
		{"nothing listens", func(t *testing.T, w *doctorWorld) { w.cfg.Catalog.URL = "http://" + deadAddress(t) + "/x.git" }, "Catalogue/repository", verdictFailed, "connection refused", "network path"},
		{"never answers", func(t *testing.T, w *doctorWorld) {
			w.cfg.Catalog.URL, w.limit = "http://"+silentAddress(t)+"/x.git", time.Second
		}, "Catalogue/repository", verdictFailed, "the git host does not answer in time", ""},
		{"token refused", func(_ *testing.T, w *doctorWorld) { w.cfg.Catalog.Token = "wrong" }, "Catalogue/repository", verdictFailed, "token", "Contents: read"},
		{"no branch", func(_ *testing.T, w *doctorWorld) { w.cfg.Catalog.Branch = "release" }, "Catalogue/repository", verdictFailed, "release", "catalog.branch"},
		{"broken", func(t *testing.T, w *doctorWorld) {
			w.edit(t, "services/checkout.yaml", "severity: sev2", "severity: bad")
		}, "Catalogue/repository", verdictFailed, "", "starter runbooks lint"},
		{"nobody can approve", func(t *testing.T, w *doctorWorld) { w.files = map[string]string{} }, "Catalogue/approvers", verdictFailed, "nobody could approve: sev1", "policy.yaml"},
		{"everybody in a Slack team can", func(t *testing.T, w *doctorWorld) {
			var public string
			w.cfg.Slack.GatewayKey, public = keyPair(t)
			w.files = map[string]string{}
			w.edit(t, "policy.yaml", "approvers: []\n", fmt.Sprintf("approvers: []\nslack_gateway: {ssh_keys: [%q], teams: [T024BE7LD]}\n", public))
		}, "Catalogue/approvers", verdictWarning, "T024BE7LD", "approvers"},
		{"unsigned decisions count", policy("allow_unverified: false", "allow_unverified: true"), "Catalogue/approvers", verdictWarning, "nobody has signed", "allow_unverified: false"},
		{"another account", policy("accounts: []", `accounts: ["999999999999"]`), "Catalogue/policy", verdictFailed, "nothing may run in account 123456789012", "accounts"},
		{"only drills", policy("origins: [live]", "origins: [drill]"), "Catalogue/policy", verdictWarning, "live", "origins"},
		{"another key of the gateway", func(t *testing.T, w *doctorWorld) { w.cfg.Slack.GatewayKey, _ = keyPair(t) }, "Catalogue/Slack gateway's key", verdictFailed, "does not list the gateway's key", "ssh-ed25519 AAAA"},
		{"no key of the gateway", func(_ *testing.T, w *doctorWorld) { w.cfg.Slack.GatewayKey = "" }, "Catalogue/Slack gateway's key", verdictWarning, "does not count", "ssh-keygen -t ed25519"},
		{"no file of the key", func(_ *testing.T, w *doctorWorld) { w.cfg.Slack.GatewayKey = "/none/key" }, "Catalogue/Slack gateway's key", verdictWarning, "/none/key", "another machine"},
		{"a service that claims nothing", func(t *testing.T, w *doctorWorld) {
			w.files["services/quiet.yaml"] = "name: quiet\nteam: shop\nseverity: sev3\n"
		}, "Catalogue/services", verdictWarning, "quiet claim no signal", "log groups"},
		{"no runbook for a service", policy("    payments: [restart-service, recycle-process, rollback-release, restore-release]\n", ""), "Catalogue/services", verdictWarning, "payments", "allow runbooks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}
