package main

import (
	"fmt"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
)

// introduce says what is about to happen, before anything does.
func introduce(s *screen, f flags, chosen []scenario.Scenario, dir string) {
	s.paragraph("Firebreak's sandbox: a Temporal server with its UI, stand-ins for AWS, Slack, Jira and git, the worker, " +
		"and a small shop (checkout, which calls payments) that takes real traffic. Everything stays on loopback.")
	if f.model != stack.OfflineModel {
		s.paragraph(fmt.Sprintf("Diagnosis asks %s on Amazon Bedrock: evidence about the shop leaves this machine and costs money.", f.model))
	}
	often := ""
	if len(chosen) > 1 {
		often = fmt.Sprintf(", %d times in a row", len(chosen))
	}
	decide := ""
	if !f.auto && !f.all {
		decide = ", and decide"
	}
	fate := "removes"
	if f.keep {
		fate = "keeps"
	}
	s.paragraph(fmt.Sprintf("After %.0f seconds the shop breaks for real%s; watch what Firebreak makes of it%s. Ctrl-C ends every process and %s %s.",
		scenario.Baseline.Seconds(), often, decide, fate, dir))
	s.printf("\n")
}

// addresses says where to look and how to answer.
func addresses(s *screen, st *stack.Stack) {
	s.printf("  Temporal UI   %s\n", st.Temporal.UIURL())
	s.printf("  Slack page    %s\n", st.Slack.PageURL())
	s.printf("  Jira          %s\n", st.Jira.URL())
	s.printf("  approve with  %sgo run ./starter approve ID\n\n", starterEnv(st))
}

// summarize tells how it ended and how long the parts took.
func summarize(s *screen, r scenario.Result) {
	st := r.State
	colour := green
	if st.Status != incident.StatusResolved {
		colour = yellow
	}
	s.printf("\n%s\n", s.paint(colour, wrap(fmt.Sprintf("%s: %s, %s. %s", st.ID, st.Status.Words(), st.Outcome.Words(), st.Advice()), s.columns(), "")))
	s.printf("\n")
	row := func(name, value string) { s.printf("  %-24s %s\n", name, value) }
	seconds := func(d time.Duration) string { return fmt.Sprintf("%5.1f s", d.Seconds()) }
	row("fault to incident", seconds(r.Found.Sub(r.Fault)))
	if !r.Verified.IsZero() {
		row("fault to verified fix", seconds(r.Verified.Sub(r.Fault)))
	}
	row("fault to end", seconds(r.Ended.Sub(r.Fault)))
	row(r.After.Name+"'s process", processes(r))
	if !st.Ticket.IsZero() {
		row("ticket", fmt.Sprintf("%s, %q", st.Ticket.Key, st.TicketStatus))
	}
	row("thread", fmt.Sprintf("%s on the Slack page", incident.Count(st.Messages, "message", "messages")))
	row("the whole story", "go run ./starter incidents show "+st.ID)
}

func processes(r scenario.Result) string {
	if r.Broken.PID == r.After.PID {
		return fmt.Sprintf("pid %d, not restarted", r.After.PID)
	}
	return fmt.Sprintf("pid %d, then %d: really restarted", r.Broken.PID, r.After.PID)
}
