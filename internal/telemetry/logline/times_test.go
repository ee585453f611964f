package logline_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2005, 12, 4, 4, 47, 44, 0, time.UTC)
	for stamp, want := range map[string]time.Time{
		"2005-12-04T04:47:44Z":                at,
		"2005-12-04T04:47:44.25Z":             at.Add(250 * time.Millisecond),
		"2005-12-04T04:47:44.123456789+01:00": at.Add(123456789 - time.Hour),
		"2005-12-04T04:47:44-0530":            at.Add(5*time.Hour + 30*time.Minute),
		"2005-12-04 04:47:44,025":             at.Add(25 * time.Millisecond),
		"2005-12-04 04:47:44.025 +02:00":      at.Add(25*time.Millisecond - 2*time.Hour),
		"2005-12-04 04:47:44 UTC":             at,
		"2005-12-04 04:47:44":                 at,
		"2005/12/04 04:47:44.5":               at.Add(500 * time.Millisecond),
		"2005-12-04-04.47.44.000001":          at.Add(time.Microsecond),
		"20051204T044744Z":                    at,
		"Dec  4 04:47:44 2005":                time.Date(0, 12, 4, 4, 47, 44, 0, time.UTC),
		"Dec 04 04:47:44":                     time.Date(0, 12, 4, 4, 47, 44, 0, time.UTC),
		"Dec  4 2005 04:47:44":                at,
		"Dec 04, 2005 4:47:44 AM":             at,
		"Dec 4, 2005, 04:47:44 PM":            at.Add(12 * time.Hour),
		"Dec 4, 2005 12:47:44 AM":             at.Add(-4 * time.Hour),
		"[Sun Dec 04 04:47:44 2005]":          at,
		"[Sun Dec 04 04:47:44.250000 2005]":   at.Add(250 * time.Millisecond),
		"Sun Dec  4 04:47:44 2005":            at,
		"Sun Dec  4 04:47:44 CET 2005":        at,
		"Sun, 04 Dec 2005 04:47:44 GMT":       at,
		"[04/Dec/2005:05:47:44 +0100]":        at,
		"04 Dec 2005 04:47:44.025":            at.Add(25 * time.Millisecond),
		"04.12.2005 04:47:44":                 at,
		"12/30/2005 04:47:44":                 time.Date(2005, 12, 30, 4, 47, 44, 0, time.UTC),
		"30/12/2005 04:47:44":                 time.Date(2005, 12, 30, 4, 47, 44, 0, time.UTC),
		"05/06/2005 04:47:44":                 {}, // the fifth of June, or the sixth of May
		"1133671664.25":                       at.Add(250 * time.Millisecond),
		"1133671664":                          at,
		"1133671664025":                       at.Add(25 * time.Millisecond),
		"1133671664000025":                    at.Add(25 * time.Microsecond),
		"1133671664000000025":                 at.Add(25),
		"051204 044744 1 INFO":                at,
		"05/12/04 04:47:44 INFO":              at,
		"04:47:44.025 INFO":                   {},
		"2005-02-31T25:00:00Z":                {},
		"2005-13-04T04:47:44Z":                {},
		"2005-12-04T04:47:44.log":             {},
		"2005-12-04":                          {},
		"0133671664":                          {},
		"99999999999999999999":                {},
		"Foo  4 04:47:44":                     {},
		"Dec 99 04:47:44":                     {},
		"Dec":                                 {},
		"051304 044744 1 INFO":                {},
	} {
		line := logline.Parse(stamp + " X broke")
		require.True(t, want.Equal(line.Time), "%s: %s is not %s", stamp, line.Time, want)
	}
}

