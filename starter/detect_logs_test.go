package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// logsRun runs `detect logs` and returns what it wrote.
func logsRun(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runDetect(t, "logs", stdin, args)
}

// logRow is one row of the output.
type logRow struct{ id, template string }

// logRows reads rows and checks their form.
func logRows(t *testing.T, text string) []logRow {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"line", "template_id", "template"}, all[0])
	rows := []logRow{}
	texts := map[string]string{}
	for i, r := range all[1:] {
		require.Equal(t, strconv.Itoa(i+1), r[0])
		require.Regexp(t, "^[0-9a-f]{16}$", r[1])
		if known, ok := texts[r[1]]; ok {
			require.Equal(t, known, r[2], "an id has one text")
		}
		texts[r[1]] = r[2]
		rows = append(rows, logRow{r[1], r[2]})
	}
	return rows
}

// mineText runs a log through standard input and output.
func mineText(t *testing.T, log string) []logRow {
	t.Helper()
	code, stdout, stderr := logsRun(t, log, "--in", "-", "--out", "-")
	require.Equal(t, exitDone, code, stderr)
	return logRows(t, stdout)
}

// shopLog is a log of a few templates, one message a line.
func shopLog(lines int) string {
	var b strings.Builder
	for i := range lines {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "GET /api/orders/%d from 10.0.%d.%d took %dms\n", i, i%7, i%251, i%90)
		case 1:
			fmt.Fprintf(&b, "Payment %d of user accepted, amount: %d.50 EUR\n", 1000+i, i)
		case 2:
			b.WriteString("Cache is warm\n")
		default:
			fmt.Fprintf(&b, "Connection to \"db-%d\", port %d, was closed\n", i%3, 5000+i)
		}
	}
	return b.String()
}

func TestEveryLineGetsItsTemplate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "shop.log", shopLog(400))
	out := filepath.Join(folder, "deep", "er", "rows.csv")
	code, stdout, stderr := logsRun(t, "", "--in", filepath.Join(folder, "shop.log"), "--out", out)
	require.Equal(t, exitDone, code, stderr)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "400 lines, 4 templates")
	require.Contains(t, stdout, "  100  Cache is warm\n")

	rows := logRows(t, file(t, out))
	require.Len(t, rows, 400)
	for i, r := range rows {
		require.Equal(t, rows[i%4], r, "line %d", i+1)
	}
	require.Equal(t, "Cache is warm", rows[2].template)
	require.Contains(t, rows[0].template, "<*>")
	require.NotContains(t, rows[0].template, "10.0.")

	again := filepath.Join(folder, "again.csv")
	code, _, stderr = logsRun(t, "", "--in", filepath.Join(folder, "shop.log"), "--out", again)
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, file(t, out), file(t, again))
	require.Empty(t, leftovers(t, folder))
}

func TestTheSameLogInOtherClothes(t *testing.T) {
	t.Parallel()
	log := shopLog(200)
	want := mineText(t, log)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, half := range []string{log[:len(log)/2], log[len(log)/2:]} {
		_, err := z.Write([]byte(half))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	var members bytes.Buffer // as logs that are packed again and again
	for _, half := range []string{log[:len(log)/2], log[len(log)/2:]} {
		z := gzip.NewWriter(&members)
		_, err := z.Write([]byte(half))
		require.NoError(t, err)
		require.NoError(t, z.Close())
	}
	for name, text := range map[string]string{
		"CRLF": strings.ReplaceAll(log, "\n", "\r\n"), "no line end at the end": strings.TrimSuffix(log, "\n"),
		"a byte order mark": "\uFEFF" + log, "gzip": packed.String(), "gzip in parts": members.String(),
	} {
		require.Equal(t, want, mineText(t, text), name)
	}
}

func TestRowsAreWrittenWithTheLastTexts(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 300 {
		name := string([]byte{'a' + byte(i*7%26), "aeiou"[i%5], 'b' + byte(i*3%24), "aeiou"[i%3]})
		fmt.Fprintf(&b, "session opened for user %s by the gateway\n", name)
	}
	for _, r := range mineText(t, b.String()) {
		require.Equal(t, "session opened for user <*> by the gateway", r.template)
	}
}

func TestStructuredLinesAreMinedByTheirMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"JSON": {[]string{
			`{"ts":"2026-03-02T08:00:00Z","level":"info","msg":"order 17 stored","user":"anna"}`,
			`{"ts":"2026-03-02T08:00:01Z","level":"warn","msg":"order 18 stored","user":"berta","more":{"a":1}}`,
		}, "order <*> stored"},
		"logfmt": {[]string{
			`ts=2026-03-02T08:00:00Z level=info msg="order 17 stored" user=anna`,
			`ts=2026-03-02T08:00:01Z level=warn msg="order 18 stored" user=berta more=1`,
		}, "order <*> stored"},
		"a header stays":        {[]string{"2026-03-02 08:00:00 INFO main: cache is warm", "2026-03-02 08:00:07 INFO main: cache is warm"}, "INFO main: cache is warm"},
		"JSON at the end stays": {[]string{`stored {"order":17}`, `stored {"order":18}`}, "stored {"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := mineText(t, strings.Join(c.lines, "\n")+"\n")
			require.Len(t, rows, len(c.lines))
			for _, r := range rows {
				require.Equal(t, rows[0], r)
				require.Contains(t, r.template, c.want)
			}
			if !strings.Contains(name, "stays") {
				require.Equal(t, c.want, rows[0].template)
			}
		})
	}
}

