package capacity

import "math"

// leaks is memory that is flat, leaks from a moment on until it is over its
// limit, and is flat again after a restart; each leak has a slope of its own.
func leaks(fastest, slowest int) func(g *generator, length int) []float64 {
	return func(g *generator, length int) []float64 {
		return g.noisy(climbs(g, length, fastest, slowest), 1)
	}
}

// climbs are the lines of leaks, that take a number of points to the limit.
func climbs(g *generator, length, fastest, slowest int) []float64 {
	base := g.between(25, 55)
	values := make([]float64, length)
	for i := 0; i < length; {
		calm := g.points(300, 900)
		for j := 0; j < calm && i < length; j++ {
			values[i] = base
			i++
		}
		takes := float64(g.points(fastest, slowest))
		for level := base; level < Limit+4 && i < length; i++ {
			level += (Limit - base) / takes
			values[i] = level
		}
	}
	return values
}

// leakUnderCollector has the same with a garbage collector's sawtooth on top.
func leakUnderCollector(g *generator, length int) []float64 {
	values := climbs(g, length, 150, 900)
	height, period := g.between(4, 10), g.points(6, 25)
	for i := range values {
		values[i] += height * (float64(i%period)/float64(period) - 1)
	}
	return g.noisy(values, 0.6)
}

// growingDays swings with the day and grows from day to day, until the peaks
// reach the limit.
func growingDays(g *generator, length int) []float64 {
	days := float64(length) / float64(g.day())
	swing := g.between(12, 20)
	base := g.between(40, 50)
	growth := (Limit + 4 - base - swing) / days
	phase := g.Float64()
	values := g.smooth(length, max(2, g.day()/24), 0.8)
	for i := range values {
		day := float64(i) / float64(g.day())
		values[i] += base + growth*day + swing*math.Sin(2*math.Pi*(day+phase))
	}
	return g.noisy(values, 0.6)
}

// slowDisk fills steadily, by the same every day, over most of the series.
func slowDisk(g *generator, length int) []float64 {
	base := g.between(55, 75)
	values := g.smooth(length, 20, 0.05)
	reaches := g.between(0.6, 0.95) * float64(length)
	for i := range values {
		values[i] += min(Limit+1, base+(Limit-base)*float64(i)/reaches)
	}
	return g.noisy(values, 0.05)
}

// notCleaned is a disk whose nightly cleaning fails from a night on.
func notCleaned(g *generator, length int) []float64 {
	days := length / g.day()
	return disk(g, length, max(2, days/2))
}

// stuckConsumer is a queue that grows by what comes in from a moment on,
// because nobody takes anything out, until it is over its limit.
func stuckConsumer(g *generator, length int) []float64 {
	values := bursts(g, length)
	for at := g.points(600, 1500); at < length; at += g.points(900, 2500) {
		takes := g.points(45, 300)
		level, coming := 3.0, Limit/float64(takes)
		for ; level < Limit+10 && at < length; at++ {
			level += max(0, coming*(1+0.5*g.NormFloat64()))
			values[at] = level
		}
		for ; level > 3 && at < length; at++ { // worked off
			values[at] = level
			level -= Limit / 20
		}
	}
	return values
}

// jumps go over the limit from one point to the next: a deployment that is too
// large for its machine.
func jumps(g *generator, length int) []float64 {
	values := make([]float64, length)
	level, next, until := g.between(50, 70), g.points(600, 1500), 0
	for i := range values {
		values[i] = level
		switch {
		case i == next:
			until = i + g.points(30, 90)
			next += g.points(900, 2500)
			fallthrough
		case i < until:
			values[i] = Limit + 5
		}
	}
	return g.noisy(values, 1)
}

// busyQuota is a quota that some hours use up before they end.
func busyQuota(g *generator, length int) []float64 {
	values := quota(g, length)
	window := max(60, g.day()/24)
	for i := 0; i+window <= length; i += window {
		if g.IntN(6) > 0 {
			continue
		}
		factor := g.between(1.15, 1.5) * Limit / max(values[i+window-1], 1)
		for j := i; j < i+window; j++ {
			values[j] = min(Limit+2, values[j]*factor)
		}
	}
	return values
}
