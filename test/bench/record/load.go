package main

import (
	"math"
	"time"
)

// rate is the load at a time since the beginning, in requests a second. It
// swings over five minutes between its least and about twice that, and twice a
// campaign brings two thirds more within a few seconds, for a while.
func rate(since time.Duration) float64 {
	const (
		middle   = 16.0
		swing    = 5 * time.Minute
		campaign = 1.65
	)
	r := middle * (1 + 0.35*math.Sin(2*math.Pi*since.Seconds()/swing.Seconds()))
	for _, from := range []time.Duration{150 * time.Second, 430 * time.Second} {
		r *= 1 + (campaign-1)*ramp(since-from, 8*time.Second)*(1-ramp(since-from-80*time.Second, 30*time.Second))
	}
	return r
}

// ramp rises from 0 to 1 over a time that begins now.
func ramp(since, over time.Duration) float64 {
	return min(1, max(0, since.Seconds()/over.Seconds()))
}
