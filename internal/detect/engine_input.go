package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"time"
	"unicode/utf8"

	"firebreak/internal/telemetry"
)

// What arrives was written by others. The decoders refuse most of what cannot
// be; an engine that is fed by something else, or by a decoder with a gap, must
// not come to harm either: one infinite value would stay in every mean.

// maxValue keeps sums and squares of values finite, and their ratios to the least
// spread. CloudWatch itself takes values up to 2^360, about 2.3e108, but nothing
// that anybody measures comes near.
const maxValue = 1e100

// Times that an engine counts with: windows are kept in nanoseconds since 1970,
// which end in 2262.
var (
	firstTime = time.Unix(0, 0)
	lastTime  = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// maxSeconds is the longest stretch between two of those times.
const maxSeconds = 292 * 365 * 86400.0

// hollow tells whether a signal lacks what its kind promises.
func hollow(s telemetry.Signal) bool {
	switch s.Kind {
	case telemetry.KindMetric:
		return s.Metric == nil
	case telemetry.KindLog:
		return s.Log == nil
	case telemetry.KindAlarm:
		return s.Alarm == nil
	case telemetry.KindEvent:
		return s.Event == nil
	case telemetry.KindFeedback:
		return s.Feedback == nil
	default:
		return false
	}
}

func possibleTime(t time.Time) bool { return !t.Before(firstTime) && t.Before(lastTime) }

// counts tells whether a value of so many samples can be counted with, and
// counts it when not.
func (d *Detector) counts(value, samples float64) bool {
	// Comparisons with NaN are false.
	if math.Abs(value) <= maxValue && samples >= 0 && samples <= maxValue {
		return true
	}
	d.stats.Invalid++
	return false
}

// countable returns an alarm without the numbers that cannot be counted with,
// and counts it when there are any. The change itself is good.
func (d *Detector) countable(a telemetry.AlarmChange) *telemetry.AlarmChange {
	odd := false
	for _, v := range []**float64{&a.Value, &a.Threshold, &a.Low, &a.High} {
		if *v != nil && !(math.Abs(**v) <= maxValue) {
			*v, odd = nil, true
		}
	}
	if odd {
		d.stats.Invalid++
	}
	return &a
}

// newer tells whether a point comes after the last one of its series, and counts
// it when not.
func (d *Detector) newer(at, last time.Time) bool {
	switch {
	case at.After(last):
		return true
	case at.Equal(last):
		d.stats.Duplicates++
	default:
		d.stats.Late++
	}
	return false
}

// maxKey bounds the keys of series, in bytes. What names one may be much longer.
const maxKey = 1024

// boundedKey is the key itself, or its beginning and a hash of all of it.
func boundedKey(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	end := maxKey - 1 - 32
	for end > maxKey/2 && !utf8.RuneStart(key[end]) {
		end--
	}
	return key[:end] + "#" + hex.EncodeToString(sum[:16])
}
