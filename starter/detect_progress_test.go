package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressCountsEveryRowAndFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "small.csv", sick(60, 1000))
	write(t, folder, "long.csv", sick(2_500, 10_000))
	var shown strings.Builder
	names := []string{"small.csv", "gone.csv", "long.csv"}
	track := newTracker(&shown, "row", "rows", pathsBelow(folder, names)...)
	for _, name := range names {
		track.bar.told = time.Time{} // as if the last line were long ago
		err := newScorer(filepath.Join(folder, name), detectOptions{}).scoreFile(t.Context(), nil, io.Discard, track)
		require.Equal(t, name == "gone.csv", err != nil, "%s: %v", name, err)
	}
	require.Equal(t, 60+2_500, track.rows)
	require.Equal(t, 3, track.done, "a file that cannot be opened is done, too")
	require.Contains(t, shown.String(), "2 of 3 files, 60 rows read")
}
