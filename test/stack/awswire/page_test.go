package awswire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
)

func TestPagesMakeUpTheList(t *testing.T) {
	t.Parallel()
	all := []int{0, 1, 2, 3, 4, 5}
	for size, pages := range map[int]int{1: 6, 2: 3, 4: 2, 6: 1, 50: 1} {
		var got []int
		token := ""
		for n := 1; ; n++ {
			part, next, ok := awswire.Page(all, size, token)
			require.True(t, ok)
			require.LessOrEqual(t, len(part), size)
			got = append(got, part...)
			if next == nil {
				require.Equal(t, pages, n, size)
				break
			}
			require.Less(t, n, pages, size)
			token = *next
		}
		require.Equal(t, all, got, size)
	}
	part, next, ok := awswire.Page([]int{}, 5, "")
	require.True(t, ok)
	require.Nil(t, next)
	require.Equal(t, []int{}, part, "an empty list is sent as one")
	part, next, ok = awswire.Page(all, 5, "6")
	require.True(t, ok, "the list may have become shorter")
	require.Nil(t, next)
	require.Empty(t, part)
}

func TestPageRefusesOtherTokens(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"7", "-1", "x", "2x", " 2", "from-2", "99999999999999999999"} {
		_, _, ok := awswire.Page([]int{0, 1, 2, 3, 4, 5}, 2, token)
		require.False(t, ok, token)
	}
}
