package fold

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"firebreak/internal/telemetry/logline"
)

// savedVersion is the layout of Saved.
const savedVersion = 1

// Saved is the state of a Folder. It holds no text of a log line beyond
// the names in a trace: types, functions and files.
type Saved struct {
	Version int           `cbor:"1,keyasint" json:"version"`
	Streams []SavedStream `cbor:"2,keyasint,omitempty" json:"streams,omitempty"` // from the one silent for longest to the newest
}

// SavedStream is the state of one log stream.
type SavedStream struct {
	Name   string        `cbor:"1,keyasint" json:"name"`
	Level  logline.Level `cbor:"2,keyasint,omitempty" json:"level,omitempty"`   // of the latest head
	At     int64         `cbor:"3,keyasint" json:"at"`                          // its event time, in nanoseconds since 1970
	Last   int64         `cbor:"4,keyasint" json:"last"`                        // the newest line's
	Note   uint64        `cbor:"5,keyasint,omitempty" json:"note,omitempty"`    // what Folder.Note kept
	Kind   string        `cbor:"6,keyasint,omitempty" json:"kind,omitempty"`    // the type of error that the head names
	Expect uint8         `cbor:"7,keyasint,omitempty" json:"expect,omitempty"`  // what must come next
	NoHead bool          `cbor:"8,keyasint,omitempty" json:"no_head,omitempty"` // the head was not seen
	Trace  *SavedTrace   `cbor:"9,keyasint,omitempty" json:"trace,omitempty"`   // nil when none has begun
	Panics bool          `cbor:"10,keyasint,omitempty" json:"panics,omitempty"` // the head is one of Go's panics
}

// SavedTrace is a trace that is not complete.
type SavedTrace struct {
	Lines      int      `cbor:"1,keyasint" json:"lines"`
	Language   Language `cbor:"2,keyasint,omitempty" json:"language,omitempty"`
	Exceptions []string `cbor:"3,keyasint,omitempty" json:"exceptions,omitempty"`
	Frames     []string `cbor:"4,keyasint,omitempty" json:"frames,omitempty"`
	Items      []uint64 `cbor:"5,keyasint,omitempty" json:"items,omitempty"` // hashes of types and frames
	Section    int      `cbor:"6,keyasint,omitempty" json:"section,omitempty"`
	Count      int      `cbor:"7,keyasint,omitempty" json:"count,omitempty"`
	Routines   int      `cbor:"8,keyasint,omitempty" json:"routines,omitempty"`
	Guessed    bool     `cbor:"9,keyasint,omitempty" json:"guessed,omitempty"`
	Headless   bool     `cbor:"10,keyasint,omitempty" json:"headless,omitempty"`
	Cut        bool     `cbor:"11,keyasint,omitempty" json:"cut,omitempty"`
}

// Save returns the state. Streams whose latest line is too old to be
// continued, and that have no trace open, are left out.
func (f *Folder) Save() Saved {
	saved := Saved{Version: savedVersion}
	var newest int64
	for s := f.oldest; s != nil; s = s.newer {
		newest = max(newest, s.last)
	}
	for s := f.oldest; s != nil; s = s.newer {
		if s.open == nil && (!s.hasHead || between(s.last, newest) > maxPause) {
			continue
		}
		one := SavedStream{
			Name: s.name, Level: s.level, At: s.at, Last: s.last, Note: s.note, Kind: generic(s.errorType()),
			Expect: uint8(s.expect), NoHead: !s.hasHead, Panics: s.panics(),
		}
		if t := s.open; t != nil {
			one.Trace = &SavedTrace{
				Lines: t.Lines, Language: t.Language, Exceptions: slices.Clone(t.Exceptions), Frames: slices.Clone(t.Frames),
				Items: slices.Clone(t.items), Section: t.section, Count: t.n, Routines: t.routine, Guessed: t.guessed,
				Headless: t.Headless, Cut: t.Cut,
			}
		}
		saved.Streams = append(saved.Streams, one)
	}
	return saved
}

// Load puts saved states, such as those of the parents of a shard, into an
// empty Folder. Of a stream that is in several, the state with the newest line
// counts. A state that no Folder can have saved is refused, and then the
// Folder is as it was.
func (f *Folder) Load(states ...Saved) error {
	var all []SavedStream
	for _, state := range states {
		if state.Version != savedVersion {
			return fmt.Errorf("load folded traces: layout %d is not %d, which this program reads", state.Version, savedVersion)
		}
		if len(state.Streams) > MaxStreams {
			return fmt.Errorf("load folded traces: %d streams are more than %d", len(state.Streams), MaxStreams)
		}
		for i := range state.Streams {
			if err := state.Streams[i].check(); err != nil {
				return fmt.Errorf("load folded traces: stream %d: %w", i+1, err)
			}
		}
		all = append(all, state.Streams...)
	}
	if len(states) > 1 {
		// Stable, and by name where the time is the same, so that the order of
		// the states does not matter.
		slices.SortStableFunc(all, func(a, b SavedStream) int {
			return cmp.Or(cmp.Compare(a.Last, b.Last), strings.Compare(a.Name, b.Name))
		})
	}
	for i := range all {
		f.restore(&all[i])
	}
	f.done = f.done[:0]
	return nil
}

func (s *SavedStream) check() error {
	switch t := s.Trace; {
	case len(s.Name) > maxStream, len(s.Kind) > maxName, len(s.Level) > 10, s.Expect > uint8(pythonMessage):
		return errors.New("a field is longer or larger than it can be")
	case t == nil:
	case len(t.Items) > MaxFrames+MaxExceptions, len(t.Exceptions) > MaxExceptions, len(t.Frames) > TopFrames,
		t.Section < 0, t.Section > len(t.Items), t.Lines < 0, t.Count < 0, t.Routines < 0, len(t.Language) > 20:
		return errors.New("a trace is larger than it can be")
	default:
		for _, text := range slices.Concat(t.Exceptions, t.Frames) {
			if len(text) > maxName {
				return fmt.Errorf("a name of %d bytes in a trace is longer than %d", len(text), maxName)
			}
		}
	}
	return nil
}

func (f *Folder) restore(one *SavedStream) {
	s := f.stream(one.Name)
	if s.open != nil {
		s.open = nil
		f.open--
	}
	s.hasHead, s.level, s.at, s.last, s.note, s.kind = !one.NoHead, one.Level, one.At, one.Last, one.Note, strings.Clone(one.Kind)
	s.expect, s.head, s.panicked = expectation(one.Expect), s.head[:0], one.Panics
	if t := one.Trace; t != nil {
		s.open = &trace{
			Trace: Trace{
				Lines: min(t.Lines, MaxLines), Language: t.Language, Exceptions: slices.Clone(t.Exceptions), Frames: slices.Clone(t.Frames),
				Headless: t.Headless, Cut: t.Cut,
			},
			items: slices.Clone(t.Items), section: t.Section, n: t.Count, routine: t.Routines, guessed: t.Guessed,
		}
		f.open++
	}
}
