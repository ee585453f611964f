package template

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// tally is a caller's state: lines, counted on its own, and the kinds of
// parameters that were seen.
type tally struct {
	Lines int64
	Kinds [Rest + 1]int64
}

func joinTally(into, from *tally) {
	into.Lines += from.Lines
	for i := range from.Kinds {
		into.Kinds[i] += from.Kinds[i]
	}
}

var tallied = Options[tally]{Join: joinTally}

// told is all that a line is told about.
type told struct {
	ID     ID
	Text   string
	Fresh  bool
	Count  int64
	Params string
}

func tell(m *Miner[tally], line string, at time.Time) told {
	match := m.Add(line, at)
	match.Template.State.Lines++
	var params strings.Builder
	for _, p := range match.Params {
		match.Template.State.Kinds[p.Kind]++
		fmt.Fprintf(&params, "%s %q %v\n", p.Kind, p.Text, p.Number)
	}
	return told{match.Template.ID(), match.Template.Text(), match.Fresh, match.Template.Count, params.String()}
}

// through is a miner after it was saved as bytes and loaded again.
func through(t testing.TB, o Options[tally], m *Miner[tally]) *Miner[tally] {
	t.Helper()
	loaded := New(o)
	require.NoError(t, loaded.Load(decode(t, encode(t, m))))
	return loaded
}

func encode(t testing.TB, m *Miner[tally]) []byte {
	t.Helper()
	raw, err := cbor.Marshal(m.Save())
	require.NoError(t, err)
	return raw
}

func decode(t testing.TB, raw []byte) Saved[tally] {
	t.Helper()
	var saved Saved[tally]
	require.NoError(t, cbor.Unmarshal(raw, &saved))
	return saved
}

// traffic is lines of some formats in turns, each at its time; one in a hundred
// comes late.
func traffic(t testing.TB, r *rand.Rand, formats []*corpusFormat, count int) ([]string, []time.Time) {
	t.Helper()
	mixed := make([]string, 0, count)
	times := make([]time.Time, 0, count)
	for _, f := range formats {
		for _, l := range f.lines(count / len(formats)) {
			mixed = append(mixed, l.text)
		}
	}
	r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	at := time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	for range mixed {
		at = at.Add(time.Duration(r.Int64N(int64(5 * time.Second))))
		late := at
		if r.IntN(100) == 0 {
			late = at.Add(-time.Duration(r.Int64N(int64(time.Hour))))
		}
		times = append(times, late)
	}
	return mixed, times
}

func TestSavedStateIsTheSameBytes(t *testing.T) {
	t.Parallel()
	lines, times := traffic(t, rand.New(rand.NewPCG(1, 2)), corpusFormats(t)[:5], 3000)
	mined := func() *Miner[tally] {
		m := New(tallied)
		for i, line := range lines {
			tell(m, line, times[i])
		}
		return m
	}
	m := mined()
	first := encode(t, m)
	require.Equal(t, first, encode(t, m), "saved twice")
	require.Equal(t, first, encode(t, mined()), "mined twice")
	require.Equal(t, first, encode(t, through(t, tallied, m)), "loaded")
	t.Logf("%d templates, %d aliases: %d bytes", m.Stats().Templates, m.Stats().Aliases, len(first))
}

// TestTwoWorkersKnowWhatOneWouldKnow has two miners see every other line. Which
// values of a word came first decides what is joined when, so that a few
// templates can differ.
func TestTwoWorkersKnowWhatOneWouldKnow(t *testing.T) {
	t.Parallel()
	alike, all := 0, 0
	for i, f := range corpusFormats(t) {
		lines, times := traffic(t, rand.New(rand.NewPCG(uint64(i), 3)), []*corpusFormat{f}, 3000)
		one, workers := New(tallied), []*Miner[tally]{New(tallied), New(tallied)}
		ids := make([]ID, len(lines))
		wholeIDs := make([]ID, len(lines))
		for i, line := range lines {
			wholeIDs[i] = tell(one, line, times[i]).ID
			ids[i] = tell(workers[i%2], line, times[i]).ID
		}
		one.Settle()
		a, b := workers[0].Save(), workers[1].Save()
		merged := New(tallied)
		require.NoError(t, merged.Load(a, b))
		merged.Settle()
		other := New(tallied)
		require.NoError(t, other.Load(b, a))
		other.Settle()
		require.Equal(t, texts(merged), texts(other), "%s: in any order", f.name)

		total := int64(0)
		for template := range merged.Templates() {
			require.Equal(t, template.Count, template.State.Lines, template.Text())
			require.False(t, template.Last.Before(template.First))
			total += template.Count
		}
		require.EqualValues(t, len(lines), total, f.name)
		for i := range lines {
			template, ok := merged.Find(ids[i])
			require.True(t, ok, "%s: the id of line %d leads somewhere", f.name, i)
			whole, _ := one.Find(wholeIDs[i])
			all++
			if template.Text() == whole.Text() {
				alike++
			}
		}
	}
	t.Logf("%d of %d lines have the same template", alike, all)
	require.GreaterOrEqual(t, float64(alike), 0.97*float64(all))
}

func texts[S any](m *Miner[S]) []string {
	var out []string
	for template := range m.Templates() {
		out = append(out, fmt.Sprintf("%d %s", template.Count, template.Text()))
	}
	return out
}

func TestLoadJoinsWhatOneSideHadGeneralised(t *testing.T) {
	t.Parallel()
	at := time.Date(2031, 3, 1, 12, 0, 0, 0, time.UTC)
	further, behind := New(tallied), New(tallied)
	users := []string{"anna", "bert", "carol", "dora", "emil", "frida", "gustav", "hanna", "igor", "jana", "karl", "lena"}
	for i, user := range users {
		tell(further, "session of "+user+" was closed by the gateway", at.Add(time.Duration(i)*time.Minute))
	}
	old := tell(behind, "session of anna was closed by the gateway", at.Add(-time.Hour))
	require.Equal(t, "session of anna was closed by the gateway", old.Text)
	for name, saved := range map[string][]Saved[tally]{
		"further first": {further.Save(), behind.Save()}, "behind first": {behind.Save(), further.Save()},
	} {
		m := New(tallied)
		require.NoError(t, m.Load(saved...), name)
		template, ok := m.Find(old.ID)
		require.True(t, ok, name)
		require.Equal(t, "session of <*> was closed by the gateway", template.Text(), name)
		require.EqualValues(t, len(users)+1, template.Count, name)
		require.EqualValues(t, len(users)+1, template.State.Lines, name)
		require.Equal(t, at.Add(-time.Hour), template.First, name)
		require.Equal(t, at.Add(time.Duration(len(users)-1)*time.Minute), template.Last, name)
		require.Equal(t, 1, m.Stats().Templates, name)
	}
}

func TestLoadFindsEvidenceInSeveralStates(t *testing.T) {
	t.Parallel()
	at := time.Date(2031, 3, 1, 12, 0, 0, 0, time.UTC)
	var saved []Saved[tally]
	var ids []ID
	for _, user := range []string{"anna", "bert", "carol", "dora", "emil", "frida", "gustav", "hanna", "igor", "jana", "karl", "lena"} {
		m := New(tallied)
		ids = append(ids, tell(m, "session of "+user+" was closed by the gateway", at).ID)
		saved = append(saved, m.Save())
	}
	m := New(tallied)
	require.NoError(t, m.Load(saved...))
	require.Equal(t, []string{"12 session of <*> was closed by the gateway"}, texts(m))
	for _, id := range ids {
		_, ok := m.Find(id)
		require.True(t, ok)
	}
}
