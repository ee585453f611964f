package template

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var evictStart = time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)

// sentences are so many messages that have no word in common.
func sentences(seed uint64, count int) []string {
	r := rand.New(rand.NewPCG(seed, 9))
	out := make([]string, count)
	for i := range out {
		out[i] = sentence(r, 6)
	}
	return out
}

// watched is a miner that remembers who is gone.
func watched(t *testing.T, limit int) (*Miner[tally], map[string]int64) {
	t.Helper()
	gone := map[string]int64{}
	o := tallied
	o.Limit = limit
	o.Gone = func(template *Template[tally]) {
		_, again := gone[template.Text()]
		require.False(t, again, "told once")
		gone[template.Text()] = template.Count
	}
	return New(o), gone
}

func repeat(m *Miner[tally], line string, times int, at time.Time) {
	for range times {
		m.Add(line, at)
	}
}

func kept(m *Miner[tally], lines []string) int {
	n := 0
	for _, line := range lines {
		if _, ok := m.Find(idOf(line)); ok {
			n++
		}
	}
	return n
}

func TestFloodTakesNothingFromWhatIsEstablished(t *testing.T) {
	t.Parallel()
	const limit = 400
	for name, c := range map[string]struct{ established, lines, times int }{
		"one line each":        {limit * 7 / 8, grownLines, 1},
		"as often as they can": {limit / 2, 10 * grownLines, grownLines},
		"hundreds each":        {limit / 2, 2000, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, gone := watched(t, limit)
			established := sentences(1, c.established)
			at := evictStart
			for _, line := range established {
				repeat(m, line, c.lines, at)
				at = at.Add(time.Second)
			}
			flood := sentences(2, 6000/fewer)
			for _, line := range flood {
				repeat(m, line, c.times, at)
				at = at.Add(time.Second)
			}
			require.Equal(t, len(established), kept(m, established))
			require.Equal(t, 1, kept(m, flood[len(flood)-1:]), "the newest stays")
			stats := m.Stats()
			require.LessOrEqual(t, stats.Templates, limit)
			require.GreaterOrEqual(t, stats.Templates, limit*7/8)
			require.EqualValues(t, len(gone), stats.Evicted)
			require.Equal(t, len(established)+len(flood), stats.Templates+len(gone))
			for text, count := range gone {
				require.EqualValues(t, c.times, count, text)
			}
		})
	}
}

func TestWhatWasNotSeenForLongGoesFirst(t *testing.T) {
	t.Parallel()
	const limit = 160
	m, gone := watched(t, limit)
	old, lately, often := sentences(1, 50), sentences(2, 50), sentences(3, 50)
	for _, line := range old {
		repeat(m, line, 4*grownLines, evictStart)
	}
	at := evictStart.Add(14 * 24 * time.Hour)
	for i := range lately {
		repeat(m, often[i], 1000*grownLines, evictStart)
		repeat(m, lately[i], 2*grownLines, at)
	}
	require.Empty(t, gone)
	for _, line := range sentences(4, 40) {
		repeat(m, line, grownLines, at) // more that are established than there is room for
	}
	require.Less(t, kept(m, old), len(old))
	require.Equal(t, len(lately), kept(m, lately))
	require.Equal(t, len(often), kept(m, often), "fourteen days are little for what was seen so often")
}

func TestWrongTimesMisleadAboutTheirOwnTemplateAlone(t *testing.T) {
	t.Parallel()
	run := func(wrong ...time.Time) []string {
		m, _ := watched(t, 100)
		at := evictStart
		for i, line := range sentences(5, 500) {
			repeat(m, line, 1+i%7, at)
			at = at.Add(time.Minute)
		}
		for i, w := range wrong {
			m.Add(fmt.Sprintf("clock is wrong on machine %s", strings.Repeat("x", i)), w)
		}
		for i, line := range sentences(6, 500) {
			repeat(m, line, 1+i%7, at)
			at = at.Add(time.Minute)
		}
		var out []string
		for _, text := range texts(m) {
			if !strings.Contains(text, "clock is wrong") {
				out = append(out, text)
			}
		}
		return out
	}
	usual := run()
	for _, wrong := range []time.Time{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		same := 0
		for _, text := range run(wrong) {
			if slices.Contains(usual, text) {
				same++
			}
		}
		// One more template shifts when the next ones go.
		require.GreaterOrEqual(t, same, len(usual)-10)
	}
}

