package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnalyzePassesOverBadRows(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	path := filepath.Join(folder, metricsFile)
	whole := file(t, path)
	write(t, folder, metricsFile, whole+"yesterday,front,latency,1\n1,front\n1,front,latency,NaN\n1,,latency,1\n\"1,front,latency,1\n1,front,latency,\n1,fr\x1b[31mont,latency,2\n")
	code, stdout, stderr := analyzeRun(t, "--case", folder, "--json")
	require.Equal(t, exitDone, code, stderr)
	a := analysed(t, stdout)
	require.Equal(t, 307, a.Read.Rows)
	require.Equal(t, 5, a.Read.Bad)
	require.Equal(t, 1, a.Read.Missing)
	require.Equal(t, "middle", a.Suspects[0].Service)
	for line, says := range map[int]string{302: "yesterday", 303: "metric is missing", 304: "NaN", 305: "service is empty", 306: "quote"} {
		require.Regexp(t, fmt.Sprintf(`%s:%d: .*%s`, metricsFile, line, says), stderr)
	}
	require.NotContains(t, stderr+stdout, "\x1b")
	require.Equal(t, "5 rows could not be used", a.Notes[0].String())

	code, _, stderr = analyzeRun(t, "--case", folder, "--strict")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "5 rows cannot be used")
	code, stdout, _ = analyzeRun(t, "--case", folder, "--top", "0")
	require.Equal(t, exitDone, code)
	require.NotContains(t, stdout, "\x1b")
}

func TestAnalyzeReadsOddFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(whole string) string
		says   string
	}{
		"columns in another order": {change: func(whole string) string {
			var b strings.Builder
			for line := range strings.Lines(whole) {
				cells := strings.Split(strings.TrimSpace(line), ",")
				fmt.Fprintf(&b, "%s,%s,pod-7,%s,%s\r\n", strings.ToUpper(cells[3]), cells[0], cells[1], cells[2])
			}
			return strings.Replace(b.String(), "pod-7", "pod", 1)
		}},
		"no header":      {change: func(whole string) string { _, rest, _ := strings.Cut(whole, "\n"); return rest }, says: ":1: the header is not timestamp,service,metric,value; the row is read as data"},
		"another header": {change: func(whole string) string { return "when," + whole[10:] }, says: ":1: the header is not timestamp,service,metric,value; the columns are read in that order"},
		"a mark":         {change: func(whole string) string { return string(byteOrderMark) + whole }},
		"quotes":         {change: func(whole string) string { return strings.ReplaceAll(whole, "middle", `"middle"`) }},
		"packed": {change: func(whole string) string {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write([]byte(whole))
			_ = z.Close()
			return b.String()
		}},
		"backwards": {change: func(whole string) string {
			lines := strings.Split(strings.TrimSpace(whole), "\n")
			for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
				lines[i], lines[j] = lines[j], lines[i]
			}
			return strings.Join(lines, "\n")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			troubled(t, folder, bySeconds)
			write(t, folder, metricsFile, c.change(file(t, filepath.Join(folder, metricsFile))))
			code, stdout, stderr := analyzeRun(t, "--case", folder, "--json")
			require.Equal(t, exitDone, code, stderr)
			if c.says == "" {
				require.Empty(t, stderr)
			} else {
				require.Contains(t, stderr, c.says)
			}
			a := analysed(t, stdout)
			require.Equal(t, "middle", a.Suspects[0].Service)
			require.Equal(t, 300, a.Read.Points)
		})
	}
}

func TestAnalyzePrintsARowOfAnotherCentury(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	path := filepath.Join(folder, metricsFile)
	whole := file(t, path)
	for _, year := range []int{284, 290, 1000, 7000} {
		write(t, folder, metricsFile, whole+recorded.AddDate(year, 0, 0).Format(time.DateTime)+",middle,latency,1\n")
		code, stdout, stderr := analyzeRun(t, "--case", folder)
		require.Equal(t, exitDone, code, stderr)
		require.Contains(t, stdout, "1. middle")
	}
}

// TestSeriesNamedAlikeBecomeTheirMean checks several sources under one name.
func TestSeriesNamedAlikeBecomeTheirMean(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, metricsFile, "timestamp,service,metric,value\n60,a,cpu,1\n60,a,cpu,3\n120,a,cpu,5\n")
	write(t, folder, symptomFile, `{"service": "a", "start": 120}`)
	read, err := readCase(t.Context(), folder, newTracker(&bytes.Buffer{}, "row", "rows"))
	require.NoError(t, err)
	require.Len(t, read.given.Series, 1)
	require.Len(t, read.given.Series[0].Points, 2)
	require.InDelta(t, 2, read.given.Series[0].Points[0].Value, 0)
	require.Contains(t, read.notes[0].String(), "1 values of 1 series")
}

