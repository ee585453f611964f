package stream_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/workers/stream"
)

// A snapshot that the detectors refuse costs what they knew, and nothing else:
// the worker starts, reads on where it was, says so and keeps the snapshot.
func TestARefusedSnapshotKeepsThePlace(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		spoil func(head, engine []byte) (newHead, newEngine []byte)
		kept  bool
	}{
		"a changed byte": {func(head, engine []byte) ([]byte, []byte) {
			engine[len(engine)-1] ^= 1
			return head, engine
		}, true},
		"cut off": {func(head, engine []byte) ([]byte, []byte) { return head, engine[:len(engine)/2] }, true},
		"missing": {func(head, _ []byte) ([]byte, []byte) { return head, nil }, false},
		"of the first version": {func(head, _ []byte) ([]byte, []byte) {
			return bytes.Replace(head, []byte(`"version":2`), []byte(`"version":1,"engine":{"version":1}`), 1), nil
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, out := newShop(t, 1), &inbox{}
			s.live(10, 0)
			first, stop := start(t, s.options(out))
			caughtUp(t, first, s, 0)
			require.NoError(t, stop())
			before := int64(len(s.data.Records(name)))
			require.Positive(t, first.Counters().CheckpointBytes)
			require.False(t, first.Counters().Forgotten)

			file := checkpointFile(t, s)
			head, engine := halves(t, file)
			head, engine = c.spoil(head, bytes.Clone(engine))
			require.NoError(t, os.WriteFile(file, append(append(head, '\n'), engine...), 0o600))

			s.live(5, 0)
			second, stop := start(t, s.options(out))
			caughtUp(t, second, s, before)
			require.NoError(t, stop())
			n := second.Counters()
			require.True(t, n.Forgotten)
			require.Contains(t, n.LastError, "start anew")
			require.Equal(t, int64(len(s.data.Records(name)))-before, n.Records, "what was read before is not read again")
			kept, err := os.ReadFile(file + ".refused")
			if c.kept {
				require.NoError(t, err)
				require.Equal(t, engine, kept)
			} else {
				require.ErrorIs(t, err, os.ErrNotExist)
			}

			third, stop := start(t, s.options(out))
			require.NoError(t, stop())
			require.False(t, third.Counters().Forgotten, "the next one is whole again")
			require.Positive(t, n.Detectors.Signals)
		})
	}
}

func TestACheckpointOfALaterVersionIsNotOverwritten(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	_, stop := start(t, s.options(&inbox{}))
	require.NoError(t, stop())
	file := checkpointFile(t, s)
	head, engine := halves(t, file)
	later := append(append(bytes.Replace(head, []byte(`"version":2`), []byte(`"version":3`), 1), '\n'), engine...)
	require.NoError(t, os.WriteFile(file, later, 0o600))
	_, err := stream.New(s.options(&inbox{}))
	require.ErrorContains(t, err, "version 3")
	require.ErrorContains(t, err, "move the file away")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, later, raw)
}

func checkpointFile(t *testing.T, s *shop) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.folder, "checkpoints", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

// halves are the line of JSON and the detectors' snapshot of a checkpoint.
func halves(t *testing.T, file string) (head, engine []byte) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	head, engine, found := bytes.Cut(raw, []byte("\n"))
	require.True(t, found)
	require.True(t, json.Valid(head))
	return head, engine
}
