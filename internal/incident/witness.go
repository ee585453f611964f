package incident

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/redact"
)

// MaxWitnesses is how many witnesses an anomaly lists; more are counted.
const MaxWitnesses = 15

// Witness is a further series of the anomaly's service that left its band at
// nearly the same time: the same trouble, seen from another side.
type Witness struct {
	Rule   string     `json:"rule"`                // which detector rule found it
	Series string     `json:"series"`              // key of the series on the stream
	Metric *MetricRef `json:"metric,omitempty"`    //
	Group  string     `json:"log_group,omitempty"` // set when it was found in a log group
	Role   MetricRole `json:"role,omitempty"`      // what its service file says that it measures
	Opened time.Time  `json:"opened"`              // event time
	Closed time.Time  `json:"closed,omitzero"`     // event time, once this series is back to normal

	Observed float64 `json:"observed"`           // as in Anomaly, of this series
	Low      float64 `json:"low"`                //
	High     float64 `json:"high"`               //
	Rarity   float64 `json:"rarity"`             //
	Unsure   bool    `json:"unsure,omitempty"`   //
	Previous float64 `json:"previous,omitempty"` //
	Reached  float64 `json:"reached,omitempty"`  //
}

// Own is the sighting of an anomaly in its own series, without a role.
func (a Anomaly) Own() Witness {
	own := Witness{
		Rule: a.Rule, Series: a.Series, Metric: a.Metric, Group: a.LogGroup, Opened: a.Opened, Closed: a.Closed,
		Observed: a.Observed, Low: a.Low, High: a.High, Rarity: a.Rarity, Unsure: a.Unsure, Previous: a.Previous, Reached: a.Reached,
	}
	if !a.Back.IsZero() {
		own.Closed = a.Back
	}
	return own
}

// Sightings lists every series in which an anomaly is known to show, its own
// first. Those that are only counted are missing.
func (a Anomaly) Sightings() []Witness { return append([]Witness{a.Own()}, a.Witnesses...) }

// Breadth is in how many series an anomaly shows, its own included.
func (a Anomaly) Breadth() int { return 1 + len(a.Witnesses) + a.MoreWitnesses }

// Over tells whether every series is known to be back to normal. The episode can be
// open still, because what comes again within a while belongs to it.
func (a Anomaly) Over() bool {
	open := func(w Witness) bool { return w.Closed.IsZero() }
	return a.State == EpisodeClosed || a.MoreWitnesses == 0 && !slices.ContainsFunc(a.Sightings(), open)
}

// Onset is when the first of its series left its band, in event time. A witness
// that took longer to be found can have left it before the anomaly's own did.
func (a Anomaly) Onset() time.Time {
	onset := a.Opened
	for _, w := range a.Witnesses {
		if w.Opened.Before(onset) {
			onset = w.Opened
		}
	}
	return onset
}

// Since is the anomaly as it is to an incident that began with its coming again at
// that time: what was before is another incident's. The zero time changes nothing.
func (a Anomaly) Since(t time.Time) Anomaly {
	if !a.Opened.Before(t) {
		return a
	}
	a.Opened = t
	if !a.Back.IsZero() && a.Back.Before(t) {
		a.Back = t
	}
	var still []Witness
	for _, w := range a.Witnesses {
		if !w.Closed.IsZero() && w.Closed.Before(t) {
			continue
		}
		if w.Opened.Before(t) {
			w.Opened = t
		}
		still = append(still, w)
	}
	a.Witnesses = still
	return a
}

// Same tells whether two witnesses are of one series by one rule.
func (w Witness) Same(other Witness) bool { return w.Series == other.Series && w.Rule == other.Rule }

// Bound makes a list of anomalies fit a payload, in which all of them travel
// together: only the first full keep their samples and changes, and witnesses are
// bounded as by BoundWitnesses.
func Bound(list []Anomaly, full, series int) {
	for i := full; i < len(list); i++ {
		list[i].Samples, list[i].Changes = nil, nil
	}
	BoundWitnesses(list, series)
}