func TestTimesOfFields(t *testing.T) {
	t.Parallel()
	at := time.Date(2005, 12, 4, 4, 47, 44, 0, time.UTC)
	for line, want := range map[string]time.Time{
		`{"time":"2005-12-04T04:47:44Z","msg":"x"}`:                  at,
		`{"@timestamp":"2005-12-04 04:47:44,000","msg":"x"}`:         at,
		`{"ts":1133671664.025,"msg":"x"}`:                            at.Add(25 * time.Millisecond),
		`{"ts":1.133671664025e9,"msg":"x"}`:                          at.Add(25 * time.Millisecond),
		`{"timestamp":1133671664025,"msg":"x"}`:                      at.Add(25 * time.Millisecond),
		`{"__REALTIME_TIMESTAMP":"1133671664000025","MESSAGE":"x"}`:  at.Add(25 * time.Microsecond),
		`{"time":"10/Oct/2000:13:55:36 -0700","msg":"x"}`:            time.Date(2000, 10, 10, 20, 55, 36, 0, time.UTC),
		`{"time":"yesterday","ts":"2005-12-04T04:47:44Z","msg":"x"}`: at,
		`{"time":12,"msg":"x"}`:                                      {},
		`{"time":"04:47:44","msg":"x"}`:                              {},
		`{"time":{"s":1},"msg":"x"}`:                                 {},
		`time=2005-12-04T04:47:44Z level=info msg=x`:                 at,
		`ts=1133671664 level=info msg=x`:                             at,
		`{"log":"no time in here","time":"2005-12-04T04:47:44Z"}`:    at,
	} {
		got := logline.Parse(line).Time
		require.True(t, want.Equal(got), "%s: %s is not %s", line, got, want)
	}
}

func TestAYearIsAddedFromANeighbour(t *testing.T) {
	t.Parallel()
	line := logline.Parse("Dec 31 23:59:59 web-1 app[1]: x")
	at, ok := line.At(time.Date(2027, 1, 1, 0, 0, 3, 0, time.UTC))
	require.True(t, ok)
	require.Equal(t, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), at)
	line = logline.Parse("Jan  1 00:00:01 web-1 app[1]: x")
	at, ok = line.At(time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC))
	require.True(t, ok)
	require.Equal(t, time.Date(2027, 1, 1, 0, 0, 1, 0, time.UTC), at)
	line = logline.Parse("2005-12-04T04:47:44Z x")
	at, ok = line.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.True(t, ok)
	require.Equal(t, 2005, at.Year())
	line = logline.Parse("x")
	_, ok = line.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.False(t, ok)
}

func TestAYearIsAddedToATimeOfAnotherZone(t *testing.T) {
	t.Parallel()
	newYear := time.Date(2027, 1, 1, 0, 0, 3, 0, time.UTC)
	march := time.Date(2027, 3, 1, 0, 0, 3, 0, time.UTC)
	for _, c := range []struct {
		line       string
		near, want time.Time
	}{
		{"Jan  1 00:30:00 +0100 web-1 app[1]: x", newYear, time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)},
		{"Jan  1 00:30:00 +0100 web-1 app[1]: x", newYear.AddDate(0, 0, -1), time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)},
		{"Dec 31 23:30:00 -0100 web-1 app[1]: x", newYear, time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC)},
		{"Dec 31 23:30:00 -0100 web-1 app[1]: x", newYear.AddDate(0, 0, -1), time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC)},
		{"Dec 31 23:00:00 -0100 web-1 app[1]: x", newYear, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"Mar  1 00:30:00 +0100 web-1 app[1]: x", march, time.Date(2027, 2, 28, 23, 30, 0, 0, time.UTC)},
		{"Feb 28 23:30:00 -0100 web-1 app[1]: x", march, time.Date(2027, 3, 1, 0, 30, 0, 0, time.UTC)},
		{"Mar  1 00:30:00 +0100 web-1 app[1]: x", march.AddDate(1, 0, 0), time.Date(2028, 2, 29, 23, 30, 0, 0, time.UTC)},
	} {
		line := logline.Parse(c.line)
		at, ok := line.At(c.near)
		require.True(t, ok, "%s", c.line)
		require.Equal(t, c.want, at, "%s near %s", c.line, c.near)
	}
}