func TestAnalyzeGoesOnWithoutMuch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		note       string
	}{
		"no metric":             {symptomFile, `{"service": "front", "start": 5400}`, ""},
		"null metric":           {symptomFile, `{"service": "front", "metric": null, "start": 5400, "end": ""}`, ""},
		"an unknown service":    {symptomFile, `{"service": "elsewhere", "start": 5400}`, "elsewhere is in neither the metrics nor the graph"},
		"no service":            {symptomFile, `{"start": 5400}`, "nobody says which service"},
		"an end before":         {symptomFile, `{"service": "front", "start": 5400, "end": 5000}`, "ends before it starts"},
		"no edges":              {graphFile, `{"nodes": ["front"]}`, ""},
		"an empty graph":        {graphFile, `{}`, ""},
		"edges that are none":   {graphFile, `{"edges": [["front"], ["front", "middle"], []]}`, "2 edges of graph.json"},
		"a graph with a cycle":  {graphFile, `{"edges": [["front", "middle"], ["middle", "front"]]}`, ""},
		"an empty metrics file": {metricsFile, "timestamp,service,metric,value\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			troubled(t, folder, func(at time.Time) string { return fmt.Sprint(at.Sub(recorded).Seconds()) })
			write(t, folder, changesFile, `[{"at": 5300, "service": "middle", "kind": "deployment"}]`)
			write(t, folder, c.file, c.text)
			code, stdout, stderr := analyzeRun(t, "--case", folder, "--json")
			require.Equal(t, exitDone, code, stderr)
			a := analysed(t, stdout)
			require.NotNil(t, a.Suspects)
			if c.note != "" {
				require.Contains(t, a.Notes[0].String(), c.note)
			}
			code, _, stderr = analyzeRun(t, "--case", folder)
			require.Equal(t, exitDone, code, stderr)
		})
	}
}

func TestAnalyzeIsRefusedByName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	troubled(t, folder, bySeconds)
	broken := func(name, text string) string {
		dir := t.TempDir()
		troubled(t, dir, bySeconds)
		write(t, dir, name, text)
		return dir
	}
	without := func(name string) string {
		dir := broken("x", "")
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
		return dir
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no case":             {nil, exitUsage, "--case DIR"},
		"an argument":         {[]string{folder}, exitUsage, "unknown command"},
		"no such folder":      {[]string{"--case", folder + "x"}, exitUsage, "no such folder"},
		"a file":              {[]string{"--case", filepath.Join(folder, metricsFile)}, exitUsage, "is a file"},
		"both":                {[]string{"--case", folder, "--cases", folder}, exitUsage, "not both"},
		"several to nowhere":  {[]string{"--cases", folder}, exitUsage, "--out"},
		"twice the same name": {[]string{"--case", folder, "--case", folder, "--out", t.TempDir()}, exitUsage, "would both write"},
		"out is a file":       {[]string{"--case", folder, "--out", filepath.Join(folder, metricsFile)}, exitUsage, "is a file"},
		"out is -":            {[]string{"--case", folder, "--out", "-"}, exitUsage, "is a folder"},
		"less than nothing":   {[]string{"--case", folder, "--top", "-1"}, exitUsage, "--top"},
		"no cases in it":      {[]string{"--cases", folder, "--out", t.TempDir()}, exitFailed, "no folder"},
		"an empty case":       {[]string{"--case", t.TempDir()}, exitFailed, "no symptom.json"},
		"nothing but symptom": {[]string{"--case", without(metricsFile)}, exitFailed, "nothing to analyse"},
		"nothing usable":      {[]string{"--case", broken(metricsFile, "timestamp,service,metric,value\nx,y,z,1\n")}, exitFailed, "not a single row"},
		"no metrics but logs": {[]string{"--case", func() string {
			dir := broken(metricsFile, "\x00\x01\x02\n\xff\xfe,\n")
			write(t, dir, logsFile, "timestamp,service,template_id,count\n1,a,b,1\n")
			return dir
		}()}, exitFailed, "read metrics.csv: not a single row"},
		"a broken symptom":     {[]string{"--case", broken(symptomFile, "{")}, exitFailed, "read symptom.json"},
		"a symptom as a list":  {[]string{"--case", broken(symptomFile, "[]")}, exitFailed, "read symptom.json"},
		"no start":             {[]string{"--case", broken(symptomFile, `{"service": "a"}`)}, exitFailed, "no start"},
		"a start that is none": {[]string{"--case", broken(symptomFile, `{"start": "soon"}`)}, exitFailed, `"soon"`},
		"a broken graph":       {[]string{"--case", broken(graphFile, `{"edges": 7}`)}, exitFailed, "read graph.json"},
		"broken changes":       {[]string{"--case", broken(changesFile, `{"at": 7}`)}, exitFailed, "read changes.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := analyzeRun(t, c.args...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stderr, c.says)
			require.Empty(t, stdout)
		})
	}
}
