package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

func TestDoctorFindsNothingWrongWhereNothingIs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*doctorWorld){
		"without asking the model": func(*doctorWorld) {},
		"with --deep":              func(w *doctorWorld) { w.deep = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDoctorWorld(t)
			change(w)
			found := w.examine(t)
			skips := []string{"Worker on this machine/everything", "Systems Manager/changing calls"}
			for at, f := range found {
				want := verdictOK
				if at == skips[0] || at == skips[1] {
					want = verdictSkipped
				}
				require.Equal(t, want, f.Result, "%s: %s", at, f.Detail)
			}
			require.Len(t, found, 45)
			if w.deep {
				require.Regexp(t, `--deep: \d+ tokens in, \d+ out`, found["Bedrock/model"].Detail)
			} else {
				require.Contains(t, found["Bedrock/model"].Detail, "the model was not asked")
			}
		})
	}
}

func TestDoctorOnTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newDoctorWorld(t)
	w.mistakes = []error{
		config.Mistake{Key: "jira.url", Text: "must be https"}, config.Mistake{Key: "stream.name", Text: "is missing"}, errors.New("environment: FIREBREAK_SLAK is no key of the configuration"),
	}
	w.cfg.Roles = []string{config.RoleTickets, config.RoleStream, config.RoleWorkflows, config.RoleDiagnosis}
	found := w.examine(t)
	require.Equal(t, verdictFailed, found["Configuration/jira.url"].Result)
	require.Equal(t, "must be https", found["Configuration/jira.url"].Detail)
	require.Equal(t, verdictFailed, found["Configuration/file or environment"].Result)
	require.Contains(t, found["Jira/everything"].Detail, "jira.url is not set right", "the token must not be sent there")
	require.Contains(t, found["Kinesis/everything"].Detail, "stream.name is not set right")
	for _, other := range []string{"Slack", "Systems Manager", "CloudWatch"} {
		require.Contains(t, found[other+"/everything"].Detail, "no role of this worker needs it", other)
	}
	require.Equal(t, verdictOK, found["Bedrock/model"].Result, "what is set right is asked")
}

// One host that never answers must not keep the others waiting, and only one
// limit is waited for it.
func TestDoctorIsNotDelayedByADeadHost(t *testing.T) {
	t.Parallel()
	w := newDoctorWorld(t)
	w.limit = 5 * time.Second
	silent := silentAddress(t)
	w.address, w.cfg.Slack.APIURL, w.cfg.Jira.URL = silent, "http://"+silent+"/api/", "http://"+silent
	d := w.start(t)
	began := time.Now()
	first := time.Duration(0)
	n := 0
	for findings := range runProbes(t.Context(), d.probes(), w.limit) {
		if n++; n == 1 {
			first = time.Since(began)
		}
		require.NotEmpty(t, findings)
	}
	require.Equal(t, 14, n)
	require.Less(t, first, w.limit, "what is there is told at once")
	require.Less(t, time.Since(began), 3*w.limit, "every system is waited for by itself")
}

// A check that does not keep to its limit is left alone.
func TestDoctorLeavesACheckThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	p := probe{system: "Thing", checks: []check{
		{"hangs", func(context.Context) finding { <-release; return passed("late") }},
		{"next", func(context.Context) finding { return passed("asked") }},
	}}
	found := p.run(t.Context(), 10*time.Millisecond)
	require.Equal(t, verdictFailed, found[0].Result)
	require.True(t, found[1].unasked)
}

func TestDoctorOnTheWorkerOfThisMachine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want verdict
		says string
	}{
		"reads":            {fmt.Sprintf(`{"ready":true,"stream":{"lag_millis":{"a":10,"b":1500},"last_read":%q}}`, time.Now().Add(time.Hour).Format(time.RFC3339)), verdictOK, "reads 2 shards, 1.5s behind"},
		"reads no more":    {`{"ready":true,"stream":{"lag_millis":{"a":1},"last_read":"2020-01-01T00:00:00Z","last_error":"denied"}}`, verdictFailed, "not read the stream for a minute: denied"},
		"stops":            {`{"ready":false}`, verdictFailed, "starting or stopping"},
		"another role":     {`{"ready":true}`, verdictOK, "does not read the stream"},
		"somebody else's":  {`<html>`, verdictSkipped, "no worker"},
		"another document": {`{"status":"up"}`, verdictSkipped, "no worker"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := workerHealth(t.Context(), serveText(t, c.body))
			require.Equal(t, c.want, f.Result)
			require.Contains(t, f.Detail, c.says)
		})
	}
	f := workerHealth(t.Context(), deadAddress(t))
	require.Equal(t, verdictSkipped, f.Result)
}

