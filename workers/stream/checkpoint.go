package stream

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// checkpointVersion is that of the file. Version 1 had the detectors' state
// inside of the JSON document; what else it says is still read.
const checkpointVersion = 2

// checkpoint is everything that a restart needs, in one file: where each shard
// was read to and what the detectors knew there. Written apart, the two could
// disagree, and records would be lost or counted twice without a word.
//
// The file is one line of JSON, and after it the detectors' snapshot as it is:
// that has tens of megabytes when thousands of series are watched.
type checkpoint struct {
	Version   int                    `json:"version"`
	Stream    string                 `json:"stream"`
	Fence     int64                  `json:"fence"` // grows with every owner
	Written   time.Time              `json:"written"`
	Shards    map[string]*shardPlace `json:"shards"`
	Watermark time.Time              `json:"watermark,omitzero"`
	Seen      json.RawMessage        `json:"seen"`

	Engine []byte `json:"-"`
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
	file, stream string
}

func openCheckpoints(folder, stream string) (*checkpointStore, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make checkpoint folder: %w", err)
	}
	return &checkpointStore{file: filepath.Join(folder, safeName(stream)+".json"), stream: stream}, nil
}

// read returns the checkpoint and whether there is one. One that cannot be read
// is an error: starting over in silence would lose records. The detectors'
// snapshot is not looked at here; it may be cut off or missing.
func (s *checkpointStore) read() (checkpoint, bool, error) {
	c, rest, err := s.open()
	if rest == nil || err != nil {
		return c, false, err
	}
	defer rest.Close()
	if c.Engine, err = io.ReadAll(rest); err != nil {
		return c, false, fmt.Errorf("read checkpoint %s: %w", s.file, err)
	}
	return c, true, nil
}

// open returns what the first line of the file says, and the rest of the file.
// There is no rest when there is no file.
func (s *checkpointStore) open() (checkpoint, io.ReadCloser, error) {
	f, err := os.Open(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{}, nil, nil
	}
	if err != nil {
		return checkpoint{}, nil, fmt.Errorf("read checkpoint: %w", err)
	}
	in := bufio.NewReaderSize(f, 1<<20)
	c, err := readHead(in)
	if err == nil && c.Stream != s.stream {
		err = fmt.Errorf("it is of stream %q, not %q", c.Stream, s.stream)
	}
	if err != nil {
		_ = f.Close()
		return checkpoint{}, nil, fmt.Errorf("read checkpoint %s: %w; move the file away to start anew", s.file, err)
	}
	return c, struct {
		io.Reader
		io.Closer
	}{in, f}, nil
}

func readHead(in *bufio.Reader) (checkpoint, error) {
	line, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return checkpoint{}, err
	}
	var c checkpoint
	if err := json.Unmarshal(line, &c); err != nil {
		return checkpoint{}, err
	}
	if c.Version < 1 || c.Version > checkpointVersion {
		return checkpoint{}, fmt.Errorf("version %d is not between 1 and %d", c.Version, checkpointVersion)
	}
	return c, nil
}

// write replaces the checkpoint in one step. It refuses when the stored one has
// a higher fence.
func (s *checkpointStore) write(c checkpoint) error {
	last, rest, err := s.open()
	if err != nil {
		return err
	}
	if rest != nil {
		_ = rest.Close() // it was only read
		if last.Fence > c.Fence {
			return fmt.Errorf("write checkpoint %s: %w (fence %d, ours is %d)", s.file, errTakenOver, last.Fence, c.Fence)
		}
	}
	c.Version, c.Stream = checkpointVersion, s.stream
	head, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return replaceFile(s.file, head, []byte("\n"), c.Engine)
}

// keepRefused puts a snapshot that the detectors refused beside the checkpoint,
// which is about to be overwritten, so that somebody can find out why. There is
// one such file for a stream.
func (s *checkpointStore) keepRefused(snapshot []byte) (file string, err error) {
	file = s.file + ".refused"
	return file, replaceFile(file, snapshot)
}

// replaceFile writes beside the file and renames, so that a crash leaves either
// the old content or the new.
func replaceFile(file string, parts ...[]byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".writing-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	defer os.Remove(f.Name()) // fails once it is renamed, as it should
	for _, part := range parts {
		if err == nil {
			_, err = f.Write(part)
		}
	}
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
