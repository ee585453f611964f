package telemetry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// changeWords in a source or a detail-type say that somebody or something
// changed the system. Other custom events ("Order Placed") would bury the
// changes that explain an incident.
var changeWords = []string{
	"config", "deploy", "release", "rollout", "rollback", "reload", "restart", "feature", "flag",
	"migration", "scaling", "change", "update", "maintenance", "pipeline",
}

// readOther reads custom events and AWS sources that have no reader: a change
// by its name, else a notice.
func readOther(ev *Event, detail json.RawMessage, _ *Signal) error {
	var fields map[string]json.RawMessage
	if len(detail) > 0 {
		if err := json.Unmarshal(detail, &fields); err != nil {
			return err
		}
	}
	ev.Service = stringField(fields, []string{"service"})
	ev.State = stringField(fields, []string{"state", "status"})
	what := stringField(fields, []string{"change", "summary", "description", "message", "eventName"})
	ev.Summary = strings.TrimSuffix(fmt.Sprintf("%s: %s", ev.DetailType, first(what, ev.State)), ": ")
	name := strings.ToLower(ev.Source + " " + ev.DetailType)
	switch {
	case strings.HasPrefix(ev.Source, "aws.") && ev.Source != "aws.ssm" && ev.Source != "aws.cloudwatch":
		// Most services call their notifications "State Change".
	case slices.ContainsFunc(changeWords, func(w string) bool { return strings.Contains(name, w) }):
		ev.Class = ClassChange
	}
	return nil
}

// stringField returns the first of the named fields that is a string with
// something in it.
func stringField(fields map[string]json.RawMessage, names []string) string {
	for _, name := range names {
		var s string
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, &s) == nil && s != "" {
			return s
		}
	}
	return ""
}
