package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

const (
	feedbackAccount = "123456789012"
	feedbackRegion  = "eu-central-1"
)

func TestAFalseAlarmReachesEveryShard(t *testing.T) {
	feedbackStream(t)
	f, st := alarmedFake()
	stdout, stderr, code := call(t, f, "feedback", "false-alarm", "4f", "--as", "ana@example.com", "--note", "import\x1b[2J with password=hunter22secret")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "Errors of checkout: a false alarm at 2026-03-01 12:00:00Z, 1.3 times the usual threshold")
	require.Contains(t, stdout, "Latency of checkout: a false alarm")
	require.Contains(t, stdout, "log group /shop/checkout: a false alarm")
	require.Contains(t, stdout, "alarm checkout-errors: not moved, CloudWatch judges it")
	require.Contains(t, stdout, "Put on 3 shards of stream telemetry as ana@example.com.")
	said := heard(t, 3)
	require.Len(t, said, 3, "the anomaly's own series, its witness, the log group")
	for _, s := range said {
		require.Equal(t, telemetry.FalseAlarm, s.Verdict)
		require.Equal(t, "ana@example.com", s.By)
		require.NotContains(t, s.Note, "hunter22secret")
		require.Equal(t, incident.AnomalyID(s.Rule, s.Series, s.At), s.Anomaly)
	}
	require.Equal(t, st.Anomalies[0].ID, said[0].Anomaly)
	require.InDelta(t, 1.1, said[1].Reached, 0)
	require.Equal(t, opened.Add(time.Second), said[1].At)
	require.True(t, f.closed)
}

func TestAFalseAlarmOfOneAnomaly(t *testing.T) {
	for _, by := range []string{"its own id", "the incident's flag"} {
		feedbackStream(t)
		f, st := alarmedFake()
		news := st.Anomalies[1]
		args := []string{"feedback", "false-alarm", news.ID[:8], "--json"}
		if by != "its own id" {
			args = []string{"feedback", "false-alarm", st.ID, "--anomaly", news.ID[:8], "--json"}
		}
		stdout, stderr, code := call(t, f, args...)
		require.Equal(t, exitDone, code, stderr)
		var doc sentFeedback
		require.NoError(t, json.Unmarshal([]byte(stdout), &doc))
		require.Equal(t, st.ID, doc.IncidentID)
		require.Equal(t, 3, doc.Shards)
		require.Len(t, doc.Said, 1)
		said := heard(t, 3)
		require.Len(t, said, 1)
		require.Equal(t, news.Rule, said[0].Rule)
	}
}

func TestAFalseAlarmThatMovesNothingIsRefused(t *testing.T) {
	data, _ := feedbackStream(t)
	for name, tt := range map[string]struct {
		change func(*incident.State)
		args   []string
		code   int
		want   string
	}{
		"of a backfill":    {func(st *incident.State) { st.Origin = incident.OriginBackfill }, nil, exitFailed, "is a backfill"},
		"only an alarm":    {func(st *incident.State) { st.Anomalies = st.Anomalies[2:] }, nil, exitFailed, "CloudWatch judges it"},
		"another account":  {func(st *incident.State) { st.Anomalies[0].Account = "999999999999" }, nil, exitFailed, "is of account 999999999999"},
		"no such anomaly":  {nil, []string{"--anomaly", "a-zz"}, exitFailed, "no anomaly that begins with a-zz"},
		"a name of lines":  {nil, []string{"--as", "ana\nroot"}, exitUsage, "--as has to name"},
		"a note of a book": {nil, []string{"--note", strings.Repeat("x", 300)}, exitUsage, "at most 200"},
	} {
		f, st := alarmedFake()
		if tt.change != nil {
			tt.change(&st)
			f.states[st.WorkflowID] = []incident.State{st}
		}
		_, stderr, code := call(t, f, append([]string{"feedback", "false-alarm", "4f"}, tt.args...)...)
		require.Equal(t, tt.code, code, name)
		require.Contains(t, stderr, tt.want, name)
	}
	f, _ := alarmedFake()
	_, stderr, code := call(t, f, "feedback", "false-alarm", "a-zz")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "name its incident")
	require.Empty(t, data.Records("telemetry"))
}

