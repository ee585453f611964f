package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// story writes an incident for a person to read, in lines that fit the
// terminal. Everything that is not our own goes through safe or text.
type story struct {
	w     io.Writer
	width int  // of lines, in columns
	all   bool // also the queries behind the evidence, whole samples and what the diagnosis does not cite
}

// newStory tells stories to w, as wide as that is.
func newStory(w io.Writer, all bool) story { return story{w, widthOf(w), all} }

func (s story) printf(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// hang writes lead and then the words of what, which has to be safe, with
// further lines beginning below the first word. What would leave too little
// room beside lead begins on a line of its own.
func (s story) hang(lead, what string) {
	indent := len([]rune(lead))
	lines := wrap(what, s.width-indent)
	if indent > s.width/2 {
		s.printf("%s", strings.TrimRight(lead, " "))
		indent = bodyIndent
		lines = wrap(what, s.width-indent)
	} else {
		first := ""
		if len(lines) > 0 {
			first, lines = lines[0], lines[1:]
		}
		s.printf("%s", strings.TrimRight(lead+first, " "))
	}
	for _, l := range lines {
		s.printf("%*s%s", indent, "", l)
	}
}

// bodyIndent is where the text below a line's head begins.
const bodyIndent = 6

// body writes text below a line's head; it has to be safe.
func (s story) body(what string) {
	for _, l := range wrap(what, s.width-bodyIndent) {
		s.printf("%*s%s", bodyIndent, "", l)
	}
}

// tell writes the whole story, as it stands now.
func (s story) tell(st incident.State, now time.Time) {
	s.printf("%s  %s  %s  %s", safe(st.ID), safe(st.Service), safe(string(st.Severity)), safe(string(st.Status)))
	s.field("outcome", string(st.Outcome))
	if st.Ended.IsZero() {
		s.field("opened", fmt.Sprintf("%s, %s ago", stamp(st.Opened), elapsed(now.Sub(st.Opened))))
	} else {
		s.field("opened", stamp(st.Opened))
		s.field("ended", fmt.Sprintf("%s, after %s", stamp(st.Ended), elapsed(st.Ended.Sub(st.Opened))))
	}
	s.field("origin", string(st.Origin))
	s.field("team", st.Team)
	s.field("workflow", st.WorkflowID)
	s.field("run", st.RunID)
	s.field("catalogue", st.Catalog)
	if !st.Thread.IsZero() {
		s.field("thread", fmt.Sprintf("%s %s, %s", st.Thread.Channel, st.Thread.TS, number(st.Messages, "message", "messages")))
	}
	if !st.Ticket.IsZero() {
		s.field("ticket", strings.Join(strings.Fields(st.Ticket.Key+" "+quoted(st.TicketStatus)+" "+st.Ticket.URL), " "))
	}
	s.anomalies(st)
	s.evidence(st)
	s.diagnosis(st)
	if st.Plan != nil {
		s.plan(*st.Plan)
	}
	s.decisions(st)
	s.attempts(st)
	s.timeline(st)
	if st.Pending && st.Plan != nil {
		s.question(st, now)
	}
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + s + `"`
}

func (s story) field(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		s.hang(fmt.Sprintf("  %-10s ", name), safe(value))
	}
}

func (s story) heading(name string) { s.printf("\n%s", name) }

func (s story) anomalies(st incident.State) {
	s.heading(fmt.Sprintf("Anomalies (%d)", max(st.Joined, len(st.Anomalies))))
	service := 0
	for _, a := range st.Anomalies {
		service = max(service, len([]rune(safe(a.Service))))
	}
	for _, a := range st.Anomalies {
		s.hang(fmt.Sprintf("  %s  %-*s  %-6s  %-7s  ", stamp(a.Opened), service, safe(a.Service), safe(string(a.Kind)), safe(string(a.State))), text(a.Why))
	}
}

// samplesShown is how many samples of a piece of evidence are shown, cut to a
// line each, unless everything is asked for.
const samplesShown = 2

