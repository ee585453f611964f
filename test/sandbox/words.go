package main

import (
	"fmt"
	"net/url"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
)

// introduce says what is about to happen, before anything does.
func introduce(s *screen, f flags, chosen []scenario.Scenario, dir string) {
	s.printf("Firebreak's sandbox starts, on loopback only: a Temporal server with its UI, stand-ins for AWS, Slack, Jira\n" +
		"and git, the worker, and a small shop (checkout, which calls payments) that takes real traffic.\n")
	if f.model != stack.OfflineModel {
		s.printf("Diagnosis asks %s on Amazon Bedrock: evidence about the shop leaves this machine and costs money.\n", f.model)
	}
	s.printf("After %.0f seconds it breaks for real", scenario.Baseline.Seconds())
	if len(chosen) == 1 {
		s.printf(" (%s)", chosen[0].Name)
	} else {
		s.printf(", %d times in a row", len(chosen))
	}
	s.printf("; watch what Firebreak makes of it")
	if !f.auto && !f.all {
		s.printf(", and decide")
	}
	fate := "removes it"
	if f.keep {
		fate = "keeps it"
	}
	s.printf(".\nFolder of this run: %s. Ctrl-C ends every process and %s.\n\n", dir, fate)
}

// addresses says where to look and how to answer.
func addresses(s *screen, st *stack.Stack) {
	s.printf("  Temporal UI   %s\n", st.Temporal.UIURL())
	s.printf("  Slack page    %s\n", st.Slack.PageURL())
	s.printf("  Jira          %s\n", st.Jira.URL())
	s.printf("  approve with  %sgo run ./starter approve ID   (any beginning of the incident's id that fits only one)\n\n", starterEnv(st))
}

// workflowURL leads to the page with the workflow's current details.
func workflowURL(st *stack.Stack, workflowID, runID string) string {
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s/user-metadata", st.Temporal.UIURL(), temporal.Namespace, url.PathEscape(workflowID), url.PathEscape(runID))
}

// summarize tells how it ended and how long the parts took.
func summarize(s *screen, r scenario.Result) {
	st := r.State
	s.printf("\nIncident %s: %s, %s.\n", st.ID, st.Status, st.Outcome)
	for _, e := range st.Timeline {
		s.printf("  %s  %-10s %s\n", e.At.Local().Format("15:04:05.0"), e.Phase, safe(e.Text.Cut(110).String()))
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
	s.printf("\n  baseline                 %s\n  fault to incident        %s\n", seconds(r.Fault.Sub(r.Began)), seconds(r.Found.Sub(r.Fault)))
	if !r.Verified.IsZero() {
		s.printf("  fault to verified fix    %s\n", seconds(r.Verified.Sub(r.Fault)))
	}
	s.printf("  fault to end             %s\n", seconds(r.Ended.Sub(r.Fault)))
	s.printf("  %-24s %s\n", r.After.Name+"'s process", processes(r))
	if st.Status != incident.StatusResolved {
		s.printf("  ticket %s stays open for whoever takes over\n", st.Ticket.Key)
	}
}

func processes(r scenario.Result) string {
	if r.Broken.PID == r.After.PID {
		return fmt.Sprintf("pid %d, not restarted", r.After.PID)
	}
	return fmt.Sprintf("pid %d before, %d after: really restarted", r.Broken.PID, r.After.PID)
}
