package template

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSavedMinerGoesOnAsIfNothingHappened(t *testing.T) {
	t.Parallel()
	formats := corpusFormats(t)
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			some := slices.Clone(formats)
			r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
			lines, times := traffic(t, r, some[:1+r.IntN(4)], 3000)
			o := tallied
			if seed%2 == 1 {
				o.Limit = 10 + r.IntN(100) // with evictions
			}
			whole, cut := New(o), New(o)
			for i, line := range lines {
				if r.IntN(300) == 0 {
					cut = through(t, o, cut)
				}
				if r.IntN(1000) == 0 {
					whole.Settle()
					cut.Settle()
				}
				require.Equal(t, tell(whole, line, times[i]), tell(cut, line, times[i]), "line %d: %s", i, line)
			}
			require.Equal(t, encode(t, whole), encode(t, cut))
			lines64 := int64(0)
			for template := range cut.Templates() {
				require.Equal(t, template.Count, template.State.Lines, template.Text())
				lines64 += template.Count
			}
			if o.Limit == 0 {
				require.EqualValues(t, len(lines), lines64, "no line is lost")
			}
		})
	}
}

// TestLineFindsItsTemplateWithoutMemory asks the index alone for every line that
// was just added: masked lines that are remembered only save time.
func TestLineFindsItsTemplateWithoutMemory(t *testing.T) {
	t.Parallel()
	for _, f := range corpusFormats(t) {
		m := New(tallied)
		for i, l := range f.lines(corpusLines) {
			match := m.Add(l.text, time.Time{})
			found := m.index.find(string(m.scan.out))
			require.NotNil(t, found, "%s, line %d: %s\nis one of %s", f.name, i, l.text, match.Template.Text())
			require.Equal(t, match.Template.Text(), found.Text(), "%s, line %d: %s", f.name, i, l.text)
		}
	}
}
