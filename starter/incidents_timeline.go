package main

import (
	"fmt"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// entriesShown is how many entries of the timeline, the latest ones, a story in
// one screen tells.
const entriesShown = 6

// timeline writes the latest entries, a line each, or all of them whole.
func (s story) timeline(st incident.State) {
	s.heading("Timeline")
	entries := st.Timeline
	if !s.all && len(entries) > entriesShown {
		s.printf("  (%d earlier)", len(entries)-entriesShown)
		entries = entries[len(entries)-entriesShown:]
	}
	for _, e := range entries {
		if s.all {
			for _, l := range s.entry(st.Opened, e) {
				s.printf("%s", l)
			}
			continue
		}
		lead := s.lead(st.Opened, e)
		s.printf("%s%s", lead, shorten(text(e.Text.FirstLine()), s.width-len([]rune(lead))))
	}
}

// lead is what stands before an entry's text: the time since the incident
// opened, and the phase.
func (s story) lead(opened time.Time, e incident.Entry) string {
	return fmt.Sprintf("  %8s  %-9s  ", since(opened, e.At), safe(string(e.Phase)))
}

// entry is one entry of the timeline in lines, with the time since the incident
// opened. An entry may have lines of its own; all of them stay in their column,
// so that none can pass for an entry.
func (s story) entry(opened time.Time, e incident.Entry) []string {
	lead := s.lead(opened, e)
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