func TestMissed(t *testing.T) {
	feedbackStream(t)
	stdout, stderr, code := call(t, &fake{}, "feedback", "missed", "--service", "checkout", "--metric", "Errors", "--at", "2026-11-20 08:00:00", "--as", "ben")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "missed at 2026-11-20 08:00:00Z")
	said := heard(t, 3)
	require.Len(t, said, 1)
	require.Equal(t, telemetry.Missed, said[0].Verdict)
	require.Equal(t, detect.RuleLevel, said[0].Rule)
	require.Regexp(t, `^123456789012/eu-central-1/metric/[^/]+/Errors\{.*\}$`, said[0].Series)

	_, stderr, code = call(t, &fake{}, "feedback", "reset", "--series", said[0].Series)
	require.Equal(t, exitDone, code, stderr)
	all := heard(t, 3)
	require.Len(t, all, 1+len(detect.Adjustable(telemetry.KindMetric)), "each of its rules")
	require.Equal(t, telemetry.Reset, all[1].Verdict)

	at := []string{"--at", "2026-11-20T08:00:00Z"}
	for want, args := range map[string][]string{
		"no service file names a service":  {"--service", "chekout", "--metric", "Errors"},
		"has no metric \"Erorrs\"":         {"--service", "checkout", "--metric", "Erorrs"},
		"has no log group":                 {"--service", "checkout", "--log-group", "/none"},
		"say which series is meant":        {"--service", "checkout"},
		"leave the others out":             {"--service", "checkout", "--series", said[0].Series},
		"is of account 999999999999":       {"--series", "999999999999/eu-central-1/metric/x"},
		"is not ACCOUNT/REGION/metric":     {"--series", "123456789012/eu-central-1/alarm/x"},
		"is none of level, trend":          {"--series", said[0].Series, "--rule", "log-rate"},
		"there is no folder":               {"--service", "checkout", "--metric", "Errors", "--services", "/none"},
		"neither YYYY-MM-DD":               {"--series", said[0].Series, "--at", "yesterday"},
		"has not been yet":                 {"--series", said[0].Series, "--at", "2199-01-01T00:00:00Z"},
		"at most 64 bytes":                 {"--series", said[0].Series, "--as", strings.Repeat("x", 65)},
		"arg(s), received 1|unknown comma": {"--series", said[0].Series, "more"},
	} {
		_, stderr, code := call(t, &fake{}, append(append([]string{"feedback", "missed"}, at...), args...)...)
		require.Equal(t, exitUsage, code, stderr)
		require.Regexp(t, strings.NewReplacer("(", `\(`, ")", `\)`).Replace(want), stderr)
	}
	_, stderr, code = call(t, &fake{}, "feedback", "missed", "--series", said[0].Series)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, `"at"`)
	require.Len(t, heard(t, 3), len(all), "nothing was sent for them")
}

