package template

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hostile are lines of about so many bytes that ask for trouble.
var hostile = []struct {
	name string
	line func(size int) string
}{
	{"one word", func(n int) string { return strings.Repeat("a", n) }},
	{"one number", func(n int) string { return strings.Repeat("7", n) }},
	{"hexadecimal", func(n int) string { return strings.Repeat("0f", n/2) }},
	{"blanks", func(n int) string { return strings.Repeat(" ", n) + "x" }},
	{"brackets", func(n int) string { return strings.Repeat("(", n) }},
	{"deep JSON", func(n int) string { return strings.Repeat(`{"a":[`, n/12) + strings.Repeat("]}", n/12) }},
	{"quotes", func(n int) string { return strings.Repeat(`"`, n) }},
	{"an open quote", func(n int) string { return strings.Repeat(`x "y `, n/5) }},
	{"placeholders", func(n int) string { return strings.Repeat("<*>", n/3) }},
	{"half placeholders", func(n int) string { return strings.Repeat("<*", n/2) }},
	{"equals", func(n int) string { return strings.Repeat("a=", n/2) }},
	{"colons", func(n int) string { return strings.Repeat("1:", n/2) }},
	{"scopes", func(n int) string { return strings.Repeat("a::b", n/4) }},
	{"addresses", func(n int) string { return strings.Repeat("1.2.3.4:5,", n/10) }},
	{"half addresses", func(n int) string { return strings.Repeat("fe80::", n/6) }},
	{"slashes", func(n int) string { return strings.Repeat("/", n) }},
	{"paths", func(n int) string { return strings.Repeat("a/b ", n/4) }},
	{"schemes", func(n int) string { return strings.Repeat("a://", n/4) }},
	{"at signs", func(n int) string { return strings.Repeat("a@", n/2) }},
	{"dots", func(n int) string { return strings.Repeat("a.1", n/3) }},
	{"dashes", func(n int) string { return strings.Repeat("-1", n/2) }},
	{"units", func(n int) string { return strings.Repeat("1h1m", n/4) }},
	{"thousands", func(n int) string { return "1" + strings.Repeat(",000", n/4) }},
	{"values that go on", func(n int) string { return strings.Repeat("0,000:00,000 ", n/13) }},
	{"dates", func(n int) string { return strings.Repeat("2031-01-01T", n/11) }},
	{"a list of numbers", func(n int) string { return strings.Repeat("1, ", n/3) }},
	{"a list of words", func(n int) string { return strings.Repeat("ab, ", n/4) }},
	{"fields", func(n int) string { return strings.Repeat("k=v ", n/4) }},
	{"zero bytes", func(n int) string { return strings.Repeat("\x00", n) }},
	{"no UTF-8", func(n int) string { return strings.Repeat("\xff\xc3", n/2) }},
	{"wide letters", func(n int) string { return strings.Repeat("設定 ", n/7) }},
	{"distinct words", func(n int) string {
		r := rand.New(rand.NewPCG(1, 1))
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(letterRun(r, alnum[:26], 9) + " ")
		}
		return b.String()
	}},
	{"random bytes", func(n int) string {
		r := rand.New(rand.NewPCG(1, 1))
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}},
}

func TestHostileLines(t *testing.T) {
	t.Parallel()
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			m := New(tallied)
			for _, size := range []int{1, 10, 100, 2000, 2048, 2100, 100_000, 1 << 20} {
				line := h.line(size)
				checkMatch(t, line, m.Add(line, time.Time{}))
				for i := range 30 { // it may turn out to be a value of something
					other := line[:len(line)*i/30] + "x" + line[len(line)*i/30:]
					if size < 1<<20 || i == 15 {
						checkMatch(t, other, m.Add(other, time.Time{}))
					}
				}
			}
			m.Settle()
			require.Equal(t, encode(t, m), encode(t, through(t, tallied, m)))
		})
	}
}

// checkMatch checks what must be true of every match.
func checkMatch(t testing.TB, line string, match Match[tally]) {
	t.Helper()
	match.Template.State.Lines++
	text := match.Template.Text()
	require.LessOrEqual(t, len(match.Template.pattern), maxSavedPattern)
	require.Equal(t, idOf(text), match.Template.ID())
	require.Equal(t, match.Fresh, match.Template.Count == 1)
	require.Len(t, match.Params, strings.Count(text, placeholder), "parameters of %.300q in %.300q", text, line)
	for _, p := range match.Params {
		require.Contains(t, line, p.Text)
	}
}

func FuzzAdd(f *testing.F) {
	for _, h := range hostile {
		f.Add(h.line(100) + "\n" + h.line(90))
	}
	for _, format := range corpusFormats(f) {
		var b strings.Builder
		for _, l := range format.lines(40) {
			b.WriteString(l.text + "\n")
		}
		f.Add(b.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := tallied
		o.Limit = 20
		m := New(o)
		lines := strings.Split(text, "\n")
		for _, line := range lines[:min(len(lines), 100)] {
			first := m.Add(line, time.Unix(1e9, 0))
			checkMatch(t, line, first)
			again := m.Add(line, time.Unix(1e9, 0))
			again.Template.State.Lines++
			require.Equal(t, first.Template.ID(), again.Template.ID())
			require.False(t, again.Fresh)
		}
		require.Equal(t, encode(t, m), encode(t, through(t, o, m)))
		m.Settle()
		for template := range m.Templates() {
			require.Equal(t, template.Count, template.State.Lines)
		}
	})
}

// BenchmarkHostileLine shows that time grows as lines do: the time for a byte is
// not to grow from the first size to the last. Every line begins with another word.
func BenchmarkHostileLine(b *testing.B) {
	for _, h := range hostile {
		for _, size := range []int{1 << 10, 1 << 15, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(h.name, " ", "-"), size), func(b *testing.B) {
				b.ReportAllocs()
				line := h.line(size)
				m := New(tallied)
				heads := rand.New(rand.NewPCG(1, 2))
				for b.Loop() {
					m.Add(letterRun(heads, alnum[:26], 7)+" "+line, time.Time{})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
			})
		}
	}
}
