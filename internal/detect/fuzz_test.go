package detect_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// script turns bytes into signals: hostile ones easily, and sensible ones often
// enough for episodes to open.
type script struct {
	data []byte
	now  time.Time
}

func (s *script) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *script) bits() uint64 {
	var b [8]byte
	n := copy(b[:], s.data)
	s.data = s.data[n:]
	return binary.LittleEndian.Uint64(b[:])
}

var hostileValues = []float64{
	0, math.Copysign(0, -1), 1, -1, 5, 1e-308, 5e-324, 1e100, -1e100, 1.1e100, 1e154, 1e308, -1e308, math.MaxFloat64,
	math.NaN(), math.Inf(1), math.Inf(-1),
}

func (s *script) value() float64 {
	switch b := s.byte(); {
	case int(b) < len(hostileValues):
		return hostileValues[b]
	case b < 32:
		return math.Float64frombits(s.bits())
	default:
		return float64(b % 16)
	}
}

var leaps = []time.Duration{
	0, -5 * time.Second, time.Millisecond, time.Nanosecond, time.Minute, time.Hour, 25 * time.Hour, 300 * 24 * time.Hour, 100 * 365 * 24 * time.Hour,
}

func (s *script) time() time.Time {
	switch b := s.byte(); {
	case b == 0:
		return time.Time{}
	case b == 1:
		return time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC)
	case b == 2:
		return time.Date(1969, 12, 31, 0, 0, 0, 0, time.FixedZone("", 3600))
	case b < 12:
		s.now = s.now.Add(leaps[int(b)%len(leaps)])
	default:
		s.now = s.now.Add(time.Second)
	}
	return s.now
}

var fuzzedMetrics = []string{"Requests", "Errors", "Latency", "MemoryUsed", "Success"}

func (s *script) signal() telemetry.Signal {
	kind := s.byte()
	sig := telemetry.Signal{Service: "checkout", Account: account, Region: region, Time: s.time()}
	switch what := s.byte(); kind % 8 {
	default:
		name := fuzzedMetrics[int(what)%len(fuzzedMetrics)]
		sig = shopPoint(name, sig.Time, s.value())
		switch {
		case what > 250:
			sig.Metric.Count = s.value()
			sig.Metric.Percentiles = map[string]float64{"p99": s.value()}
		case what > 245:
			sig.Metric.Dimensions = map[string]string{"": ""}
		case what > 240:
			sig.Series = strings.Repeat(sig.Series, 200)
		case what > 235:
			sig.Metric = nil
		}
	case 5:
		line := fmt.Sprintf("trouble %c", 'a'+what%26)
		if what > 200 {
			line = string(s.data[:min(len(s.data), 40)])
		}
		sig.Kind, sig.Series = telemetry.KindLog, fmt.Sprintf("%s/%s/log/%d", account, region, what%5)
		sig.Log = &telemetry.LogLine{Group: group, Message: line, Text: line, Level: telemetry.LevelError}
	case 6:
		v := s.value()
		sig.Kind, sig.Series = telemetry.KindAlarm, fmt.Sprintf("%s/%s/alarm/%d", account, region, what%5)
		sig.Alarm = &telemetry.AlarmChange{Name: "x", State: []telemetry.AlarmState{telemetry.AlarmOK, telemetry.AlarmALARM, "?"}[what%3], Value: &v, Threshold: &v}
	case 7:
		sig.Kind, sig.Series, sig.Key = telemetry.KindEvent, fmt.Sprintf("e/%d", what%5), fmt.Sprint(what)
		sig.Event = &telemetry.Event{Class: []telemetry.Class{telemetry.ClassTrouble, telemetry.ClassChange}[what%2], Summary: string(s.data[:min(len(s.data), 9)])}
		if what > 200 {
			sig.Kind, sig.Feedback = telemetry.KindFeedback, &telemetry.Feedback{
				ID: fmt.Sprint(what), Series: series(fuzzedMetrics[int(what)%5]), Verdict: telemetry.Missed, By: "x", At: s.now, Reached: s.value(),
			}
		}
	}
	return sig
}

// drive shows an engine what bytes say and fails for what no engine may say.
func drive(t *testing.T, e *detect.Detector, data []byte) {
	t.Helper()
	s := &script{data: data, now: start}
	for len(s.data) > 0 {
		var found []incident.Anomaly
		if s.data[0] == 255 {
			s.byte()
			found = e.Advance(s.time())
		} else {
			found = e.Observe(s.signal())
		}
		for _, a := range found {
			finite(t, a)
			_, err := json.Marshal(a)
			require.NoError(t, err)
		}
	}
	for _, name := range fuzzedMetrics {
		if r, ok := e.Reading(series(name)); ok {
			sound(t, r)
		}
	}
}

