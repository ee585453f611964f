package chat

import (
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"firebreak/internal/incident"
)

// PostIncident posts the incident's root message and returns its thread; with
// in.Thread set it edits that message in place. However often it is retried,
// and whatever answers get lost, an incident has one root message: it carries
// the workflow id in its metadata and is looked for before it is posted.
func (a *Activities) PostIncident(ctx context.Context, in incident.PostIncidentInput) (incident.ThreadRef, error) {
	h := in.Headline
	if h.WorkflowID == "" {
		return incident.ThreadRef{}, invalid("post incident %s: the headline has no workflow id", name(h.IncidentID))
	}
	content := []slack.MsgOption{
		slack.MsgOptionText(fallback(rootTitle(h), "-", h.Title.String()), false),
		slack.MsgOptionBlocks(rootBlocks(h)...),
		metadata(rootKey(h)),
	}
	if !in.Thread.IsZero() {
		// The edit keeps the key of whoever opened the thread: a recurrence
		// writes its replies into the thread of the incident before it.
		if err := a.edit(ctx, in.Thread.Channel, in.Thread.TS, content[:2]...); err != nil {
			return in.Thread, err
		}
		return a.linked(ctx, in.Thread), nil
	}
	ts, err := a.findRoot(ctx, a.channel, rootKey(h))
	if err != nil {
		return incident.ThreadRef{}, err
	}
	if ts != "" {
		a.log.InfoContext(ctx, "the incident's thread exists already", "incident", h.IncidentID, "thread", ts)
		return a.linked(ctx, incident.ThreadRef{Channel: a.channel, TS: ts}), nil
	}
	ts, err = a.post(ctx, a.channel, content...)
	if err != nil {
		return incident.ThreadRef{}, err
	}
	return a.linked(ctx, incident.ThreadRef{Channel: a.channel, TS: ts}), nil
}

// linked is the thread with its permalink. A thread without one is as good: what
// Slack does not say now is asked again with the next edit.
func (a *Activities) linked(ctx context.Context, thread incident.ThreadRef) incident.ThreadRef {
	if thread.URL != "" {
		return thread
	}
	at, err := a.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: thread.Channel, Ts: thread.TS})
	if err != nil {
		a.log.WarnContext(ctx, "the thread's permalink is not known", "error", classified("ask for the permalink of "+thread.TS, err))
		return thread
	}
	if link(at, "thread") != "" {
		thread.URL = at
	}
	return thread
}

// PostReply adds one message to the thread. The same key is posted once.
func (a *Activities) PostReply(ctx context.Context, in incident.PostReplyInput) (incident.CardRef, error) {
	if in.Thread.IsZero() || in.Key == "" {
		return incident.CardRef{}, invalid("post reply %q: thread and key are required", name(in.Key))
	}
	text := in.Text.String()
	if strings.TrimSpace(text) == "" {
		return incident.CardRef{}, invalid("post reply %q: the text is empty", name(in.Key))
	}
	return a.reply(ctx, in.Thread, in.Key,
		slack.MsgOptionText(fallback(text), false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(plainText(text, limitSection), nil, nil)),
	)
}

// reply posts into the thread unless a message with the key is there. It looks
// on a first attempt as well: a workflow that gave up and asks again, or that
// was reset, starts its attempts at one.
func (a *Activities) reply(ctx context.Context, thread incident.ThreadRef, key string, content ...slack.MsgOption) (incident.CardRef, error) {
	ts, err := a.findReply(ctx, thread.Channel, thread.TS, key)
	if err != nil {
		return incident.CardRef{}, err
	}
	if ts != "" {
		return incident.CardRef{Channel: thread.Channel, TS: ts}, nil
	}
	ts, err = a.post(ctx, thread.Channel, append(content, slack.MsgOptionTS(thread.TS), metadata(key))...)
	if err != nil {
		return incident.CardRef{}, err
	}
	return incident.CardRef{Channel: thread.Channel, TS: ts}, nil
}

// post waits for the channel's turn and posts.
func (a *Activities) post(ctx context.Context, channel string, content ...slack.MsgOption) (string, error) {
	if err := a.posts.wait(ctx, channel); err != nil {
		return "", err
	}
	_, ts, err := a.api.PostMessageContext(ctx, channel, append(content, quiet()...)...)
	if err != nil {
		return "", classified("post to channel "+channel, err)
	}
	if ts == "" {
		// slack-go takes a JSON object without "ok" and "error" for success.
		return "", classified("post to channel "+channel, errNoTimestamp)
	}
	return ts, nil
}

// edit waits for the channel's turn and edits a message in place.
func (a *Activities) edit(ctx context.Context, channel, ts string, content ...slack.MsgOption) error {
	if err := a.edits.wait(ctx, channel); err != nil {
		return err
	}
	_, _, _, err := a.api.UpdateMessageContext(ctx, channel, ts, append(content, quiet()...)...)
	return classified(fmt.Sprintf("edit message %s in channel %s", ts, channel), err)
}

// quiet keeps Slack from fetching addresses that a message mentions.
func quiet() []slack.MsgOption {
	return []slack.MsgOption{slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
}

// rootKey marks the root message. It is the workflow's id, because a live and a
// replayed incident may share an incident id.
func rootKey(h incident.Headline) string { return h.WorkflowID + "/thread" }

func rootTitle(h incident.Headline) string {
	parts := []string{strings.ToUpper(string(h.Severity)), h.Service, strings.ReplaceAll(string(h.Status), "_", " ")}
	if h.Outcome != "" && h.Outcome != incident.OutcomeNone {
		parts = append(parts, strings.ReplaceAll(string(h.Outcome), "_", " "))
	}
	if h.Origin != "" && h.Origin != incident.OriginLive {
		parts = append([]string{strings.ToUpper(string(h.Origin))}, parts...)
	}
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, name(p))
		}
	}
	return strings.Join(kept, " · ")
}

func rootBlocks(h incident.Headline) []slack.Block {
	blocks := []slack.Block{
		heading(rootTitle(h)),
		slack.NewSectionBlock(plainText(oneLine(h.Title.String()), 500), nil, nil),
	}
	if !h.Advice.IsEmpty() {
		blocks = append(blocks, titled("What to do", h.Advice.String(), 500)...)
	}
	if !h.Body.IsEmpty() {
		blocks = append(blocks, slack.NewDividerBlock(), slack.NewSectionBlock(plainText(h.Body.String(), limitSection), nil, nil))
	}
	pairs := [][2]string{{"Incident", h.IncidentID}, {"Team", h.Team}}
	if h.Anomalies > 0 {
		pairs = append(pairs, [2]string{"Anomalies", fmt.Sprint(h.Anomalies)})
	}
	if h.Series > h.Anomalies {
		pairs = append(pairs, [2]string{"Series", fmt.Sprint(h.Series)})
	}
	return append(blocks, contextOf(pairs, link(h.UIURL, "Temporal UI"), link(h.TicketURL, h.TicketKey)))
}

// contextOf is a small-print line of facts and links.
func contextOf(pairs [][2]string, links ...string) slack.Block {
	var elements []slack.MixedElement
	for _, p := range pairs {
		if p[1] != "" {
			elements = append(elements, plainText(p[0]+" "+oneLine(p[1]), limitSmall))
		}
	}
	for _, l := range links {
		if l != "" {
			elements = append(elements, markup(l))
		}
	}
	if len(elements) == 0 {
		elements = append(elements, plainText("-", limitSmall))
	}
	return slack.NewContextBlock("", elements[:min(len(elements), 10)]...)
}
