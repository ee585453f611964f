package evidence

import (
	"context"
	"errors"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// source is one place that is asked what it knows about the time around an
// onset. Sources are asked side by side, each in its own time: what one does
// never keeps another from answering. They only read.
type source interface {
	// name says what is asked, such as "logs of checkout in /shop/checkout".
	name() redact.Text
	// needs are the IAM actions that asking takes, such as "logs:FilterLogEvents";
	// none for what is no service of AWS.
	needs() []string
	// gather asks. The question is shared and must not be changed. What is
	// answered beside an error is used, and the error becomes a gap with its
	// reason; an error that wraps errNotConfigured counts as nobody asked. It
	// returns soon after the context has ended.
	gather(ctx context.Context, q *question) (answer, error)
}

// errNotConfigured is for a source that nobody has set up, with what to set.
var errNotConfigured = errors.New("not configured")

// question is about whom and about which time is asked.
type question struct {
	span

	incident  string
	anomalies []incident.Anomaly
	services  []incident.Service // the incident's own, then those around it, nearest first
	calls     []rootcause.Call   // between services, as the service files say
	region    string
	now       time.Time
}

// span is the time that evidence is about.
type span struct {
	from, onset, until time.Time
}

// service is the incident's own.
func (q *question) service() incident.Service { return q.services[0] }

// answer is what a source found.
type answer struct {
	pieces []piece
	gaps   []incident.Gap

	// What of it the ranking of suspects looks at.
	calls   []rootcause.Call
	series  []series
	logs    []logPattern
	changes []rootcause.Change
}

// piece is evidence with what it is worth: the higher, the more telling.
type piece struct {
	incident.Evidence
	weight float64
	// full is what there is to know beyond the piece, nil when that is nothing. It
	// is stored as JSON, so that its texts have to be redact.Text.
	full any
	body []byte // of it, where it is to be stored
}

// series is one that the ranking looks at, and where it was read.
type series struct {
	rootcause.Series
	ref incident.MetricRef
}

// logPattern is one that the ranking looks at, and what finds its lines.
type logPattern struct {
	rootcause.LogPattern
	query string
}

func (a *answer) add(e incident.Evidence, weight float64) { a.addWhole(e, weight, nil) }

// addWhole adds a piece that shows a part of something larger.
func (a *answer) addWhole(e incident.Evidence, weight float64, full any) {
	a.pieces = append(a.pieces, piece{Evidence: e, weight: weight, full: full})
}

// gap notes what could not be had.
func (a *answer) gap(kind incident.GapKind, what, reason redact.Text) {
	a.gaps = append(a.gaps, incident.Gap{What: what.Cut(maxTitle), Reason: reason.Cut(maxDetail), Kind: kind})
}

// join takes over everything of another answer.
func (a *answer) join(other answer) {
	a.pieces, a.gaps = append(a.pieces, other.pieces...), append(a.gaps, other.gaps...)
	a.calls, a.series = append(a.calls, other.calls...), append(a.series, other.series...)
	a.logs, a.changes = append(a.logs, other.logs...), append(a.changes, other.changes...)
}
