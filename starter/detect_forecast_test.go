package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// filling is a series of minutes around 40 that climbs to over 100 in 400 of
// them, three times, and is emptied at once.
func filling() string {
	rng := rand.New(rand.NewPCG(3, 5))
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for m := range 3 * 1000 {
		value := 40 + 0.5*rng.NormFloat64() + 0.16*max(0, float64(m%1000-600))
		fmt.Fprintf(&b, "%s,%v\n", recorded.Add(time.Duration(m)*time.Minute).Format(time.DateTime), value)
	}
	return b.String()
}

// forecastRun runs `detect forecast` and returns what it wrote.
func forecastRun(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runDetect(t, "forecast", stdin, args)
}

func TestForecastsAreTestedOnAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "db__DiskUsed.csv")
	require.NoError(t, os.WriteFile(file, []byte(filling()), 0o600))
	code, out, errs := forecastRun(t, "", "--in", file, "--limit", "100", "--json")
	require.Equal(t, exitDone, code, errs)
	var r forecastReport
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Len(t, r.Series, 1)
	require.Equal(t, 3000, r.Series[0].Points)
	require.Equal(t, 3, r.Total.Crossings)
	require.Equal(t, 3, r.Total.Foreseen)
	require.Equal(t, 3, r.Total.True)
	require.Zero(t, r.Total.False)
	require.Greater(t, *r.Total.LeadMedian, 1800.0)
	require.Less(t, *r.Total.ErrorMedian, 0.3)
	require.Contains(t, r.Series[0].Forecasts[0].Why, "DiskUsed of db climbs")

	events := filepath.Join(t.TempDir(), "events.csv")
	code, out, errs = forecastRun(t, "", "--in", file, "--limit", "100", "--out", events)
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, out, "DiskUsed of db")
	require.Equal(t, 3, strings.Count(out, "forecast, true: in "))
	require.Equal(t, 3, strings.Count(out, "reached, foreseen"))
	content, err := os.ReadFile(events)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+6)
	require.Equal(t, []string{"forecast", "true"}, rows[1][2:4])
	require.Equal(t, []string{"reached", "foreseen"}, rows[2][2:4])
	require.Equal(t, rows[1][10], rows[2][10], "the crossing names its forecast")
	require.Equal(t, rows[1][8], rows[2][1])
}

func TestForecastsOfAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"a.csv": filling(), "sub/b.csv": sick(400, 300), "broken.csv": "timestamp,value\nyesterday,many\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	// Its own output in the folder is no series, the second time.
	events := filepath.Join(folder, "events.csv")
	for range 2 {
		code, out, errs := forecastRun(t, "", "--in", folder, "--limit", "100", "--out", events, "--json")
		require.Equal(t, exitFailed, code, "broken.csv")
		require.Contains(t, errs, "broken.csv: not a single row of it can be used")
		require.Contains(t, errs, "broken.csv:2: ")
		var r forecastReport
		require.NoError(t, json.Unmarshal([]byte(out), &r))
		require.Len(t, r.Series, 3)
		require.Equal(t, 1, r.Failed)
		require.Equal(t, 2, r.Total.Series)
		require.Equal(t, 4, r.Total.Crossings, "three climbs and one jump")
		require.Equal(t, 3, r.Total.Foreseen)
	}
}

func TestForecastsOfStandardInput(t *testing.T) {
	t.Parallel()
	code, out, errs := forecastRun(t, filling(), "--in", "-", "--limit", "100", "--out", "-")
	require.Equal(t, exitDone, code)
	require.True(t, strings.HasPrefix(out, "file,timestamp,event,"), out)
	require.Contains(t, errs, "REACHED")
}

func TestForecastTellsOfLateRows(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(filling()), "\n")
	slices.Reverse(lines[1:]) // newest first, as a console exports them
	code, out, errs := forecastRun(t, strings.Join(lines, "\n"), "--in", "-", "--limit", "100", "--json")
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, errs, "standard input:3: 2999 rows are not later than the newest before")
	var r forecastReport
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, 1, r.Series[0].Points)
	require.Equal(t, 2999, r.Series[0].Late)
}

func TestForecastRefusesToOverwriteASeriesOfAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	series := filepath.Join(folder, "a.csv")
	write(t, folder, "a.csv", filling())
	write(t, folder, "b.csv", filling())
	write(t, folder, "empty.csv", "")
	linked := filepath.Join(t.TempDir(), "events.csv")
	require.NoError(t, os.Symlink(series, linked))
	for _, out := range []string{series, linked} {
		code, stdout, errs := forecastRun(t, "", "--in", folder, "--limit", "100", "--out", out)
		require.Equal(t, exitUsage, code, errs)
		require.Contains(t, errs, "--out "+out+": the events would overwrite the series "+series)
		require.Empty(t, stdout)
		require.Equal(t, filling(), file(t, series))
	}
	code, _, errs := forecastRun(t, "", "--in", folder, "--limit", "100", "--out", filepath.Join(folder, "empty.csv"))
	require.Equal(t, exitUsage, code, errs)
}

func TestForecastOfAFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "broken.csv")
	require.NoError(t, os.WriteFile(file, []byte("timestamp,value\nyesterday,many\n"), 0o600))
	code, out, errs := forecastRun(t, "", "--in", file, "--limit", "100")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "broken.csv: not a single row of it can be used")
	require.Empty(t, out, "a table of nothing")
}

func TestForecastCalledWrongly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.csv")
	require.NoError(t, os.WriteFile(file, []byte(filling()), 0o600))
	for want, args := range map[string][]string{
		`required flag(s) "limit" not set`:         {"--in", file},
		"--limit is 0, give a positive number":     {"--in", file, "--limit", "0"},
		"--limit is NaN, give a positive number":   {"--in", file, "--limit", "NaN"},
		"there is no such file or folder":          {"--in", file + "x", "--limit", "1"},
		"--out would overwrite --in":               {"--in", file, "--limit", "1", "--out", file},
		"is a folder; give a file":                 {"--in", file, "--limit", "1", "--out", filepath.Dir(file)},
		`--sensitivity is "loud", none of`:         {"--in", file, "--limit", "1", "--sensitivity", "loud"},
		"would both write to standard output":      {"--in", file, "--limit", "1", "--json", "--out", "-"},
		`unknown command "extra" for "starter det`: {"--in", file, "--limit", "1", "extra"},
	} {
		code, _, errs := forecastRun(t, "", args...)
		require.Equal(t, exitUsage, code, want)
		require.Contains(t, errs, want)
	}
}
