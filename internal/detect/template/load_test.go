package template

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// someMiner is a miner with templates, words that were found to be values, and
// aliases that lead to aliases.
func someMiner(t testing.TB) *Miner[tally] {
	t.Helper()
	m := New(tallied)
	at := time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	for i, f := range corpusFormats(t) {
		if i < 4 {
			for j, l := range f.lines(500) {
				tell(m, l.text, at.Add(time.Duration(j)*time.Second))
			}
		}
	}
	return m
}

func TestLoadRefusesWhatWasNotSaved(t *testing.T) {
	t.Parallel()
	raw := encode(t, someMiner(t))
	freeOne := slices.IndexFunc(decode(t, raw).Templates, func(s SavedTemplate[tally]) bool { return len(s.Free) > 0 })
	require.GreaterOrEqual(t, freeOne, 0)
	require.NotEmpty(t, decode(t, raw).Aliases)
	for name, damage := range map[string]func(*Saved[tally]){
		"another version":        func(s *Saved[tally]) { s.Version++ },
		"nothing at all":         func(s *Saved[tally]) { *s = Saved[tally]{} },
		"no lines":               func(s *Saved[tally]) { s.Templates[3].Count = 0 },
		"fewer than none":        func(s *Saved[tally]) { s.Templates[3].Count = -5 },
		"too many lines":         func(s *Saved[tally]) { s.Templates[3].Count = math.MaxInt64 },
		"last before first":      func(s *Saved[tally]) { s.Templates[3].Last = s.Templates[3].First - 1 },
		"first without last":     func(s *Saved[tally]) { s.Templates[3].Last = 0 },
		"no order":               func(s *Saved[tally]) { s.Templates[3], s.Templates[4] = s.Templates[4], s.Templates[3] },
		"a template twice":       func(s *Saved[tally]) { s.Templates[3] = s.Templates[4] },
		"a long text":            func(s *Saved[tally]) { s.Templates[3].Pattern = bytes.Repeat([]byte("x"), 3*maxPattern) },
		"a line break":           func(s *Saved[tally]) { s.Templates[3].Pattern = []byte("a\nb") },
		"a blank at the end":     func(s *Saved[tally]) { s.Templates[3].Pattern = []byte("a ") },
		"a free word too many":   func(s *Saved[tally]) { s.Templates[freeOne].Free = []uint16{math.MaxUint16} },
		"a free word with text":  func(s *Saved[tally]) { s.Templates[3].Pattern, s.Templates[3].Free = []byte("a b"), []uint16{1} },
		"free words twice":       func(s *Saved[tally]) { f := &s.Templates[freeOne].Free; *f = append(*f, (*f)[len(*f)-1]) },
		"an alias to nothing":    func(s *Saved[tally]) { s.Aliases[0].Into = math.MaxUint32 },
		"an alias to itself":     func(s *Saved[tally]) { s.Aliases[0].Into = uint32(len(s.Templates)) },
		"an alias twice":         func(s *Saved[tally]) { s.Aliases[1].ID = s.Aliases[0].ID },
		"an alias of a template": func(s *Saved[tally]) { s.Aliases[0].ID = idOf(write(string(s.Templates[3].Pattern))) },
		"too many templates": func(s *Saved[tally]) {
			s.Templates = make([]SavedTemplate[tally], maxSaved+1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, bad := decode(t, raw), decode(t, raw)
			require.NoError(t, New(tallied).Load(bad), "before it is damaged")
			damage(&bad)
			m := New(tallied)
			tell(m, "here before", time.Time{})
			before := encode(t, m)
			err := m.Load(good, bad)
			require.ErrorContains(t, err, "state 2 of 2")
			require.ErrorContains(t, err, "start without it")
			require.Equal(t, before, encode(t, m), "nothing of it is loaded, nor of the other")
		})
	}
}

func TestLoadKeepsTheLimit(t *testing.T) {
	t.Parallel()
	saved := someMiner(t).Save()
	gone := 0
	o := tallied
	o.Limit = 40
	o.Gone = func(*Template[tally]) { gone++ }
	m := New(o)
	require.NoError(t, m.Load(saved))
	require.LessOrEqual(t, m.Stats().Templates, 40)
	require.Equal(t, len(saved.Templates), m.Stats().Templates+gone)
	require.EqualValues(t, gone, m.Stats().Evicted)
	require.LessOrEqual(t, m.Stats().Aliases, 40*aliasShare)
}

func TestLoadAddsToWhatIsKnown(t *testing.T) {
	t.Parallel()
	m := someMiner(t)
	saved := decode(t, encode(t, m))
	before := texts(m)
	require.NoError(t, m.Load(saved))
	total := int64(0)
	for template := range m.Templates() {
		require.Equal(t, template.Count, template.State.Lines, template.Text())
		total += template.Count
	}
	require.EqualValues(t, 2*2000, total)
	require.LessOrEqual(t, m.Stats().Templates, len(before))
}

func TestTimesThatDoNotFitAreKeptWithinBounds(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1, 5), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		m := New(tallied)
		tell(m, "at a time", at)
		saved := m.Save()
		loaded := New(tallied)
		require.NoError(t, loaded.Load(saved))
		require.Equal(t, saved, loaded.Save())
		for template := range loaded.Templates() {
			require.Equal(t, at.IsZero(), template.First.IsZero())
			require.Equal(t, at.IsZero(), template.Last.IsZero())
		}
	}
}

// FuzzLoad loads bytes that need not come from Save: what is taken must go on
// to work, and what is refused must leave nothing.
func FuzzLoad(f *testing.F) {
	m := New(tallied)
	for _, line := range []string{"a b c", "took 5 ms", "session of anna", "session of bert", "list 1, 2, 3"} {
		tell(m, line, time.Unix(1e9, 0))
	}
	f.Add(encode(f, m), "took 7 ms")
	for _, line := range sentences(1, 3) {
		tell(m, "session of "+line, time.Unix(1e9, 0))
	}
	f.Add(encode(f, m), "session of carol")
	f.Fuzz(func(t *testing.T, raw []byte, line string) {
		var saved Saved[tally]
		if cbor.Unmarshal(raw, &saved) != nil {
			return
		}
		o := tallied
		o.Limit = 50
		m := New(o)
		if err := m.Load(saved); err != nil {
			require.Zero(t, m.Stats().Templates)
			return
		}
		require.LessOrEqual(t, m.Stats().Templates, 50)
		match := m.Add(line, time.Unix(1e9, 0))
		require.NotNil(t, match.Template)
		m.Settle()
		_, ok := m.Find(match.Template.ID())
		require.True(t, ok)
		again := New(o)
		require.NoError(t, again.Load(decode(t, encode(t, m))))
		require.Equal(t, encode(t, m), encode(t, again))
		require.NoError(t, m.Load(saved, saved))
	})
}