// BoundWitnesses shortens the lists of witnesses, the longest first, until
// anomalies and witnesses together are at most so many series or no witness is
// left. What it takes out is counted as MoreWitnesses. It writes to list and to
// nothing behind it. A witness is smaller than an anomaly, so that a bound on
// the size of that many anomalies holds.
func BoundWitnesses(list []Anomaly, series int) {
	listed := len(list)
	for _, a := range list {
		listed += len(a.Witnesses)
	}
	for ; listed > series; listed-- {
		longest := 0
		for i, a := range list {
			if len(a.Witnesses) >= len(list[longest].Witnesses) {
				longest = i
			}
		}
		a := &list[longest]
		if len(a.Witnesses) == 0 {
			return
		}
		a.Witnesses = slices.Clip(a.Witnesses[:len(a.Witnesses)-1])
		a.MoreWitnesses++
	}
}

// Series is in how many series an incident's trouble was seen, those of
// anomalies included that are only counted.
func (s State) Series() int {
	n := max(s.Joined-len(s.Anomalies), 0)
	for _, a := range s.Anomalies {
		n += a.Breadth()
	}
	return n
}

// Extent is how much was seen of an incident: "2 anomalies", and "in 5 series"
// where witnesses make those more.
func (s State) Extent() redact.Text {
	joined := max(s.Joined, len(s.Anomalies))
	n := Count(joined, "anomaly", "anomalies")
	if series := s.Series(); series > joined {
		return redact.Format("%s in %d series", n, series)
	}
	return n
}

// Words is what was seen in the series, as a sentence without its end.
func (w Witness) Words() redact.Text {
	if w.Group != "" {
		return w.logWords()
	}
	if w.Rule == RuleSilent {
		return redact.Format("%s has stopped coming", w.Name())
	}
	if w.Inside() {
		return redact.Format("%s does not move as it used to, at %.4g where %.4g to %.4g is expected", w.Name(), w.Observed, w.Low, w.High)
	}
	return redact.Format("%s is %.4g where %.4g to %.4g is expected", w.Name(), w.Observed, w.Low, w.High)
}

// logWords is what was seen in a log group.
func (w Witness) logWords() redact.Text {
	rule, _, _ := strings.Cut(w.Rule, "/")
	what, ok := logRules[rule]
	if !ok {
		what = redact.Literal("something unusual")
	}
	if w.High > 0 && rule != RuleLogSilent && rule != RuleLogStopped {
		return redact.Format("%s in %s: %.4g where %.4g to %.4g is expected", what, w.Name(), w.Observed, w.Low, w.High)
	}
	return redact.Format("%s in %s", what, w.Name())
}

// logRules are the rules of log anomalies in words.
var logRules = map[string]redact.Text{
	RuleLogNew:      redact.Literal("lines that were never said before"),
	RuleLogRate:     redact.Literal("another number of lines of a severity"),
	RuleLogTemplate: redact.Literal("another number of lines of one kind"),
	RuleLogStopped:  redact.Literal("lines of one kind that do not come any more"),
	RuleLogSilent:   redact.Literal("no lines at all"),
	RuleLogRatio:    redact.Literal("another share of error lines"),
	RuleLogValue:    redact.Literal("an unusual value"),
}

// Inside tells whether the series was found to be in trouble while its value was
// within the band: a value that is back in the band then proves nothing.
func (w Witness) Inside() bool {
	return w.Rule == RuleEvidence && w.Low <= w.Observed && w.Observed <= w.High
}

// Name is what people call the series: its metric's name, where it is a metric.
func (w Witness) Name() redact.Text {
	if w.Group != "" {
		return redact.Name(w.Group)
	}
	if w.Metric == nil {
		return redact.Name(w.Series)
	}
	return redact.Name(w.Metric.Name)
}
