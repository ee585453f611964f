package logs

import (
	"firebreak/internal/detect/template"
	"firebreak/internal/redact"
)

// Shape is what is known of one template.
type Shape struct {
	Rank   rank        `json:"rank,omitempty"` // of its newest line
	Fresh  *fresh      `json:"fresh,omitempty"`
	Watch  *watch      `json:"watch,omitempty"` // nil while there are few lines
	Key    string      `json:"key,omitempty"`   // id under which it was told of; empty before
	Sample redact.Text `json:"sample,omitzero"`

	Odd     *odd  `json:"odd,omitempty"`
	New     bool  `json:"new,omitempty"` // an episode of RuleNew is open
	NewLast int64 `json:"new_last,omitempty"`
}

// watch is what is known of a template that has come some times.
type watch struct {
	Counts [2]uint32 `json:"counts"` // of the minute that is open, and of the next
	Rate   Rate      `json:"rate"`
	Rhythm Rhythm    `json:"rhythm"`
	Values Values    `json:"values"`
	Places []place   `json:"places,omitempty"` // of names that made other templates
}

// watchFrom is how many lines a template must have before it is watched.
const watchFrom = 20

// mined is a template with what is known of it.
type mined = template.Template[Shape]

// join makes what is known of two templates one. The one that has come more
// often says what is usual.
func join(into, from *Shape) {
	into.Rank = max(into.Rank, from.Rank)
	switch {
	case from.Watch == nil:
	case into.Watch == nil:
		into.Watch = from.Watch
	default:
		into.Watch.join(from.Watch)
	}
	if from.Fresh == nil || into.Fresh == nil {
		into.Fresh = nil
	} else {
		into.Fresh.Count += from.Fresh.Count
		into.Fresh.First = min(into.Fresh.First, from.Fresh.First)
	}
	if into.Key == "" {
		into.Key = from.Key
	}
	if into.Sample.IsEmpty() {
		into.Sample = from.Sample
	}
}

func (w *watch) join(o *watch) {
	counts := [2]uint32{w.Counts[0] + o.Counts[0], w.Counts[1] + o.Counts[1]}
	hour, day := w.Rate.Hour.Own+o.Rate.Hour.Own, w.Rate.Day.Own+o.Rate.Day.Own
	values := &o.Values
	if o.Rhythm.N > w.Rhythm.N {
		mine := w.Values
		*w, values = *o, &mine
	}
	w.Values.join(values)
	w.Counts = counts
	w.Rate.Hour.Own, w.Rate.Day.Own = hour, day
	w.Rate.Runs = [turns]run{}
}

// open tells whether any episode of the template is open.
func (s *Shape) open() bool {
	w := s.Watch
	if s.New || w != nil && (w.Rate.Episode != nil || w.Rhythm.Silent) {
		return true
	}
	return w != nil && w.Values.open()
}

func (v *Values) open() bool {
	for _, list := range [][]parameter{v.Params, v.Fields} {
		for i := range list {
			if p := &list[i]; p.Numbers != nil && p.Numbers.On {
				return true
			}
		}
	}
	return false
}
