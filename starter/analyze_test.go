package main

import (
	"bytes"
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

// analyzeRun runs `analyze` and returns what it wrote.
func analyzeRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = execute(t.Context(), newRootCommand(openTemporal), append([]string{"analyze"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// troubled writes a case: front calls middle and back, and middle becomes slow.
// Times are written by stamp.
func troubled(t *testing.T, folder string, stamp func(time.Time) string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("timestamp,service,metric,value\n")
	for m := range 100 {
		for _, s := range []string{"front", "middle", "back"} {
			value := 0.1 + 0.01*rng.Float64()
			if m >= 90 && s != "back" {
				value++
			}
			fmt.Fprintf(&b, "%s,%s,latency,%.4f\n", stamp(recorded.Add(time.Duration(m)*time.Minute)), s, value)
		}
	}
	write(t, folder, metricsFile, b.String())
	write(t, folder, symptomFile, fmt.Sprintf(`{"service": "front", "metric": "latency", "start": %q, "end": null}`, recorded.Add(90*time.Minute).Format(time.RFC3339)))
	write(t, folder, graphFile, `{"nodes": ["front", "middle", "back"], "edges": [["front", "middle"], ["middle", "back"]]}`)
}

func bySeconds(at time.Time) string { return fmt.Sprint(at.Unix()) }

func analysed(t *testing.T, stdout string) analysis {
	t.Helper()
	var a analysis
	require.NoError(t, json.Unmarshal([]byte(stdout), &a))
	return a
}

func TestAnalyzeNamesTheCause(t *testing.T) {
	t.Parallel()
	for name, stamp := range map[string]func(time.Time) string{
		"seconds":  bySeconds,
		"date":     func(at time.Time) string { return at.Format(time.DateTime) },
		"RFC 3339": func(at time.Time) string { return at.In(time.FixedZone("", 7200)).Format(time.RFC3339) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			troubled(t, folder, stamp)
			code, stdout, stderr := analyzeRun(t, "--case", folder, "--json")
			require.Equal(t, exitDone, code, stderr)
			require.Empty(t, stderr)
			a := analysed(t, stdout)
			require.Equal(t, filepath.Base(folder), a.Case)
			require.Equal(t, analysedCounts{Rows: 300, Series: 3, Points: 300, Calls: 2, Problems: []badRow{}}, a.Read)
			require.Equal(t, recorded.Add(90*time.Minute), a.Symptom.Start)
			require.NotEmpty(t, a.Suspects)
			first := a.Suspects[0]
			require.Equal(t, "middle", first.Service)
			require.Equal(t, "latency", first.Metric)
			require.Equal(t, []string{"middle", "front"}, first.Path)
			require.Contains(t, first.Series, "middle/latency")
			require.False(t, first.Why.IsEmpty())
			require.NotEmpty(t, first.Reasons)
			require.NotNil(t, first.Onset)
			require.InDelta(t, 0, *first.After, 120)
			for i, s := range a.Suspects {
				require.True(t, s.Score >= 0 && s.Score <= 1)
				require.True(t, i == 0 || s.Score <= a.Suspects[i-1].Score, "best first")
			}
		})
	}
}

// TestAnalyzePromisedFields checks the names that others read, in the text of the
// document and not by our own types.
func TestAnalyzePromisedFields(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	code, stdout, stderr := analyzeRun(t, "--case", folder, "--json")
	require.Equal(t, exitDone, code, stderr)
	var document struct {
		Suspects []map[string]any `json:"suspects"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &document))
	for _, s := range document.Suspects {
		require.IsType(t, "", s["service"])
		require.IsType(t, "", s["metric"])
		require.IsType(t, 0.5, s["score"])
		require.IsType(t, "", s["why"])
	}
	code, again, _ := analyzeRun(t, "--case", folder, "--json")
	require.Equal(t, exitDone, code)
	require.Equal(t, stdout, again)
	code, few, _ := analyzeRun(t, "--case", folder, "--json", "--top", "1")
	require.Equal(t, exitDone, code)
	require.Len(t, analysed(t, few).Suspects, 1)
}

func TestAnalyzeShowsATableReasonsAndPlots(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	code, stdout, stderr := analyzeRun(t, "--case", folder)
	require.Equal(t, exitDone, code, stderr)
	lines := strings.Split(stdout, "\n")
	row := lines[4]
	require.Regexp(t, `^ +1  middle +latency +0\.\d\d +(at start|[+-]\d+ (s|min)) +\+\d+\.\d  ▁+\|█+ +front$`, row)
	require.Contains(t, stdout, "\n1. middle\n   for      ")
	require.Contains(t, stdout, "\n   path     middle < front\n")
	require.Contains(t, stdout, "\noutside  0.")
	require.Equal(t, 2, strings.Count(lines[3]+row, "|")+1, "the symptom is marked once in the line")
	for _, l := range lines {
		require.Equal(t, strings.TrimRight(l, " "), l)
		require.LessOrEqual(t, runes(l), maxWidth)
	}
}

func TestAnalyzeReadsLogsAndChanges(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	at := recorded.Add(89 * time.Minute).Unix()
	write(t, folder, logsFile, fmt.Sprintf("timestamp,service,template_id,count,template,level\n%d,middle,aa,3,cannot open <*>,ERROR\n%d,middle,aa,4,,\n%d,back,bb,1,,\n", at+60, at+120, at))
	write(t, folder, changesFile, fmt.Sprintf(`[{"at": %d, "service": "middle", "kind": "deployment", "text": "by bob@example.com"}, {"service": "x"}]`, at))
	read, err := readCase(t.Context(), folder, newTracker(&bytes.Buffer{}, "row", "rows"))
	require.NoError(t, err)
	require.Len(t, read.given.Logs, 2)
	require.Equal(t, "cannot open <*>", read.given.Logs[0].Text.String())
	require.True(t, read.given.Logs[0].Severe)
	require.Len(t, read.given.Logs[0].Points, 2)
	require.Equal(t, "bb", read.given.Logs[1].Text.String())
	require.False(t, read.given.Logs[1].Severe)
	require.Len(t, read.given.Changes, 1)
	require.NotContains(t, read.given.Changes[0].Text.String(), "bob@example.com", "text is redacted")
	require.Len(t, read.notes, 1)
	code, stdout, stderr := analyzeRun(t, "--case", folder)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "2 log patterns, 1 change\n")
	require.Contains(t, stdout, "note     1 change without a time or a service were passed over")
}

func TestAnalyzeSeveralCases(t *testing.T) {
	t.Parallel()
	folder, out := t.TempDir(), filepath.Join(t.TempDir(), "new", "rankings")
	for _, name := range []string{"one", "two", "broken"} {
		troubled(t, filepath.Join(folder, name), bySeconds)
	}
	write(t, folder, "broken/"+symptomFile, "{")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "no case"), 0o755))
	code, stdout, stderr := analyzeRun(t, "--cases", folder, "--out", out)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "1 case of 3 failed, the first: broken: read symptom.json")
	require.Contains(t, stdout, "broken  failed: ")
	require.Regexp(t, `\none +0\.\d\d +0\.\d\d  middle  latency\n`, stdout)
	for _, name := range []string{"one", "two"} {
		require.Equal(t, "middle", analysed(t, file(t, filepath.Join(out, name+".json"))).Suspects[0].Service)
	}
	require.NoFileExists(t, filepath.Join(out, "broken.json"))

	code, stdout, stderr = analyzeRun(t, "--case", filepath.Join(folder, "one"), "--case", filepath.Join(folder, "two"), "--out", out, "--json")
	require.Equal(t, exitDone, code, stderr)
	var report analysedSeveral
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Cases, 2)
	require.Equal(t, filepath.Join(out, "one.json"), report.Cases[0].Out)
	require.Greater(t, report.Cases[0].Ranking, 0.0)
}
