package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
	"firebreak/internal/rootcause"
)

// caseTime is a time in a JSON document: seconds since 1970 or text as in a CSV
// file. It is zero for null, for what is not there and for an empty text.
type caseTime struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *caseTime) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case string(raw) == "null":
		return nil
	case len(raw) > 0 && raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		if text == "" {
			return nil
		}
	default:
		text = string(raw)
	}
	at, err := parseTime(text)
	if err != nil {
		return err
	}
	t.Time = at
	return nil
}

// readSymptom reads symptom.json, which must be there.
func (c *readFolder) readSymptom() error {
	var s struct {
		Service, Metric *string
		Start, End      caseTime
	}
	there, err := c.readDocument(symptomFile, &s)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("there is no %s, which says where and when the trouble shows: {\"service\", \"metric\", \"start\", \"end\"}", symptomFile)
	}
	if s.Start.IsZero() {
		return errors.New(symptomFile + " has no start: when was it noticed?")
	}
	c.given.Symptom = rootcause.Symptom{Start: s.Start.Time, End: s.End.Time}
	if s.Service != nil {
		c.given.Symptom.Service = *s.Service
	}
	if s.Metric != nil {
		c.given.Symptom.Metric = *s.Metric
	}
	if !s.End.IsZero() && s.End.Before(s.Start.Time) {
		c.note(redact.Literal("the symptom ends before it starts; its end is not used"))
		c.given.Symptom.End = time.Time{}
	}
	return nil
}

// readGraph reads graph.json.
func (c *readFolder) readGraph() error {
	var g struct {
		Nodes []string
		Edges [][]string
	}
	if _, err := c.readDocument(graphFile, &g); err != nil {
		return err
	}
	odd := 0
	for _, e := range g.Edges {
		if len(e) != 2 || e[0] == "" || e[1] == "" {
			odd++
			continue
		}
		c.given.Calls = append(c.given.Calls, rootcause.Call{Caller: e[0], Callee: e[1]})
	}
	c.given.Nodes = slices.DeleteFunc(g.Nodes, func(n string) bool { return n == "" })
	if odd > 0 {
		c.note(redact.Format("%s of graph.json are not [caller, callee] and were passed over", incident.Count(odd, "edge", "edges")))
	}
	return nil
}

// readChanges reads changes.json.
func (c *readFolder) readChanges() error {
	var changes []struct {
		At                  caseTime
		Service, Kind, Text string
	}
	if _, err := c.readDocument(changesFile, &changes); err != nil {
		return err
	}
	odd := 0
	for _, x := range changes {
		if x.At.IsZero() || x.Service == "" {
			odd++
			continue
		}
		c.given.Changes = append(c.given.Changes, rootcause.Change{At: x.At.Time, Service: x.Service, Kind: x.Kind, Text: redact.Clean(rules.Default(), x.Text)})
	}
	if odd > 0 {
		c.note(redact.Format("%s without a time or a service were passed over", incident.Count(odd, "change", "changes")))
	}
	return nil
}

// look says what of a case does not fit together.
func (c *readFolder) look() {
	if c.rows.Bad > 0 {
		c.note(redact.Format("%s could not be used", incident.Count(c.rows.Bad, "row", "rows")))
	}
	s := c.given.Symptom
	known := s.Service == "" || slices.Contains(c.given.Nodes, s.Service) ||
		slices.ContainsFunc(c.given.Series, func(x rootcause.Series) bool { return x.Service == s.Service }) ||
		slices.ContainsFunc(c.given.Calls, func(x rootcause.Call) bool { return x.Caller == s.Service || x.Callee == s.Service })
	if !known {
		c.note(redact.Format("the symptom's service %s is in neither the metrics nor the graph", redact.Name(s.Service)))
	}
}
