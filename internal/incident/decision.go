package incident

import (
	"strings"
	"time"

	"firebreak/internal/redact"
)

// Decision is a person's answer to a plan, however it came.
type Decision struct {
	Approved   bool   `json:"approved"`
	Approver   string `json:"approver"`            // who says it is
	Name       string `json:"name,omitempty"`      // what people call the approver, at most 80 bytes; for display, no signature covers it
	Via        string `json:"via"`                 // slack, cli, ui, sandbox
	PlanDigest string `json:"plan_digest"`         // which plan is meant; must be the pending one's
	Note       string `json:"note,omitempty"`      // at most 1,000 bytes; redacted before it goes anywhere
	IssuedAt   string `json:"issued_at,omitempty"` // RFC 3339
	Signature  string `json:"signature,omitempty"` // armoured SSH signature over DecisionMessage
}

// DecisionNamespace is the SSH signature namespace of decisions.
const DecisionNamespace = "firebreak-decision-v1"

// DecisionMessage is what an approver's key or the Slack gateway's key signs:
// one line a field, so that a signature for one run, plan or answer fits no other.
func DecisionMessage(namespace, workflowID, runID string, d Decision) []byte {
	answer := "rejected"
	if d.Approved {
		answer = "approved"
	}
	return []byte(strings.Join([]string{DecisionNamespace, namespace, workflowID, runID, d.PlanDigest, answer, d.Approver, d.IssuedAt, ""}, "\n"))
}

// VerifyDecisionInput asks who really sent a decision.
type VerifyDecisionInput struct {
	Namespace  string       `json:"namespace"`
	WorkflowID string       `json:"workflow_id"`
	RunID      string       `json:"run_id"`
	Decision   Decision     `json:"decision"`
	Digest     string       `json:"digest"` // of the pending plan
	Rule       ApprovalRule `json:"rule"`
	Commit     string       `json:"commit"` // of the catalogue, whose policy lists the signers
	Now        time.Time    `json:"now"`    // the workflow's, for the age of IssuedAt
}

// Verdict is what became of a decision.
type Verdict struct {
	Accepted bool `json:"accepted"` // whether it counts
	Verified bool `json:"verified"` // whether a signature proved the approver
	// Identity is who the approver is to policy, the same over every way of
	// answering; the approver's own name when policy lists nobody of that name.
	Identity string      `json:"identity,omitempty"`
	Reason   redact.Text `json:"reason,omitzero"` // why not
	Note     redact.Text `json:"note,omitzero"`   // the decision's note, redacted
}

// Accepted is a decision that counted, as history keeps it.
type Accepted struct {
	Decision Decision    `json:"decision"`           // without its note and signature
	Identity string      `json:"identity,omitempty"` // the verdict's
	Verified bool        `json:"verified"`
	Note     redact.Text `json:"note,omitzero"`
	At       time.Time   `json:"at"`
}

// DecisionReceipt answers the update "decide".
type DecisionReceipt struct {
	Accepted bool        `json:"accepted"`
	Verified bool        `json:"verified"`
	Reason   redact.Text `json:"reason,omitzero"` // why it was refused
	Needed   int         `json:"needed"`          // approvals still missing
}
