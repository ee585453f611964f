package main

import (
	"fmt"

	"firebreak/internal/incident"
)

// by says who made a diagnosis, and whether that was a model.
func (s story) by(d incident.Diagnosis) string {
	if d.NoModel.IsEmpty() {
		return "by model " + safe(d.Model)
	}
	return "by rule, because no model answered: " + text(d.NoModel)
}

// citationsShown is how many citations a story in one screen names.
const citationsShown = 5

// because writes the diagnosis that was gone by, and what it rests on.
func (s story) because(st incident.State) {
	d := st.Diagnosis
	if d == nil {
		s.gaps(st)
		return
	}
	best := d.Best()
	s.heading("Cause, " + s.by(*d))
	s.hang(fmt.Sprintf("  %3.0f%%  ", 100*best.Confidence), text(best.Cause))
	pieces := map[string]incident.Evidence{}
	for _, e := range st.Evidence {
		pieces[e.ID] = e
	}
	for _, id := range best.Citations[:min(len(best.Citations), citationsShown)] {
		s.printf("      - %s", shorten(fmt.Sprintf("%s %s", safe(id), text(pieces[id].Title)), s.width-8))
	}
	if more := len(best.Citations) - citationsShown; more > 0 {
		s.printf("      - and %d more of %d pieces of evidence", more, len(st.Evidence))
	}
	if n := len(d.Hypotheses) - 1; n > 0 {
		s.printf("      (%s besides)", incident.Count(n, "hypothesis", "hypotheses"))
	}
	s.gaps(st)
}

// gaps tells what could not be found out.
func (s story) gaps(st incident.State) {
	for _, g := range st.Gaps {
		s.hang("      missing: ", text(g.What)+": "+text(g.Reason))
	}
}

// evidence writes all that was found, with its samples and the queries to see it
// oneself.
func (s story) evidence(st incident.State) {
	if len(st.Evidence)+len(st.Gaps) == 0 {
		return
	}
	s.heading(fmt.Sprintf("Evidence (%d)", len(st.Evidence)))
	for _, e := range st.Evidence {
		s.hang(fmt.Sprintf("  %-11s  ", safe(e.ID)), text(e.Title))
		s.finding(e)
		if e.Whole != nil {
			s.printf("      all of it, %d bytes: starter incidents evidence %s %s", e.Whole.Bytes, safe(st.ID), safe(e.ID))
		}
	}
	s.gaps(st)
}

// finding writes what a piece of evidence says, and how to see it oneself.
func (s story) finding(e incident.Evidence) {
	s.body(text(e.Detail))
	for _, sample := range e.Samples {
		s.printf("      | %s", text(sample))
	}
	if e.Query != "" {
		s.printf("      $ %s", safe(e.Query)) // on one line, to be copied
	}
}

func (s story) diagnosis(st incident.State) {
	if st.Diagnosis == nil {
		return
	}
	s.heading("Diagnosis, " + s.by(*st.Diagnosis))
	titles := map[string]string{}
	for _, e := range st.Evidence {
		titles[e.ID] = text(e.Title)
	}
	for i, h := range st.Diagnosis.Hypotheses {
		s.hang(fmt.Sprintf("  %d.  ", i+1), text(h.Cause))
		s.body(fmt.Sprintf("in %s, confidence %.2f, runbook %s", safe(h.Service), h.Confidence, orDash(h.Runbook)))
		s.body(text(h.Reasoning))
		for _, id := range h.Citations {
			s.printf("      %s", shorten(fmt.Sprintf("[%s] %s", safe(id), titles[id]), s.width-bodyIndent))
		}
	}
	for _, n := range st.Diagnosis.Notes {
		s.hang("  corrected: ", safe(n))
	}
}
