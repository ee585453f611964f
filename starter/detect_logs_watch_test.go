package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

// sickLog is an hour of a service that writes a request every half second and
// an error now and then, and from minute 40 on, for two minutes, that its
// database refuses connections.
func sickLog(write func(at time.Time, level, message string) string) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range 2 * 3600 {
		at := recorded.Add(time.Duration(i) * 500 * time.Millisecond)
		b.WriteString(write(at, "INFO", fmt.Sprintf("GET /orders/%d answered 200 in %d ms", i, 20+r.IntN(30))))
		if i == 5 || r.IntN(240) == 0 {
			b.WriteString(write(at, "ERROR", fmt.Sprintf("order %d could not be read: no such order", i)))
		}
		if m := i / 120; m == 40 || m == 41 {
			for range 3 {
				b.WriteString(write(at, "ERROR", fmt.Sprintf("connection to 10.0.0.%d:5432 refused, password=hunter2secret", r.IntN(9))))
			}
		}
	}
	return b.String()
}

func plainLogLine(at time.Time, level, message string) string {
	return at.Format("2006-01-02 15:04:05.000") + " " + level + " [main] shop.Orders - " + message + "\n"
}

func jsonLogLine(at time.Time, level, message string) string {
	return fmt.Sprintf("{\"timestamp\":%q,\"level\":%q,\"message\":%q}\n", at.Format(time.RFC3339Nano), strings.ToLower(level), message)
}

func logfmtLogLine(at time.Time, level, message string) string {
	return fmt.Sprintf("time=%s level=%s msg=%q\n", at.Format(time.RFC3339Nano), strings.ToLower(level), message)
}

func TestAnomaliesOfALogAreFoundByTheTimesInIt(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]func(time.Time, string, string) string{"plain": plainLogLine, "JSON": jsonLogLine, "logfmt": logfmtLogLine} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			log := sickLog(form)
			write(t, folder, "shop.log", log)
			in, out := filepath.Join(folder, "shop.log"), filepath.Join(folder, "deep", "anomalies.json")
			code, stdout, stderr := logsRun(t, "", "--in", in, "--anomalies", out)
			require.Equal(t, exitDone, code, stderr)
			require.NotContains(t, file(t, out), "hunter2secret")
			require.NotContains(t, stdout, "hunter2secret")
			require.Empty(t, leftovers(t, folder))

			var report logReport
			require.NoError(t, json.Unmarshal([]byte(file(t, out)), &report))
			require.Equal(t, detect.Sensitive, report.Sensitivity)
			require.Len(t, report.Logs, 1)
			require.Nil(t, report.Logs[0].Mined)
			require.Nil(t, report.Logs[0].Templates)
			a := report.Logs[0].Anomalies
			require.Equal(t, strings.Count(log, "\n"), a.Timed)
			require.Equal(t, a.Timed, report.Logs[0].Lines)
			require.Equal(t, recorded, a.First)
			require.Equal(t, recorded.Add(time.Hour-500*time.Millisecond), a.Last)
			require.Len(t, a.Episodes, a.Alerts)
			require.Positive(t, a.Alerts)
			require.Contains(t, stdout, fmt.Sprintf("%d alert", a.Alerts))
			trouble := recorded.Add(40 * time.Minute)
			seen := map[string]bool{}
			found := false
			var templates []string
			for _, e := range a.Episodes {
				require.False(t, seen[e.ID], "an episode is told once")
				seen[e.ID] = true
				require.NotEmpty(t, e.Why.String())
				templates = append(templates, e.Template.String())
				require.Positive(t, e.Count)
				require.LessOrEqual(t, len(e.Samples), 2)
				require.False(t, e.Opened.Before(trouble.Add(-time.Second)), "nothing before the trouble: %s", e.Why)
				if !e.Alerted.After(trouble.Add(2 * time.Minute)) {
					found = true
				}
			}
			require.True(t, found, "within two minutes")
			require.Contains(t, strings.Join(templates, "\n"), "connection to <*> refused")

			code, again, stderr := logsRun(t, "", "--in", in, "--anomalies", "-")
			require.Equal(t, exitDone, code, stderr)
			require.Equal(t, file(t, out), again, "the same log gives the same bytes")
			require.Contains(t, stderr, "alert")
		})
	}
}

