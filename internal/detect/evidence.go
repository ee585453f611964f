package detect

import (
	"math"
	"time"

	"firebreak/internal/detect/series"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// RuleEvidence is the rule of series in which many signs of trouble add up, or
// one is very clear: see package series. It sees what no band shows, such as a
// value that is usual in itself and not at this hour, and says it of every
// series; of one whose role a service file names, only when it also is far
// enough to the bad side to matter.
const RuleEvidence = incident.RuleEvidence

// An on-call gets one message of a trouble and not thirty: after one, the same
// series is quiet for thirty points, which is hours at most.
const (
	evidencePoints = 30
	evidenceQuiet  = 6 * time.Hour
	evidenceLeast  = 3 // points
	// evidenceRow is how many points in a row of a series with a role have to speak
	// where they are closer than densePoints, so that single ones are noise. What is
	// sudden and large, the band finds before that.
	evidenceRow = 8
	densePoints = 30.0 // seconds
)

// A series that alerts often has to say it louder: every alert multiplies the
// bar, up to a limit, and that wears off by half within the horizon. A tail that
// is heavier than its units claim would else alert every day of a healthy month.
const (
	habitRaise = 1.5
	habitMost  = 4.0
)

// week is how long one alert that was chance is too many for a pager.
const week = 7 * 24 * time.Hour

// evidence is what speaks for trouble in one series.
type evidence struct {
	Model series.Model `json:"model"`
	Told  time.Time    `json:"told,omitzero"` // when the latest episode opened
	Seen  int64        `json:"seen"`          // points at that time
	Habit float64      `json:"habit"`         // natural logarithm of the factor by then
	Over  int          `json:"over"`          // points in a row with enough evidence, outside of an episode

	Counter counter `json:"counter"`

	// What was expected of the latest point before it came. A point that is far out
	// moves the level and widens the band; people are told, and trouble is held
	// against, what was usual without it. A snapshot does without: the next point
	// has its own.
	low, high float64
}

// observe takes the next point.
func (e *evidence) observe(at time.Time, x float64) {
	e.low, e.high = e.expected(at.Unix(), e.Counter.Last)
	judged, ok, changed := e.Counter.take(x)
	if changed {
		e.Model, e.Seen = series.Model{}, 0
	}
	if ok {
		e.Model.Observe(at.Unix(), judged)
	}
}

// habit is by how much the bar is higher at an event time because of earlier
// alerts.
func (e *evidence) habit(at time.Time, horizon time.Duration) float64 {
	if e.Habit == 0 || horizon == 0 {
		return 1
	}
	return math.Exp(e.Habit * math.Exp2(-at.Sub(e.Told).Seconds()/horizon.Seconds()))
}

// bar is how much evidence it takes. A series that has more points in the time
// for which chance is to be silent is asked for more, but never for more than it
// could show.
func (m *metricState) bar(rules thresholds) float64 {
	points := 0.0
	if m.Step > 0 {
		points = rules.Horizon.Seconds() / m.Step
	}
	model := &m.Signs.Model
	return min(rules.Evidence*m.Signs.habit(m.Last, rules.Horizon)*model.Bar(points), model.Most())
}

// weigh decides what the evidence means, after the band has had its say.
func (m *metricState) weigh(d *Detector, s *telemetry.Signal, t trait, x float64, points int) []incident.Anomaly {
	e := &m.Signs
	if m.Episode == nil && e.Model.Evidence <= 0 {
		e.Over = 0 // as with most points: no bar is as low as that
		return nil
	}
	rules := m.feedback.thresholds(d.rules, RuleEvidence, s.Time)
	bar := m.bar(rules)
	if m.Episode != nil {
		if m.Episode.Anomaly.Rule != RuleEvidence {
			return nil
		}
		strong := e.Model.Evidence / bar
		if !m.bad(t, rules, x, points) {
			strong = 0 // back on the good side, however suddenly
		}
		return m.duringEvidence(d, s, t, x, strong)
	}
	if e.Model.Evidence < bar || e.Model.N < series.Mature || !m.bad(t, rules, x, points) {
		e.Over = 0
		return nil
	}
	e.Over++
	if m.Role != "" && m.Step < densePoints && e.Over < evidenceRow || !m.mayTell(s.Time) {
		return nil
	}
	return m.opensEvidence(d, s, t, x, bar)
}

// mayTell tells whether enough has passed since the series last told of trouble.
func (m *metricState) mayTell(at time.Time) bool {
	e := &m.Signs
	if at.Before(m.MuteTo) {
		return false
	}
	if e.Told.IsZero() {
		return true
	}
	since := e.Model.N - e.Seen
	return since > evidencePoints || since > evidenceLeast && at.Sub(e.Told) > evidenceQuiet
}

// bad tells whether what is unusual is also on the side of trouble, and far
// enough, where the service file says what the series is. That requests do not
// move any more is trouble; for any other role it is good news or none.
func (m *metricState) bad(t trait, rules thresholds, x float64, points int) bool {
	if m.Role == "" {
		return true
	}
	if t.dir == both && m.Signs.Model.Strongest() == series.Stuck {
		return true
	}
	level, _ := m.Signs.Model.Expected(m.Last.Unix())
	if m.Signs.Counter.is() {
		x = m.Signs.Model.Previous
	}
	return t.matters(x, level, rules.Effect, points)
}

func (m *metricState) opensEvidence(d *Detector, s *telemetry.Signal, t trait, x, bar float64) []incident.Anomaly {
	e := &m.Signs
	e.Habit = min(math.Log(habitMost), math.Log(habitRaise*e.habit(s.Time, d.rules.Horizon)))
	e.Told, e.Seen = s.Time, e.Model.N
	service, _ := d.inv.Service(s.Service)
	ref := s.Metric.Ref(t.stat, wholePeriod(m.Step))
	low, high := e.low, e.high
	strong := e.Model.Evidence / bar
	m.Episode = d.begin(incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindMetric, Rule: RuleEvidence, Series: s.Series,
		Metric: &ref, Severity: grade(service, t.ease, strong, 1), Opened: s.Time, LastSeen: s.Time, Count: 1,
		Observed: x, Low: low, High: high, Rarity: e.Model.Chance(), Unsure: e.Model.N < series.Sure, Previous: m.Normal,
		Reached: e.Model.Evidence / m.bar(d.rules),
		Why:     m.whyOpened(s.Service, ref.Name, x, low, high),
	}, strong)
	m.Healthy, e.Over = 0, 0
	return []incident.Anomaly{m.Episode.Anomaly}
}