func TestLinesWithoutTimesAreEvictedToo(t *testing.T) {
	t.Parallel()
	m, gone := watched(t, 64)
	established := sentences(1, 32)
	for _, line := range established {
		repeat(m, line, grownLines, time.Time{})
	}
	for _, line := range sentences(2, 1000) {
		m.Add(line, time.Time{})
	}
	require.Equal(t, len(established), kept(m, established))
	require.NotEmpty(t, gone)
}

func TestSmallestLimits(t *testing.T) {
	t.Parallel()
	for limit := 1; limit <= 20; limit++ {
		m, _ := watched(t, limit)
		for i, line := range sentences(1, 100) {
			m.Add(line, evictStart)
			require.LessOrEqual(t, m.Stats().Templates, limit)
			require.GreaterOrEqual(t, m.Stats().Templates, min(i+1, max(1, limit*3/4)), "limit %d", limit)
			require.Equal(t, 1, kept(m, []string{line}))
		}
	}
}

func TestLongTemplatesTakeMoreRoom(t *testing.T) {
	t.Parallel()
	m, _ := watched(t, 100)
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		m.Add(sentence(r, 200), evictStart)
	}
	require.Less(t, m.Stats().Templates, 40)
	for _, line := range sentences(1, 200) {
		m.Add(line, evictStart.Add(time.Hour))
	}
	require.Greater(t, m.Stats().Templates, 80, "the room is given back")
}

func TestEvictedTemplateComesBackAsNew(t *testing.T) {
	t.Parallel()
	m, gone := watched(t, 32)
	first := sentences(1, 1)[0]
	require.True(t, m.Add(first, evictStart).Fresh)
	require.False(t, m.Add(first, evictStart).Fresh)
	for _, line := range sentences(2, 64) {
		repeat(m, line, 3, evictStart.Add(time.Hour))
	}
	require.Contains(t, gone, first)
	again := m.Add(first, evictStart.Add(2*time.Hour))
	require.True(t, again.Fresh)
	require.EqualValues(t, 1, again.Template.Count)
	require.Equal(t, idOf(first), again.Template.ID())
}

func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	a := newAliases(80)
	for i := range ID(1000) {
		a.add(i, 5000)
		require.LessOrEqual(t, len(a.into), 80)
		require.GreaterOrEqual(t, len(a.into), min(int(i)+1, 70))
		next, ok := a.next(i)
		require.True(t, ok)
		require.EqualValues(t, 5000, next)
	}
	order := a.oldest()
	require.EqualValues(t, 999, order[len(order)-1])
	require.IsIncreasing(t, order, "the oldest went")

	// 1 -> 2 -> 3 and 4 -> 5 -> 4: of these only 3 is alive.
	b := newAliases(80)
	b.add(1, 2)
	b.add(2, 3)
	b.add(4, 5)
	b.add(5, 4)
	b.add(6, 7)
	b.sweep(func(id ID) bool { return id == 3 })
	require.Equal(t, []ID{1, 2}, b.oldest())
}

func TestAliasesOfEvictedTemplatesGo(t *testing.T) {
	t.Parallel()
	m, gone := watched(t, 32)
	id := m.Add("session of anna was closed by the gateway", evictStart).Template.ID()
	for _, user := range sentences(4, 3) {
		for word := range strings.FieldsSeq(user) {
			m.Add("session of "+word+" was closed by the gateway", evictStart)
		}
	}
	template, ok := m.Find(id)
	require.True(t, ok)
	require.NotEqual(t, id, template.ID())
	require.NotZero(t, m.Stats().Aliases)
	for _, line := range sentences(5, 300) {
		repeat(m, line, 2*grownLines, evictStart.Add(100*24*time.Hour))
	}
	require.Contains(t, gone, "session of <*> was closed by the gateway")
	_, ok = m.Find(id)
	require.False(t, ok)
	require.Zero(t, m.Stats().Aliases)
}

// TestShapesAreMeasured adds up the shapes that are remembered, through joins,
// which change how they are read, and evictions: what bounds them is their size.
func TestShapesAreMeasured(t *testing.T) {
	t.Parallel()
	m, gone := watched(t, 100)
	measured := func() {
		t.Helper()
		size := 0
		for pattern, s := range m.shapes {
			size += shapeCost(pattern, s.as)
		}
		require.Equal(t, size, m.shapeSize)
	}
	const first = "session of anna was closed by the gateway"
	for _, line := range sentences(7, 2000/fewer) {
		user, _, _ := strings.Cut(line, " ")
		for _, text := range []string{first, strings.Replace(first, "anna", user, 1), line} {
			m.Add(text, evictStart)
			measured()
		}
	}
	require.NotEmpty(t, gone)
	require.NotZero(t, m.Stats().Joined)
	m.Shrink(1)
	measured()
}
