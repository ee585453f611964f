package incident

import "firebreak/internal/redact"

// Effects says which outside systems an incident may touch. Live incidents
// have all; a backfill has none unless asked for.
type Effects struct {
	Chat        bool `json:"chat"`
	Tickets     bool `json:"tickets"`
	Remediation bool `json:"remediation"`
}

// AllEffects is what live incidents have.
func AllEffects() Effects { return Effects{Chat: true, Tickets: true, Remediation: true} }

// ThreadRef is an incident's Slack thread.
type ThreadRef struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`            // of the root message
	URL     string `json:"url,omitempty"` // its permalink; empty when Slack did not say
}

// IsZero tells whether there is no thread.
func (r ThreadRef) IsZero() bool { return r.TS == "" }

// TicketRef is an incident's Jira issue.
type TicketRef struct {
	Key string `json:"key"`
	URL string `json:"url,omitempty"`
}

// IsZero tells whether there is no ticket.
func (r TicketRef) IsZero() bool { return r.Key == "" }

// Headline is what the root message and the ticket say of an incident.
type Headline struct {
	IncidentID string      `json:"incident_id"`
	WorkflowID string      `json:"workflow_id"`
	RunID      string      `json:"run_id"`
	Service    string      `json:"service"`
	Team       string      `json:"team,omitempty"`
	Severity   Severity    `json:"severity"`
	Status     Status      `json:"status"`
	Outcome    Outcome     `json:"outcome,omitempty"`
	Origin     Origin      `json:"origin"`
	Title      redact.Text `json:"title"`            // one line
	Body       redact.Text `json:"body"`             // what is known, at most 2,500 bytes
	Advice     redact.Text `json:"advice,omitzero"`  // what a person should do now
	Anomalies  int         `json:"anomalies"`        // how many have joined
	Series     int         `json:"series,omitempty"` // in how many series they were seen
	UIURL      string      `json:"ui_url,omitempty"` // of the workflow in the Temporal UI
	TicketKey  string      `json:"ticket_key,omitempty"`
	TicketURL  string      `json:"ticket_url,omitempty"`
	ThreadURL  string      `json:"thread_url,omitempty"` // permalink of the Slack thread
}

// PostIncidentInput creates the root message, or edits it when Thread is set.
type PostIncidentInput struct {
	Thread   ThreadRef `json:"thread,omitzero"`
	Headline Headline  `json:"headline"`
}

// PostReplyInput adds one message to the thread. The same Key is posted once.
type PostReplyInput struct {
	Thread ThreadRef   `json:"thread"`
	Key    string      `json:"key"` // e.g. "<incident id>/timeline/7"
	Text   redact.Text `json:"text"`
}

// AskApprovalInput posts the approval card with its two buttons into the thread.
type AskApprovalInput struct {
	Thread    ThreadRef     `json:"thread"`
	Headline  Headline      `json:"headline"`
	Plan      Plan          `json:"plan"`
	Cause     redact.Text   `json:"cause"`
	Citations []redact.Text `json:"citations"` // titles of the evidence that the hypothesis cites
	Expires   string        `json:"expires"`   // RFC 3339
	// Result, when set, is how the question was decided before it could be asked
	// here: the card is posted without buttons and says so.
	Result redact.Text `json:"result,omitzero"`
}

// CardRef is the approval card.
type CardRef struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// CloseApprovalInput replaces the card's buttons by how it was decided.
type CloseApprovalInput struct {
	Card   CardRef     `json:"card"`
	Plan   Plan        `json:"plan"`
	Result redact.Text `json:"result"`
}

// OpenTicketInput finds the incident's ticket by its label, or creates it.
type OpenTicketInput struct {
	Headline Headline `json:"headline"`
}

// CommentTicketInput adds a comment. The same Key is added once.
type CommentTicketInput struct {
	Ticket    TicketRef   `json:"ticket"`
	Key       string      `json:"key"`
	Text      redact.Text `json:"text"`
	ThreadURL string      `json:"thread_url,omitempty"` // permalink of the Slack thread, put below the text
}

// TicketState is where a ticket should stand, by Jira's status category.
type TicketState string

// States of a ticket.
const (
	TicketInProgress TicketState = "indeterminate" // Jira's key of "In Progress"
	TicketDone       TicketState = "done"
)

// TransitionTicketInput moves a ticket to a status of the category, from
// wherever it stands; one that is there already is left alone.
type TransitionTicketInput struct {
	Ticket     TicketRef   `json:"ticket"`
	To         TicketState `json:"to"`
	Resolution redact.Text `json:"resolution,omitzero"` // for done, added as a comment with key "resolution"
}

// TicketStatus is where a ticket stands.
type TicketStatus struct {
	Key    string `json:"key"`
	Status string `json:"status"` // the name that people see
}
