package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var recorded = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// record writes a recording: an hour of minutes and then ten bad ones in one
// metric file, and a log group that fails at the same time.
func record(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	rng := rand.New(rand.NewPCG(5, 6))
	var rows strings.Builder
	rows.WriteString("timestamp,value\n")
	for m := range 100 {
		value := 100 + 5*rng.NormFloat64()
		if m >= 60 && m < 70 {
			value = 2000
		}
		fmt.Fprintf(&rows, "%s,%.2f\n", recorded.Add(time.Duration(m)*time.Minute).Format(time.DateTime), value)
	}
	write(t, folder, "metrics/search__latency.csv", rows.String())

	var records strings.Builder
	for s := range 600 {
		at := recorded.Add(time.Hour - 5*time.Minute).Add(time.Duration(s) * time.Second)
		lines := []string{`{"level":"info","msg":"served"}`}
		if s >= 300 && s < 360 {
			for range 10 {
				lines = append(lines, `{"level":"error","msg":"cannot read index"}`)
			}
		}
		var events []map[string]any
		for i, l := range lines {
			events = append(events, map[string]any{"id": fmt.Sprint(s, "-", i), "timestamp": at.UnixMilli(), "message": l})
		}
		data, err := json.Marshal(map[string]any{
			"messageType": "DATA_MESSAGE", "owner": "000000000000", "logGroup": "/shop/checkout", "logStream": "s", "logEvents": events,
		})
		require.NoError(t, err)
		fmt.Fprintf(&records, `{"partition_key":"p","arrival":%q,"data":%q}`+"\n", at.Add(time.Second).Format(time.RFC3339), base64.StdEncoding.EncodeToString(data))
	}
	write(t, folder, "records/a.jsonl", records.String())
	return folder
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	file := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

// dryRun runs the command and returns its report.
func dryRun(t *testing.T, folder string, more ...string) backfillReport {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), append([]string{"backfill", "--source", "file:" + folder, "--dry-run", "--json"}, more...), &stdout, &stderr)
	require.Equal(t, exitDone, code, stderr.String())
	var report backfillReport
	require.NoError(t, json.Unmarshal([]byte(stdout.String()), &report))
	return report
}

func TestBackfillFindsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	report := dryRun(t, record(t))
	require.Equal(t, 100+600, report.Rows)
	require.Equal(t, 100+600+600, report.Signals)
	require.Zero(t, report.Bad)
	require.True(t, report.DryRun)
	services := map[string]foundIncident{}
	for _, f := range report.Incidents {
		services[f.Service] = f
		require.Equal(t, "backfill/"+report.Name+"/incident/000000000000/local/"+f.Service+"/"+f.ID, f.WorkflowID)
		require.Equal(t, stateWould, f.State)
		require.WithinRange(t, f.Opened, recorded.Add(time.Hour), recorded.Add(time.Hour+2*time.Minute))
	}
	require.Len(t, services, 2)
	require.Len(t, report.Incidents, 2)
	require.Contains(t, services["checkout"].Why, "/shop/checkout")
	require.Contains(t, services["search"].Why, "latency of search")
}

func TestBackfillGivesTheSameWhateverTheFilesAreCalled(t *testing.T) {
	t.Parallel()
	folder := record(t)
	want := dryRun(t, folder)
	// The same records in two files of other names, the later ones first.
	raw, err := os.ReadFile(filepath.Join(folder, "records", "a.jsonl"))
	require.NoError(t, err)
	lines := strings.SplitAfter(string(raw), "\n")
	require.NoError(t, os.Remove(filepath.Join(folder, "records", "a.jsonl")))
	write(t, folder, "records/1.jsonl", strings.Join(lines[300:], ""))
	write(t, folder, "records/2.jsonl", strings.Join(lines[:300], ""))
	got := dryRun(t, folder, "--name", want.Name)
	require.Equal(t, want.Incidents, got.Incidents)
	require.Equal(t, want.Detector, got.Detector)

	require.NoError(t, os.Rename(filepath.Join(folder, "records", "1.jsonl"), filepath.Join(folder, "records", "3.jsonl")))
	again := dryRun(t, folder)
	require.NoError(t, os.Rename(filepath.Join(folder, "records", "3.jsonl"), filepath.Join(folder, "records", "0.jsonl")))
	require.Equal(t, again.Name, dryRun(t, folder).Name, "the name is of the content")
	require.NotEqual(t, again.Name, dryRun(t, folder, "--mode", "each").Name, "and of the configuration")

	// A record that was delivered twice counts once.
	write(t, folder, "records/again.jsonl", lines[0]+lines[310])
	repeated := dryRun(t, folder, "--name", want.Name)
	require.Equal(t, 1+11, repeated.Repeated)
	require.Equal(t, want.Incidents, repeated.Incidents)
}

