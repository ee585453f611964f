package template

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// grouped mines lines and gives the final text of each.
func grouped(t *testing.T, lines []string) []string {
	t.Helper()
	messages := make([]corpusLine, len(lines))
	for i, l := range lines {
		messages[i].text = l
	}
	var out []string
	for _, template := range mineCorpus(t, messages) {
		out = append(out, template.Text())
	}
	return out
}

// fill writes a line for each value.
func fill(format string, values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.ReplaceAll(format, "{}", v))
	}
	return out
}

func TestLinesThatShareATemplate(t *testing.T) {
	t.Parallel()
	people := []string{"anna", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"}
	for _, c := range []struct {
		name  string
		lines []string
		text  string
	}{
		{"a word that takes many values", fill("Accepted password for {} from 10.0.0.1 port 22 by sshd", people...), "Accepted password for <*> from <*> port <*> by sshd"},
		{"somebody's name", fill("session opened for user {} by (uid=0)", "news", "root", "test"), "session opened for user <*> by (uid=<*>)"},
		{"digits in a name, from the second value on", fill("interface eth{} is down", "0", "1"), "interface <*> is down"},
		{"digits in two names", []string{"unit U01 in slot J05 failed", "unit U11 in slot J04 failed"}, "unit <*> in slot <*> failed"},
		{"a file or a path", []string{"Error loading /bin/a.rts: no such program image", "Error loading b_V1.rts: no such program image"}, "Error loading <*>: no such program image"},
		{"programs in front", fill("{}.exe -> 10.0.0.1:443 close, 3 bytes sent", "chrome", "outlook", "teams"), "<*> -> <*> close, <*> bytes sent"},
		{"names of classes in two places", []string{
			"Registering class app.v1.Event for class app.v1.EventHandler", "Registering class app.v1.Job for class app.v1.JobHandler",
			"Registering class app.v1.Task for class app.v1.TaskHandler",
		}, "Registering class <*> for class <*>"},
		{"two words that never come again", []string{
			"user ada logged in from machine elm with success", "user ben logged in from machine oak with success", "user cat logged in from machine fir with success",
			"user dan logged in from machine ash with success", "user eve logged in from machine yew with success", "user fay logged in from machine box with success",
			"user gus logged in from machine bay with success", "user hal logged in from machine fig with success",
		}, "user <*> logged in from machine <*> with success"},
		{"several fields", []string{"login user=anna db=shop app=web", "login user=bob db=crm app=job", "login user=carol db=shop app="}, "login user=<*> db=<*> app=<*>"},
		{"an empty field", fill("request done status=200 user={}", "anna", ""), "request done status=<*> user=<*>"},
		{"lists of values", fill("ask 10.0.0.1 to delete {}", "blk_1", "blk_2 blk_3", "blk_4 blk_5 blk_6 blk_7"), "ask <*> to delete <*>"},
		{"lists in brackets", fill("partitions [{}] revoked", "1", "2, 3", "4, 5, 6"), "partitions [<*>] revoked"},
		{"lists of groups", fill("deleting {} now", "Segment(base=1, size=2)", "Segment(base=1, size=2),Segment(base=3, size=4)"), "deleting Segment(base=<*>, size=<*>) now"},
	} {
		got := grouped(t, c.lines)
		require.Equal(t, []string{c.text}, slices.Compact(slices.Sorted(slices.Values(got))), c.name)
		slices.Reverse(c.lines)
		got = grouped(t, c.lines)
		require.Equal(t, []string{c.text}, slices.Compact(slices.Sorted(slices.Values(got))), "%s, in reverse", c.name)
	}
}

// TestPlacesThatCombineFreely has two places with few values each, in most
// pairs; every pair that comes first makes a template of its own.
func TestPlacesThatCombineFreely(t *testing.T) {
	t.Parallel()
	states := []string{"NEW", "PAID", "SENT", "LOST"}
	var lines []string
	for _, from := range states {
		lines = append(lines, fill("Order 7 moved from "+from+" to {}", states...)...)
	}
	require.Equal(t, []string{"Order <*> moved from <*> to <*>"}, slices.Compact(slices.Sorted(slices.Values(grouped(t, lines)))))
}

func TestLinesThatDoNotShareATemplate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
	}{
		{"single words", fill("{}", "normal", "warning", "running", "critical", "blocked", "active", "closing", "starting", "expired", "idle")},
		{"verbs in front", fill("{} (command 1965)", "boot", "wait", "halt", "reset", "start", "stop")},
		{"states of a machine", []string{
			"task_1 went from NEW to ASSIGNED", "task_1 went from ASSIGNED to RUNNING", "task_1 went from RUNNING to DONE", "task_1 went from RUNNING to FAILED",
			"task_1 went from DONE to CLEANED", "task_1 went from FAILED to CLEANED",
		}},
		{"few ways to say it", fill("Failed {} for invalid user 1001 from 10.0.0.1 port 22", "password", "none", "publickey")},
		{"different reasons", []string{"mount of /a failed: Permission denied", "mount of /a failed: No such file", "mount of /a failed"}},
		{"singular and plural", fill("PAM 5 more authentication {}", "failure", "failures")},
		{"names without a number in common", fill("network of node-3 is up on interface {}", "alt0", "ee0")},
	} {
		got := grouped(t, c.lines)
		slices.Sort(got)
		require.Len(t, slices.Compact(got), len(c.lines), c.name)
	}
}

