package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// metadataType marks our messages. Slack has no idempotency key, so every
// message carries its own in its metadata.
const metadataType = "firebreak_message"

// metadata is the mark of the message with the given key.
func metadata(key string) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType:    metadataType,
		EventPayload: map[string]any{"key": bounded(key)},
	})
}

// bounded is a key as metadata carries it: as it is, or its hash when it is long or no text.
func bounded(key string) string {
	if len(key) <= 255 && utf8.ValidString(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// identity is who we are to Slack, asked for once.
type identity struct {
	mu     sync.Mutex
	botID  string
	userID string
}

func (a *Activities) whoAmI(ctx context.Context) (botID, userID string, err error) {
	a.self.mu.Lock()
	defer a.self.mu.Unlock()
	if a.self.botID == "" && a.self.userID == "" {
		who, err := a.api.AuthTestContext(ctx)
		if err != nil {
			return "", "", classified("ask Slack who we are", err)
		}
		a.self.botID, a.self.userID = who.BotID, who.UserID
	}
	return a.self.botID, a.self.userID, nil
}

const (
	pageSize = 200
	maxPages = 20 // of one search; 4,000 messages
)

// findRoot looks through the channel's recent history for the message with the
// key and returns its timestamp, or "".
func (a *Activities) findRoot(ctx context.Context, channel, key string) (string, error) {
	botID, userID, err := a.whoAmI(ctx)
	if err != nil {
		return "", err
	}
	oldest := strconv.FormatInt(a.now().Add(-a.lookBack).Unix(), 10)
	cursor := ""
	for range maxPages {
		res, err := a.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return "", classified("look for an earlier message in channel "+channel, err)
		}
		if ts := withKey(res.Messages, key, botID, userID); ts != "" {
			return ts, nil
		}
		cursor = res.ResponseMetaData.NextCursor
		if cursor == "" {
			return "", nil
		}
	}
	return "", fmt.Errorf("look for an earlier message in channel %s: more than %d messages in %s", channel, maxPages*pageSize, a.lookBack.Round(time.Minute))
}

// findReply does the same in a thread.
func (a *Activities) findReply(ctx context.Context, channel, root, key string) (string, error) {
	botID, userID, err := a.whoAmI(ctx)
	if err != nil {
		return "", err
	}
	cursor := ""
	for range maxPages {
		messages, _, next, err := a.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: root, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return "", classified("look for an earlier reply in thread "+root, err)
		}
		if ts := withKey(messages, key, botID, userID); ts != "" {
			return ts, nil
		}
		cursor = next
		if cursor == "" {
			return "", nil
		}
	}
	return "", fmt.Errorf("look for an earlier reply in thread %s: more than %d messages", root, maxPages*pageSize)
}

// withKey finds the oldest of our own messages that carries the key: another
// app in the channel may write any metadata that it likes.
func withKey(messages []slack.Message, key, botID, userID string) string {
	found := ""
	for _, m := range messages {
		ours := (botID != "" && m.BotID == botID) || (userID != "" && m.User == userID)
		if !ours || m.Metadata.EventType != metadataType || m.Metadata.EventPayload["key"] != bounded(key) {
			continue
		}
		if found == "" || m.Timestamp < found {
			found = m.Timestamp
		}
	}
	return found
}
