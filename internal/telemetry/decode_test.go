package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
	"firebreak/internal/telemetry/logline"
)

func zipped(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		zw := gzip.NewWriter(&b)
		_, err := zw.Write([]byte(p))
		require.NoError(t, err)
		require.NoError(t, zw.Close())
	}
	return b.Bytes()
}

func logDocument(id int) string {
	return fmt.Sprintf(`{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/shop/checkout","logStream":"s","logEvents":[{"id":"%d","timestamp":1700000000000,"message":"ERROR it broke"}]}`, id)
}

const metricLine = `{"metric_stream_name":"m","account_id":"123456789012","region":"eu-west-1","namespace":"Shop","metric_name":"Latency","dimensions":{"service":"checkout"},"timestamp":1700000000000,"value":{"count":4.0,"sum":20.0,"max":9.0,"min":2.0,"p99":8.5,"TM(25%:75%)":5.0},"unit":"Milliseconds"}`

func TestSeveralDocumentsAndMembersAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"two gzip members":               zipped(t, logDocument(1), logDocument(2)),
		"two documents in one member":    zipped(t, logDocument(1)+logDocument(2)),
		"a document cut between members": zipped(t, logDocument(1)+logDocument(2)[:40], logDocument(2)[40:]),
		"plain":                          []byte(logDocument(1) + "\n" + logDocument(2)),
		"a control message in between": zipped(t, logDocument(1),
			`{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`, logDocument(2)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := telemetry.Decode(data, source)
			require.NoError(t, err)
			require.Len(t, got, 2)
			require.Equal(t, "1", got[0].Log.ID)
			require.Equal(t, "2", got[1].Log.ID)
			require.NotEqual(t, got[0].Key, got[1].Key)
			require.Equal(t, "p", got[1].Partition)
		})
	}
}

func TestMetricStreamPoint(t *testing.T) {
	t.Parallel()
	got, err := telemetry.Decode([]byte(metricLine+"\n"+metricLine+"\n"), source)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "123456789012/eu-west-1/metric/Shop/Latency{service=checkout}", got[0].Series)
	require.Empty(t, got[0].Key)
	for stat, want := range map[string]float64{"Average": 5, "Sum": 20, "Minimum": 2, "Maximum": 9, "SampleCount": 4, "p99": 8.5, "TM(25%:75%)": 5} {
		v, ok := got[0].Metric.Value(stat)
		require.True(t, ok, stat)
		require.InDelta(t, want, v, 0, stat)
	}
	_, ok := got[0].Metric.Value("p50")
	require.False(t, ok)
}

func TestSystemFieldsSayWhoseALogIs(t *testing.T) {
	t.Parallel()
	doc := strings.Replace(logDocument(1), `"message"`, `"extractedFields":{"@aws.account":"999999999999","@aws.region":"us-west-2"},"message"`, 1)
	got, err := telemetry.Decode(zipped(t, doc), source)
	require.NoError(t, err)
	require.Equal(t, "999999999999/us-west-2/log//shop/checkout", got[0].Series)
}

func TestWhatIsBrokenIsNamedAndTheRestIsKept(t *testing.T) {
	t.Parallel()
	event := `{"id":"e","detail-type":"T","source":"s","account":"1","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail":{}}`
	for name, tc := range map[string]struct {
		data []byte
		want []string
		kept int
	}{
		"empty":            {nil, []string{"empty"}, 0},
		"spaces":           {[]byte(" \n"), []string{"empty"}, 0},
		"not JSON":         {[]byte("hello"), []string{"document 1", "invalid character"}, 0},
		"JSON of others":   {[]byte(`{"a":1}`), []string{"document 1", telemetry.ErrUnknown.Error()}, 0},
		"a JSON string":    {[]byte(`"a"`), []string{"document 1", "neither"}, 0},
		"half a gzip":      {zipped(t, logDocument(1))[:40], []string{"gzip", "unexpected EOF"}, 0},
		"gzip magic only":  {[]byte{0x1f, 0x8b}, []string{"gzip header"}, 0},
		"KPL":              {[]byte{0xF3, 0x89, 0x9A, 0xC2, 1, 2}, []string{"Kinesis Producer Library"}, 0},
		"a bomb":           {zipped(t, strings.Repeat(" ", telemetry.MaxDecompressed+1)), []string{"more than"}, 0},
		"half a document":  {[]byte(logDocument(1) + logDocument(2)[:50]), []string{"document 2", "unexpected EOF"}, 1},
		"a bad line":       {[]byte(metricLine + "\n{\"metric_name\":\n" + metricLine), []string{"document 2"}, 2},
		"an unknown line":  {[]byte(metricLine + "\n{}\n" + metricLine), []string{"document 2", "neither"}, 2},
		"a wrong type":     {[]byte(`{"messageType":"OTHER","logGroup":"g"}`), []string{`"OTHER" is unknown`}, 0},
		"a bad log time":   {[]byte(strings.Replace(logDocument(1), "1700000000000", "-5", 1) + logDocument(2)), []string{`"/shop/checkout"`, "event 1", "-5"}, 1},
		"no log id":        {[]byte(strings.Replace(logDocument(1), `"id":"1",`, "", 1)), []string{"event 1", "id or message is missing"}, 0},
		"no log group":     {[]byte(strings.Replace(logDocument(1), "/shop/checkout", "", 1)), []string{"logGroup is missing"}, 0},
		"no statistics":    {[]byte(strings.Replace(metricLine, `"sum":20.0,`, "", 1)), []string{`"Shop/Latency"`, "must all be there"}, 0},
		"a text statistic": {[]byte(strings.Replace(metricLine, "20.0", `"x"`, 1)), []string{`"Shop/Latency"`, "sum"}, 0},
		"min above max":    {[]byte(strings.Replace(metricLine, `"min":2.0`, `"min":12.0`, 1)), []string{"above max"}, 0},
		"absurdly large":   {[]byte(strings.Replace(metricLine, "20.0", "1e200", 1)), []string{"sum", "beyond"}, 0},
		"an infinite mean": {[]byte(strings.NewReplacer("4.0", "1e-300", "20.0", "1e108").Replace(metricLine)), []string{"average", "beyond"}, 0},
		"a negative count": {[]byte(strings.Replace(metricLine, "4.0", "-4", 1)), []string{"count is -4"}, 0},
		"no event id":      {[]byte(strings.Replace(event, `"id":"e"`, `"id":""`, 1)), []string{"id, source or detail-type is missing"}, 0},
		"no event time":    {[]byte(strings.Replace(event, `"time":"2026-01-01T00:00:00Z",`, "", 1)), []string{`"e"`, "time is missing"}, 0},
		"a bad event time": {[]byte(strings.Replace(event, "2026-01-01T00:00:00Z", "yesterday", 1)), []string{"EventBridge event"}, 0},
		"a bad detail":     {[]byte(strings.Replace(event, `"detail":{}`, `"detail":[1]`, 1)), []string{`"e"`, "(s, T)", "detail"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := telemetry.Decode(tc.data, source)
			require.Error(t, err)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
			require.Len(t, got, tc.kept)
		})
	}
}