// TestGeneralisingKeepsWhatIsKnown follows a template through its joins: counts
// and states add up, old ids lead to it, and no later line is news.
func TestGeneralisingKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	start := time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	m := New(Options[int]{Join: func(into, from *int) { *into += *from }})
	var ids []ID
	for i, who := range []string{"anna", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan"} {
		match := m.Add("Accepted password for "+who+" from 10.0.0.1 port 22 by sshd", start.Add(-time.Duration(i)*time.Second))
		match.Template.State++
		ids = append(ids, match.Template.ID())
		require.Equal(t, match.Template.Count == 1, match.Fresh)
	}
	var left []*Template[int]
	for template := range m.Templates() {
		left = append(left, template)
	}
	require.Len(t, left, 1)
	require.EqualValues(t, 9, left[0].Count)
	require.Equal(t, 9, left[0].State)
	require.Equal(t, start, left[0].Last)
	require.Equal(t, start.Add(-8*time.Second), left[0].First)
	for _, id := range ids {
		found, ok := m.Find(id)
		require.True(t, ok)
		require.Same(t, left[0], found)
	}
	require.NotEqual(t, ids[0], left[0].ID())
	require.Len(t, left[0].ID().String(), 16)
	_, ok := m.Find(12345)
	require.False(t, ok)

	match := m.Add("Accepted password for judy from 10.0.0.9 port 2222 by sshd", start)
	require.False(t, match.Fresh)
	require.Equal(t, "judy", match.Params[0].Text)
	require.Equal(t, Word, match.Params[0].Kind)
	require.Equal(t, "10.0.0.9", match.Params[1].Text)
	require.InDelta(t, 2222, match.Params[2].Number, 0)
}

// TestIDsComeFromTheText fixes some ids, which are stored and compared between
// workers of different versions.
func TestIDsComeFromTheText(t *testing.T) {
	t.Parallel()
	m := New(Options[struct{}]{})
	require.Equal(t, "d5ccff647c0bf876", m.Add("took 5 ms", time.Time{}).Template.ID().String())
	require.Equal(t, idOf("took <*> ms"), m.Add("took 17 ms", time.Time{}).Template.ID())
	require.NotEqual(t, m.Add("took 17 s", time.Time{}).Template.ID(), m.Add("took 17 ms", time.Time{}).Template.ID())
}

// TestSameLinesGiveTheSameTemplates mines the corpus twice, with other seeds of
// the hashes and another order of every map.
func TestSameLinesGiveTheSameTemplates(t *testing.T) {
	t.Parallel()
	for _, format := range corpusFormats(t) {
		var want []string
		for range 3 {
			m := New(Options[struct{}]{Limit: 40}) // so few that some are evicted
			var got []string
			for i, l := range format.lines(corpusLines / 2) {
				match := m.Add(l.text, time.Unix(int64(i), 0))
				got = append(got, fmt.Sprint(match.Template.ID(), match.Fresh, len(match.Params)))
			}
			m.Settle()
			for template := range m.Templates() {
				got = append(got, fmt.Sprint(template.Text(), template.Count))
			}
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, format.name)
		}
	}
}

func TestStatsCount(t *testing.T) {
	t.Parallel()
	m := New(Options[struct{}]{})
	for _, l := range fill("interface eth{} is down", "0", "1", "1") {
		m.Add(l, time.Time{})
	}
	require.Equal(t, Stats{Templates: 1, Aliases: 2, Shapes: 2, Lines: 3, Joined: 2}, m.Stats())
}
