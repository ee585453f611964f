package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const checkpointVersion = 1

// checkpoint is everything that a restart needs, in one object: where each
// shard was read to and what the detectors knew there. Written apart, the two
// could disagree, and records would be lost or counted twice without a word.
type checkpoint struct {
	Version   int                    `json:"version"`
	Stream    string                 `json:"stream"`
	Fence     int64                  `json:"fence"` // grows with every owner
	Written   time.Time              `json:"written"`
	Shards    map[string]*shardPlace `json:"shards"`
	Watermark time.Time              `json:"watermark,omitzero"`
	Engine    json.RawMessage        `json:"engine"`
	Seen      json.RawMessage        `json:"seen"`
}

// shardPlace is how far a shard was read.
type shardPlace struct {
	Sequence string    `json:"sequence,omitempty"` // of the last record that was taken; empty before the first
	ReadAt   time.Time `json:"read_at,omitzero"`   // arrival time up to which an empty shard was read
	Ended    bool      `json:"ended,omitempty"`    // read to its end, or never to be read
}

// errTakenOver says that another consumer claimed the folder.
var errTakenOver = errors.New("another consumer has taken over")

type checkpointStore struct {
	folder, file string
	stream       string
}

func openCheckpoints(folder, stream string) (*checkpointStore, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make checkpoint folder: %w", err)
	}
	return &checkpointStore{folder: folder, file: filepath.Join(folder, safeName(stream)+".json"), stream: stream}, nil
}

// read returns the checkpoint and whether there is one. One that cannot be read
// is an error: starting over in silence would lose records.
func (s *checkpointStore) read() (checkpoint, bool, error) {
	raw, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{}, false, nil
	}
	if err != nil {
		return checkpoint{}, false, fmt.Errorf("read checkpoint: %w", err)
	}
	var c checkpoint
	if err := json.Unmarshal(raw, &c); err != nil {
		return checkpoint{}, false, fmt.Errorf("read checkpoint %s: %w; move the file away to start anew", s.file, err)
	}
	if c.Version != checkpointVersion || c.Stream != s.stream {
		return checkpoint{}, false, fmt.Errorf("checkpoint %s is of version %d and stream %q, not %d and %q; move the file away to start anew",
			s.file, c.Version, c.Stream, checkpointVersion, s.stream)
	}
	return c, true, nil
}

// write replaces the checkpoint in one step. It refuses when the stored one has
// a higher fence.
func (s *checkpointStore) write(c checkpoint) error {
	last, found, err := s.read()
	if err != nil {
		return err
	}
	if found && last.Fence > c.Fence {
		return fmt.Errorf("write checkpoint %s: %w (fence %d, ours is %d)", s.file, errTakenOver, last.Fence, c.Fence)
	}
	c.Version, c.Stream = checkpointVersion, s.stream
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return replaceFile(s.file, raw)
}

// replaceFile writes beside the file and renames, so that a crash leaves either
// the old content or the new.
func replaceFile(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".writing-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	defer os.Remove(f.Name()) // fails once it is renamed, as it should
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// safeName makes a file name from a name that came from outside.
func safeName(name string) string {
	out := []byte(name[:min(len(name), 200)])
	for i, b := range out {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '_', b == '.' && i > 0:
		default:
			out[i] = '_'
		}
	}
	return string(out)
}
