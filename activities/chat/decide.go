package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/slack-go/slack"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// press is one press of a button of an approval card.
type press struct {
	approve   bool
	value     string // of the button
	channel   string
	messageTS string
	threadTS  string
	actionTS  string
	team      string // the person's own workspace
	user      string
	name      string // what the workspace calls the person; for display only
}

// maxName is how much of a person's name goes along with a decision, in bytes;
// workflows refuse more.
const maxName = 80

// pressOf reads a block action. The person's own workspace counts, not the one
// where the channel is: in a shared channel they differ, and approvers are
// named by both ids.
func pressOf(cb slack.InteractionCallback, a *slack.BlockAction) press {
	p := press{
		approve: a.ActionID == ActionApprove, value: a.Value, actionTS: a.ActionTs,
		channel: cb.Channel.ID, messageTS: cb.Container.MessageTs, threadTS: cb.Container.ThreadTs,
		team: cb.User.TeamID, user: cb.User.ID, name: redact.Name(cb.User.Name).Cut(maxName).String(),
	}
	if p.team == "" {
		p.team = cb.Team.ID
	}
	if p.messageTS == "" {
		p.messageTS = cb.Message.Timestamp
	}
	if p.channel == "" {
		p.channel = cb.Container.ChannelID
	}
	return p
}

// updateID makes a press count once, however often Slack delivers it: the
// action's id only names the button, its time names the press.
func (p press) updateID() string {
	return strings.Join([]string{"slack", p.messageTS, p.actionTS, p.user}, "/")
}

// issuedAt is when the button was pressed, by Slack's clock, so that a second
// delivery makes the same decision; now when Slack does not say.
func (p press) issuedAt(now time.Time) string {
	seconds, _, _ := strings.Cut(p.actionTS, ".")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || at <= 0 {
		return now.UTC().Format(time.RFC3339)
	}
	return time.Unix(at, 0).UTC().Format(time.RFC3339)
}

// decide sends a press to its workflow and tells the person when it did not
// count.
func (g *Gateway) decide(ctx context.Context, p press) {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return
	}
	log := g.o.Logger.With("approver", p.approver(), "approve", p.approve)
	ctx, cancel := context.WithTimeout(ctx, g.o.Timeout)
	defer cancel()
	q, err := decodeQuestion(p.value)
	if err != nil || p.user == "" || p.team == "" || p.messageTS == "" || p.actionTS == "" {
		log.WarnContext(ctx, "a press without what a decision needs; ignored", "error", err)
		return
	}
	log = log.With("workflow", q.WorkflowID, "update", p.updateID())
	receipt, err := g.send(ctx, p, q)
	switch {
	case err != nil:
		log.WarnContext(ctx, "a decision could not be given", "error", err)
		g.tell(ctx, p, whyNot(err))
	case !receipt.Accepted:
		log.InfoContext(ctx, "a decision was refused", "reason", receipt.Reason.String())
		g.tell(ctx, p, "Your answer does not count: "+receipt.Reason.String())
	case receipt.Needed > 0:
		log.InfoContext(ctx, "a decision was taken, more are needed", "needed", receipt.Needed)
		g.tell(ctx, p, fmt.Sprintf("Your approval counts. Still needed: %d.", receipt.Needed))
	default:
		log.InfoContext(ctx, "a decision was taken")
	}
}

// approver is the identity that policy lists: slack:<team id>:<user id>.
func (p press) approver() string { return "slack:" + p.team + ":" + p.user }

// send makes the decision, signs it and runs the update, again while Temporal
// cannot be reached: the update id keeps it one decision.
func (g *Gateway) send(ctx context.Context, p press, q question) (incident.DecisionReceipt, error) {
	d := incident.Decision{
		Approved: p.approve, Approver: p.approver(), Name: p.name, Via: "slack",
		PlanDigest: q.Digest, IssuedAt: p.issuedAt(g.o.Now()),
	}
	var receipt incident.DecisionReceipt
	if g.o.Signer != nil {
		message := incident.DecisionMessage(g.o.Namespace, q.WorkflowID, q.RunID, d)
		sig, err := sshsig.Sign(bytes.NewReader(message), g.o.Signer, sshsig.HashSHA512, incident.DecisionNamespace)
		if err != nil {
			return receipt, fmt.Errorf("sign the decision: %w", err)
		}
		d.Signature = string(sshsig.Armor(sig))
	}
	for {
		handle, err := g.o.Updater.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			UpdateID: p.updateID(), WorkflowID: q.WorkflowID, RunID: q.RunID,
			UpdateName: incident.UpdateDecide, Args: []any{d},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(ctx, &receipt)
		}
		if err == nil || final(err) {
			return receipt, err
		}
		select {
		case <-time.After(g.o.Retry):
		case <-ctx.Done():
			return receipt, fmt.Errorf("reach workflow %s: %w", q.WorkflowID, err)
		}
	}
}

// final tells whether another try would get the same answer.
func final(err error) bool {
	var app *temporal.ApplicationError
	var gone *serviceerror.NotFound
	var bad *serviceerror.InvalidArgument
	var denied *serviceerror.PermissionDenied
	return errors.As(err, &app) || errors.As(err, &gone) || errors.As(err, &bad) || errors.As(err, &denied)
}

// whyNot says in words for the person who pressed what became of it.
func whyNot(err error) string {
	var app *temporal.ApplicationError
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &app): // the validator's reason
		return "Your answer does not count: " + app.Message()
	case errors.As(err, &gone):
		return "This question is closed: its incident has ended."
	default:
		return "Your answer may not have reached the incident. Look at the thread, and press again if the question is still open."
	}
}

// tell answers only the person who pressed. It outlives the decision's own
// time, because running out of it is one of the things to tell.
func (g *Gateway) tell(ctx context.Context, p press, text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	out, _ := escaped(text, limitSection)
	options := []slack.MsgOption{slack.MsgOptionText(out, false), slack.MsgOptionDisableMarkdown()}
	if p.threadTS != "" {
		options = append(options, slack.MsgOptionTS(p.threadTS))
	}
	if _, err := g.o.Client.PostEphemeralContext(ctx, p.channel, p.user, options...); err != nil {
		g.o.Logger.WarnContext(ctx, "tell somebody in Slack what became of a press", "user", p.user, "error", err)
	}
}
