package telemetry_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
)

func mustField(t *testing.T, raw []byte, name string) json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &fields))
	return fields[name]
}

// FuzzDecode holds whatever comes out against what detectors rely on: exactly
// one content that fits the kind, a series, a sane time, bounded finite values.
func FuzzDecode(f *testing.F) {
	f.Add(zipped(f, logDocument(1), logDocument(2)))
	f.Add([]byte(metricLine))
	f.Add([]byte(metricLine + "\n{\n" + logDocument(1)))
	f.Add(fmt.Appendf(nil, alarmEvent, "CloudWatch Alarm State Change",
		`{"alarmName":"x","configuration":{`+oneSeries+`},"state":{"value":"ALARM","timestamp":"2019-10-02T17:04:40.989+0000","reasonData":"{\"threshold\":1}"}}`))
	f.Add([]byte(`{"id":"e","detail-type":"ECS Task State Change","source":"aws.ecs","account":"1","time":"2026-01-01T00:00:00Z","region":"r","resources":["a"],"detail":{"group":"service:x","version":1}}`))
	f.Add([]byte(`{"id":"e","detail-type":"AWS Health Event","source":"aws.health","account":"1","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail":{"affectedEntities":[{"entityValue":"x"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := telemetry.Decode(data, source)
		if err == nil && len(got) == 0 && !json.Valid(data) && (len(data) < 2 || data[0] != 0x1f) {
			t.Fatal("neither a signal nor an error from what is no JSON")
		}
		for _, s := range got {
			contents := 0
			for kind, there := range map[telemetry.Kind]bool{
				telemetry.KindMetric: s.Metric != nil, telemetry.KindLog: s.Log != nil,
				telemetry.KindAlarm: s.Alarm != nil, telemetry.KindEvent: s.Event != nil,
				telemetry.KindFeedback: s.Feedback != nil,
			} {
				if there {
					contents++
					require.Equal(t, kind, s.Kind)
				}
			}
			require.Equal(t, 1, contents)
			require.NotEmpty(t, s.Series)
			require.Less(t, s.Time.Year(), 10_000)
			switch s.Kind {
			case telemetry.KindMetric:
				for _, v := range []float64{s.Metric.Count, s.Metric.Sum, s.Metric.Min, s.Metric.Max} {
					require.False(t, math.IsNaN(v) || math.Abs(v) > 1e108)
				}
			case telemetry.KindLog:
				require.LessOrEqual(t, len(s.Log.Message), telemetry.MaxMessage)
				require.NotEmpty(t, s.Key)
			case telemetry.KindEvent:
				require.LessOrEqual(t, len(s.Event.Raw), telemetry.MaxRaw)
				require.NotEmpty(t, s.Key)
			case telemetry.KindAlarm, telemetry.KindFeedback:
				require.NotEmpty(t, s.Key)
			}
		}
	})
}
