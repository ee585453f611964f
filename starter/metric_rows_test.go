package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMetricRowsReadEveryFormOfTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-03-02 08:00:00": at, "2026-03-02T08:00:00Z": at, "2026-03-02T09:00:00+01:00": at, "2026-03-02 09:00:00+01:00": at,
		"1772438400": at, "1772438400.25": at.Add(250 * time.Millisecond), "1.7724384e9": at, "2026-03-02 08:00:00.250": at.Add(250 * time.Millisecond),
		"0": time.Unix(0, 0).UTC(),
	} {
		got, err := parseTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "-1", "now", "2026-03-02", "2026-13-02 08:00:00", "2026-02-30 08:00:00", "1772438400000", "NaN", "Inf", "2026-03-02 08:00", "02/03/2026 08:00:00"} {
		_, err := parseTime(text)
		require.Error(t, err, text)
	}
}

func TestMetricRowsKnowAHeader(t *testing.T) {
	t.Parallel()
	for first, c := range map[string]struct {
		rows int
		says string
	}{
		"timestamp,value":           {1, ""},
		"\uFEFFTimestamp , Value ":  {1, ""},
		"timestamp,value,label":     {1, ""},
		`"timestamp","value"`:       {1, ""},
		"date,price":                {1, "the first column is read as the time"},
		"2026-03-02 07:59:00,4":     {2, "read as data"},
		"2026-03-02 07:59:00,x":     {2, "read as data"},
		"x,4":                       {2, "read as data"},
		"timestamp":                 {2, "read as data"},
		strings.Repeat("x", 17<<20): {2, "read as data"},
	} {
		rows, said := 0, ""
		err := eachMetricRow(strings.NewReader(first+"\n\n2026-03-02 08:00:00,5\n"), func() {},
			func(line int, reason string) {
				require.Equal(t, 1, line)
				said += reason
			},
			func(r metricRow) {
				rows++
				require.Contains(t, []int{1, 3}, r.line)
			})
		require.NoError(t, err)
		require.Equal(t, c.rows, rows, "%.40s", first)
		require.Contains(t, said, c.says)
		require.Equal(t, c.says == "", said == "", said)
	}
}
