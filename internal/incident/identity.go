// Package incident is the vocabulary of Firebreak: the things that an incident
// is made of, their identities, and the names under which workflows and
// activities know each other. Everything in it is plain data that a Temporal
// payload can carry; nothing in it talks to anything.
package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// AnomalyID is "a-" and the first 16 hex digits of the SHA-256 over the rule,
// the series key and the event time (UTC, milliseconds) at which the episode
// opened. The same episode has the same id whoever sees it and how often, which
// is what makes emitting idempotent.
func AnomalyID(rule, series string, opened time.Time) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + series + "\x00" + milliseconds(opened)))
	return "a-" + hex.EncodeToString(sum[:8])
}

// IDFromAnomaly is "inc-" and the first 12 hex digits of the SHA-256 over the
// id of the incident's first anomaly.
func IDFromAnomaly(anomalyID string) string {
	sum := sha256.Sum256([]byte(anomalyID))
	return "inc-" + hex.EncodeToString(sum[:6])
}

// IncidentID is the id of the incident that the anomaly opens: IDFromAnomaly of
// its own, and of one that came again that with the time at which it did (UTC,
// milliseconds). The incident of the first time may be over by then, and an id is
// used once.
func (a Anomaly) IncidentID() string {
	if a.Again.IsZero() {
		return IDFromAnomaly(a.ID)
	}
	return IDFromAnomaly(a.ID + "\x00" + milliseconds(a.Again))
}

func milliseconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Origin says what made an incident; anything not live is kept apart by a
// prefix of its workflow ids, so that live and replayed never meet.
type Origin string

// Origins.
const (
	OriginLive     Origin = "live"
	OriginBackfill Origin = "backfill"
	OriginDrill    Origin = "drill"
)

// Scope is where workflow ids live: an AWS account and region, and the prefix
// for whatever is not live ("" for live, "backfill/<name>/" or "drill/").
type Scope struct {
	Prefix  string `json:"prefix,omitempty"`
	Account string `json:"account"` // 12 digits
	Region  string `json:"region"`
}

// BackfillScope is the scope of the backfill with the given name.
func BackfillScope(name, account, region string) Scope {
	return Scope{Prefix: "backfill/" + name + "/", Account: account, Region: region}
}

// Origin tells the origin from the prefix.
func (s Scope) Origin() Origin {
	switch {
	case strings.HasPrefix(s.Prefix, "backfill/"):
		return OriginBackfill
	case strings.HasPrefix(s.Prefix, "drill/"):
		return OriginDrill
	default:
		return OriginLive
	}
}

// IncidentWorkflowID is <prefix>incident/<account>/<region>/<service>/<incident id>.
func (s Scope) IncidentWorkflowID(service, incidentID string) string {
	return fmt.Sprintf("%sincident/%s/%s/%s/%s", s.Prefix, s.Account, s.Region, service, incidentID)
}

// CorrelatorWorkflowID is <prefix>correlator/<account>/<region>.
func (s Scope) CorrelatorWorkflowID() string {
	return fmt.Sprintf("%scorrelator/%s/%s", s.Prefix, s.Account, s.Region)
}

// RemediationWorkflowID is <incident workflow id>/remediation/<attempt>,
// attempts counted from 1.
func RemediationWorkflowID(incidentWorkflowID string, attempt int) string {
	return fmt.Sprintf("%s/remediation/%d", incidentWorkflowID, attempt)
}

// IncidentIDOf returns the incident id at the end of an incident's workflow id.
func IncidentIDOf(workflowID string) string {
	return workflowID[strings.LastIndexByte(workflowID, '/')+1:]
}

// queryable has neither quotes nor wildcards.
var queryable = regexp.MustCompile(`^[A-Za-z0-9/_.:@ +-]{1,1000}$`)

// Queryable tells whether a workflow id, or the beginning of one, may stand
// between quotes in a list filter of Temporal's.
func Queryable(text string) bool { return queryable.MatchString(text) }
