package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFoldersHaveWhatTheScorerReads writes a few cases and reads their truth.
func TestFoldersHaveWhatTheScorerReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, write(dir, 5, 8, 4))
	for folder, count := range map[string]int{"inside": 8, "outside": 4} {
		found, err := filepath.Glob(filepath.Join(dir, folder, "*"))
		require.NoError(t, err)
		require.Len(t, found, count)
		for _, c := range found {
			var truth struct {
				Service []string
				Fault   string
				Outside bool
			}
			raw, err := os.ReadFile(filepath.Join(c, "truth.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(raw, &truth))
			require.NotEmpty(t, truth.Fault)
			require.Equal(t, folder == "outside", truth.Outside)
			require.Equal(t, truth.Outside, len(truth.Service) == 0)
			require.FileExists(t, filepath.Join(c, "metrics.csv"))
			require.FileExists(t, filepath.Join(c, "symptom.json"))
		}
	}
}
