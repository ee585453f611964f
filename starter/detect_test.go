package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
)

// sick is a series of minutes with noise around 50 and a stretch far above it
// from bad to bad+20.
func sick(rows, bad int) string {
	rng := rand.New(rand.NewPCG(7, 11))
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for m := range rows {
		value := 50 + 2*rng.NormFloat64()
		if m >= bad && m < bad+20 {
			value += 100
		}
		fmt.Fprintf(&b, "%s,%v\n", recorded.Add(time.Duration(m)*time.Minute).Format(time.DateTime), value)
	}
	return b.String()
}

// detectRun runs `detect metrics` and returns what it wrote.
func detectRun(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runDetect(t, "metrics", stdin, args)
}

// runDetect runs a command of `detect`.
func runDetect(t *testing.T, name, stdin string, args []string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	root := newRootCommand(openTemporal)
	root.SetIn(strings.NewReader(stdin))
	code = execute(t.Context(), root, append([]string{"detect", name}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// scored reads scores and checks their form.
func scored(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"timestamp", "value", "anomaly_score", "anomaly"}, rows[0])
	for _, r := range rows[1:] {
		score, err := strconv.ParseFloat(r[2], 64)
		require.NoError(t, err)
		require.True(t, score >= 0 && score <= 1, "score %v", score)
		require.Contains(t, []string{"0", "1"}, r[3])
	}
	return rows[1:]
}

func file(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

func TestDetectMetricsSaysWhereAnAlertIsSent(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "checkout__latency.csv", sick(600, 500))
	in, out, plot := filepath.Join(folder, "checkout__latency.csv"), filepath.Join(folder, "deep", "er", "scores.csv"), filepath.Join(folder, "plot.png")
	code, stdout, stderr := detectRun(t, "", "--in", in, "--out", out, "--plot", plot, "--json")
	require.Equal(t, exitDone, code, stderr)
	require.Empty(t, stderr)

	rows := scored(t, file(t, out))
	require.Len(t, rows, 600)
	var report detectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, detect.Sensitive, report.Sensitivity)
	require.Len(t, report.Series, 1)
	series := report.Series[0]
	require.Equal(t, in, series.File)
	require.Equal(t, out, series.Out)
	require.Equal(t, 600, series.Rows)
	require.Equal(t, 600, series.Scored)
	require.Equal(t, recorded, series.First)
	require.Equal(t, recorded.Add(599*time.Minute), series.Last)
	require.Len(t, series.Episodes, series.Alerts)

	var alerts []int
	for i, r := range rows {
		if r[3] == "1" {
			alerts = append(alerts, i)
		}
	}
	require.Len(t, alerts, series.Alerts)
	found := false
	for i, e := range series.Episodes {
		require.Equal(t, alerts[i]+2, e.Line, "the alert's row, after the header, counted from 1")
		require.Equal(t, recorded.Add(time.Duration(alerts[i])*time.Minute), e.Alerted)
		if alerts[i] < 500 || alerts[i] >= 520 {
			continue
		}
		require.False(t, found, "one episode is one alert")
		found = true
		require.False(t, e.Opened.After(e.Alerted))
		require.NotNil(t, e.Closed)
		require.True(t, e.Closed.After(e.Alerted))
		require.Greater(t, e.Observed, e.High)
		require.Less(t, e.Low, e.High)
		require.Positive(t, e.Rarity)
		require.Contains(t, e.Why.String(), "latency of checkout")
	}
	require.True(t, found, "alerts at rows %v", alerts)
	require.Greater(t, best(t, rows[500:520]), best(t, rows[300:500]), "the score is high where it is bad")
	require.FileExists(t, plot)
}

func best(t *testing.T, rows [][]string) float64 {
	t.Helper()
	top := 0.0
	for _, r := range rows {
		score, err := strconv.ParseFloat(r[2], 64)
		require.NoError(t, err)
		top = max(top, score)
	}
	return top
}

