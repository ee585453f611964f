package logline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

// Each scale of numbers, from end to end: the levels of the numbers first, first
// plus step, and so on.
func TestScales(t *testing.T) {
	t.Parallel()
	const (
		d, i, w, e, f = logline.Debug, logline.Info, logline.Warn, logline.Error, logline.Fatal
		n             = logline.Level("")
	)
	for field, scale := range map[string]struct {
		first, step int
		levels      []logline.Level
	}{
		"level":           {0, 10, []logline.Level{n, d, d, i, w, e, f, f}},
		"severity":        {0, 1, []logline.Level{f, f, f, e, w, i, i, d}},
		"levelno":         {0, 10, []logline.Level{n, d, i, w, e, f, f}},
		"level_value":     {0, 10_000, []logline.Level{n, d, i, w, e, f}},
		"severityNumber":  {0, 4, []logline.Level{n, d, d, i, w, e, f, n}},
		"severity_number": {1, 4, []logline.Level{d, d, i, w, e, f, n}},
		"PRIORITY":        {-1, 1, []logline.Level{n, f}},
	} {
		for at, want := range scale.levels {
			number := scale.first + at*scale.step
			line := fmt.Sprintf(`{"%s":%d,"msg":"x"}`, field, number)
			require.Equal(t, want, logline.Parse(line).Level, line)
			line = fmt.Sprintf(`{"%s":"%d","msg":"x"}`, field, number)
			require.Equal(t, want, logline.Parse(line).Level, line)
		}
	}
	for letter, want := range map[string]logline.Level{"V": d, "T": d, "D": d, "I": i, "W": w, "E": e, "F": f, "X": n} {
		require.Equal(t, want, logline.Parse(`{"level":"`+letter+`","msg":"x"}`).Level)
		require.Equal(t, want, logline.Parse(letter+`0102 12:00:00.000000 1 main.go:5] x`).Level)
	}
	for _, level := range []logline.Level{n, d, i, w} {
		require.False(t, level.IsError())
	}
	require.True(t, e.IsError())
	require.True(t, f.IsError())
}

func TestWords(t *testing.T) {
	t.Parallel()
	for level, words := range map[logline.Level]string{
		logline.Debug: "trace debug dbg verbose fine finer finest",
		logline.Info:  "info information inf notice config",
		logline.Warn:  "warn warning wrn",
		logline.Error: "error err severe",
		logline.Fatal: "fatal critical crit panic dpanic alert emerg emergency ftl",
		"":            "ok in get errors warned fatalities unbelievably erro\u017f",
	} {
		for word := range strings.FieldsSeq(words) {
			for _, form := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
				require.Equal(t, level, logline.Parse(`{"level":"`+form+`","msg":"x"}`).Level, form)
				require.Equal(t, level, logline.Parse("["+form+"] x").Level, form)
				require.Equal(t, level, logline.Parse(form+": x").Level, form)
			}
			require.Equal(t, level, logline.Parse("x "+strings.ToUpper(word)+" y").Level, word)
			require.Empty(t, logline.Parse("it was "+word+" there").Level, word)
		}
	}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	for m := time.January; m <= time.December; m++ {
		at := time.Date(2026, m, 3, 4, 5, 6, 0, time.UTC)
		require.Equal(t, at, logline.Parse(at.Format(time.ANSIC)+" x").Time)
		require.Equal(t, at, logline.Parse(at.Format("[02/Jan/2006:15:04:05 -0700]")+" x").Time)
	}
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`a\n\t\r\b\f\"\\\/z`:       "a\n\t\r\b\f\"\\/z",
		`\u00fc\u00FC\u4e2d`:       "üü中",
		`\ud83d\ude00`:             "😀",
		`\ud83d`:                   "\ufffd",
		`\ud83d\u0041`:             "\ufffdA",
		`\ude00\ud83d`:             "\ufffd\ufffd",
		`\ud83dx\ude00`:            "\ufffdx\ufffd",
		`\u12`:                     `\u12`,
		`\u12g4`:                   `\u12g4`,
		`\q`:                       `\q`,
		"raw \xff and \x01":        "raw \xff and \x01",
		`a "quoted" b`[:2] + `\\"`: "",
	} {
		line := logline.Parse(`{"x":"` + raw + `"}`)
		if want == "" {
			require.Empty(t, line.Fields, raw)
			continue
		}
		got, ok := line.Field("x")
		require.True(t, ok, raw)
		require.Equal(t, want, got, raw)
	}
}
