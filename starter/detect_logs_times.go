package main

import (
	"time"

	"firebreak/internal/telemetry"
)

// A wrong time far ahead would make every line after it a late one. So a jump is
// believed once the next line with a time is there as well, or far beyond.
const (
	mostAhead = time.Hour
	mostHeld  = 1_000 // lines without a time that follow a jump, until it is believed
)

// logMoment is a line with where it stands.
type logMoment struct {
	line   telemetry.LogLine
	number int       // counted from 1
	at     time.Time // zero when it carries no time
}

// logClock places lines in time: those without one have that of the line before.
type logClock struct {
	at   time.Time   // of the latest line that was believed
	held []logMoment // a line with a time far ahead, and those without one after it

	passed   int // lines before the first time, which are not handed out
	misdated int // lines with a time that nothing bore out
}

// place hands lines to take, each with its time, as soon as that is certain.
func (c *logClock) place(m logMoment, take func(logMoment)) {
	if m.at.IsZero() {
		switch {
		case len(c.held) > 0:
			if c.held = append(c.held, m); len(c.held) > mostHeld {
				c.believe(take)
			}
		case c.at.IsZero():
			c.passed++
		default:
			m.at = c.at
			take(m)
		}
		return
	}
	if len(c.held) > 0 {
		if m.at.Before(c.held[0].at.Add(-mostAhead)) {
			c.doubt(take)
		} else {
			c.believe(take)
		}
	}
	if c.at.IsZero() || m.at.After(c.at.Add(mostAhead)) {
		c.held = append(c.held, m)
		return
	}
	c.at = m.at
	take(m)
}

// believe takes the time of the lines held.
func (c *logClock) believe(take func(logMoment)) {
	if len(c.held) > 0 {
		c.at = c.held[0].at
	}
	c.release(take)
}

// doubt gives the lines held the time of the line before, if there is one.
func (c *logClock) doubt(take func(logMoment)) {
	c.misdated++
	if c.at.IsZero() {
		c.passed += len(c.held)
		c.held = c.held[:0]
	}
	c.release(take)
}

func (c *logClock) release(take func(logMoment)) {
	for _, m := range c.held {
		m.at = c.at
		take(m)
	}
	c.held = c.held[:0]
}