func TestProblemsOfOneRecordAreBounded(t *testing.T) {
	t.Parallel()
	_, err := telemetry.Decode([]byte(strings.Repeat("[\n", 200_000)), source)
	require.ErrorContains(t, err, "were not read")
	require.Less(t, len(err.Error()), 10_000)
	_, err = telemetry.Decode([]byte(strings.Repeat("{}\n", 1000)), source)
	require.ErrorContains(t, err, "and 980 problems more")
}

func TestLogLinesAreParsed(t *testing.T) {
	t.Parallel()
	message := `{"level":"error","msg":"it broke","http":{"status":500},"stack":"Error: x\n    at f (/a.js:1:2)"}`
	quoted, err := json.Marshal(message)
	require.NoError(t, err)
	got, err := telemetry.Decode([]byte(strings.Replace(logDocument(1), `"ERROR it broke"`, string(quoted), 1)), source)
	require.NoError(t, err)
	require.Equal(t, message, got[0].Log.Message)
	require.Equal(t, telemetry.LevelError, got[0].Log.Level)
	require.Equal(t, "it broke", got[0].Log.Text)
	require.Equal(t, []logline.Field{{Name: "http.status", Value: "500"}}, got[0].Log.Fields)
	require.Equal(t, "Error: x\n    at f (/a.js:1:2)", got[0].Log.Trace)
}

func TestLongLinesAreCut(t *testing.T) {
	t.Parallel()
	doc := strings.Replace(logDocument(1), "it broke", strings.Repeat("é", telemetry.MaxMessage), 1)
	got, err := telemetry.Decode([]byte(doc), source)
	require.NoError(t, err)
	require.LessOrEqual(t, len(got[0].Log.Message), telemetry.MaxMessage)
	require.True(t, strings.HasSuffix(got[0].Log.Message, "é"))
	require.LessOrEqual(t, len(got[0].Log.Text), telemetry.MaxMessage)

	long := strings.Repeat("é", telemetry.MaxMessage)
	doc = strings.Replace(logDocument(1), "ERROR it broke", `{\"x\":\"`+long+`\",\"level\":\"error\",\"msg\":\"it broke\"}`, 1)
	got, err = telemetry.Decode([]byte(doc), source)
	require.NoError(t, err)
	require.Equal(t, telemetry.LevelError, got[0].Log.Level)
	require.Equal(t, "it broke", got[0].Log.Text)
	require.LessOrEqual(t, len(got[0].Log.Message), telemetry.MaxMessage)
}

func TestSeenForgetsTheOldestAndSurvivesJSON(t *testing.T) {
	t.Parallel()
	s := telemetry.NewSeen(3)
	for _, k := range []string{"a", "b", "c", "d"} {
		require.False(t, s.Again(k))
	}
	require.False(t, s.Again(""))
	require.False(t, s.Again(""), "no key, no repetition")
	raw, err := s.MarshalJSON()
	require.NoError(t, err)
	back := telemetry.NewSeen(3)
	require.NoError(t, back.UnmarshalJSON(raw))
	for _, seen := range []*telemetry.Seen{s, back} {
		require.True(t, seen.Again("d"))
		require.True(t, seen.Again("b"))
		require.False(t, seen.Again("a"), "it was forgotten")
		require.False(t, seen.Again("b"), "and now b is")
	}
	require.Error(t, back.UnmarshalJSON([]byte(`{`)))
}
