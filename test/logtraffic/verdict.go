package logtraffic

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// Told is an anomaly with when it was first told, both in event time.
type Told struct {
	incident.Anomaly // as it was told last

	At    time.Time
	First string   // why, as it was told first
	Rules []string // of all that was told of it, without what follows their "/"
}

// step and lag are how often an engine hears how far the stream is, and how far
// it is behind the newest line then, as a stream worker has it.
const (
	step = 5 * time.Second
	lag  = 2 * time.Second
)

// Run plays the traffic through an engine, and returns what it has told from a
// time on. From then on the traffic's troubles tell when they became visible by
// the lines that were written.
func (t Traffic) Run(from time.Time, e detect.Engine) []Told {
	var all []Told
	at := t.Begin
	hear := func(found []incident.Anomaly, now time.Time) {
		for _, a := range found {
			k := slices.IndexFunc(all, func(one Told) bool { return one.ID == a.ID })
			if k < 0 {
				all = append(all, Told{At: now, First: a.Why.String()})
				k = len(all) - 1
			}
			all[k].Anomaly = a
			for _, w := range a.Sightings() {
				if rule, _, _ := strings.Cut(w.Rule, "/"); !slices.Contains(all[k].Rules, rule) {
					all[k].Rules = append(all[k].Rules, rule)
				}
			}
		}
	}
	for s := range t.Signals() {
		for ; !s.Time.Before(at.Add(step)); at = at.Add(step) {
			hear(e.Advance(at.Add(step-lag)), at.Add(step))
		}
		hear(e.Observe(s), s.Time)
	}
	for i := range t.Troubles {
		t.Troubles[i].settle()
	}
	return slices.DeleteFunc(all, func(one Told) bool { return one.At.Before(from) })
}

// Within is how soon trouble has to be told once it is visible.
const Within = 2 * time.Minute

// aftermath is for how long what is told of a service may come of trouble that
// is over, such as that things are not any more as they were in it.
const aftermath = 30 * time.Minute

// Verdict is how an engine did.
type Verdict struct {
	Found  []Finding // one for each trouble, in their order
	Alarms []Told    // that no trouble accounts for
}

// Finding is what was told of one trouble.
type Finding struct {
	Trouble

	Told []Told // every anomaly that it has caused, in the order in which they were told
}

// Mistake says what is wrong with how a trouble was found; empty when it was
// found once, in time, by a rule that fits.
func (f Finding) Mistake() string {
	switch {
	case len(f.Told) == 0:
		return "missed"
	case f.Late() > 0:
		return fmt.Sprintf("late by %s", f.Late().Round(time.Second))
	case !slices.ContainsFunc(f.Told[0].Rules, func(rule string) bool { return slices.Contains(f.Rules, rule) }):
		return fmt.Sprintf("found by %s", strings.Join(f.Told[0].Rules, ", "))
	case len(f.Told) > 1:
		return fmt.Sprintf("told %d times", len(f.Told))
	}
	return ""
}

// Late is by how much the first that was told missed the time for it.
func (f Finding) Late() time.Duration {
	return max(0, f.Told[0].At.Sub(f.Visible.Add(Within)))
}

// Judge tells which trouble accounts for what was told.
func Judge(troubles []Trouble, told []Told) Verdict {
	var v Verdict
	for _, t := range troubles {
		v.Found = append(v.Found, Finding{Trouble: t})
	}
	for _, one := range told {
		i := slices.IndexFunc(troubles, func(t Trouble) bool {
			return t.Service == one.Service && !one.At.Before(t.From) && one.At.Before(t.To.Add(aftermath))
		})
		if i < 0 {
			v.Alarms = append(v.Alarms, one)
			continue
		}
		v.Found[i].Told = append(v.Found[i].Told, one)
	}
	return v
}

// Right counts the troubles that were found without a mistake.
func (v Verdict) Right() int {
	n := 0
	for _, f := range v.Found {
		if f.Mistake() == "" {
			n++
		}
	}
	return n
}

// String is a line for every mistake, and a summary.
func (v Verdict) String() string {
	var b strings.Builder
	for _, f := range v.Found {
		mistake := f.Mistake()
		if mistake == "" {
			continue
		}
		fmt.Fprintf(&b, "%-12s %-10s %-40.40s %s to %s, visible %s: %s\n", f.Kind, f.Service, f.What,
			f.From.Format(time.TimeOnly), f.To.Format(time.TimeOnly), f.Visible.Format(time.TimeOnly), mistake)
		for _, one := range f.Told {
			fmt.Fprintf(&b, "    %s\n", one)
		}
	}
	for _, one := range v.Alarms {
		fmt.Fprintf(&b, "false alarm  %s\n", one)
	}
	fmt.Fprintf(&b, "%d of %d found once and in time, %d false alarms\n", v.Right(), len(v.Found), len(v.Alarms))
	return b.String()
}

// String is the anomaly in one line.
func (t Told) String() string {
	return fmt.Sprintf("%s %s %s %s, %d witnesses: %s", t.At.Format("Mon 02 15:04:05"), t.Service, t.Rule, t.Severity, len(t.Witnesses), t.First)
}
