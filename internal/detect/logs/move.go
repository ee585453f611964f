package logs

// Ask is what has to come together before a rate is in trouble.
type Ask struct {
	Bar   float64 // evidence, in nats
	Grow  float64 // least ratio to what is expected by the last hour, upwards
	Climb float64 // the same by the last day
	Fall  float64 // most ratio, downwards
	Least float64 // events more or less than expected
	Lasts float64 // times the excess of a few minutes, that of a stretch must be to be no burst
	Burst float32 // some things come in bursts; one that is not so many times as large as others is none

	Share bool // judged by the ratio to the other lines alone
	Rises bool // only upwards
	Fast  bool // only against the last hour
}

// Move is what a minute means for a rate.
type Move struct {
	State     State
	Down      bool
	Slow      bool
	Got, Due  float64 // events and expected ones in the stretch that speaks
	Minutes   int64   // its length
	Since     int64   // its first minute
	Low, High float64 // usual counts a minute
	Reached   float64 // evidence in bars
	Unsure    bool
}
