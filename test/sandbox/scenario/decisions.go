package scenario

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack/victim"
)

// decisions are the scenarios of one fault and every answer that a person can give.
func decisions() []Scenario {
	const reload = "a bad configuration was reloaded by checkout; every order fails from now on"
	return []Scenario{
		{
			Name:    "error-spike",
			Summary: "bad configuration; restored and restarted",
			Fault:   victim.BadReload(), What: reload, Answer: Approve,
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed,
			Runbooks: []string{"restart-service"}, Heals: victim.Checkout,
		},
		{
			Name:    "rejected",
			Summary: "the same; the person says no",
			Fault:   victim.BadReload(), What: reload, Answer: Reject,
			Status: incident.StatusRejected, Outcome: incident.OutcomeDeclined,
		},
		{
			Name:    "expired",
			Summary: "the same; nobody answers in time",
			Fault:   victim.BadReload(), What: reload, Answer: Silence, Expiry: 20 * time.Second,
			Status: incident.StatusExpired, Outcome: incident.OutcomeTimedOut,
		},
	}
}
