package correlate

import (
	"time"

	"firebreak/internal/incident"
)

// Bounds of the state. It travels as a workflow's input, so that a full state
// has to stay far below Temporal's limit of 2 MB a payload; the test of the
// bounds measures it.
const (
	maxOpen        = 100   // open incidents
	maxEpisodes    = 100   // remembered per incident, as long as all have room
	maxEpisodesAll = 3_200 // remembered of all open incidents together
	maxRecent      = 50    // closed incidents
	maxShards      = 256   // shards whose fence is known
	maxAnomalies   = 50    // that an incident starts with; so many series are kept, as anomalies or as witnesses
	maxFull        = 4     // of these, with their samples and changes
	maxHeld        = 200   // anomalies and witnesses held for incidents that have not started (event time)
	maxUnacked     = 60    // joins that wait for their acknowledgement
)

// Durations that correlation goes by.
const (
	// RecurrenceWindow is how long after its end an incident still counts as
	// the previous one of its service, in event time.
	RecurrenceWindow = 24 * time.Hour
	// QuietAfter is how long an incident's signals have to be quiet before it
	// is over (event time only). It is the default reopen window of a live one.
	QuietAfter = 30 * time.Minute
	// Stale is when an episode that never closed counts as over, after it was
	// last seen (event time only): a recording may end before the trouble does.
	Stale = 6 * time.Hour
	// firstResend and lastResend bound the wait for an acknowledgement, which
	// doubles from one to the other.
	firstResend = 30 * time.Second
	lastResend  = 10 * time.Minute
	// maxSends is how often a join is sent before it is given up. The incident
	// is open then but does not get on; people see it in the Temporal UI.
	maxSends = 20
)

// State is all that a correlator remembers. Everything is a list in a fixed
// order, never a map, so that the effects of an event come in the same order in
// every replay. The zero value is a live correlator that knows nothing yet.
type State struct {
	EventTime bool      `json:"event_time,omitempty"` // see the package comment
	Flushed   bool      `json:"flushed,omitempty"`    // no more batches will come
	Shards    []Shard   `json:"shards,omitempty"`     // in the order in which they appeared
	Open      []Open    `json:"open,omitempty"`       // in the order in which they opened
	Recent    []Ended   `json:"recent,omitempty"`     // in the order in which they ended
	Unacked   []Unacked `json:"unacked,omitempty"`    // in the order in which they were first sent
	Counters  Counters  `json:"counters"`
}

// Shard is how far a shard has come.
type Shard struct {
	Name      string    `json:"name"`
	Fence     int64     `json:"fence"`
	Watermark time.Time `json:"watermark,omitzero"`
}

// Open is an incident that takes anomalies.
type Open struct {
	IncidentID string             `json:"incident_id"`
	Service    string             `json:"service"`
	DependsOn  []string           `json:"depends_on,omitempty"`
	Opened     time.Time          `json:"opened"` // event time
	Episodes   []Episode          `json:"episodes"`
	Previous   *incident.Previous `json:"previous,omitempty"`
	Started    bool               `json:"started"`        // its workflow has been asked for
	Held       []incident.Anomaly `json:"held,omitempty"` // what it will start with, while not Started
}

// Episode is what is remembered of an anomaly.
type Episode struct {
	ID    string                `json:"id"`
	State incident.EpisodeState `json:"state"` // the latest that was passed on
	Count int                   `json:"count,omitempty"`
	Wide  int                   `json:"wide,omitempty"`  // witnesses, those that are not listed included
	Back  int                   `json:"back,omitempty"`  // of its series, those that were told to be back to normal
	Seen  time.Time             `json:"seen"`            // event time of its end or of its latest signal
	Since time.Time             `json:"since,omitzero"`  // event time from which on it is the incident's; zero: from its beginning
	Taken bool                  `json:"taken,omitempty"` // the incident has acknowledged it
}

// Ended is an incident that closed a short while ago.
type Ended struct {
	IncidentID string             `json:"incident_id"`
	Service    string             `json:"service"`
	At         time.Time          `json:"at"`
	Thread     incident.ThreadRef `json:"thread,omitzero"`
	Ticket     incident.TicketRef `json:"ticket,omitzero"`
	Episodes   []string           `json:"episodes,omitempty"` // ids of the anomalies that it took
}

// Unacked is a join that no incident has acknowledged yet.
type Unacked struct {
	Join  Join      `json:"join"`
	Due   time.Time `json:"due"` // when it is sent again
	Sends int       `json:"sends"`
}

// Counters say what became of everything that came in, and what the bounds
// cost. Nothing is dropped without being counted.
type Counters struct {
	Batches    int `json:"batches"`
	Fenced     int `json:"fenced,omitempty"`     // batches of a shard's former owner
	Anomalies  int `json:"anomalies"`            // emissions seen, of batches that were not fenced
	Duplicates int `json:"duplicates,omitempty"` // emissions that said nothing new
	Stray      int `json:"stray,omitempty"`      // closings of episodes that are not known
	Late       int `json:"late,omitempty"`       // emissions of episodes whose incident is over
	Started    int `json:"started"`
	Existing   int `json:"existing,omitempty"` // starts that found the incident there already
	Joined     int `json:"joined"`             // joins sent, resends not counted
	Resent     int `json:"resent,omitempty"`
	GivenUp    int `json:"given_up,omitempty"` // joins that were never acknowledged
	Lost       int `json:"lost,omitempty"`     // joins that found their incident gone
	Evicted    int `json:"evicted,omitempty"`  // entries that a bound pushed out
}

// Begin is the state in which a correlator of the scope starts.
func Begin(scope incident.Scope) State {
	return State{EventTime: scope.Origin() == incident.OriginBackfill}
}

// Idle tells whether nothing is left to do: flushed, every incident closed and
// no join under way.
func (s State) Idle() bool {
	return s.Flushed && len(s.Open) == 0 && len(s.Unacked) == 0
}

// NextDue is when a join has to be sent again, and whether there is one.
func (s State) NextDue() (time.Time, bool) {
	var due time.Time
	for i, u := range s.Unacked {
		if i == 0 || u.Due.Before(due) {
			due = u.Due
		}
	}
	return due, len(s.Unacked) > 0
}
