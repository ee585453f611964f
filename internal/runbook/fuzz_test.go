package runbook_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"firebreak/internal/runbook"
)

// FuzzLoad puts any text in the place of any file of a catalogue: it loads, or
// every problem has a file and a message; it never panics.
func FuzzLoad(f *testing.F) {
	names := []string{checkout, restart, automation, cases, policyFile}
	files := shippedFiles(f)
	for i, name := range names {
		f.Add(uint8(i), files[name].Data)
	}
	for i := range names {
		for _, text := range []string{"", "a: [", "- x", "a: &x b\nc: *x", "? [a]\n: b", "~", "{}", "a: 1\n---\nb: 2", "<<: {a: 1}", "!!binary |\n  x", "\xff"} {
			f.Add(uint8(i), []byte(text))
		}
	}
	for _, m := range mistakes {
		f.Add(uint8(0), []byte(m.new))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		files := shippedFiles(t)
		files[names[int(which)%len(names)]] = &fstest.MapFile{Data: data}
		c, err := runbook.Load(files)
		if err == nil {
			require.NotNil(t, c)
			for _, o := range c.Options("checkout") {
				_, err := c.Runbooks[o.Name].Resolve(c.Services[o.Service])
				require.NoError(t, err, "what loads resolves")
			}
			return
		}
		var problems runbook.Problems
		require.ErrorAs(t, err, &problems)
		require.NotEmpty(t, problems)
		for _, p := range problems {
			require.NotEmpty(t, p.File)
			require.NotEmpty(t, p.Message)
			require.GreaterOrEqual(t, p.Line, 0)
		}
	})
}
