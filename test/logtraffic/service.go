package logtraffic

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// layout is how a service writes its lines.
type layout string

const (
	jsonLayout   layout = "json"   // one JSON object a line
	logfmtLayout layout = "logfmt" // key=value, as Go's slog writes it
	javaLayout   layout = "java"   // logback's usual pattern; a stack trace is a line each
	pythonLayout layout = "python" // logging's usual pattern; a traceback is part of the message
)

// drive is what the rate of a kind of line follows.
type drive string

const (
	byTraffic drive = ""        // the load of the hour
	steadily  drive = "steady"  // the same day and night: timers, health checks, housekeeping
	inBatch   drive = "batch"   // only while the nightly job runs
	onSundays drive = "sundays" // only while it runs on a Sunday
)

// shape is one kind of line of a service.
type shape struct {
	name   string // by which injections find it; may be empty
	rate   float64
	drive  drive
	level  telemetry.Level
	from   string   // logger
	text   string   // pattern of the message
	fields string   // patterns of its fields, e.g. "status=200 took={dur 3 0.5}"; only where the layout has fields
	trace  []string // patterns of the lines that follow, for stack traces
	bursts float64  // how much more comes in spells of a few minutes, a few times a day; 0: none
	raw    bool     // written past the logger, without time and level
}

// service is one service of the fleet.
type service struct {
	name     string
	layout   layout
	severity incident.Severity
	hosts    int           // at average traffic of 1
	trough   float64       // traffic of the quietest hour, against 1
	weekend  float64       // factor on Saturdays and Sundays
	peak     float64       // hour of the day, UTC, at which most comes
	batch    time.Duration // after midnight; 0: no nightly job
	lasts    time.Duration // how long the nightly job takes
	announce bool          // deployments are told by an event on the stream
	deploys  float64       // on a working day, on average
	replaced bool          // a deployment brings hosts with new names; else the same ones start again
	major    int           // of its version
	callers  string        // the service that sees connections reset when hosts are replaced; empty for none
	shapes   []shape
	begin    []shape // written by a host that starts, in order
	end      []shape // written by a host that stops, in order
}

// group is the service's log group.
func (s *service) group() string { return "/fleet/" + s.name }

// Where everything runs.
const (
	Account = "210987654321"
	Region  = "eu-central-1"
)

// Inventory is the fleet as the service files of a catalogue would describe it.
func Inventory() *incident.Inventory {
	var all []incident.Service
	for _, s := range fleet() {
		all = append(all, incident.Service{Name: s.name, Severity: s.severity, LogGroups: []string{s.group()}})
	}
	return incident.NewInventory(all)
}

func fleet() []*service {
	return []*service{storefront(), orders(), stock(), ledger(), notifier()}
}