func TestLinesWithoutATimeHaveThatOfTheLineBefore(t *testing.T) {
	t.Parallel()
	log := "started\nby hand\n" + plainLogLine(recorded, "ERROR", "failed: java.lang.IllegalStateException: x") +
		"\tat shop.Orders.read(Orders.java:17)\n\tat shop.Main.main(Main.java:3)\n" + plainLogLine(recorded.Add(time.Minute), "INFO", "on") + "\n"
	code, stdout, stderr := logsRun(t, log, "--in", "-", "--anomalies", "-", "--sensitivity", "quiet")
	require.Equal(t, exitDone, code, stderr)
	var report logReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, detect.Quiet, report.Sensitivity)
	a := report.Logs[0].Anomalies
	require.Equal(t, 2, a.Timed)
	require.Equal(t, 5, a.Untimed)
	require.Equal(t, 2, a.Passed)
	require.Equal(t, recorded, a.First)
	require.Equal(t, recorded.Add(time.Minute), a.Last)
	require.NotNil(t, a.Episodes, "a list, if an empty one")
}

func TestALogThatFallsSilentIsFoundWhileItIs(t *testing.T) {
	t.Parallel()
	w := newLogWatcher("shop.log", detect.Sensitive, recorded)
	lines := 0
	for s := range 3 * 3600 {
		if s < 7_200 || s >= 8_400 {
			lines++
			w.take(plainLogLine(recorded.Add(time.Duration(s)*time.Second), "INFO", fmt.Sprintf("request %d answered", s)), lines)
		}
	}
	found, err := w.finish()
	require.NoError(t, err)
	stopped := recorded.Add(2 * time.Hour)
	require.NotEmpty(t, found.Episodes)
	for _, e := range found.Episodes {
		require.True(t, e.Alerted.After(stopped) && e.Alerted.Before(stopped.Add(5*time.Minute)), "told at %s: %s", e.Alerted, e.Why)
		require.Equal(t, 7_200, e.Line, "the latest line then")
		require.NotNil(t, e.Closed)
	}
	require.Equal(t, lines, found.Timed)
}

func TestALogWithoutTimesHasNoAnomalies(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "shop.log", shopLog(40))
	in, rows, out := filepath.Join(folder, "shop.log"), filepath.Join(folder, "rows.csv"), filepath.Join(folder, "anomalies.json")
	code, stdout, stderr := logsRun(t, "", "--in", in, "--out", rows, "--anomalies", out)
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, in)
	require.Contains(t, stderr, "no line of it carries a time")
	require.NoFileExists(t, out)
	require.NoFileExists(t, rows)

	code, _, stderr = logsRun(t, "", "--in", "-", "--anomalies", "-")
	require.Equal(t, exitDone, code, stderr)
}

func TestATimeWithoutAYearIsNearTheFile(t *testing.T) {
	t.Parallel()
	w := newLogWatcher("x.log", detect.Sensitive, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	w.take("Dec 31 23:59:58 host sshd[17]: Connection closed", 1)
	w.take("Jan  1 00:00:03 host sshd[17]: Connection closed", 2)
	found, err := w.finish()
	require.NoError(t, err)
	require.Equal(t, time.Date(2025, 12, 31, 23, 59, 58, 0, time.UTC), found.First)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 3, 0, time.UTC), found.Last)
}

func TestRowsAndAnomaliesInOneReading(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rows, out := filepath.Join(folder, "rows.csv"), filepath.Join(folder, "anomalies.json")
	log := sickLog(plainLogLine)
	code, stdout, stderr := logsRun(t, log, "--in", "-", "--out", rows, "--anomalies", out, "--json")
	require.Equal(t, exitDone, code, stderr)
	require.Len(t, logRows(t, file(t, rows)), strings.Count(log, "\n"))
	var whole, found logReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &whole))
	require.NoError(t, json.Unmarshal([]byte(file(t, out)), &found))
	require.Equal(t, found.Logs[0].Anomalies, whole.Logs[0].Anomalies)
	require.NotEmpty(t, whole.Logs[0].Templates)
}

func TestALongStructuredLineIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	for name, filler := range map[string]string{"longer than a message": strings.Repeat("é", telemetry.MaxMessage), "within it": "short"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := strings.Replace(jsonLogLine(recorded, "ERROR", "the order is lost"), "{", fmt.Sprintf("{%q:%q,", "payload", filler), 1)
			w := newLogWatcher("x.log", detect.Sensitive, recorded.AddDate(1, 0, 0))
			w.take(strings.TrimSuffix(line, "\n"), 1)
			found, err := w.finish()
			require.NoError(t, err)
			require.Equal(t, 1, found.Timed)
			require.Equal(t, recorded, found.First)
			require.Equal(t, telemetry.LevelError, w.now.line.Level)
			require.Equal(t, "the order is lost", w.now.line.Text)
			require.LessOrEqual(t, len(w.now.line.Message), telemetry.MaxMessage)
		})
	}
}
