package capacity

import "math"

// collector is memory under a garbage collector: it climbs to a mark below the
// limit and falls back, each time to a slightly different height.
func collector(g *generator, length int) []float64 {
	low, high, period := g.between(30, 60), g.between(80, 96), g.points(12, 240)
	values := make([]float64, length)
	for i := 0; i < length; {
		top := high * g.between(0.93, 1)
		n := max(4, int(float64(period)*g.between(0.7, 1.3)))
		for j := 0; j < n && i < length; j++ {
			values[i] = low + (top-low)*float64(j)/float64(n)
			i++
		}
	}
	return g.noisy(values, 0.6)
}

// daily swings with the day, to a peak below the limit; no two days are alike.
func daily(g *generator, length int) []float64 {
	middle, swing := g.between(45, 60), g.between(18, 32)
	phase := g.Float64()
	values := g.smooth(length, max(2, g.day()/24), 1.2)
	height := 1.0
	for i := range values {
		if i%g.day() == 0 {
			height = g.between(0.9, 1.08)
		}
		values[i] += middle + swing*height*math.Sin(2*math.Pi*(float64(i)/float64(g.day())+phase))
	}
	return g.noisy(values, 0.8)
}

// cleaned is a disk that fills all day and is cleaned every night, to nearly
// what it was.
func cleaned(g *generator, length int) []float64 {
	return disk(g, length, -1)
}

// disk fills over the day and is cleaned every night but from a day on, when
// that is not negative.
func disk(g *generator, length, fails int) []float64 {
	base, fill := g.between(45, 60), g.between(15, 28)
	hour := g.points(1, 5)
	values := make([]float64, length)
	level := base
	today := fill
	for i := range values {
		day := i / g.day()
		if i%g.day() == hour*g.day()/24 {
			today = fill * g.between(0.85, 1.15)
			if fails < 0 || day < fails {
				level = base * g.between(0.98, 1.02)
			}
		}
		if level >= Limit+3 { // somebody makes room by hand, and repairs the cleaning
			level, fails = base, -1
		}
		level += today / float64(g.day())
		values[i] = level
	}
	return g.noisy(values, 0.15)
}

// bursts is a queue that builds up now and then and is worked off again, long
// before its limit.
func bursts(g *generator, length int) []float64 {
	values := g.smooth(length, 3, 1)
	for i := range values {
		values[i] = math.Abs(values[i]) + 2
	}
	for at := g.points(100, 400); at < length; at += g.points(200, 900) {
		up, down, height := g.points(8, 60), g.points(8, 60), g.between(15, 55)
		for j := 0; j < up+down && at+j < length; j++ {
			share := float64(j) / float64(up)
			if j >= up {
				share = 1 - float64(j-up)/float64(down)
			}
			values[at+j] += height*share + math.Sqrt(height*share)*0.3*g.NormFloat64()
		}
	}
	return values
}

// walk goes up and down by chance between two marks, the upper one close to the
// limit.
func walk(g *generator, length int) []float64 {
	values := make([]float64, length)
	v, stride := 75.0, g.between(0.1, 0.5)
	for i := range values {
		v = min(97, max(50, v+stride*g.NormFloat64()))
		values[i] = v
	}
	return values
}

// steps are deployments: a level that changes at once, and stays.
func steps(g *generator, length int) []float64 {
	values := make([]float64, length)
	level, next := g.between(40, 60), g.points(200, 1500)
	for i := range values {
		if i == next {
			level = min(90, max(30, level+g.between(-25, 25)))
			next += g.points(200, 1500)
		}
		values[i] = level
	}
	return g.noisy(values, 1)
}

// quota is a counter that is used up over each hour, or 60 points where that is
// more, and begins anew; some hours are busier than others.
func quota(g *generator, length int) []float64 {
	window := 60
	if hour := g.day() / 24; hour > window {
		window = hour
	}
	usual := g.between(55, 80)
	values := make([]float64, length)
	use := 0.0
	for i := range values {
		if i%window == 0 {
			use = usual * g.between(0.75, 1.15) / float64(window)
		}
		values[i] = use * float64(i%window+1) * (1 + 0.01*g.NormFloat64())
	}
	return values
}

// cache fills after a start, ever slower, to a level below the limit; starts
// come at deployments.
func cache(g *generator, length int) []float64 {
	values := make([]float64, length)
	full, pace := g.between(70, 92), g.between(40, 400)
	begun, next := 0, g.points(1500, 4000)
	for i := range values {
		if i == next {
			begun, next = i, i+g.points(1500, 4000)
		}
		values[i] = 20 + (full-20)*(1-math.Exp(-float64(i-begun)/pace))
	}
	return g.noisy(values, 0.7)
}
