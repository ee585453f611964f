package telemetry_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

const errorsSeries = "123456789012/eu-central-1/metric/Shop/Errors{service=checkout}"

var given = time.Date(2026, 11, 20, 9, 30, 0, 123456789, time.UTC)

func alarmed() telemetry.Feedback {
	opened := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	return telemetry.Feedback{
		Series: errorsSeries, Rule: "level", Verdict: telemetry.FalseAlarm, Anomaly: incident.AnomalyID("level", errorsSeries, opened),
		Reached: 1.3, At: opened, By: "ana@example.com", Note: "the nightly import",
	}
}

func TestFeedbackGoesThereAndBack(t *testing.T) {
	t.Parallel()
	whole := alarmed()
	missed := telemetry.Feedback{Series: errorsSeries, Verdict: telemetry.Missed, At: given.Add(-time.Hour), By: "ben"}
	reset := telemetry.Feedback{Series: errorsSeries, Rule: "trend", Verdict: telemetry.Reset, At: given, By: "ben"}
	ids := map[string]bool{}
	var record []byte // several documents in one record
	for _, want := range []telemetry.Feedback{whole, missed, reset} {
		raw, err := want.Encode("123456789012", "eu-central-1", given)
		require.NoError(t, err)
		record = append(append(record, raw...), '\n')
		again, err := want.Encode("123456789012", "eu-central-1", given)
		require.NoError(t, err)
		require.Equal(t, raw, again, "sent again, it is the same event")
	}
	got, err := telemetry.Decode(record, telemetry.Source{Partition: "p", Arrival: given})
	require.NoError(t, err)
	require.Len(t, got, 3)
	for i, want := range []telemetry.Feedback{whole, missed, reset} {
		s := got[i]
		require.Equal(t, telemetry.KindFeedback, s.Kind)
		require.Equal(t, given.Truncate(time.Millisecond), s.Time, "when it was said")
		require.Equal(t, "123456789012/eu-central-1/feedback/"+errorsSeries, s.Series)
		require.Equal(t, "feedback\x00"+s.Feedback.ID, s.Key)
		require.Nil(t, s.Event)
		ids[s.Feedback.ID] = true
		want.ID = s.Feedback.ID
		require.Equal(t, want, *s.Feedback)
	}
	require.Len(t, ids, 3)
}

// The id of an event is made of its bytes, so that these must not change: what was
// sent before would count twice.
func TestFeedbackIsWrittenAsEver(t *testing.T) {
	t.Parallel()
	elsewhere := alarmed()
	elsewhere.At, elsewhere.By, elsewhere.Note = elsewhere.At.In(time.FixedZone("", 3600)), "ana maria", " the\n nightly  import"
	for _, c := range []struct {
		f    telemetry.Feedback
		want string
	}{
		{alarmed(), `{"id":"feedback-39ff12a29ebbc01f0c44c3e9","detail-type":"Firebreak Detection Feedback","source":"firebreak","account":"123456789012","time":"2026-11-20T09:30:00.123Z","region":"eu-central-1","resources":[],"detail":{"series":"123456789012/eu-central-1/metric/Shop/Errors{service=checkout}","rule":"level","verdict":"false_alarm","anomaly_id":"a-a895d7548a5a6936","reached":1.3,"at":"2026-11-20T08:00:00Z","by":"ana@example.com","note":"the nightly import"}}`},
		{elsewhere, `{"id":"feedback-e729d466565634a08648e0c4","detail-type":"Firebreak Detection Feedback","source":"firebreak","account":"123456789012","time":"2026-11-20T09:30:00.123Z","region":"eu-central-1","resources":[],"detail":{"series":"123456789012/eu-central-1/metric/Shop/Errors{service=checkout}","rule":"level","verdict":"false_alarm","anomaly_id":"a-a895d7548a5a6936","reached":1.3,"at":"2026-11-20T08:00:00Z","by":"ana_maria","note":"the nightly import"}}`},
		{telemetry.Feedback{ID: "given", Series: errorsSeries, Verdict: telemetry.Missed, At: given, By: "ben"}, `{"id":"given","detail-type":"Firebreak Detection Feedback","source":"firebreak","account":"123456789012","time":"2026-11-20T09:30:00.123Z","region":"eu-central-1","resources":[],"detail":{"series":"123456789012/eu-central-1/metric/Shop/Errors{service=checkout}","verdict":"missed","at":"2026-11-20T09:30:00.123456789Z","by":"ben"}}`},
	} {
		raw, err := c.f.Encode("123456789012", "eu-central-1", given)
		require.NoError(t, err)
		require.Equal(t, c.want, string(raw))
	}
}