func TestDetectMetricsWritesOneRowForEveryRow(t *testing.T) {
	t.Parallel()
	bad := []string{
		"nonsense", "2026-03-02 18:00:00", "2026-03-02 18:00:00,", "2026-03-02 18:00:00,NaN", "2026-03-02 18:00:00,1e999", `"2026-03-02 18:00:00,"x`,
		"2026-03-02T18:00:00Z,four,more", ",5", "yesterday,5", `"a,b",""`,
	}
	body := strings.Split(strings.TrimSpace(sick(120, 1000)), "\n")
	last := body[len(body)-1]
	lines := append(append([]string{body[0]}, bad...), body[1:]...)
	lines = append(lines, bad...)
	lines = append(lines, last, body[5]) // a duplicate and a late one
	for _, end := range []string{"\n", "\r\n", "\n\n"} {
		code, stdout, stderr := detectRun(t, "\uFEFF"+strings.Join(lines, end), "--in", "-", "--out", "-")
		require.Equal(t, exitDone, code, stderr)
		rows := scored(t, stdout)
		require.Len(t, rows, len(lines)-1)
		for i, r := range rows[:len(bad)] {
			require.Equal(t, []string{"0", "0"}, r[2:], "before anything is known: %q", bad[i])
		}
		latest := rows[len(bad)+119][2]
		for i, r := range rows[len(bad)+120:] {
			require.Equal(t, []string{latest, "0"}, r[2:], "the latest score at %d", i)
		}
		require.Equal(t, []string{"nonsense", ""}, rows[0][:2])
		require.Equal(t, []string{"2026-03-02 18:00:00", "NaN"}, rows[3][:2])
		require.Equal(t, []string{"2026-03-02T18:00:00Z", "four"}, rows[6][:2])
		require.Equal(t, []string{"a,b", ""}, rows[9][:2])
		require.Equal(t, strings.Split(last, ","), rows[len(rows)-2][:2])
		require.Equal(t, strings.Split(body[5], ","), rows[len(rows)-1][:2])
		if end == "\n" {
			require.Contains(t, stderr, `standard input:2: fewer than two columns`)
			require.Contains(t, stderr, `standard input:10: timestamp "yesterday"`)
			require.Contains(t, stderr, "2 rows are not later")
			require.Contains(t, stderr, "142 rows", "the summary is where the scores are not")
		}
	}
}

func TestDetectMetricsTellsOfTimesBeyondTheDetectors(t *testing.T) {
	t.Parallel()
	series := sick(120, 1000) + "9955-07-25 16:00:00,50\n" + recorded.Add(2*time.Hour).Format(time.DateTime) + ",50\n"
	code, stdout, stderr := detectRun(t, series, "--in", "-", "--json")
	require.Equal(t, exitDone, code, stderr)
	var report detectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, 122, report.Series[0].Rows)
	require.Equal(t, 121, report.Series[0].Scored, "one row far off does not make those after it late")
	require.Equal(t, 1, report.Series[0].Bad)
	require.Contains(t, stderr, "standard input:122: the detectors cannot count with this time")
}

// TestDetectMetricsMissesASeriesThatStops has rows go on without values.
func TestDetectMetricsMissesASeriesThatStops(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(sick(600, 10_000))
	for m := 600; m < 900; m++ {
		fmt.Fprintf(&b, "%s,\n", recorded.Add(time.Duration(m)*time.Minute).Format(time.DateTime))
	}
	_, scores, _ := detectRun(t, b.String(), "--in", "-", "--out", "-")
	alerts := 0
	for _, r := range scored(t, scores)[600:] {
		if r[3] == "1" {
			alerts++
		}
	}
	require.Equal(t, 1, alerts)
	code, stdout, stderr := detectRun(t, b.String(), "--in", "-", "--json")
	require.Equal(t, exitDone, code, stderr)
	var report detectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, 300, report.Series[0].Missing)
	last := report.Series[0].Episodes[len(report.Series[0].Episodes)-1]
	require.Equal(t, detect.RuleSilent, last.Rule)
	require.Nil(t, last.Closed)
}

