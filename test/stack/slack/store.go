package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"
)

// Ephemeral is a message that only one person sees.
type Ephemeral struct {
	Channel, User, Text string
	ThreadTS            string // empty outside threads
	At                  time.Time
}

// store keeps the messages of every channel.
type store struct {
	mu         sync.Mutex
	now        func() time.Time
	lastMicros int64
	channels   map[string]*channel
	order      []string // channel ids as configured
	ephemerals []Ephemeral
	version    int // grows with every change, for the page
}

type channel struct {
	Channel
	messages []*slackgo.Message // roots and replies, in the order in which they were posted
}

func newStore(o Options) *store {
	s := &store{now: o.Now, channels: map[string]*channel{}}
	for _, c := range o.Channels {
		s.channels[c.ID] = &channel{Channel: c}
		s.order = append(s.order, c.ID)
	}
	return s
}

func (s *store) setNow(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func (s *store) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// nextTS is a message's timestamp, "<seconds>.<6 digits>", unique and growing.
// The lock is held.
func (s *store) nextTS() string {
	micros := max(s.now().UnixMicro(), s.lastMicros+1)
	s.lastMicros = micros
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

func (s *store) uniqueTS() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextTS()
}

func (c *channel) find(ts string) *slackgo.Message {
	for _, m := range c.messages {
		if m.Timestamp == ts {
			return m
		}
	}
	return nil
}

// inThread tells whether a message is the root ts or one of its replies.
func inThread(m *slackgo.Message, ts string) bool {
	return m.Timestamp == ts || m.ThreadTimestamp == ts
}

func isReply(m *slackgo.Message) bool {
	return m.ThreadTimestamp != "" && m.ThreadTimestamp != m.Timestamp
}

func (s *store) roots(id string) []slackgo.Message {
	return s.selected(id, func(m *slackgo.Message) bool { return !isReply(m) })
}

func (s *store) thread(id, ts string) []slackgo.Message {
	return s.selected(id, func(m *slackgo.Message) bool { return inThread(m, ts) })
}

func (s *store) selected(id string, keep func(*slackgo.Message) bool) []slackgo.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[id]
	if !ok {
		return nil
	}
	var out []slackgo.Message
	for _, m := range c.messages {
		if keep(m) {
			out = append(out, cloned(m))
		}
	}
	return out
}

// locate finds a message in whichever channel holds it.
func (s *store) locate(ts string) (Channel, slackgo.Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if m := s.channels[id].find(ts); m != nil {
			return s.channels[id].Channel, cloned(m), true
		}
	}
	return Channel{}, slackgo.Message{}, false
}

func (s *store) ephemeralsOf(id string) []Ephemeral {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Ephemeral
	for _, e := range s.ephemerals {
		if e.Channel == id {
			out = append(out, e)
		}
	}
	return out
}

func (s *store) addEphemeral(e Ephemeral) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.At = s.now()
	s.ephemerals = append(s.ephemerals, e)
	s.version++
	return s.nextTS()
}

func (s *store) currentVersion() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// cloned is a copy that later edits do not reach: an edit replaces a message's
// block set and metadata rather than changing them.
func cloned(m *slackgo.Message) slackgo.Message {
	out := *m
	out.Blocks.BlockSet = slices.Clone(m.Blocks.BlockSet)
	return out
}

// decodeContent reads blocks and metadata of a call and checks them against
// Slack's limits.
func decodeContent(text, blocks, metadata string) (slackgo.Blocks, *slackgo.SlackMetadata, error) {
	var b slackgo.Blocks
	if blocks != "" {
		if err := json.Unmarshal([]byte(blocks), &b); err != nil {
			return b, nil, apiError{code: "invalid_blocks_format", detail: []string{err.Error()}}
		}
	}
	if text == "" && len(b.BlockSet) == 0 {
		return b, nil, code("no_text")
	}
	if err := checkLimits(text, b.BlockSet); err != nil {
		return b, nil, err
	}
	if metadata == "" {
		return b, nil, nil
	}
	var md slackgo.SlackMetadata
	if err := json.Unmarshal([]byte(metadata), &md); err != nil {
		return b, nil, apiError{code: "invalid_metadata_format", detail: []string{err.Error()}}
	}
	return b, &md, nil
}