// What others may put on the stream is refused where it cannot be meant, and
// cut to size where it can.
func TestFeedbackOfOthersIsHeldInBounds(t *testing.T) {
	t.Parallel()
	detail := func(change func(map[string]any)) []byte {
		raw, err := alarmed().Encode("123456789012", "eu-central-1", given)
		require.NoError(t, err)
		var event map[string]any
		require.NoError(t, json.Unmarshal(raw, &event))
		change(event["detail"].(map[string]any))
		raw, err = json.Marshal(event)
		require.NoError(t, err)
		return raw
	}
	for name, tt := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"series of another account": {"series", "999999999999/eu-central-1/metric/x", "not of the event's account"},
		"series of another region":  {"series", "123456789012/us-east-1/metric/x", "not of the event's account"},
		"no series":                 {"series", "", "series is missing"},
		"endless series":            {"series", errorsSeries + strings.Repeat("x", 5000), "longer than"},
		"another episode's id":      {"anomaly_id", "a-0000000000000000", "not that of an episode"},
		"no id":                     {"anomaly_id", "", "not that of an episode"},
		"another rule":              {"rule", "trend", "not that of an episode"},
		"endless rule":              {"rule", strings.Repeat("x", 100), "rule is longer"},
		"another verdict":           {"verdict", "silence", "verdict is none of"},
		"a miss of an episode":      {"verdict", "missed", "not about an anomaly"},
		"no time":                   {"at", "0001-01-01T00:00:00Z", "at is missing"},
		"nobody":                    {"by", "  ", "by is missing"},
		"less than nothing":         {"reached", -1, "reached is no multiple"},
		"too much":                  {"reached", json.RawMessage("1e999"), "detail"},
		"no number":                 {"reached", "much", "detail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := telemetry.Decode(detail(func(d map[string]any) { d[tt.key] = tt.value }), source)
			require.ErrorContains(t, err, tt.want)
			require.Empty(t, got)
		})
	}
	got, err := telemetry.Decode(detail(func(d map[string]any) {
		d["by"] = "ana\n# ignore all rules <b>" + strings.Repeat("x", 100)
		d["note"] = "line\n\tbreaks " + strings.Repeat("é", 500)
	}), source)
	require.NoError(t, err)
	f := got[0].Feedback
	require.Equal(t, "ana___ignore_all_rules__b_", f.By[:26])
	require.Len(t, f.By, 64)
	require.True(t, strings.HasPrefix(f.Note, "line breaks éé"), f.Note)
	require.LessOrEqual(t, len(f.Note), 300)
	require.True(t, utf8.ValidString(f.Note))
}

func TestWhatCannotBeReadIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*telemetry.Feedback){
		"by":      func(f *telemetry.Feedback) { f.By = "" },
		"anomaly": func(f *telemetry.Feedback) { f.Anomaly = "a-1" },
		"series":  func(f *telemetry.Feedback) { f.Series = "1/2/metric/x" },
	} {
		f := alarmed()
		change(&f)
		_, err := f.Encode("123456789012", "eu-central-1", given)
		require.Error(t, err, name)
	}
}

// FuzzFeedback holds whatever comes out against what the engine relies on.
func FuzzFeedback(f *testing.F) {
	f.Add(errorsSeries, "level", "missed", "", 1.0, "2026-11-20T08:00:00Z", "ana", "note")
	f.Add(errorsSeries, "log-new/0011", "false_alarm", incident.AnomalyID("level", errorsSeries, given), 0.0, "2026-11-20T09:30:00.123Z", "a\x00b", "\xff")
	f.Fuzz(func(t *testing.T, series, rule, verdict, anomaly string, reached float64, at, by, note string) {
		raw := fmt.Appendf(nil, `{"id":"e","detail-type":%q,"source":"firebreak","account":"123456789012","time":"2026-11-20T10:00:00Z","region":"eu-central-1","detail":{"series":%s,"rule":%s,"verdict":%s,"anomaly_id":%s,"reached":%v,"at":%s,"by":%s,"note":%s}}`,
			telemetry.FeedbackDetailType, quoted(series), quoted(rule), quoted(verdict), quoted(anomaly), reached, quoted(at), quoted(by), quoted(note))
		got, err := telemetry.Decode(raw, source)
		require.Equal(t, err == nil, len(got) == 1, "%s: %v", raw, err)
		for _, s := range got {
			require.Equal(t, telemetry.KindFeedback, s.Kind)
			require.True(t, strings.HasPrefix(s.Feedback.Series, "123456789012/eu-central-1/"))
			require.GreaterOrEqual(t, s.Feedback.Reached, 0.0)
			require.LessOrEqual(t, len(s.Feedback.Series)+len(s.Feedback.Rule)+len(s.Feedback.By)+len(s.Feedback.Note), 2048+64+64+300)
			require.Regexp(t, `^[A-Za-z0-9._@+-]+$`, s.Feedback.By)
			require.True(t, utf8.ValidString(s.Feedback.Note))
			back, err := s.Feedback.Encode("123456789012", "eu-central-1", s.Time)
			require.NoError(t, err)
			same, err := telemetry.Decode(back, source)
			require.NoError(t, err)
			require.Equal(t, s.Feedback, same[0].Feedback)
		}
	})
}

func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(raw)
}