func TestHostileLinesAreRowsLikeOthers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 1<<20/5)
	for name, text := range map[string]string{
		"empty lines":       "\n\n\na\n\n",
		"1 MiB":             long + "\n" + long + "\nshort\n",
		"1 MiB in one word": strings.Repeat("x", 1<<20) + "\na\n",
		"no UTF-8":          "bad \xff\xfe\xfd here\nbad \x80 here\n\xc3\n",
		"zeros and colours": "a\x00b\x1b[31mred\x1b[0m\x07 \x9b1m\n",
		"quotes and commas": "say \"hi, you\", now\n'\"\n,\n\"\n",
		"placeholders":      "<*> and <*><*>\n<*>\n",
		"brackets":          strings.Repeat("[({<", 5_000) + "\n" + strings.Repeat("}", 5_000) + "\n",
		"JSON, deep":        strings.Repeat(`{"a":`, 10_000) + "\n" + `{"msg":"a` + "\n{}\n{\"msg\":\"\"}\n[1]\n",
		"blank lines":       "   \n\t\t\n \u00a0 \n",
		"CR":                "a\rb\r\n\r\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := logsRun(t, text, "--in", "-", "--out", "-")
			require.Equal(t, exitDone, code, stderr)
			rows := logRows(t, stdout)
			require.Len(t, rows, strings.Count(text, "\n"))
			require.True(t, utf8.ValidString(stdout), "the output is UTF-8")
			for _, r := range rows {
				require.NotRegexp(t, `[\x00-\x08\x0a-\x1f\x7f-\x{9f}]`, r.template)
				require.Less(t, len(r.template), 64<<10, "a template is bounded")
			}
			code, stdout, stderr = logsRun(t, text, "--in", "-", "--json")
			require.Equal(t, exitDone, code, stderr)
			require.True(t, json.Valid([]byte(stdout)))
		})
	}
}

func TestAnEmptyLogHasNoRows(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := logsRun(t, "", "--in", "-", "--out", "-")
	require.Equal(t, exitDone, code)
	require.Equal(t, "line,template_id,template\n", stdout)
	require.Contains(t, stderr, "0 lines, 0 templates")
}

func TestTheReportCountsTemplates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "shop.log", shopLog(40)+"login of anna@example.com refused\n")
	in, out := filepath.Join(folder, "shop.log"), filepath.Join(folder, "rows.csv")
	code, stdout, stderr := logsRun(t, "", "--in", in, "--out", out, "--json")
	require.Equal(t, exitDone, code, stderr)
	require.NotContains(t, stdout, "anna@", "examples are redacted")

	var report logReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Zero(t, report.Failed)
	require.Empty(t, report.Sensitivity)
	require.Len(t, report.Logs, 1)
	l := report.Logs[0]
	require.Equal(t, in, l.File)
	require.Equal(t, out, l.Out)
	require.Equal(t, 41, l.Lines)
	require.Nil(t, l.Anomalies)
	require.Equal(t, 5, l.Mined.Templates)
	require.Len(t, l.Templates, 5)
	rows := logRows(t, file(t, out))
	var sum int64
	for i, tmpl := range l.Templates {
		sum += tmpl.Count
		require.Equal(t, logRow{tmpl.ID, tmpl.Text}, rows[tmpl.First-1])
		require.Equal(t, logRow{tmpl.ID, tmpl.Text}, rows[tmpl.Last-1])
		require.NotEmpty(t, tmpl.Example.String())
		if i > 0 {
			require.GreaterOrEqual(t, l.Templates[i-1].Count, tmpl.Count, "the most frequent first")
		}
	}
	require.EqualValues(t, 41, sum)
	require.Equal(t, 41, l.Templates[4].First)
}

func TestEveryLogOfAFolderGetsItsRows(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "in", "deep"), 0o755))
	write(t, folder, "in/a.log", shopLog(12))
	write(t, folder, "in/deep/b.LOG", "one\n")
	write(t, folder, "in/notes.txt", "no log\n")
	write(t, folder, "in/broken.log.gz", "\x1f\x8bnot really")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(shopLog(8)))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	write(t, folder, "in/a.log.gz", packed.String())
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")

	code, stdout, stderr := logsRun(t, "", "--in", in, "--out", out)
	require.Equal(t, exitFailed, code, "one log is broken")
	require.Contains(t, stderr, "1 log of 4 failed")
	require.Contains(t, stderr, "broken.log.gz")
	require.Contains(t, stdout, "4 logs: 21 lines")
	require.Len(t, logRows(t, file(t, filepath.Join(out, "a.log.csv"))), 12)
	require.Len(t, logRows(t, file(t, filepath.Join(out, "a.log.gz.csv"))), 8)
	require.Len(t, logRows(t, file(t, filepath.Join(out, "deep", "b.LOG.csv"))), 1)
	require.NoFileExists(t, filepath.Join(out, "broken.log.gz.csv"))
	require.NoFileExists(t, filepath.Join(out, "notes.txt.csv"))
	require.Empty(t, leftovers(t, folder))

	code, stdout, _ = logsRun(t, "", "--in", in, "--json")
	require.Equal(t, exitFailed, code)
	var report logReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, 1, report.Failed)
	require.Len(t, report.Logs, 4)

	code, _, stderr = logsRun(t, "", "--in", filepath.Join(out, "deep"), "--out", out)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "no *.log")
}