func TestDetectMetricsTellsProblemsWithoutEnd(t *testing.T) {
	t.Parallel()
	in := sick(50, 1000) + strings.Repeat("x,\x1b[2J\n", 5_000)
	code, stdout, stderr := detectRun(t, in, "--in", "-", "--json")
	require.Equal(t, exitDone, code)
	require.Equal(t, maxToldOnError+1, strings.Count(stderr, "\n"), stderr)
	require.Contains(t, stderr, "and 4980 more")
	require.NotContains(t, stdout+stderr, "\x1b")
	var report detectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, 5_000, report.Series[0].Bad)
	require.Len(t, report.Series[0].Problems, maxBadRows)
	require.Equal(t, 52, report.Series[0].Problems[0].Line)
	require.Equal(t, 4_900, report.Series[0].Untold)
}

// TestDetectMetricsIsCausal cuts files off at several places: what was written
// until there must stay the same to the byte.
func TestDetectMetricsIsCausal(t *testing.T) {
	t.Parallel()
	whole := strings.SplitAfter(sick(900, 400)+strings.ReplaceAll(sick(200, 50), "timestamp,value\n", "late,row\n"), "\n")
	for _, sensitivity := range detect.Sensitivities() {
		_, all, _ := detectRun(t, strings.Join(whole, ""), "--in", "-", "--out", "-", "--sensitivity", sensitivity)
		for _, rows := range []int{2, 30, 401, 407, 450, 901} {
			_, part, _ := detectRun(t, strings.Join(whole[:rows], ""), "--in", "-", "--out", "-", "--sensitivity", sensitivity)
			require.Equal(t, rows, strings.Count(part, "\n"))
			require.True(t, strings.HasPrefix(all, part), "%s, cut after %d", sensitivity, rows)
		}
	}
}

func TestDetectMetricsRoleGivesTheDirection(t *testing.T) {
	t.Parallel()
	drop := strings.NewReplacer(",1", ",-1").Replace(sick(600, 500)) // 150 becomes -150, 50 stays
	alerts := func(args ...string) int {
		code, stdout, stderr := detectRun(t, drop, append([]string{"--in", "-", "--json"}, args...)...)
		require.Equal(t, exitDone, code, stderr)
		var report detectReport
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		n := 0
		for _, e := range report.Series[0].Episodes {
			if e.Line > 500 {
				n++
			}
		}
		return n
	}
	require.Positive(t, alerts())
	require.Positive(t, alerts("--role", "health"))
	require.Zero(t, alerts("--role", "latency"))
	require.Zero(t, alerts("--role", "saturation"))
}

func TestDetectMetricsForeseesALimit(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 5))
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for m := range 900 {
		value := 20 + 0.2*rng.NormFloat64()
		if m > 300 {
			value += float64(m-300) * 0.1
		}
		fmt.Fprintf(&b, "%d,%.3f\n", recorded.Add(time.Duration(m)*time.Minute).Unix(), value)
	}
	code, stdout, stderr := detectRun(t, b.String(), "--in", "-", "--json", "--role", "saturation", "--limit", "90")
	require.Equal(t, exitDone, code, stderr)
	var report detectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	forecasts := 0
	for _, e := range report.Series[0].Episodes {
		if e.Kind == "forecast" {
			forecasts++
			require.InEpsilon(t, 90, e.Forecast.Limit, 1e-9)
		}
	}
	require.Positive(t, forecasts, stdout)
}

func TestDetectMetricsReadsWhatIsPacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(sick(100, 1000)))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	_, plain, _ := detectRun(t, sick(100, 1000), "--in", "-", "--out", "-")
	code, got, stderr := detectRun(t, packed.String(), "--in", "-", "--out", "-")
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, plain, got)

	code, _, stderr = detectRun(t, packed.String()[:packed.Len()/2], "--in", "-", "--out", "-")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "unexpected EOF", "half a file is not taken for a whole one")
}
