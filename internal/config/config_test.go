package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/config"
)

const good = `
account: "123456789012"
region: eu-central-1
stream: {name: firebreak, sensitivity: balanced}
catalog: {url: https://github.com/acme/runbooks.git}
diagnosis: {model: eu.some-model-v1}
slack: {channel: C0123}
jira: {url: https://acme.atlassian.net, project: OPS, user: bot@acme.example}
`

var secrets = []string{"FIREBREAK_SLACK_BOT_TOKEN=b", "FIREBREAK_SLACK_APP_TOKEN=a", "FIREBREAK_JIRA_TOKEN=j"}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "firebreak.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoadMergesDefaultsFileAndEnvironment(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(write(t, good), append([]string{"FIREBREAK_STREAM_POLL=250ms", "FIREBREAK_ROLES=stream,chat,tickets,workflows,diagnosis"}, secrets...))
	require.NoError(t, err)
	require.Equal(t, "firebreak", cfg.Stream.Name)
	require.Equal(t, "balanced", cfg.Stream.Sensitivity, "the file wins over the default")
	require.Equal(t, 250*time.Millisecond, cfg.Stream.Poll, "the environment wins over the file")
	require.Equal(t, "latest", cfg.Stream.Start, "the default stays where nothing is said")
	require.Equal(t, "j", cfg.Jira.Token)
	require.True(t, cfg.Serves(config.RoleStream))
	require.False(t, cfg.Serves(config.RoleAutomation))
}

func TestEveryMistakeIsReportedAtOnceWithItsKey(t *testing.T) {
	t.Parallel()
	_, err := config.Load("", nil)
	require.Error(t, err)
	for _, key := range []string{
		"account:", "region:", "stream.name:", "catalog.url:", "diagnosis.model:", "slack.channel:",
		"slack.bot_token: is missing; set FIREBREAK_SLACK_BOT_TOKEN", "slack.app_token:", "jira.url:", "jira.project:", "jira.token:",
	} {
		require.ErrorContains(t, err, key)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file string
		env  []string
		want string
	}{
		"unknown key":           {file: good + "strem: {name: x}\n", want: "field strem not found"},
		"secret in the file":    {file: good + "x: 1\n", want: "line 9"},
		"misspelt variable":     {env: []string{"FIREBREAK_SLACK_TOKENN=hunter2"}, want: "FIREBREAK_SLACK_TOKENN is no key of the configuration"},
		"bad duration":          {env: []string{"FIREBREAK_STREAM_POLL=soon"}, want: "soon"},
		"model tried for hours": {env: []string{"FIREBREAK_INCIDENT_DIAGNOSE_WITHIN=2h"}, want: "incident.diagnose_within: 2h0m0s is not between 5s and 30m"},
		"catch-up for a month":  {env: []string{"FIREBREAK_INCIDENT_CATCH_UP=720h"}, want: "incident.catch_up: 720h0m0s is not between 0s and 168h"},
		"poll below the quota":  {env: []string{"FIREBREAK_STREAM_POLL=100ms"}, want: "stream.poll: 100ms is below the least, 200ms"},
		"unknown role":          {env: []string{"FIREBREAK_ROLES=stream,cook"}, want: `roles: "cook" is none of`},
		"mode":                  {env: []string{"FIREBREAK_CORRELATION_MODE=some"}, want: "correlation.mode:"},
		"plain http":            {env: []string{"FIREBREAK_CATALOG_URL=http://git.example/x"}, want: "catalog.url: must be https"},
		"insecure is loopback":  {env: []string{"FIREBREAK_CATALOG_URL=http://git.example/x", "FIREBREAK_CATALOG_INSECURE=true"}, want: "catalog.url: must be https"},
		"password in address":   {env: []string{"FIREBREAK_CATALOG_URL=https://u:p@git.example/x"}, want: "catalog.url: has a user or password"},
		"neither on nor off":    {env: []string{"FIREBREAK_EVIDENCE_XRAY=maybe"}, want: "maybe"},
		"store nowhere":         {env: []string{"FIREBREAK_EVIDENCE_STORE=/var/lib"}, want: `evidence.store: "/var/lib" is neither s3://BUCKET/PREFIX nor file:FOLDER`},
		"half a guardrail":      {env: []string{"FIREBREAK_DIAGNOSIS_GUARDRAIL_ID=g"}, want: "diagnosis.guardrail_version:"},
		"settle too long":       {env: []string{"FIREBREAK_INCIDENT_SETTLE=1h"}, want: "incident.settle: 1h0m0s is not between"},
		"lost too soon":         {env: []string{"FIREBREAK_INCIDENT_LOST_AFTER=1s"}, want: "incident.lost_after: 1s is not between 3s and 5m"},
		"attempts":              {env: []string{"FIREBREAK_INCIDENT_MAX_ATTEMPTS=9"}, want: "incident.max_attempts: 9 is not between 1 and 5"},
		"guard without rest":    {env: []string{"FIREBREAK_GUARD_EVERY=0s"}, want: "guard.every: 0s is below the least, 1s"},
		"guard without grace":   {env: []string{"FIREBREAK_GUARD_GRACE=0s"}, want: "guard.grace: 0s is below the least, 1s"},
		"health address":        {env: []string{"FIREBREAK_WORKER_HEALTH=8080"}, want: "worker.health:"},
		"jira project":          {env: []string{"FIREBREAK_JIRA_PROJECT=ops team"}, want: "jira.project:"},
		"max tokens":            {env: []string{"FIREBREAK_DIAGNOSIS_MAX_TOKENS=1"}, want: "diagnosis.max_tokens:"},
		"stop timeout too near": {env: []string{"FIREBREAK_WORKER_STOP_TIMEOUT=10ms"}, want: "worker.stop_timeout:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := tc.file
			if file == "" {
				file = good
			}
			_, err := config.Load(write(t, file), append(tc.env, secrets...))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestErrorsNeverShowASecret(t *testing.T) {
	t.Parallel()
	_, err := config.Load(write(t, good+"jira: {token: hunter2}\n"), nil)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestARoleThatIsNotServedNeedsNoSettings(t *testing.T) {
	t.Parallel()
	_, err := config.Load("", []string{"FIREBREAK_ACCOUNT=123456789012", "FIREBREAK_REGION=eu-central-1", "FIREBREAK_ROLES=diagnosis", "FIREBREAK_DIAGNOSIS_MODEL=m"})
	require.NoError(t, err)
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadReturnsWhatIsThereBesideTheMistakes(t *testing.T) {
	t.Parallel()
	cfg, mistakes, err := config.Read(write(t, good), []string{"FIREBREAK_SLACK_BOT_TOKEN=b", "FIREBREAK_SLACK_APP_TOKEN=a"})
	require.NoError(t, err)
	require.Equal(t, "firebreak", cfg.Stream.Name)
	require.Equal(t, []error{config.Mistake{Key: "jira.token", Text: "is missing; set FIREBREAK_JIRA_TOKEN in the environment"}}, mistakes)
	_, _, err = config.Read(filepath.Join(t.TempDir(), "none.yaml"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