func TestRandomSignalsDoNoHarm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300 / fewer) {
		r := rand.New(rand.NewPCG(seed, 2))
		data := make([]byte, 3000)
		for i := range data {
			data[i] = byte(r.UintN([]uint{40, 256}[r.IntN(2)]))
		}
		e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive, MaxSeries: 4})
		drive(t, e, data)
		raw := snapshotOf(t, e)
		require.Empty(t, detect.Odd(t, raw), "seed %d", seed)
		require.NoError(t, e.Restore(raw), "seed %d", seed)
	}
}

func FuzzObserve(f *testing.F) {
	calm := []byte{}
	for range 200 {
		calm = append(calm, 0, 20, 1, 34, 255, 20)
	}
	f.Add(calm)
	wild := append([]byte{}, calm...)
	for i := range 40 {
		wild = append(wild, 0, 20, 1, byte(i), 1, byte(i), 3, byte(i), 5, 20, 1, 6, 20, 1, byte(i))
	}
	f.Add(append(wild, 255, 8, 255, 10, 0, 10, 1, 11, 255, 11))
	for i := range byte(17) { // each hostile value in a known and in a new series
		f.Add(append(append([]byte{}, calm...), 0, 20, 1, i, 0, 20, 3, i, 0, 20, 1, 40, 0, 20, 252, 40, i, i))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return
		}
		o := detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive, MaxSeries: 4}
		e := detect.New(o)
		drive(t, e, data)
		raw := snapshotOf(t, e)
		require.Empty(t, detect.Odd(t, raw))
		again := detect.New(o)
		require.NoError(t, again.Restore(raw))
		require.Equal(t, raw, snapshotOf(t, again))
	})
}

// FuzzRestore shows engines what somebody else has sealed: garbage, compressed
// garbage, and records of garbage. What is taken over must be usable.
func FuzzRestore(f *testing.F) {
	e := engine(detect.Balanced)
	play(e, tape(), 0, 200)
	good := snapshotOf(f, e)
	f.Add(good, byte(0))
	body := detect.Unpack(f, good)
	f.Add(body, byte(2))
	f.Add(body[:len(body)/2], byte(2))
	f.Add([]byte{'h', 0, 1, 0xa0, 0}, byte(2))
	f.Add([]byte{'h', 0, 1, 0xa0, 'm', 1, 'x', 1, 0xa0, 0}, byte(2))
	for _, bomb := range detect.Bombs(f) {
		if len(bomb) < 64<<10 {
			f.Add(bomb, byte(0))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, wrap byte) {
		switch wrap % 3 {
		case 1:
			data = detect.SealBody(data)
		case 2:
			data = detect.SealBody(detect.Packed(t, data))
		}
		takeOver(t, data)
	})
}

// takeOver shows an engine a snapshot and goes on with what it took over. It
// tells whether that was anything.
func takeOver(t *testing.T, data []byte) bool {
	t.Helper()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxSeries: 50})
	before := snapshotOf(t, e)
	if err := e.Restore(data); err != nil {
		require.Equal(t, before, snapshotOf(t, e))
		return false
	}
	w := newWorld(1, 3)
	w.seconds = 1000
	w.run(e, 30)
	e.Advance(secondsIn(1e6))
	_, err := e.Snapshot()
	require.NoError(t, err)
	return true
}

// Single bytes of what an engine has written are changed, and it is sealed again.
func TestChangedSnapshotsDoNoHarm(t *testing.T) {
	t.Parallel()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, Sensitivity: detect.Sensitive, MaxSeries: 20})
	c := newChaos(3)
	for second := range 700 {
		for _, s := range c.step() {
			c.last = append(c.last, e.Observe(s)...)
		}
		c.last = append(c.last, e.Advance(secondsIn(float64(second-2)))...)
	}
	good := snapshotOf(t, e)
	body := detect.Unpack(t, good)
	rng := rand.New(rand.NewPCG(5, 5))
	taken := 0
	for range 200 {
		changed := slices.Clone(body)
		for range 1 + rng.IntN(3) {
			changed[rng.IntN(len(changed))] = byte(rng.UintN(256))
		}
		if takeOver(t, detect.SealBody(detect.Packed(t, changed))) {
			taken++
		}
	}
	require.Positive(t, taken, "some bytes are of numbers, any of which are good")
	require.Less(t, taken, 200)
}
