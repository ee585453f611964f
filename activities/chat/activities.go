// Package chat keeps an incident's Slack thread: its root message, the replies,
// the approval card with its buttons, and the gateway that turns a press of a
// button into a decision.
package chat

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/slack-go/slack"
)

// API is the part of slack-go's client that the activities call.
type API interface {
	AuthTestContext(ctx context.Context) (*slack.AuthTestResponse, error)
	PostMessageContext(ctx context.Context, channelID string, options ...slack.MsgOption) (string, string, error)
	UpdateMessageContext(ctx context.Context, channelID, timestamp string, options ...slack.MsgOption) (string, string, string, error)
	GetConversationHistoryContext(ctx context.Context, params *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, error)
	GetPermalinkContext(ctx context.Context, params *slack.PermalinkParameters) (string, error)
	GetConversationRepliesContext(ctx context.Context, params *slack.GetConversationRepliesParameters) ([]slack.Message, bool, string, error)
}

// Options configure the chat activities.
type Options struct {
	// Client talks to Slack with a bot token; required.
	Client API
	// Channel is the id (C...) of the channel that threads are opened in;
	// required. The bot has to be a member.
	Channel string
	// Interval is the least time between two messages to one channel; 0 is one
	// second, Slack's limit for chat.postMessage. Edits are paced on their own.
	Interval time.Duration
	// LookBack is how far back the channel is searched for a thread whose
	// creation may have gone through; 0 is 24 hours.
	LookBack time.Duration
	// Now is the clock for LookBack; nil is time.Now.
	Now func() time.Time
	// Logger is nil for slog.Default.
	Logger *slog.Logger
}

// Activities are the Slack activities. Their methods are registered under
// their own names and are safe for concurrent use.
type Activities struct {
	api      API
	channel  string
	lookBack time.Duration
	now      func() time.Time
	log      *slog.Logger
	posts    *pace
	edits    *pace
	self     identity
}

// New checks the options and makes the activities. It does not call Slack.
func New(o Options) (*Activities, error) {
	switch {
	case o.Client == nil:
		return nil, errors.New("chat: a Slack client is required")
	case o.Channel == "":
		return nil, errors.New("chat: the id of a Slack channel is required")
	case o.Interval < 0 || o.LookBack < 0:
		return nil, errors.New("chat: durations must not be negative")
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.LookBack == 0 {
		o.LookBack = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Activities{
		api: o.Client, channel: o.Channel, lookBack: o.LookBack, now: o.Now, log: o.Logger,
		posts: newPace(o.Interval), edits: newPace(o.Interval),
	}, nil
}
