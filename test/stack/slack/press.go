package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	slackgo "github.com/slack-go/slack"
)

// errGone is why a button cannot be pressed that was taken away.
var errGone = errors.New("no such button any more")

// Press presses a button of a message as the given user: the app gets Slack's
// block_actions envelope over Socket Mode. It returns when the app has
// acknowledged, or says why it has not, as Slack shows a warning sign then.
func (s *Server) Press(messageTS, actionID, userID string) error {
	channel, message, ok := s.store.locate(messageTS)
	if !ok {
		return fmt.Errorf("press %s: there is no message %s", actionID, messageTS)
	}
	blockID, button := findButton(message, actionID)
	if button == nil {
		return fmt.Errorf("press %s: message %s has %w", actionID, messageTS, errGone)
	}
	v := s.opts.Faults.Decide(Service, "press")
	if v.Refuse != nil {
		return fmt.Errorf("press %s: %s", actionID, v.Refuse.MessageOr())
	}
	actionTS := s.store.uniqueTS()
	deliveries := 1
	if v.Duplicate {
		deliveries = 2
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.AckTimeout)
	defer cancel()
	for range deliveries {
		id, envelope, err := s.envelope(channel, message, blockID, button, userID, actionTS)
		if err != nil {
			return fmt.Errorf("press %s: %w", actionID, err)
		}
		if err := s.sockets.deliver(ctx, id, envelope); err != nil {
			return fmt.Errorf("press %s: %w", actionID, err)
		}
	}
	return nil
}

func findButton(m slackgo.Message, actionID string) (string, *slackgo.ButtonBlockElement) {
	for _, b := range m.Blocks.BlockSet {
		actions, ok := b.(*slackgo.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range actions.Elements.ElementSet {
			if button, ok := e.(*slackgo.ButtonBlockElement); ok && button.ActionID == actionID {
				return actions.BlockID, button
			}
		}
	}
	return "", nil
}

// envelope is what Slack sends when somebody presses a button of a message.
func (s *Server) envelope(ch Channel, m slackgo.Message, blockID string, b *slackgo.ButtonBlockElement, userID, actionTS string) (string, []byte, error) {
	u, _ := s.user(userID)
	id := rand.Text()
	container := answer{"type": "message", "message_ts": m.Timestamp, "channel_id": ch.ID, "is_ephemeral": false}
	if isReply(&m) {
		container["thread_ts"] = m.ThreadTimestamp
	}
	data, err := json.Marshal(answer{
		"envelope_id": id, "type": "interactive", "accepts_response_payload": true,
		"payload": answer{
			"type":       "block_actions",
			"api_app_id": "A0FIREBREAK",
			"token":      "Shh_its_a_seekrit",
			"trigger_id": rand.Text(),
			"team":       answer{"id": TeamID, "domain": "sandbox"},
			"user":       answer{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
			"channel":    answer{"id": ch.ID, "name": ch.Name},
			"container":  container,
			"message":    m,
			"state":      answer{"values": answer{}},
			"response_url": s.responseURL(responseTarget{
				channel: ch.ID, ts: m.Timestamp, user: userID, thread: m.ThreadTimestamp,
			}),
			"actions": []answer{{
				"type": "button", "action_id": b.ActionID, "block_id": blockID,
				"text": b.Text, "value": b.Value, "style": b.Style, "action_ts": actionTS,
			}},
		},
	})
	if err != nil {
		return "", nil, fmt.Errorf("encode the envelope: %w", err)
	}
	return id, data, nil
}
