package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANameThatWasNeverSeenIsNews(t *testing.T) {
	t.Parallel()
	var n Names
	at := int64(1e18)
	for i := range 15000 {
		at += 2 * second
		require.False(t, n.take(hash([]string{"db-1", "db-2"}[i%2]), at, 4))
		if i%1800 == 0 {
			n.hour()
		}
	}
	got := 0
	for i := range 20 {
		at += 2 * second
		if n.take(hash("db-9"), at, 4) {
			require.Equal(t, 3, i)
			got++
		}
	}
	require.Equal(t, 1, got)
}
