package logtraffic

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// candidate is a trouble without its time.
type candidate struct {
	service string
	what    string
	times   float64
	line    shape
	peer    string
}

// Day is three troubles of each kind within the day that begins at a midnight:
// each of a kind in another service or in another kind of line, at times drawn
// by the seed. Those of one service are at least 40 minutes apart, and so far from midnight.
func Day(seed uint64, midnight time.Time) []Trouble {
	rng := rand.New(rand.NewPCG(seed, 99))
	for range 1000 {
		if day, ok := draw(rng, midnight); ok {
			return day
		}
	}
	panic("the troubles do not fit into a day")
}

// draw chooses troubles and times. It fails when too many fall on one service.
func draw(rng *rand.Rand, midnight time.Time) ([]Trouble, bool) {
	perService := map[string][]Trouble{}
	for _, kind := range Kinds() {
		all := candidates[kind]
		if len(all) < 3 {
			panic(fmt.Sprintf("%s: three are needed", kind))
		}
		for _, i := range rng.Perm(len(all))[:3] {
			c := all[i]
			t := Trouble{Kind: kind, Service: c.service, What: c.what, Rules: rules[kind], times: c.times, peer: c.peer}
			if c.line.text != "" {
				t.line, t.What = newLine(c.line), c.line.text
			}
			perService[c.service] = append(perService[c.service], t)
		}
	}
	var day []Trouble
	for _, s := range fleet() {
		all := perService[s.name]
		if !s.spread(rng, midnight, all) {
			return nil, false
		}
		day = append(day, all...)
	}
	slices.SortStableFunc(day, func(a, b Trouble) int { return a.From.Compare(b.From) })
	return day, true
}

const (
	least = 12 * time.Minute // that trouble lasts
	climb = 90 * time.Minute // where it comes slowly
	apart = 40 * time.Minute // between two troubles of a service
)

// spread puts the troubles of a service into a day, in random order, with what
// is left of the day shared out at random between them. It tells whether they
// fit.
func (s *service) spread(rng *rand.Rand, midnight time.Time, all []Trouble) bool {
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	// Night makes some of them last longer: room for that, too.
	needed := apart
	for _, t := range all {
		needed += t.length() + apart + 10*time.Minute
	}
	spare := 24*time.Hour - needed
	if spare < 0 {
		return false
	}
	var cuts []float64
	for range all {
		cuts = append(cuts, rng.Float64())
	}
	slices.SortFunc(cuts, cmp.Compare)
	at, before := midnight.Add(apart), 0.0
	for i := range all {
		t := &all[i]
		at = at.Add(time.Duration((cuts[i] - before) * float64(spare))).Truncate(time.Millisecond)
		before = cuts[i]
		t.From, t.To = at, at.Add(t.length())
		t.see(s)
		if end := t.Visible.Add(5 * time.Minute); t.To.Before(end) && t.Kind != RateClimbs && t.Kind != ErrorsClimb {
			t.To = end
		}
		at = t.To.Add(apart)
	}
	return !at.After(midnight.Add(24 * time.Hour))
}

func (t *Trouble) length() time.Duration {
	if t.Kind == RateClimbs || t.Kind == ErrorsClimb {
		return climb
	}
	return least
}