func TestFeedbackWhenTheStreamDoesNotTakeIt(t *testing.T) {
	missed := []string{"feedback", "missed", "--series", feedbackAccount + "/" + feedbackRegion + "/metric/x", "--at", "2026-11-20T08:00:00Z"}
	t.Run("throttled shards are tried again", func(t *testing.T) {
		server := awswire.New(awswire.Options{Region: feedbackRegion})
		feedbackStream(t)
		data := kinesis.New(kinesis.Options{Region: feedbackRegion, Account: feedbackAccount, WritesPerSecond: 1})
		data.Register(server)
		require.NoError(t, data.Create("telemetry", 1))
		endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
		require.NoError(t, err)
		t.Setenv("AWS_ENDPOINT_URL_KINESIS", endpoint)
		t.Setenv("AWS_ACCESS_KEY_ID", server.Credentials().AccessKeyID)
		t.Setenv("AWS_SECRET_ACCESS_KEY", server.Credentials().Secret)
		require.NoError(t, data.PutRecord("telemetry", "busy", []byte("x")))
		_, stderr, code := call(t, &fake{}, missed...)
		require.Equal(t, exitDone, code, stderr)
		require.Len(t, data.Records("telemetry"), 2)
	})
	t.Run("no such stream", func(t *testing.T) {
		feedbackStream(t)
		t.Setenv("FIREBREAK_STREAM_NAME", "another")
		_, stderr, code := call(t, &fake{}, missed...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "there is no such stream")
	})
	t.Run("denied", func(t *testing.T) {
		_, faults := feedbackStream(t)
		faults.Set(fault.Rule{Service: "kinesis", Operation: "PutRecords", Kind: fault.Error, Code: "AccessDeniedException", Status: 400})
		_, stderr, code := call(t, &fake{}, missed...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "Allow kinesis:PutRecords on arn:aws:kinesis:eu-central-1:123456789012:stream/telemetry")
	})
	t.Run("nothing configured", func(t *testing.T) {
		feedbackStream(t)
		t.Setenv("FIREBREAK_ACCOUNT", "")
		_, stderr, code := call(t, &fake{}, missed...)
		require.Equal(t, exitUsage, code)
		require.Contains(t, stderr, "account")
		require.Contains(t, stderr, "--env-file")
	})
}

func TestFeedbackList(t *testing.T) {
	adjusted := []detect.Adjustment{{
		Series: "123456789012/eu-central-1/metric/Shop/Errors{service=checkout}", Rule: "level", Factor: 1.43, Since: opened, FalseAlarms: 1,
		Said: []detect.Said{{Verdict: telemetry.FalseAlarm, By: "ana", Given: opened, At: opened, Anomaly: "a-1", Reached: 1.3, Note: hostile()}},
	}, {
		Series: "123456789012/eu-central-1/log//shop/payments", Rule: "log-rate", Factor: 0.8, Since: opened, Missed: 1,
		Said: []detect.Said{{Verdict: telemetry.Missed, By: "ben", Given: opened, At: opened, Note: redact.Literal("late")}},
	}}
	serve := func(doc any) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(doc) }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	worker := serve(map[string]any{"ready": true, "stream": map[string]any{}, "feedback": adjusted})
	stdout, stderr, code := call(t, &fake{}, "feedback", "list", "--worker", worker)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "Errors{service=checkout}, rule level: 1.4 times the usual threshold since 2026-03-01 12:00:00Z\n  2026-03-01 12:00:00Z  false alarm  ana, of a-1, 1.3 times")
	require.Contains(t, stdout, "missed       ben, at 2026-03-01 12:00:00Z: late")

	stdout, _, code = call(t, &fake{}, "feedback", "list", "payments", "--worker", worker, "--json")
	require.Equal(t, exitDone, code)
	var doc struct{ Feedback []detect.Adjustment }
	require.NoError(t, json.Unmarshal([]byte(stdout), &doc))
	require.Equal(t, adjusted[1:], doc.Feedback)

	stdout, _, code = call(t, &fake{}, "feedback", "list", "--worker", serve(map[string]any{"ready": true, "stream": map[string]any{}, "feedback": nil}))
	require.Equal(t, exitDone, code)
	require.Contains(t, stdout, "every threshold is the usual one")

	for want, address := range map[string]string{
		"does not read the stream": serve(map[string]any{"ready": true}),
		"is no worker":             serve("hello"),
		"ask the worker at":        deadAddress(t),
	} {
		_, stderr, code := call(t, &fake{}, "feedback", "list", "--worker", address)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}
	_, stderr, code = call(t, &fake{}, "feedback", "list", "--worker", "nowhere")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "is no HOST:PORT")
}
