package incident

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Search attributes. All are of type Keyword but AttrAnomalies, which is an Int.
const (
	AttrStatus    = "IncidentStatus"
	AttrSeverity  = "IncidentSeverity"
	AttrService   = "IncidentService"
	AttrRunbook   = "IncidentRunbook"
	AttrOrigin    = "IncidentOrigin"
	AttrTeam      = "IncidentTeam"
	AttrAnomalies = "IncidentAnomalies"
)

// SearchAttributes are what the workflows upsert, each with the name of its
// type as Temporal's command line and its API spell it. An attribute that a
// namespace does not know fails every workflow task that sets it, and with it
// the incident.
func SearchAttributes() map[string]string {
	return map[string]string{
		AttrStatus:    "Keyword",
		AttrSeverity:  "Keyword",
		AttrService:   "Keyword",
		AttrRunbook:   "Keyword",
		AttrOrigin:    "Keyword",
		AttrTeam:      "Keyword",
		AttrAnomalies: "Int",
	}
}

// AddAttributesCommand is what an administrator runs to add search attributes,
// each with its type, to a namespace.
func AddAttributesCommand(namespace string, missing map[string]string) string {
	var b strings.Builder
	b.WriteString("temporal operator search-attribute create --namespace " + namespace)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(&b, " --name %s --type %s", name, missing[name])
	}
	return b.String()
}