// duringEvidence follows an episode: it grows, closes, or goes on silently.
func (m *metricState) duringEvidence(d *Detector, s *telemetry.Signal, t trait, x, strong float64) []incident.Anomaly {
	a := &m.Episode.Anomaly
	// Hysteresis: to count as normal again, the evidence must fall to half of the
	// bar, which this episode itself has raised, and the level be in its band.
	if strong < 0.5 && m.Out == 0 {
		if m.Healthy == 0 {
			m.BackAt = s.Time
		}
		if m.Healthy++; m.Healthy < calmPoints {
			return nil
		}
		closed := m.Episode.end(d, m.BackAt)
		m.Episode, m.Out, m.Healthy = nil, 0, 0
		return []incident.Anomaly{closed}
	}
	m.Healthy = 0
	if strong < 1 {
		return nil
	}
	a.Count++
	a.LastSeen, a.Observed, a.Rarity = s.Time, x, min(a.Rarity, m.Signs.Model.Chance())
	a.Reached = max(a.Reached, m.Signs.Model.Evidence/m.bar(d.rules))
	service, _ := d.inv.Service(s.Service)
	if !m.Episode.grow(strong, grade(service, t.ease, strong, 1), max(10*time.Second, seconds(2*m.Step))) {
		return nil
	}
	a.Why = m.whyGrew(s.Service, a.Metric.Name, x, a.Low, a.High)
	return []incident.Anomaly{m.Episode.tell(d, incident.EpisodeGrowing, strong)}
}

// expected is the band of what is usual at a time; from is what a counter had
// come to at the point before.
func (e *evidence) expected(at int64, from float64) (low, high float64) {
	level, reach := e.Model.Expected(at)
	if e.Counter.is() {
		level += from
	}
	low, high = level-reach, level+reach
	if e.Model.Least >= 0 {
		low = max(low, 0) // what has never been negative is not expected to be
	}
	return low, high
}

// readEvidence is the series as its evidence shows it.
func (m *metricState) readEvidence() Reading {
	low, high := m.Signs.expected(m.Last.Unix(), m.Signs.Counter.Last-m.Signs.Model.Previous)
	return Reading{
		At: m.Last, Factor: m.feedback.factor(RuleEvidence, m.Last), Value: m.Signs.Counter.Last, Low: low, High: high,
		Score: m.Signs.Model.Score(), Unsure: m.Signs.Model.N < series.Sure, Anomalous: m.inEpisode(),
	}
}

// typicalStep follows the seconds between points: the gap that most have, by a
// majority vote, so that neither a missing point nor one in between changes it.
func (m *metricState) typicalStep(gap float64) {
	switch {
	case m.Step == 0:
		m.Step, m.Votes = gap, 1
	case math.Abs(gap-m.Step) <= m.Step/10:
		m.Votes = min(m.Votes+1, mostVotes)
	default:
		if m.Votes--; m.Votes < 0 {
			m.Step, m.Votes = gap, 1
		}
	}
}

// mostVotes is after how many odd gaps in a row a series has another period.
const mostVotes = 10
