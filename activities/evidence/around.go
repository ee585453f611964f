package evidence

import (
	"context"
	"slices"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
	"firebreak/internal/runbook"
)

// Limits of what is looked at around the incident's own service. Trouble comes
// from what is called, however far; callers suffer from it, and cause it only by
// calling too often, which the nearest ones tell.
const (
	maxServices = 16
	calleesAway = 4 // hops
	callersAway = 2
)

// around fills in the services of the question: the incident's own, and by the
// service files at the incident's commit those that it calls and those that call
// it, nearest first.
func (a *Activities) around(ctx context.Context, in incident.GatherEvidenceInput, q *question) answer {
	var gaps answer
	q.services = []incident.Service{in.Service}
	q.calls = callsOf(in.Service)
	ctx, cancel := context.WithTimeoutCause(ctx, a.opts.Within, tooLong{a.opts.Within})
	defer cancel()
	catalog, err := guarded(ctx, func(ctx context.Context) (*runbook.Catalog, error) { return a.opts.Catalog.At(ctx, in.Commit) })
	if err != nil {
		if len(in.Neighbours) > 0 {
			kind, why := a.reason(err, nil)
			gaps.gap(kind, redact.Literal("services that it depends on"), why)
		}
		return gaps
	}
	for _, name := range in.Neighbours {
		if _, ok := catalog.Services[name]; !ok {
			gaps.gap(incident.GapNone, redact.Format("service %s", redact.Name(name)), redact.Literal("the catalogue has no file for it"))
		}
	}
	near := nearest(catalog.Services, in.Service.Name, in.Neighbours)
	if more := len(near) - (maxServices - 1); more > 0 {
		gaps.gap(incident.GapCut, redact.Literal("services further away"), redact.Format("%d are around it, of which %d are looked at", len(near), maxServices-1))
		near = near[:maxServices-1]
	}
	for _, name := range near {
		service := catalog.Services[name]
		q.services = append(q.services, service)
		q.calls = append(q.calls, callsOf(service)...)
	}
	return gaps
}

func callsOf(s incident.Service) []rootcause.Call {
	var out []rootcause.Call
	for _, d := range s.DependsOn {
		out = append(out, rootcause.Call{Caller: s.Name, Callee: d})
	}
	return out
}

// nearest are the services that one calls, through others, too, and that call
// it: by their distance, at the same distance callees first, each in the order
// of the service files or of names. Graphs may hold cycles.
func nearest(services map[string]incident.Service, own string, first []string) []string {
	callers := map[string][]string{}
	for name, s := range services {
		for _, d := range s.DependsOn {
			callers[d] = append(callers[d], name)
		}
	}
	for _, names := range callers {
		slices.Sort(names)
	}
	seen := map[string]bool{own: true}
	var out []string
	take := func(names []string) (taken []string) {
		for _, n := range names {
			if _, known := services[n]; known && !seen[n] {
				seen[n] = true
				taken = append(taken, n)
			}
		}
		out = append(out, taken...)
		return taken
	}
	down, up := []string{own}, []string{own}
	for hop := 1; hop <= max(calleesAway, callersAway); hop++ {
		var callees, calling []string
		for _, n := range down {
			if n == own {
				callees = append(callees, first...)
			}
			callees = append(callees, services[n].DependsOn...)
		}
		for _, n := range up {
			calling = append(calling, callers[n]...)
		}
		down, up = nil, nil
		if hop <= calleesAway {
			down = take(callees)
		}
		if hop <= callersAway {
			up = take(calling)
		}
	}
	return out
}
