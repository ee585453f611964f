package telemetry

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Seen remembers the keys of signals, so that a repeated delivery can be told.
// It is bounded: the oldest are forgotten. Keys are kept as 8 bytes of their
// SHA-256, so that nobody can craft one that hides another.
type Seen struct {
	limit int
	set   map[uint64]struct{}
	order []uint64 // a ring, the next to be forgotten at next
	next  int
}

// NewSeen returns a memory of at most limit keys.
func NewSeen(limit int) *Seen { return &Seen{limit: limit, set: map[uint64]struct{}{}} }

// Again tells whether a key was seen before, and remembers it. The empty key
// was never seen.
func (s *Seen) Again(key string) bool {
	if key == "" {
		return false
	}
	sum := sha256.Sum256([]byte(key))
	return s.add(binary.BigEndian.Uint64(sum[:]))
}

func (s *Seen) add(h uint64) bool {
	if _, ok := s.set[h]; ok {
		return true
	}
	s.set[h] = struct{}{}
	if len(s.order) < s.limit {
		s.order = append(s.order, h)
		return false
	}
	delete(s.set, s.order[s.next])
	s.order[s.next] = h
	s.next = (s.next + 1) % s.limit
	return false
}

// MarshalJSON writes the keys, oldest first, as one base64 string.
func (s *Seen) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, 8*len(s.order))
	for i := range s.order {
		raw = binary.BigEndian.AppendUint64(raw, s.order[(s.next+i)%len(s.order)])
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(raw))
}

// UnmarshalJSON adds the keys of a string that MarshalJSON wrote.
func (s *Seen) UnmarshalJSON(b []byte) error {
	var raw []byte
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("read seen keys: %w", err)
	}
	for ; len(raw) >= 8; raw = raw[8:] {
		s.add(binary.BigEndian.Uint64(raw))
	}
	return nil
}
