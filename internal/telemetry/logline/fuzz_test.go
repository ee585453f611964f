package logline_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

// FuzzParse looks for lines that panic, that lose their words or that grow.
func FuzzParse(f *testing.F) {
	for _, line := range benchLines {
		f.Add(line)
	}
	for _, line := range hostile(200) {
		f.Add(line)
	}
	f.Add("<34>1 2026-01-02T12:00:00Z a b 1 c [x y=\"]\"] z")
	f.Add("[ERROR]\t2026-01-02T12:00:00.000Z\tundefined\tx")
	f.Add("Sun, 04 Dec 2005 04:47:44 GMT x")
	f.Add("Dec 4, 2005 4:47:44 PM x")
	f.Add("E, [2026-01-02T15:04:05.000000 #12] ERROR -- app: x")
	f.Fuzz(func(t *testing.T, line string) {
		l := logline.Parse(line)
		if line != "" {
			require.NotEmpty(t, l.Message)
		}
		if strings.TrimSpace(line) != "" {
			require.NotEmpty(t, strings.TrimSpace(l.Message), "the words are gone")
		}
		size := len(l.Message) + len(l.Logger) + len(l.Thread) + len(l.Trace)
		require.LessOrEqual(t, len(l.Fields), logline.MaxFields)
		texts := []string{l.Message, l.Logger, l.Thread, l.Trace}
		for _, field := range l.Fields {
			require.LessOrEqual(t, len(field.Name), logline.MaxName)
			require.LessOrEqual(t, len(field.Value), logline.MaxValue)
			texts = append(texts, field.Name, field.Value)
		}
		// An error is in the message, in its field and before its trace.
		require.LessOrEqual(t, size, 4*len(line)+100)
		for _, text := range texts {
			if utf8.ValidString(line) {
				require.True(t, utf8.ValidString(text), "%q", text)
			}
		}
		switch l.Level {
		case "", logline.Debug, logline.Info, logline.Warn, logline.Error, logline.Fatal:
		default:
			t.Fatalf("%q is no level", l.Level)
		}
		l.At(time.Unix(0, 0))
	})
}

// hostile are lines of about n bytes that a careless reader takes long for.
func hostile(n int) map[string]string {
	header := "2026-01-02 12:00:00 "
	return map[string]string{
		"open brackets":      header + strings.Repeat("[", n),
		"brackets":           header + strings.Repeat("[a] ", n/4),
		"separators":         header + strings.Repeat("- ", n/2),
		"numbers":            header + strings.Repeat("1 ", n/2),
		"levels in vain":     strings.Repeat("level=x ", n/8),
		"bare keys":          "a=b level=info " + strings.Repeat("c ", n/2),
		"pairs":              strings.Repeat("level=info ", n/11),
		"an open quote":      `level=info msg="` + strings.Repeat(`\"`, n/2),
		"escapes":            `{"msg":"` + strings.Repeat(`\u00e9`, n/6) + `"}`,
		"objects":            strings.Repeat(`{"a":`, n/6) + "1" + strings.Repeat("}", n/6),
		"arrays":             `{"a":` + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + "}",
		"arrays not closed":  `{"a":` + strings.Repeat("[", n),
		"objects not closed": strings.Repeat(`{"a":`, n/5),
		"many messages":      `{` + strings.Repeat(`"msg":"a",`, n/10) + `"b":1}`,
		"many levels":        `{` + strings.Repeat(`"level":"a",`, n/12) + `"b":1}`,
		"many times":         `{` + strings.Repeat(`"time":"a",`, n/11) + `"b":1}`,
		"braces":             strings.Repeat("{", n/2) + strings.Repeat("}", n/2),
		"braces with words":  strings.Repeat("a {", n/6) + strings.Repeat("}", n/2),
		"lines in lines":     `{"log":` + quotes(n) + `}`,
		"traces":             `{"stack":[` + strings.Repeat(`"a",`, n/4) + `"b"]}`,
		"structured data":    "<1>1 - - - - - " + strings.Repeat(`[a b="c"]`, n/9),
		"colons":             strings.Repeat("::a", n/3),
		"dots":               header + "INFO " + strings.Repeat("a.", n/2) + "B: x",
		"blanks":             strings.Repeat(" ", n),
		"zeros":              strings.Repeat("\x00", n),
		"no UTF-8":           strings.Repeat("\xff\xfe", n/2),
		"digits":             strings.Repeat("1", n),
		"distinct words":     words(n),
	}
}

func quotes(n int) string {
	s := `{"log":1}`
	for len(s) < n {
		s = `{"log":"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"}`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func words(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(string(rune('a'+i%26)), 1+i%7))
		b.WriteByte(' ')
	}
	return b.String()
}

// The time for a line of a mebibyte stays within that of a line of 64 KiB, times
// sixteen and a margin: no line takes time that grows with its square.
func TestTimeIsLinear(t *testing.T) {
	for name, long := range hostile(1 << 20) {
		short := hostile(1 << 16)[name]
		base := fastest(short, 3)
		limit := 16*6*base + 20*time.Millisecond
		var took time.Duration
		require.Eventually(t, func() bool {
			took = fastest(long, 1)
			return took < limit
		}, 20*time.Second, time.Millisecond, "%s: %s for %d bytes took %s for %d bytes", name, base, len(short), took, len(long))
	}
}

func fastest(line string, runs int) time.Duration {
	best := time.Hour
	for range runs {
		began := time.Now()
		logline.Parse(line)
		best = min(best, time.Since(began))
	}
	return best
}

func TestPlainLinesAllocateNothing(t *testing.T) {
	for _, name := range []string{"raw", "log4j", "go", "syslog", "access"} {
		line := benchLines[name]
		require.Zero(t, testing.AllocsPerRun(100, func() { logline.Parse(line) }), name)
	}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { logline.Parse(benchLines["JSON"]) }), 4.0)
}
