package chat

import (
	"context"

	"github.com/slack-go/slack"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// AskApproval posts the approval card into the thread: what would be run on
// what, with resolved values, and two buttons that carry workflow, run and
// digest. One card per run and question, however often it is retried. A plan whose
// parameters, targets or steps do not fit is shown without the Approve button,
// and a question that was decided before it got here as decided, without any.
func (a *Activities) AskApproval(ctx context.Context, in incident.AskApprovalInput) (incident.CardRef, error) {
	h, p := in.Headline, in.Plan
	if in.Thread.IsZero() || h.WorkflowID == "" || h.RunID == "" || p.Digest == "" {
		return incident.CardRef{}, invalid("ask for approval of %s: thread, workflow id, run id and digest are required", name(p.Runbook))
	}
	value, err := question{h.WorkflowID, h.RunID, p.Digest}.encode()
	if err != nil {
		return incident.CardRef{}, invalid("ask for approval of %s: %v", name(p.Runbook), err)
	}
	// The expiry tells two questions about the same plan apart: an incident that
	// is opened again may come to it a second time.
	key := h.RunID + "/approval/" + p.Digest + "/" + in.Expires
	if !in.Result.IsEmpty() {
		return a.reply(ctx, in.Thread, key, decided(p, in.Result)...)
	}
	return a.reply(ctx, in.Thread, key,
		slack.MsgOptionText(fallback("Approval needed:", p.Runbook, "on", p.Service, "for", h.IncidentID), false),
		slack.MsgOptionBlocks(cardBlocks(in, value)...),
	)
}

// CloseApproval replaces the card's buttons by how it was decided; what was
// asked stays readable. Closing a closed card changes nothing.
func (a *Activities) CloseApproval(ctx context.Context, in incident.CloseApprovalInput) error {
	if in.Card.TS == "" {
		return invalid("close the approval of %s: the card is unknown", name(in.Plan.Runbook))
	}
	return a.edit(ctx, in.Card.Channel, in.Card.TS, decided(in.Plan, in.Result)...)
}

// decided is the card of a question that needs no answer any more.
func decided(p incident.Plan, result redact.Text) []slack.MsgOption {
	blocks := []slack.Block{heading(name(p.Runbook) + " on " + name(p.Service))}
	acts, _ := whatItDoes(p)
	blocks = append(blocks, acts...)
	blocks = append(blocks, titled("Decision", orNone(result.String()), 1000)...)
	blocks = append(blocks, contextOf([][2]string{{"Digest", shortDigest(p.Digest)}, {"Commit", shortHex(p.Commit)}}))
	return []slack.MsgOption{
		slack.MsgOptionText(fallback(p.Runbook, "on", p.Service+":", result.String()), false),
		slack.MsgOptionBlocks(blocks...),
	}
}
