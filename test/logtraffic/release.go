package logtraffic

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"firebreak/internal/telemetry"
)

// release is one deployment of a service.
type release struct {
	at      time.Time
	version string
}

// releases plans the deployments of a service: on working days, between nine
// and half past four.
func (s *service) releases(rng *rand.Rand, begin time.Time, days int) []release {
	var all []release
	for d := range days {
		day := begin.Truncate(24*time.Hour).AddDate(0, 0, d)
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			continue
		}
		at := 9 * time.Hour
		for range 2 {
			at += time.Duration(rng.Float64() * float64(3*time.Hour+30*time.Minute))
			if rng.Float64() < s.deploys/2 {
				all = append(all, release{day.Add(at), s.version(rng, len(all)+1)})
				at += 15 * time.Minute
			}
		}
	}
	return all
}

func (s *service) version(rng *rand.Rand, n int) string {
	return fmt.Sprintf("%d.%d.%d-%s", s.major, 4+n/3, n%3, appendHex(nil, rng, 7))
}

// slot is a place in a service's code that writes lines. What it writes can
// change from one release to the next.
type slot struct {
	shape
	variants []variant
	spell    spell
	next     float64 // ms at which a timer writes again
}

type variant struct {
	since int   // release
	line  *line // nil: the place is gone
}

// of is what the slot writes in a release; nil for nothing.
func (s *slot) of(release int) *line {
	var l *line
	for _, v := range s.variants {
		if v.since <= release {
			l = v.line
		}
	}
	return l
}

// Words that new code talks with.
var (
	things = []string{"banner", "wishlist", "parcel", "coupon", "address", "invoice", "rating", "bundle", "subscription", "return", "gift card", "size chart", "store locator", "loyalty account"}
	deeds  = []string{"computed", "refreshed", "merged", "validated", "archived", "indexed", "scheduled", "prefetched", "normalised", "matched"}
	tails  = []string{" in {ms 12 0.7} ms", " for customer {int 10000 99999}", ", {int 1 40} left", " (experiment {hex 6})", " from {ip}", ""}
	extras = []string{" (attempt 1)", " via checkout-v2", " [region eu]", ", channel web", " [async]"}
)

// change is what a release brings: a few new lines that are no trouble, some
// lines in other words, and the end of what was new some releases ago.
func (t *tide) change(n int) {
	rng := t.plan
	for range 1 + rng.IntN(3) {
		level := telemetry.LevelInfo
		switch rng.IntN(5) {
		case 0:
			level = telemetry.LevelDebug
		case 1:
			level = telemetry.LevelWarn
		}
		s := shape{
			rate: 0.002 * float64(uint(1)<<rng.IntN(6)), level: level, from: t.from(),
			text: t.newText(),
		}
		if level == telemetry.LevelWarn {
			// A release that doubles the warnings of a service would be worth a word.
			s.rate = min(s.rate, 0.001)
		}
		added := &slot{shape: s, variants: []variant{{n, s.ready()}}}
		t.slots, t.added = append(t.slots, added), append(t.added, added)
	}
	if len(t.added) > 8 {
		gone := t.added[0]
		t.added = t.added[1:]
		gone.variants = append(gone.variants, variant{n, nil})
	}
	if rng.IntN(2) == 0 {
		i := rng.IntN(len(t.service.shapes)) // the first slots are those of the shapes
		s := t.slots[i]
		if s.level.IsError() || s.drive != byTraffic {
			return
		}
		s.text = t.service.shapes[i].text + pickOne(rng, extras)
		s.variants = append(s.variants, variant{n, s.ready()})
	}
}

// newText is what nobody has said yet.
func (t *tide) newText() string {
	for {
		text := pickOne(t.plan, things) + " " + pickOne(t.plan, deeds) + pickOne(t.plan, tails)
		if !slices.ContainsFunc(t.slots, func(s *slot) bool { return s.text == text }) {
			return text
		}
	}
}

// from is a logger of the service that new code writes with.
func (t *tide) from() string { return t.service.shapes[0].from }

func pickOne(rng *rand.Rand, words []string) string { return words[rng.IntN(len(words))] }
