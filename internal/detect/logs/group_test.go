package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
)

type plainText struct{}

func (plainText) Redact(s string) string { return s }

// shop is a group that hears of a shop, second by second.
type shop struct {
	*Group
	at   time.Time
	said []Finding
}

var usualBars = Bars{Evidence: 16, Effect: 1, Lines: 4, Patience: 1, Rate: 1, New: 1, Template: 1, Stopped: 1, Ratio: 1, Value: 1}

func newShop() *shop {
	return &shop{Group: New(500, plainText{}), at: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
}

func (s *shop) line(l telemetry.Level, text string, args ...any) {
	found, _ := s.Take(s.at, &telemetry.LogLine{Stream: "a", Level: l, Text: fmt.Sprintf(text, args...), Message: fmt.Sprintf(text, args...)}, &usualBars)
	s.said = append(s.said, slices.Clone(found)...)
}

// usual is what is written in a second, besides what a test adds.
func (s *shop) second(n int, with func(n int)) {
	for i := range 4 {
		s.line(telemetry.LevelInfo, "served order %d in %d ms", n*4+i, 10+(n*7+i)%20)
	}
	if n%5 == 0 {
		s.line(telemetry.LevelInfo, "heartbeat of worker %d", n%3)
	}
	if n%60 == 7 {
		s.line(telemetry.LevelError, "order %d was refused by the bank", n)
	}
	s.line(telemetry.LevelDebug, "connected to db-%d.internal", n%2)
	if with != nil {
		with(n)
	}
	s.at = s.at.Add(time.Second)
	if n%5 == 0 {
		s.said = append(s.said, slices.Clone(s.Advance(s.at, time.Time{}, time.Time{}, &usualBars))...)
	}
}

func (s *shop) opened() []string {
	var rules []string
	for _, f := range s.said {
		if f.State == Opens {
			rule, _, _ := strings.Cut(f.Rule, "/")
			if rule == RuleRate {
				rule = f.Rule
			}
			rules = append(rules, rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

func TestWhatIsSaidOfTrouble(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hours float64 // of usual lines before
		with  func(s *shop, n int)
		want  []string // of rules that must be among those that open
		only  bool     // and no others
	}{
		"nothing":              {1, nil, nil, true},
		"a new error":          {1, func(s *shop, n int) { every(n, 10, func() { s.line(telemetry.LevelError, "shelf %d is empty", n) }) }, []string{RuleNew}, false},
		"one panic":            {1, func(s *shop, n int) { every(n, 1000, func() { s.line("", "panic: index out of range [%d]", n) }) }, []string{RuleNew}, true},
		"a new line, harmless": {1, func(s *shop, n int) { s.line(telemetry.LevelInfo, "coupon %d was merged", n) }, nil, true},
		"refused, often":       {1, func(s *shop, n int) { s.line(telemetry.LevelInfo, "cache refused key %d", n) }, []string{RuleNew}, true},
		"known errors, often": {3, func(s *shop, n int) {
			every(n, 2, func() { s.line(telemetry.LevelError, "order %d was refused by the bank", n) })
		}, []string{RuleRate + "/error", RuleRatio}, false},
		"slow": {1, func(s *shop, n int) { s.line(telemetry.LevelInfo, "served order %d in %d ms", n, 5000+n%50) }, []string{RuleValue}, true},
		"a new host": {7, func(s *shop, n int) {
			every(n, 3, func() { s.line(telemetry.LevelDebug, "connected to db-9.internal") })
		}, []string{RuleValue}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop()
			before := int(tc.hours * 3600)
			for n := range before {
				s.second(n, nil)
			}
			require.Empty(t, s.opened(), "all is well")
			for n := before; n < before+600; n++ {
				s.second(n, func(n int) {
					if tc.with != nil {
						tc.with(s, n)
					}
				})
			}
			got := s.opened()
			for _, want := range tc.want {
				require.Contains(t, got, want)
			}
			if tc.only {
				require.Len(t, got, len(tc.want), "%v", got)
			}
			for _, f := range s.said {
				require.LessOrEqual(t, len(f.Samples), 2)
				require.False(t, f.State == Opens && f.Why.IsEmpty())
			}
			// All of it is over some time after it has ended.
			for n := before + 600; n < before+600+3*3600; n++ {
				s.second(n, nil)
			}
			open := map[string]int{}
			for _, f := range s.said {
				switch f.State {
				case Opens:
					open[f.Rule]++
				case Ends:
					open[f.Rule]--
				default:
				}
			}
			for rule, n := range open {
				require.Zero(t, n, rule)
			}
		})
	}
}

func every(n, seconds int, do func()) {
	if n%seconds == 0 {
		do()
	}
}

func TestATimerThatStopsIsMissed(t *testing.T) {
	t.Parallel()
	s := newShop()
	for n := range 3 * 3600 {
		s.second(n, nil)
	}
	stopped := s.at
	for n := range 120 { // all but the heartbeat
		s.line(telemetry.LevelInfo, "served order %d in %d ms", n, 10+n%20)
		s.at = s.at.Add(time.Second)
		s.said = append(s.said, slices.Clone(s.Advance(s.at, time.Time{}, time.Time{}, &usualBars))...)
	}
	require.Contains(t, s.opened(), RuleStopped)
	for _, f := range s.said {
		if strings.HasPrefix(f.Rule, RuleStopped) && f.State == Opens {
			require.Less(t, time.Unix(0, f.Last).Sub(stopped), 2*time.Minute)
		}
	}
}

func TestTemplatesOfAGroupAreBounded(t *testing.T) {
	t.Parallel()
	s := newShop()
	word := func(n int) string {
		return strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(n))
	}
	for n := range 5000 {
		s.line(telemetry.LevelInfo, "%s is %s and %s", word(n*7919), word(n*104729), word(n*1299709))
	}
	require.LessOrEqual(t, s.Templates(), 500)
}
