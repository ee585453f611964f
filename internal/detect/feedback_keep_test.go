package detect_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

func TestWhatDoesNotCountIsCountedAndSaysWhy(t *testing.T) {
	t.Parallel()
	e := restored(t, knowing(t))
	e.Observe(alarmAt(healthyFor, telemetry.AlarmOK))
	alarm := alarmAt(healthyFor, telemetry.AlarmOK).Series
	_, a := least(t, knowing(t), healthyFor, nothing)
	for _, tt := range []struct {
		s       telemetry.Signal
		ignored string
	}{
		{falseAlarm(healthyFor, a, "ana"), ""},
		{missed(healthyFor, 0, "ben"), ""},
		{again(falseAlarm(healthyFor, a, "ana"), healthyFor+1), "said so before"},
		{said(healthyFor, telemetry.Feedback{Series: series("Unheard"), Verdict: telemetry.Missed, At: start, By: "ana"}), "not known here"},
		{said(healthyFor, telemetry.Feedback{Series: alarm, Rule: detect.RuleAlarm, Verdict: telemetry.Missed, At: start, By: "ana"}), "no threshold"},
		{said(healthyFor, telemetry.Feedback{Series: alarm, Rule: detect.RuleLevel, Verdict: telemetry.Missed, At: start, By: "ana"}), "no threshold"},
		{said(healthyFor, telemetry.Feedback{Series: alarm, Verdict: telemetry.Reset, At: start, By: "ana"}), "no threshold"},
		{said(healthyFor, telemetry.Feedback{Rule: "invented", Verdict: telemetry.Missed, At: start, By: "ana"}), "no threshold"},
		{said(healthyFor, telemetry.Feedback{Rule: detect.RuleLogRate, Verdict: telemetry.Missed, At: start, By: "ana"}), "no threshold"},
	} {
		require.Empty(t, e.Observe(tt.s))
		outcomes := e.TakeFeedback()
		require.Len(t, outcomes, 1)
		if tt.ignored == "" {
			require.Empty(t, outcomes[0].Ignored)
			require.Equal(t, detect.RuleLevel, outcomes[0].Rule)
			require.NotEqual(t, outcomes[0].Before, outcomes[0].After)
			continue
		}
		require.Contains(t, outcomes[0].Ignored, tt.ignored)
		require.Equal(t, tt.ignored == "not known here", outcomes[0].Elsewhere)
	}
	require.Empty(t, e.TakeFeedback())
	require.Equal(t, int64(2), e.Stats().Feedback)
	require.Equal(t, int64(7), e.Stats().FeedbackIgnored)
	require.Len(t, e.Adjustments(100), 1)
	require.True(t, e.HasFeedback(series("Errors")))
	require.False(t, e.HasFeedback(series("Unheard")))
}

// Whoever can write to the stream can send feedback in any name, of any time
// and as often as they like. It must neither silence a series nor fill memory.
func TestAFloodOfFeedbackSilencesNothing(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	e := restored(t, snapshot)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		e.Observe(said(rng.Float64()*2*healthyFor, telemetry.Feedback{
			ID: fmt.Sprint(i), Verdict: telemetry.FalseAlarm, Anomaly: fmt.Sprint("a-", i), Reached: 1e300, At: start,
			By: fmt.Sprint("somebody", i), Note: strings.Repeat("no trouble ", 1000),
		}))
		e.Observe(said(healthyFor, telemetry.Feedback{
			ID: fmt.Sprint("u", i), Series: series(fmt.Sprint("Unheard", i)), Verdict: telemetry.FalseAlarm, Anomaly: "a", At: start, By: "x",
		}))
	}
	require.InDelta(t, 4, factor(t, e), 0.01)
	require.Less(t, len(snapshotOf(t, e)), len(snapshot)+8_000)
	require.Len(t, e.TakeFeedback(), 100)
	// Whatever was said, a breakdown is one.
	_, opened := trouble(e, 2*healthyFor+1, 2000)
	require.True(t, opened)
}