func TestDoctorPrintsATableOfEightyColumns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := newDoctorCommand()
	cmd.Flags().Bool(flagJSON, false, "")
	cmd.SetOut(&out)
	p, r := newDoctorPrinter(cmd), newReport(false)
	long := failed("missing: "+strings.Repeat("IncidentSomething, ", 9)+"\x1b[2J", say("Do %s.", strings.Repeat("this and that ", 12)),
		command("Run:", incident.AddAttributesCommand("prod", incident.SearchAttributes())), advice{Line: "ssh-ed25519 AAAA"}).last()
	findings := probe{system: "Thing", checks: []check{
		{"good", func(context.Context) finding { return passed("fine") }},
		{"bad", func(context.Context) finding { return long }},
		{"a.key.of.the.configuration", nil},
		{"one more", nil},
	}}.run(t.Context(), time.Second)
	r.add(findings)
	p.system(findings)
	require.NoError(t, p.end(r))
	for line := range strings.SplitSeq(out.String(), "\n") {
		require.LessOrEqual(t, len([]rune(line)), doctorWidth, line)
	}
	require.NotContains(t, out.String(), "\x1b")
	require.Contains(t, out.String(), "  ok       good                 fine\n")
	require.Contains(t, out.String(), "  skipped  2 more               not asked, because of bad above\n")
	require.Contains(t, out.String(), "1 ok, 0 warnings, 1 failed, 2 skipped. Nothing was changed.\n")
	joined := strings.Join(strings.Fields(strings.ReplaceAll(out.String(), "\\\n", " ")), " ")
	require.Contains(t, joined, incident.AddAttributesCommand("prod", incident.SearchAttributes()), "a command can be copied")
}

// The command itself reads the environment, which only one test at a time may set.
func TestDoctorCommand(t *testing.T) {
	for _, kv := range os.Environ() {
		if key, value, _ := strings.Cut(kv, "="); strings.HasPrefix(key, "FIREBREAK_") || strings.HasPrefix(key, "AWS_") || strings.HasPrefix(key, "TEMPORAL_") {
			t.Setenv(key, value) // so that it is put back
			require.NoError(t, os.Unsetenv(key))
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("TEMPORAL_ADDRESS", deadAddress(t))
	t.Setenv("FIREBREAK_SLACK_BOT_TOKEN", "xoxb-secret-of-mine")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"doctor", "--nonsense"}, exitUsage, "unknown flag"},
		{[]string{"doctor", "surplus"}, exitUsage, "surplus"},
		{[]string{"doctor", "--config", filepath.Join(t.TempDir(), "none.yaml")}, exitUsage, "none.yaml"},
		{[]string{"doctor", "--env-file", filepath.Join(t.TempDir(), "none.env")}, exitUsage, "none.env"},
		{[]string{"doctor", "--timeout", "0s"}, exitUsage, "--timeout"},
		{[]string{"doctor", "--timeout", "2s"}, exitFailed, "checks failed"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &stdout, &stderr), "%v: %s", c.args, stderr.String())
		require.Contains(t, stderr.String(), c.says, c.args)
	}
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"doctor", "--json", "--timeout", "2s"}, &stdout, &stderr))
	var report doctorReport
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &report), stdout.String())
	require.False(t, report.OK)
	require.Positive(t, report.Failed)
	require.Len(t, report.Checks, report.Passed+report.Warnings+report.Failed+report.Skipped)
	require.NotContains(t, stdout.String()+stderr.String(), "xoxb-secret-of-mine")
}
