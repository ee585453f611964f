package main

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestEachLine(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789", 100_000)
	in := " first \r\n\n" + large + "\n" + strings.Repeat("y", maxLine+1) + "\n" + large + "z\nlast"
	got, failed, told := map[int]string{}, map[int]string{}, 0
	err := eachLine(strings.NewReader(in), func() { told++ }, func(n int, line []byte, err error) {
		if err != nil {
			failed[n] = err.Error()
			return
		}
		got[n] = string(line)
	})
	require.NoError(t, err)
	require.Equal(t, got[3], large, "a line larger than the reader's buffer")
	require.Equal(t, got[5], large+"z", "and one after a line that was skipped")
	require.Equal(t, "first", got[1])
	require.Equal(t, "last", got[6])
	require.Len(t, got, 4)
	require.Len(t, failed, 1)
	require.Contains(t, failed[4], "at most 16777216 are read")
	require.Equal(t, 1, told)

	broken := errors.New("the disk is gone")
	require.ErrorIs(t, eachLine(iotest.ErrReader(broken), func() {}, nil), broken)
}
