// Package offline is the model named offline-rules: a deterministic reasoner
// that diagnoses an incident from the request it is sent and from nothing else.
// It weighs the numbers, kinds and words of the evidence; names of services,
// metrics and pieces of evidence are opaque to it and only ever compared for
// equality, so renaming or shuffling them renames and shuffles the answer and
// changes nothing else.
package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// Name is the model's name, as it appears in every answer.
const Name = "offline-rules"

// The first lines of the blocks that a request is made of. Under each is one
// JSON document.
const (
	blockIncident = "INCIDENT" // {"service","severity","anomalies","depends_on"}
	blockEvidence = "EVIDENCE" // one incident.Evidence
	blockRunbooks = "RUNBOOKS" // array of incident.RunbookOption
	blockTried    = "TRIED"    // array of incident.Tried
)

// Case is what a request says about an incident.
type Case struct {
	Incident struct {
		Service   string             `json:"service"`
		Severity  incident.Severity  `json:"severity"`
		Anomalies []incident.Anomaly `json:"anomalies"`
		DependsOn []string           `json:"depends_on"`
	}
	Evidence []incident.Evidence
	Runbooks []incident.RunbookOption
	Tried    []incident.Tried
}

// ErrNoCase is returned for a request that is no diagnosis.
var ErrNoCase = errors.New("the request holds no INCIDENT block")

// ReadCase collects the case from a request's text blocks. Blocks that start
// with no known line are prose for other models and passed over.
func ReadCase(blocks []string) (*Case, error) {
	var c Case
	found := false
	for _, b := range blocks {
		head, body, _ := strings.Cut(strings.TrimLeft(b, " \t\r\n"), "\n")
		var err error
		switch strings.TrimSpace(head) {
		case blockIncident:
			found = true
			err = read(body, &c.Incident)
		case blockEvidence:
			var e incident.Evidence
			err = read(body, &e)
			c.Evidence = append(c.Evidence, e)
		case blockRunbooks:
			err = read(body, &c.Runbooks)
		case blockTried:
			err = read(body, &c.Tried)
		}
		if err != nil {
			return nil, fmt.Errorf("read block %s: %w", strings.TrimSpace(head), err)
		}
	}
	if !found {
		return nil, ErrNoCase
	}
	return &c, nil
}

// read decodes the first JSON value; whatever prose follows it is ignored.
func read(body string, into any) error {
	return json.NewDecoder(strings.NewReader(body)).Decode(into)
}

// place is where a service stands towards the incident.
type place int

// Places. A cause can be in the incident's own service, in one that it calls, or,
// less likely, in any other that the evidence speaks of.
const (
	own place = iota
	called
	other
)

func (c *Case) place(service string) place {
	if service == c.Incident.Service {
		return own
	}
	if slices.Contains(c.Incident.DependsOn, service) {
		return called
	}
	return other
}

// services are all that evidence speaks of, and the incident's own. Their order
// means nothing.
func (c *Case) services() []string {
	seen := map[string]bool{c.Incident.Service: true}
	out := []string{c.Incident.Service}
	for _, e := range c.Evidence {
		if !seen[e.Service] {
			seen[e.Service] = true
			out = append(out, e.Service)
		}
	}
	return out
}
