package slack

import (
	"fmt"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"
)

// Slack's limits, in characters unless said otherwise.
const (
	maxText       = 40_000 // of a message's text
	maxBlocks     = 50
	maxAllBlocks  = 13_200 // over all blocks of a message
	maxHeader     = 150
	maxSection    = 3000
	maxField      = 2000
	maxFields     = 10 // elements
	maxContext    = 10 // elements
	maxActions    = 25 // elements
	maxButtonText = 75
	maxValue      = 2000
	maxActionID   = 255
	maxURL        = 3000
)

// checkLimits refuses what Slack would refuse, so that a test with giant
// inputs fails here as it would there.
func checkLimits(text string, blocks []slackgo.Block) error {
	if length(text) > maxText {
		return code("msg_too_long")
	}
	if len(blocks) > maxBlocks {
		return apiError{code: "invalid_blocks", detail: []string{fmt.Sprintf("no more than %d items allowed", maxBlocks)}}
	}
	c := &counter{}
	for i, b := range blocks {
		c.where = fmt.Sprintf("/blocks/%d", i)
		c.block(b)
	}
	if len(c.problems) > 0 {
		return apiError{code: "invalid_blocks", detail: c.problems}
	}
	if c.total > maxAllBlocks {
		return code("msg_blocks_too_long")
	}
	return nil
}

// length counts characters as Slack's JavaScript does, in UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

type counter struct {
	where    string
	total    int
	problems []string
}

func (c *counter) block(b slackgo.Block) {
	switch b := b.(type) {
	case *slackgo.HeaderBlock:
		c.text("header", b.Text, maxHeader, slackgo.PlainTextType)
	case *slackgo.SectionBlock:
		if b.Text == nil && len(b.Fields) == 0 {
			c.say("a section needs text or fields")
		}
		if b.Text != nil {
			c.text("section", b.Text, maxSection, "")
		}
		c.count("fields", len(b.Fields), maxFields)
		for _, f := range b.Fields {
			c.text("field", f, maxField, "")
		}
	case *slackgo.ContextBlock:
		c.count("context elements", len(b.ContextElements.Elements), maxContext)
		for _, e := range b.ContextElements.Elements {
			if t, ok := e.(*slackgo.TextBlockObject); ok {
				c.text("context", t, maxSection, "")
			}
		}
	case *slackgo.ActionBlock:
		c.count("actions", len(b.Elements.ElementSet), maxActions)
		for _, e := range b.Elements.ElementSet {
			if button, ok := e.(*slackgo.ButtonBlockElement); ok {
				c.button(button)
			}
		}
	case *slackgo.DividerBlock:
	default:
		c.say(fmt.Sprintf("block type %q is not supported by the stand-in", b.BlockType()))
	}
}

func (c *counter) button(b *slackgo.ButtonBlockElement) {
	c.text("button", b.Text, maxButtonText, slackgo.PlainTextType)
	c.atMost("value", b.Value, maxValue)
	c.atMost("action_id", b.ActionID, maxActionID)
	c.atMost("url", b.URL, maxURL)
}

func (c *counter) text(what string, t *slackgo.TextBlockObject, limit int, kind string) {
	if t == nil || t.Text == "" {
		c.say(what + " text is empty")
		return
	}
	if kind != "" && t.Type != kind {
		c.say(fmt.Sprintf("%s text must be %s", what, kind))
	}
	if t.Type != slackgo.PlainTextType && t.Emoji != nil {
		c.say(what + " text: emoji is for plain_text only")
	}
	c.atMost(what+" text", t.Text, limit)
	c.total += length(t.Text)
}

func (c *counter) atMost(what, s string, limit int) {
	if n := length(s); n > limit {
		c.say(fmt.Sprintf("%s must be less than %d characters, has %d", what, limit+1, n))
	}
}

func (c *counter) count(what string, n, limit int) {
	if n > limit {
		c.say(fmt.Sprintf("no more than %d %s allowed, there are %d", limit, what, n))
	}
}

func (c *counter) say(problem string) {
	c.problems = append(c.problems, fmt.Sprintf("[ERROR] %s [json-pointer:%s]", problem, c.where))
}
