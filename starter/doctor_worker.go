package main

import (
	"context"
	"errors"
	"time"

	"firebreak/internal/incident"
)

// workerProbe asks the worker on this machine how its stream is read, which
// Temporal does not know.
func (d *doctor) workerProbe() probe {
	p := probe{system: "Worker on this machine"}
	address := d.cfg.Worker.Health
	if address == "" {
		p.skip = "worker.health is empty"
		return p
	}
	p.checks = []check{{"/healthz", func(ctx context.Context) finding { return workerHealth(ctx, address) }}}
	return p
}

func workerHealth(ctx context.Context, address string) finding {
	health, err := askWorker(ctx, address)
	switch {
	case errors.Is(err, errNoAddress):
		return skipped("%s is no address to ask", clean(address))
	case errors.Is(err, errNoWorker):
		return skipped("what answers at %s is no worker", address)
	case err != nil:
		return skipped("none answers at %s; it may run elsewhere", address)
	}
	switch s := health.Stream; {
	case !*health.Ready:
		return failed("it is starting or stopping", say("Look into its log."))
	case s == nil:
		return passed("ready; it does not read the stream")
	case time.Since(s.LastRead) > time.Minute:
		detail := "it has not read the stream for a minute"
		if s.LastError != "" {
			detail += ": " + clean(s.LastError)
		}
		return failed(detail, say("See Kinesis below, and the worker's log."))
	default:
		var lag int64
		for _, ms := range s.LagMillis {
			lag = max(lag, ms)
		}
		return passed("ready, reads %s, %s behind", incident.Count(len(s.LagMillis), "shard", "shards"), time.Duration(lag)*time.Millisecond)
	}
}