func TestOnlySoManySeriesHaveFeedback(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	lines := func(i int) telemetry.Signal {
		s := logLine(start.Add(time.Second), telemetry.LevelInfo, "hello")
		s.Series += fmt.Sprint(i)
		return s
	}
	judge := func(i int, at float64, v telemetry.Verdict) detect.FeedbackOutcome {
		e.Observe(said(at, telemetry.Feedback{ID: fmt.Sprint(i, v), Series: lines(i).Series, Verdict: v, At: start, By: "ana"}))
		return e.TakeFeedback()[0]
	}
	for i := range 1001 {
		e.Observe(lines(i))
		o := judge(i, 10, telemetry.Missed)
		require.Equal(t, i == 1000, o.Ignored != "", "%d: %s", i, o.Ignored)
	}
	require.Equal(t, detect.RuleLogRate, e.Adjustments(1)[0].Rule)
	require.Empty(t, judge(17, 20, telemetry.Reset).Ignored)
	require.Empty(t, judge(1000, 30, telemetry.Missed).Ignored, "the one that was reset makes room")
	require.False(t, e.HasFeedback(lines(17).Series))
}

// A restart in the middle, and a replay of the same records, judge the same.
func TestFeedbackSurvivesARestart(t *testing.T) {
	t.Parallel()
	all := tape()
	for i, a := range play(engine(detect.Balanced), all, 0, len(all)) {
		if a.State == incident.EpisodeOpen && a.Kind != incident.KindAlarm {
			all[200] = append(all[200], falseAlarm(200, a, fmt.Sprint("ana", i)))
		}
	}
	all[50] = append(all[50], missed(50, 0, "ben"))
	want := play(engine(detect.Balanced), all, 0, len(all))
	explained := 0
	for _, a := range want {
		if !a.Feedback.IsEmpty() {
			explained++
			require.Equal(t, 1, strings.Count(a.Why.String(), a.Feedback.String()), a.Why)
		}
	}
	require.Positive(t, explained)
	for cut := 1; cut < len(all); cut += 13 {
		first := engine(detect.Balanced)
		got := play(first, all, 0, cut)
		second := restored(t, snapshotOf(t, first))
		require.Equal(t, want, append(got, play(second, all, cut, len(all))...), "cut at %d", cut)
	}
}

// When shards merge, the child knows what either parent was told.
func TestMergedShardsKnowTheFeedbackOfBoth(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	verdicts := func(e *detect.Detector, who string, n int) {
		for i := range n {
			e.Observe(said(healthyFor+float64(i), telemetry.Feedback{
				Verdict: telemetry.FalseAlarm, Anomaly: fmt.Sprint(who, i), Reached: 1.1 + float64(i)/10, At: start, By: who,
			}))
		}
	}
	left, right := restored(t, snapshot), restored(t, snapshot)
	verdicts(left, "ana", 3)
	verdicts(right, "ana", 2) // both have heard these
	verdicts(right, "ben", 12)
	whole := restored(t, snapshot)
	verdicts(whole, "ana", 3)
	verdicts(whole, "ben", 12)
	a, b := engine(detect.Balanced), engine(detect.Balanced)
	require.NoError(t, a.Restore(snapshotOf(t, left), snapshotOf(t, right)))
	require.NoError(t, b.Restore(snapshotOf(t, right), snapshotOf(t, left)))
	require.Equal(t, a.Adjustments(10), b.Adjustments(10))
	require.InDelta(t, factor(t, whole), factor(t, a), 0.01)
	require.Len(t, a.Adjustments(1)[0].Said, 8)
	a.Observe(errorsAt(healthyFor+20, 5))
	r, ok := a.Reading(series("Errors"))
	require.True(t, ok)
	require.InDelta(t, factor(t, a), r.Factor, 0.01)
}

// The model of a series may be given up; what people said of it is not.
func TestFeedbackOutlivesASeries(t *testing.T) {
	t.Parallel()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxSeries: 1})
	e.Observe(errorsAt(0, 5))
	e.Observe(missed(1, 0, "ana"))
	e.Advance(start.Add(9 * 24 * time.Hour))
	e.Observe(shopPoint("Errors", start.Add(9*24*time.Hour+time.Second), 5))
	r, ok := e.Reading(series("Errors"))
	require.True(t, !ok || r.Factor < 0.83)
	require.True(t, e.HasFeedback(series("Errors")))
	require.InDelta(t, 0.81, factor(t, e), 0.005)
}
