package cases

import (
	"math/rand/v2"
	"slices"
	"time"

	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// changes draws the changes that were recorded: ordinary ones of any service,
// and that which did it.
func changes(r *rand.Rand, a *app, t trouble, begin time.Time, minutes, onset int) []rootcause.Change {
	kinds := []string{"deployment", "configuration", "scaling"}
	var out []rootcause.Change
	for range r.IntN(4) {
		minute := r.IntN(minutes)
		if r.Float64() < 0.3 {
			minute = onset - 15 + r.IntN(20)
		}
		n := a.nodes[r.IntN(len(a.nodes))]
		if n.unknown {
			continue
		}
		out = append(out, rootcause.Change{At: begin.Add(time.Duration(minute) * time.Minute), Service: n.name, Kind: kinds[r.IntN(3)], Text: redact.Literal("as every week")})
	}
	if t.fault == BadChange {
		out = append(out, rootcause.Change{
			At:      begin.Add(time.Duration(onset)*time.Minute - time.Duration(r.IntN(150))*time.Second),
			Service: a.nodes[t.at].name, Kind: kinds[r.IntN(2)], Text: redact.Literal("a new version"),
		})
	}
	slices.SortFunc(out, func(a, b rootcause.Change) int { return a.At.Compare(b.At) })
	return out
}

// logs draws how often which lines came: everyday ones, those of the fault where
// it says something, and complaints of those who call what is broken.
func logs(r *rand.Rand, a *app, t trouble, out []readings, s sampler, onset int) []rootcause.LogPattern {
	var all []rootcause.LogPattern
	add := func(service, text redact.Text, severe bool, count func(minute int) float64) {
		p := rootcause.LogPattern{Service: service.String(), ID: id(r), Text: text, Severe: severe}
		for minute := range s.until {
			if c := count(minute); c > 0 {
				p.Points = append(p.Points, rootcause.Point{At: s.begin.Add(time.Duration(minute) * time.Minute), Value: c})
			}
		}
		if len(p.Points) > 0 {
			all = append(all, p)
		}
	}
	m := &meter{r: r}
	for i := range a.nodes {
		n := &a.nodes[i]
		if n.kind != service && n.kind != database || n.hidden {
			continue
		}
		name := redact.Name(n.name)
		often := between(r, 0.02, 0.5)
		add(name, redact.Literal("handled <*> in <*>"), false, func(k int) float64 { return m.count(often * out[i][qRequests][k]) })
		seldom := between(r, 0.02, 0.4)
		add(name, redact.Literal("retrying <*>: temporary failure"), true, func(int) float64 { return m.count(seldom) })
		if t.at == i && !t.outside() && r.Float64() < 0.6 {
			add(name, redact.Literal("cannot go on: <*>"), true, func(k int) float64 {
				if k < onset {
					return 0
				}
				return m.count(1 + out[i][qErrors][k]*out[i][qRequests][k])
			})
			continue
		}
		usual := known(out[i][qErrors][:onset])
		if len(usual) == 0 {
			continue
		}
		most := slices.Max(usual)
		add(name, redact.Literal("request <*> failed: <*> did not answer"), true, func(k int) float64 {
			if wrong := out[i][qErrors][k]; wrong > most+0.01 {
				return m.count(wrong * out[i][qRequests][k])
			}
			return 0
		})
	}
	return all
}

func id(r *rand.Rand) string {
	const hex = "0123456789abcdef"
	b := make([]byte, 16)
	for k := range b {
		b[k] = hex[r.IntN(16)]
	}
	return string(b)
}
