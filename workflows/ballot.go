package workflows

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// answer is where a question stands.
type answer string

// Answers.
const (
	answerNone      answer = ""          // not enough approvals yet
	answerApproved  answer = "approved"  // by as many approvers as the rule wants
	answerRejected  answer = "rejected"  // by one
	answerExpired   answer = "expired"   // nobody answered in time
	answerWithdrawn answer = "withdrawn" // no longer of interest: healed, cancelled
)

// Bounds of a decision's fields, in bytes.
const (
	maxApprover  = 200
	maxName      = 80
	maxVia       = 40
	maxNote      = 1_000
	maxSignature = 8 << 10
)

// ballot counts the decisions on one plan. It is pure, so that the update and
// the signal, which can only differ in how a refusal is told, go through the
// very same rules, and may come in any order and more than once.
type ballot struct {
	digest   string
	rule     incident.ApprovalRule
	answer   answer
	accepted []incident.Accepted
	refused  []string // fingerprints of decisions that were looked at and refused
}

// objection is a reason why a decision cannot count, whoever sent it.
type objection struct {
	kind   string // the type of the error that an update is refused with
	reason redact.Text
}

// Kinds of objections.
const (
	objectShape     = "Shape"     // the decision is malformed
	objectStale     = "Stale"     // it means another plan
	objectLate      = "Late"      // nothing is being asked any more
	objectDuplicate = "Duplicate" // it was counted or refused before
)

// object looks for a reason against a decision in its shape, its digest and what
// came before it. It changes nothing, so that an update's validator may ask.
func (b *ballot) object(d incident.Decision) *objection {
	if reason, ok := malformed(d); ok {
		return &objection{objectShape, reason}
	}
	if b == nil {
		return &objection{objectLate, redact.Literal("nothing is being asked")}
	}
	if d.PlanDigest != b.digest {
		return &objection{objectStale, redact.Literal("this is the digest of another plan; look at the incident again")}
	}
	if b.answer != answerNone {
		return &objection{objectLate, redact.Format("the question is closed: %s", redact.Name(string(b.answer)))}
	}
	for _, a := range b.accepted {
		if samePerson(a.Decision.Approver, d.Approver) && a.Decision.Approved == d.Approved {
			return &objection{objectDuplicate, alreadyCounted}
		}
	}
	if len(b.refused) >= maxRefusals {
		return &objection{objectDuplicate, redact.Literal("too many decisions on this plan were refused; cancel the incident or let the question expire")}
	}
	mark := fingerprint(d)
	if slices.Contains(b.refused, mark) {
		return &objection{objectDuplicate, redact.Literal("this very decision was refused before")}
	}
	return nil
}

// alreadyCounted is why nobody counts for two.
var alreadyCounted = redact.Literal("this approver's answer has been counted already")

// repeats tells whether the person whom the verdict found behind a decision has
// given the same answer before, over another way of answering, under another
// name: a Slack user and an SSH key may be one person.
func (b *ballot) repeats(d incident.Decision, v incident.Verdict) bool {
	return v.Identity != "" && slices.ContainsFunc(b.accepted, func(a incident.Accepted) bool {
		return samePerson(a.Identity, v.Identity) && a.Decision.Approved == d.Approved
	})
}

// count takes a decision whose sender has been verified. One valid approver's
// no is enough; a yes may need others.
func (b *ballot) count(d incident.Decision, v incident.Verdict, at time.Time) incident.Accepted {
	d.Note, d.Signature = "", "" // the note goes on redacted, the signature is in the activity's history
	a := incident.Accepted{Decision: d, Identity: v.Identity, Verified: v.Verified, Note: v.Note, At: at}
	b.accepted = append(b.accepted, a)
	switch {
	case !d.Approved:
		b.answer = answerRejected
	case b.needed() == 0:
		b.answer = answerApproved
	}
	return a
}

// refuse remembers a decision that does not count, so that sending it again
// costs nothing.
func (b *ballot) refuse(d incident.Decision) {
	b.refused = append(b.refused, fingerprint(d))
}

// needed is how many approvals are missing.
func (b *ballot) needed() int {
	have := 0
	for _, a := range b.accepted {
		if a.Decision.Approved {
			have++
		}
	}
	return max(b.rule.Count-have, 0)
}

// open tells whether the question still waits for an answer.
func (b *ballot) open() bool { return b != nil && b.answer == answerNone }

// malformed tells what is wrong with a decision's fields. Line breaks and other
// control characters are refused because a signature covers one line a field.
func malformed(d incident.Decision) (redact.Text, bool) {
	switch {
	case strings.TrimSpace(d.Approver) == "" || len(d.Approver) > maxApprover || unprintable(d.Approver):
		return redact.Literal("approver has to be a name of one line and at most 200 bytes"), true
	case len(d.Name) > maxName || unprintable(d.Name):
		return redact.Literal("name has to be of one line and at most 80 bytes"), true
	case len(d.Via) > maxVia || unprintable(d.Via):
		return redact.Literal("via has to be one word of at most 40 bytes"), true
	case d.PlanDigest == "" || len(d.PlanDigest) > maxApprover || unprintable(d.PlanDigest):
		return redact.Literal("plan_digest has to be the pending plan's"), true
	case len(d.Note) > maxNote:
		return redact.Literal("note has to be at most 1,000 bytes"), true
	case len(d.Signature) > maxSignature:
		return redact.Literal("signature has to be at most 8 KiB"), true
	}
	if d.IssuedAt != "" {
		if _, err := time.Parse(time.RFC3339Nano, d.IssuedAt); err != nil {
			return redact.Literal("issued_at has to be a time like 2026-01-02T15:04:05Z"), true
		}
	}
	return redact.Text{}, false
}

func unprintable(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// samePerson compares approvers without regard to case and outer space, so that
// nobody counts for two by writing a name in two ways.
func samePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// fingerprint tells decisions apart. Every field but the note and the name is in
// it.
func fingerprint(d incident.Decision) string {
	said := "rejected"
	if d.Approved {
		said = "approved"
	}
	return strings.Join([]string{said, d.Approver, d.Via, d.PlanDigest, d.IssuedAt, d.Signature}, "\n")
}