// evidence writes what was found. What the diagnosis cites comes with its
// details; the rest is there for completeness and mostly says that all is well.
func (s story) evidence(st incident.State) {
	if len(st.Evidence)+len(st.Gaps) == 0 {
		return
	}
	s.heading(fmt.Sprintf("Evidence (%d)", len(st.Evidence)))
	var cited []string
	if st.Diagnosis != nil {
		for _, h := range st.Diagnosis.Hypotheses {
			cited = append(cited, h.Citations...)
		}
	}
	for _, e := range st.Evidence {
		s.hang(fmt.Sprintf("  %-11s  ", safe(e.ID)), text(e.Title))
		if s.all || len(cited) == 0 || slices.Contains(cited, e.ID) {
			s.piece(e)
		}
	}
	for _, g := range st.Gaps {
		s.hang("  missing: ", text(g.What)+": "+text(g.Reason))
	}
	if !s.all {
		s.printf("  (--verbose adds the queries to look again, whole log lines, and the details of what was not cited)")
	}
}

// piece writes the details of a piece of evidence.
func (s story) piece(e incident.Evidence) {
	s.body(text(e.Detail))
	for i, sample := range e.Samples {
		switch {
		case s.all:
			s.printf("      | %s", text(sample))
		case i < samplesShown:
			s.printf("      | %s", shorten(text(sample), s.width-8))
		case i == samplesShown:
			s.printf("      | and %d more", len(e.Samples)-i)
		}
	}
	if s.all && e.Query != "" {
		s.printf("      $ %s", safe(e.Query)) // on one line, to be copied
	}
}

func (s story) diagnosis(st incident.State) {
	if st.Diagnosis == nil {
		return
	}
	s.heading("Diagnosis by " + safe(st.Diagnosis.Model))
	titles := map[string]string{}
	for _, e := range st.Evidence {
		titles[e.ID] = text(e.Title)
	}
	for i, h := range st.Diagnosis.Hypotheses {
		s.hang(fmt.Sprintf("  %d.  ", i+1), text(h.Cause))
		s.body(fmt.Sprintf("in %s, confidence %.2f, runbook %s", safe(h.Service), h.Confidence, orDash(h.Runbook)))
		if s.all {
			s.body(text(h.Reasoning))
		}
		for _, id := range h.Citations {
			s.printf("      %s", shorten(fmt.Sprintf("[%s] %s", safe(id), titles[id]), s.width-bodyIndent))
		}
	}
	for _, n := range st.Diagnosis.Notes {
		s.hang("  corrected: ", safe(n))
	}
}

// entryShown is how many lines an entry of the timeline gets in a story that
// has told most of it already.
const entryShown = 2

func (s story) timeline(st incident.State) {
	s.heading("Timeline")
	for _, e := range st.Timeline {
		lines := s.entry(st.Opened, e)
		if !s.all && len(lines) > entryShown {
			lines = lines[:entryShown]
			lines[entryShown-1] = shorten(lines[entryShown-1], s.width-2) + " …"
		}
		for _, l := range lines {
			s.printf("%s", l)
		}
	}
}

// entry is one entry of the timeline in lines, with the time since the incident
// opened. An entry may have lines of its own; all of them stay in their column,
// so that none can pass for an entry.
func (s story) entry(opened time.Time, e incident.Entry) []string {
	lead := fmt.Sprintf("  %8s  %-9s  ", "+"+elapsed(e.At.Sub(opened)), safe(string(e.Phase)))
	indent := len([]rune(lead))
	var lines []string
	for part := range strings.SplitSeq(e.Text.String(), "\n") {
		for _, l := range wrap(safe(part), s.width-indent) {
			lines = append(lines, fmt.Sprintf("%*s%s", indent, "", l))
		}
	}
	if len(lines) == 0 {
		return []string{strings.TrimRight(lead, " ")}
	}
	lines[0] = lead + lines[0][indent:]
	return lines
}
