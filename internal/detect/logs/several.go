package logs

import (
	"math"
	"time"

	"firebreak/internal/redact"
)

// Several is what is new in a group lately, all together. Some new kinds of lines of
// which none comes often enough can be news; and where nearly everything is new,
// because a program writes down what others send it, to speak of each kind would
// be a flood. So what is new in a crowd is told once.
type Several struct {
	Begin  int64      `json:"begin"`  // of the turn, ns
	Share  [2]float64 `json:"share"`  // how near to news the lines of this turn and the last were; 1 is enough for a kind alone
	Kinds  [2]int     `json:"kinds"`  // that were new
	Errors [2]int     `json:"errors"` // error lines in all
	Most   float64    `json:"most"`   // greatest share that there was, half of it after half a day

	Spent   float64 `json:"spent"` // kinds that were told of alone, less what time has forgiven
	SpentAt int64   `json:"spent_at"`

	On    bool  `json:"on,omitempty"`
	First int64 `json:"first,omitempty"` // ns
	Last  int64 `json:"last,omitempty"`  // ns
}

const (
	severalNew  = 2           // kinds' worth of new lines together, where one kind alone needs 1
	severalTurn = 90 * second // two of which count
	severalMore = 3           // times what there was before
	severalMost = 60 * minute // after which a crowd is usual
	crowdKinds  = 5           // new kinds that are a crowd
	crowdTimes  = 4           // times as many lines as else are needed in it
	aloneMost   = 12          // kinds are told of one by one,
	aloneHour   = 6           // and so many more an hour

	ruleSeveral = RuleNew + "/several"
)

// alone takes a line of something new that is near to news, and tells whether that
// is to be spoken of by itself. say gives the words of it, and sample a line.
func (g *Group) alone(f *fresh, now int64, enough bool, needed float64, say, sample func() redact.Text) bool {
	s := &g.Several
	g.turn(now)
	s.Share[0] += 1 / needed
	if f.Count == 1 {
		s.Kinds[0]++
	}
	s.Spent = max(0, s.Spent-aloneHour*float64(max(now-s.SpentAt, 0))/float64(60*minute))
	s.SpentAt = max(s.SpentAt, now)
	crowd := s.Kinds[0]+s.Kinds[1] >= crowdKinds
	if crowd {
		enough = float64(f.Count) >= crowdTimes*needed
	}
	if enough && s.Spent+1 <= aloneMost {
		s.Spent++
		s.Share[0] = max(0, s.Share[0]-float64(f.Count)/needed)
		return true
	}
	r := severityOf(max(f.Rank, gravityRank(f.Gravity)))
	share := s.Share[0] + s.Share[1]
	switch {
	case s.On:
		s.Last = max(s.Last, now)
		g.found = append(g.found, Finding{Rule: ruleSeveral, State: Goes, Rank: r, Last: now, Count: 1})
	case enough && !crowd, share >= severalNew && share >= severalMore*s.Most:
		kinds, errors := s.Kinds[0]+s.Kinds[1], s.Errors[0]+s.Errors[1]
		s.On, s.First, s.Last = true, now, now
		g.found = append(g.found, Finding{
			Rule: ruleSeveral, State: Opens, Rank: r, Opened: min(f.First, now), Last: now, Count: kinds, Got: float64(kinds),
			Reached: max(1, share/severalNew), Excess: float64(kinds), Unsure: now-g.Began < int64(10*time.Minute),
			Why: redact.Format("%d kinds of lines came within %s that were not said in the %s before, and %d error lines in all; more that are new are told with these. The latest says \"%s\"",
				kinds, time.Duration(now-s.Begin+severalTurn).Round(time.Second), time.Duration(f.First-g.Began).Round(time.Second), errors, say()),
			Samples: samples(sample()),
		})
	}
	return false
}

// turn begins a new turn when it is time, and ends the episode when hardly anything
// is new any more, or has been for so long that it is usual.
func (g *Group) turn(now int64) {
	s := &g.Several
	past := now - s.Begin
	if past < severalTurn {
		return
	}
	share := s.Share[0] + s.Share[1]
	if s.Most *= math.Exp2(-float64(past) / float64(dayMinutes*minute/2)); share >= severalNew {
		s.Most = max(s.Most, share)
	}
	if past < 2*severalTurn {
		s.Share[1], s.Kinds[1], s.Errors[1] = s.Share[0], s.Kinds[0], s.Errors[0]
	} else {
		s.Share[1], s.Kinds[1], s.Errors[1] = 0, 0, 0
	}
	s.Share[0], s.Kinds[0], s.Errors[0], s.Begin = 0, 0, 0, now
	if !s.On {
		return
	}
	end := Finding{Rule: ruleSeveral, State: Ends, Last: s.Last}
	switch {
	case s.Share[1] < severalNew/2 && s.Spent <= aloneMost-aloneHour/2:
	case now-s.First >= severalMost:
		end.Why = redact.Format("new kinds of lines have come for %s and are taken as usual", time.Duration(now-s.First).Round(time.Minute))
	default:
		return
	}
	s.On = false
	g.found = append(g.found, end)
}