func TestBackfillReportsBadRowsWithFileAndLine(t *testing.T) {
	t.Parallel()
	folder := record(t)
	write(t, folder, "metrics/cart__Errors.csv", strings.Join([]string{
		"timestamp,value", "2026-03-02 08:00:00,1", "yesterday,2", "2026-03-02T08:02:00Z,", "1772438580,four", "1772438640", `1772438700,"5`,
		"1772438760,6", `"1772438820","7"`,
	}, "\n"))
	write(t, folder, "metrics/nameless.csv", "timestamp,value\n1,2\n")
	write(t, folder, "metrics/marked__latency.csv", "\uFEFFtimestamp,value\r\n1772438400,7\r\n")
	write(t, folder, "metrics/packed__latency.csv.gz", "x")
	write(t, folder, "metrics/bare__latency.csv", "1772438400,7\n1772438460,8\n")
	write(t, folder, "records/bad.jsonl", strings.Join([]string{
		`{"partition_key":"p","arrival":"2026-03-02T08:00:00Z","data":"aGVsbG8="}`, "", "{", `{"data":"e30="}`,
		`{"partition_key":"p","arrival":"2026-03-02T08:00:00Z","data":"%%"}`,
		strings.Repeat("x", maxLine+1), "", `{"partition_key":"p","arrival":"2026-03-02T08:00:00Z","data":"e30="}`,
	}, "\n"))
	report := dryRun(t, folder)
	got := map[string]string{}
	for _, p := range report.Problems {
		got[fmt.Sprintf("%s:%d", filepath.Base(p.File), p.Line)] = p.Reason
	}
	for place, reason := range map[string]string{
		"cart__Errors.csv:3": `"yesterday"`, "cart__Errors.csv:5": `"four"`, "cart__Errors.csv:6": "fewer than two columns", "cart__Errors.csv:7": "quote",
		"nameless.csv:0": "<service>__<metric>.csv", "bare__latency.csv:1": "header",
		"bad.jsonl:1": "document 1", "bad.jsonl:3": "partition_key", "bad.jsonl:4": "arrival is missing", "bad.jsonl:5": "base64",
		"bad.jsonl:6": "16777218 bytes", "bad.jsonl:8": "document 1", "packed__latency.csv.gz:0": "not read",
	} {
		require.Contains(t, got[place], reason, place)
	}
	require.Len(t, got, 13)
	require.Equal(t, 13, report.Bad)
	require.Equal(t, 1, report.Missing)
	require.Equal(t, 700+8+2+1+6, report.Rows)
	require.Equal(t, 1300+3+2+1, report.Signals)
}

func TestBackfillRangeLearnsFromBeforeAndOpensNothingThere(t *testing.T) {
	t.Parallel()
	folder := record(t)
	all := dryRun(t, folder)
	require.Len(t, all.Incidents, 2)
	during := dryRun(t, folder, "--from", "2026-03-02T09:00:00Z", "--to", "2026-03-02T09:30:00Z")
	require.Equal(t, ids(all), ids(during), "what came before the range was learned from")
	after := dryRun(t, folder, "--from", "2026-03-02T09:20:00Z")
	require.Empty(t, after.Incidents)
	before := dryRun(t, folder, "--to", "2026-03-02T09:00:00Z")
	require.Empty(t, before.Incidents)
}

func ids(r backfillReport) []string {
	var out []string
	for _, f := range r.Incidents {
		out = append(out, f.ID)
	}
	return out
}

func TestBackfillTable(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"backfill", "--source", "file:" + record(t), "--dry-run"}, &stdout, &stderr)
	require.Equal(t, exitDone, code, stderr.String())
	for _, want := range []string{"INCIDENT", "search", "checkout", "would start", "2 incidents; dry run, nothing was started"} {
		require.Contains(t, stdout.String(), want)
	}
}

func TestBackfillUsage(t *testing.T) {
	t.Parallel()
	folder, recorded := "file:"+t.TempDir(), "file:"+record(t)
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{}, exitUsage, "source"},
		{[]string{"--source", "here"}, exitUsage, "file:DIR"},
		{[]string{"--source", "file:/does/not/exist"}, exitUsage, "no such folder"},
		{[]string{"--source", folder, "--account", "a/b"}, exitUsage, "letters, digits"},
		{[]string{"--source", recorded, "--to", "2020-01-01T00:00:00Z"}, exitFailed, "before --to 2020-01-01"},
		{[]string{"--source", folder, "--dry-run"}, exitFailed, "neither metrics"},
		{[]string{"--source", folder, "--mode", "some"}, exitUsage, "group nor each"},
		{[]string{"--source", folder, "--sensitivity", "loud"}, exitUsage, "sensitive, balanced, quiet"},
		{[]string{"--source", folder, "--effects", "chat,fireworks"}, exitUsage, "fireworks"},
		{[]string{"--source", folder, "--from", "monday"}, exitUsage, "RFC 3339"},
		{[]string{"--source", folder, "--from", "2026-03-02T09:00:00Z", "--to", "2026-03-02T08:00:00Z"}, exitUsage, "not before"},
		{[]string{"--source", folder, "--name", "Über"}, exitUsage, "small letters"},
		{[]string{"--source", folder, "--services", "/does/not/exist"}, exitUsage, "there is no folder"},
		{[]string{"--source", folder, "--services", t.TempDir()}, exitFailed, "read services"},
		{[]string{"--source", folder, "extra"}, exitUsage, "extra"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append([]string{"backfill"}, tc.args...), &stdout, &stderr)
		require.Equal(t, tc.code, code, "%v: %s", tc.args, stderr.String())
		require.Contains(t, stderr.String(), tc.want)
		require.Empty(t, stdout.String())
	}
}
