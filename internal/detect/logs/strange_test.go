package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
	"firebreak/internal/telemetry/logline"
)

// known hears of a group for some hours, a line a second.
func known(s *shop, hours int, line func(n int)) {
	for n := range hours * 3600 {
		tick(s, n, line)
	}
}

func tick(s *shop, n int, line func(n int)) {
	line(n)
	s.at = s.at.Add(time.Second)
	if n%5 == 0 {
		s.said = append(s.said, slices.Clone(s.Advance(s.at, time.Time{}, time.Time{}, &usualBars))...)
	}
}

// write takes a line with fields, given as name and value in turn.
func (s *shop) write(stream, text string, fields ...string) {
	l := telemetry.LogLine{Stream: stream, Level: telemetry.LevelInfo, Text: text, Message: text}
	for i := 0; i < len(fields); i += 2 {
		l.Fields = append(l.Fields, logline.Field{Name: fields[i], Value: fields[i+1]})
	}
	found, _ := s.Take(s.at, &l, &usualBars)
	s.said = append(s.said, slices.Clone(found)...)
}

// TestALineWithANewNameTells is about when a name that was never there is news.
func TestALineWithANewNameTells(t *testing.T) {
	t.Parallel()
	pick := func(n int, all ...string) string { return all[n%len(all)] }
	kinds := []string{"invoice", "reminder", "parcel", "welcome"}
	for name, tc := range map[string]struct {
		usual, trouble func(s *shop, n int)
		told           int
		within         int // lines with it
	}{
		"many templates have it, each a few times": {
			usual: func(s *shop, n int) {
				s.write("a", fmt.Sprintf("sent %s letter %d via smtp-%d.mail.internal", pick(n, kinds...), n, n%2+1))
			},
			trouble: func(s *shop, n int) {
				s.write("a", fmt.Sprintf("sent %s letter %d via relay.mailbox.example", pick(n, kinds...), n))
			},
			told: 1, within: 8,
		},
		"a field": {
			usual: func(s *shop, n int) {
				s.write("a", pick(n/2, "query done", "write done", "lock taken", "lock given", "all well"), "db", pick(n, "db-0.internal", "db-1.internal"))
				s.write("a", pick(n/2, "request read", "request answered", "user greeted"), "user", fmt.Sprint("u", n))
			},
			trouble: func(s *shop, n int) { s.write("a", "query done", "db", "10.66.3.9") },
			told:    1, within: 8,
		},
		"a host that came with the traffic": {
			usual: func(s *shop, n int) {
				s.write("a", pick(n/2, "query done", "write done", "lock taken", "lock given", "all well"), "host", pick(n, "web-0", "web-1"), "n", "5")
			},
			trouble: func(s *shop, n int) { s.write("a", pick(n, "query done", "write done"), "host", "web-2", "n", "5") },
		},
		"a host that some lines had, and others never": {
			usual: func(s *shop, n int) {
				s.write("a", "request read", "worker", fmt.Sprint("worker-", n/900))
				s.write("a", "lock taken", "worker", pick(n, "worker-0", "worker-1"))
				s.write("a", pick(n, "one", "two", "three", "four", "five")+" of a kind", "n", "5")
			},
			trouble: func(s *shop, n int) { s.write("a", "lock taken", "worker", "worker-99") },
		},
		"whoever writes names himself": {
			usual: func(s *shop, n int) {
				s.write("pods/"+pick(n, "web-a7", "web-b8"), "lease renewed by "+pick(n, "web-a7", "web-b8")+" for another term")
			},
			trouble: func(s *shop, _ int) { s.write("pods/web-c9", "lease renewed by web-c9 for another term") },
		},
		"a sentence, not a name": {
			usual: func(s *shop, n int) {
				s.write("a", fmt.Sprintf("the account %s for customer %d of the shop today", pick(n, "matched", "merged", "opened", "closed", "moved", "blocked"), n))
			},
			trouble: func(s *shop, n int) {
				s.write("a", fmt.Sprintf("the account praised for customer %d of the shop today", n))
			},
		},
		"once": {
			usual: func(s *shop, n int) {
				s.write("a", "connected to "+pick(n, "db-1.internal", "db-2.internal")+" in no time")
			},
			trouble: func(s *shop, n int) {
				if n == 0 {
					s.write("a", "connected to db-7.internal in no time")
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop()
			known(s, 7, func(n int) { tc.usual(s, n) })
			require.Empty(t, s.opened())
			lines, first := 0, 0
			for n := range 600 {
				tick(s, n, func(n int) {
					tc.usual(s, n)
					if n%7 == 0 {
						lines++
						tc.trouble(s, n/7)
					}
				})
				if first == 0 && len(s.opened()) > 0 {
					first = lines
				}
			}
			var opened, ended []string
			for n := range 900 {
				tick(s, n, func(n int) { tc.usual(s, n) })
			}
			for _, f := range s.said {
				switch f.State {
				case Opens:
					require.True(t, strings.HasPrefix(f.Rule, RuleValue+"/"), f.Rule)
					require.NotContains(t, f.Why.String(), "%!")
					opened = append(opened, f.Rule)
				case Ends:
					ended = append(ended, f.Rule)
				default:
				}
			}
			require.Len(t, opened, tc.told)
			require.LessOrEqual(t, first, tc.within)
			require.Equal(t, opened, ended, "it is over when it does not come any more")
		})
	}
}

// TestStrangeNamesAreBounded: whoever may write can write a new name in every line.
func TestStrangeNamesAreBounded(t *testing.T) {
	t.Parallel()
	s := newShop()
	known(s, 7, func(n int) { s.write("a", "connected", "db", "db-1", "user", "root") })
	for n := range 1000 {
		tick(s, n, func(n int) {
			for i := range 5 {
				s.write("a", "connected", "db", fmt.Sprint("db-", n%50), "user", fmt.Sprint("u", n, i))
			}
		})
	}
	require.LessOrEqual(t, len(s.Strange), maxStrange)
	told := 0
	for _, f := range s.said {
		if f.State == Opens && strings.HasPrefix(f.Rule, RuleValue) {
			told++
		}
	}
	require.LessOrEqual(t, told, 1)
}
