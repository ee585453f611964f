package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
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

// tell writes the whole story, as it stands now: in one screen, or at length
// when everything is asked for.
func (s story) tell(st incident.State, now time.Time) {
	head := st.Status.Words()
	if st.Outcome != "" && st.Outcome != incident.OutcomeNone {
		head = redact.Format("%s, %s", head, st.Outcome.Words())
	}
	s.printf("%s  %s  %s  %s", safe(st.ID), safe(st.Service), safe(string(st.Severity)), text(head))
	s.printf("%s", s.opened(st, now))
	s.printf("")
	s.hang("  => ", text(st.Advice()))
	s.anomalies(st)
	if s.all {
		s.evidence(st)
		s.diagnosis(st)
	} else {
		s.because(st)
	}
	switch {
	case st.Plan == nil:
	case s.all:
		s.plan(*st.Plan)
	default:
		s.intent(*st.Plan)
	}
	s.decisions(st)
	s.attempts(st)
	s.timeline(st)
	s.places(st)
	if st.Pending && st.Plan != nil {
		s.question(st, now)
	}
	if !s.all {
		s.printf("\n(--verbose adds all evidence with its queries, plan and timeline)")
	}
}

// opened is the second line: when it began, how long it took or has been going on.
func (s story) opened(st incident.State, now time.Time) string {
	parts := []string{"opened " + stamp(st.Opened)}
	if st.Ended.IsZero() {
		parts = append(parts, text(incident.Span(now.Sub(st.Opened)))+" ago")
	} else {
		parts = append(parts, "took "+text(incident.Span(st.Ended.Sub(st.Opened))))
	}
	parts = append(parts, text(st.Extent()))
	if st.Team != "" {
		parts = append(parts, "team "+safe(st.Team))
	}
	if st.Origin != "" && st.Origin != incident.OriginLive {
		parts = append(parts, safe(string(st.Origin)))
	}
	return strings.Join(parts, ", ")
}

// places tells where else the incident can be seen. Addresses stay on one line,
// to be copied.
func (s story) places(st incident.State) {
	s.heading("Where")
	if !st.Thread.IsZero() {
		where := st.Thread.URL
		if where == "" {
			where = st.Thread.Channel + " " + st.Thread.TS
		}
		s.field("thread", fmt.Sprintf("%s, %s", incident.Count(st.Messages, "message", "messages"), where))
	}
	if !st.Ticket.IsZero() {
		s.field("ticket", strings.Join(strings.Fields(st.Ticket.Key+" "+quoted(st.TicketStatus)+" "+st.Ticket.URL), " "))
	}
	s.field("Temporal", st.UIURL)
	if st.UIURL == "" || s.all {
		s.field("workflow", st.WorkflowID)
		s.field("run", st.RunID)
	}
	if s.all {
		s.field("catalogue", st.Catalog)
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

// anomaliesShown is how many anomalies a story in one screen tells.
const anomaliesShown = 4

// anomalies writes what was seen first, with the time since the first was.
func (s story) anomalies(st incident.State) {
	s.heading("What happened")
	// In the order in which they began: the first that was noticed opened the
	// incident, and others may have begun before it.
	shown := slices.SortedStableFunc(slices.Values(st.Anomalies), func(a, b incident.Anomaly) int { return a.Opened.Compare(b.Opened) })
	if !s.all {
		shown = shown[:min(len(shown), anomaliesShown)]
	}
	for _, a := range shown {
		what := text(a.Why)
		if a.Service != st.Service {
			what = safe(a.Service) + ": " + what
		}
		lead := fmt.Sprintf("  %8s  %-6s  ", since(shown[0].Opened, a.Opened), safe(string(a.Kind)))
		if s.all {
			s.hang(lead, what)
			s.witnesses(shown[0].Opened, a)
		} else {
			s.printf("%s%s", lead, shorten(what, s.width-len([]rune(lead))))
		}
	}
	if more := max(st.Joined, len(st.Anomalies)) - len(shown); more > 0 {
		s.printf("  and %d more", more)
	}
}

// witnesses writes the series in which an anomaly shows, where it is more than one.
func (s story) witnesses(from time.Time, a incident.Anomaly) {
	if a.Breadth() == 1 {
		return
	}
	for _, w := range a.Sightings() {
		back := ""
		if !w.Closed.IsZero() {
			back = ", until " + since(from, w.Closed)
		}
		s.hang(fmt.Sprintf("  %8s  %-6s  - ", since(from, w.Opened), ""), text(w.Words())+back)
	}
	if a.MoreWitnesses > 0 {
		s.printf("  %8s  %-6s  - and %d more series", "", "", a.MoreWitnesses)
	}
}

// since is a point in time as the time that passed since another.
func since(from, at time.Time) string {
	sign := "+"
	if at.Before(from.Add(-50 * time.Millisecond)) {
		sign = "" // it has one
	}
	return strings.Replace(sign+elapsed(at.Sub(from)), "+-", "+", 1) // none of "+-0.0s"
}
