package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
)

// TestLinesOfTwoGroupsAddUp: what two have heard of one log group is put together.
func TestLinesOfTwoGroupsAddUp(t *testing.T) {
	t.Parallel()
	one, other := newShop(), newShop()
	for n := range 300 {
		one.second(n, nil)
		other.second(n, func(n int) { other.write("a", fmt.Sprintf("shelf %d is empty", n)) })
	}
	counts := func(groups ...*shop) map[string]int64 {
		out := map[string]int64{}
		for _, g := range groups {
			for tmpl := range g.miner.Templates() {
				out[tmpl.Text()] += tmpl.Count
			}
		}
		return out
	}
	want := counts(one, other)
	both := newShop()
	both.Began, both.Lines, both.Minute = one.Began, one.Lines, one.Minute
	both.at = one.at
	require.NoError(t, both.Load(one.Save(1 << 20)[0], other.Save(1 << 20)[0]))
	require.Equal(t, want, counts(both))
	require.Contains(t, want, "shelf <*> is empty")
	for n := 300; n < 900; n++ {
		both.second(n, func(n int) { both.write("a", fmt.Sprintf("shelf %d is empty", n)) })
	}
	require.NotContains(t, both.opened(), RuleNew)
	require.NotContains(t, both.opened(), RuleValue)
}

// TestOddShapesAreRefused: shapes that no group has written.
func TestOddShapesAreRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Shape){
		"a rank that there is not":  func(s *Shape) { s.Rank = dying + 1 },
		"words of no weight":        func(s *Shape) { s.Fresh = &fresh{Gravity: grave + 1} },
		"too many parameters":       func(s *Shape) { s.Watch.Values.Params = make([]parameter, maxParams+1) },
		"too many names":            func(s *Shape) { s.Watch.Values.Params = []parameter{{Names: &Names{Known: make([]name, maxNames+1)}}} },
		"too many names of a place": func(s *Shape) { s.Watch.Places = []place{{Names: Names{Known: make([]name, maxNames+1)}}} },
		"an octave too high":        func(s *Shape) { s.Watch.Values.Params = []parameter{{Numbers: &Numbers{Limit: octaves}}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop()
			for n := range 60 {
				s.second(n, nil)
			}
			saved := s.Save(1 << 20)[0]
			for i := range saved.Templates.Templates {
				if state := &saved.Templates.Templates[i].State; state.Watch != nil {
					spoil(state)
					break
				}
			}
			require.ErrorIs(t, New(500, plainText{}).Load(saved), errOdd)
		})
	}
}

// TestNamesOfFieldsAreCopies: a field's name is a part of the whole line, which may
// be long.
func TestNamesOfFieldsAreCopies(t *testing.T) {
	t.Parallel()
	s := newShop()
	name := strings.Repeat("a long line ", 100) + "db"
	name = name[len(name)-2:]
	for range 2 * watchFrom {
		s.write("a", "query done", name, "db-1")
		s.at = s.at.Add(time.Second)
	}
	for tmpl := range s.miner.Templates() {
		field := tmpl.State.Watch.Values.find("db")
		require.NotNil(t, field)
		require.NotSame(t, unsafe.StringData(name), unsafe.StringData(field.Name))
	}
}

// TestADeafMinuteAfterARestart: the minute that follows one in which nothing could
// be heard has the same lines in all counts, also of templates that were just read.
func TestADeafMinuteAfterARestart(t *testing.T) {
	t.Parallel()
	before := newShop()
	for n := range 120 {
		before.second(n, nil)
	}
	deaf := before.at
	before.said = append(before.said, before.Advance(deaf, time.Time{}, time.Time{}, &usualBars)...)
	again := deaf.Add(time.Minute)
	before.at = again.Add(time.Second)
	for range 10 {
		before.line(telemetry.LevelDebug, "connected to db-1.internal")
	}
	require.Zero(t, before.Open[0].Lines)
	require.EqualValues(t, 10, before.Open[1].Lines)

	after := newShop()
	after.Began, after.Lines, after.Minute, after.Open = before.Began, before.Lines, before.Minute, before.Open
	require.NoError(t, after.Load(before.Save(1<<20)...))
	after.Advance(again, deaf, again, &usualBars)
	require.EqualValues(t, 10, after.Open[0].Lines)
	counts := [2]uint32{}
	for tmpl := range after.miner.Templates() {
		if w := tmpl.State.Watch; w != nil {
			counts[0] += w.Counts[0]
			counts[1] += w.Counts[1]
		}
	}
	require.Equal(t, [2]uint32{10, 0}, counts)
}
