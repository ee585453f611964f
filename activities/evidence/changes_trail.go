package evidence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/time/rate"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
	"firebreak/internal/telemetry"
)

// Trail is the part of CloudTrail that is read.
type Trail interface {
	LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput, opts ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)
}

// Limits of reading CloudTrail.
const (
	trailBefore = 30 * time.Minute // before the onset that a change may have been
	trailAfter  = 2 * time.Minute  // after it, since clocks differ
	trailPage   = 50               // events of one answer, CloudTrail's own limit
	trailPages  = 6                // that are read
	trailKeeps  = 90 * 24 * time.Hour
	trailLag    = 5 * time.Minute // until a call is usually found

	shownCalls = 8 // pieces
	shownNames = 8 // of calls in the summary of the account
)

// trailPace is below the two lookups a second that an account and region has,
// for whoever else looks something up.
func trailPace() *rate.Limiter { return rate.NewLimiter(1.5, 1) }

// trailSources asks CloudTrail where it is switched on.
func (a *Activities) trailSources(*question) []source {
	if a.opts.Trail == nil {
		return nil
	}
	return []source{trailSource{a}}
}

// trailSource finds the calls to AWS that changed something before the onset, for
// accounts whose stream does not have them as events.
type trailSource struct{ a *Activities }

func (trailSource) name() redact.Text {
	return redact.Literal("calls that changed something, in CloudTrail")
}

func (trailSource) needs() []string { return []string{"cloudtrail:LookupEvents"} }

// madeCall is one kind of call, by one sort of principal, to one service of ours.
type madeCall struct {
	service string // of ours; empty when no service file claims what was called upon
	source  string
	name    string
	by      string
}

// callsMade is how often and when.
type callsMade struct {
	madeCall

	n  int
	at time.Time // the one nearest to the onset, those before it first
	on []string
}

// gather implements source.
func (s trailSource) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	from, to := q.onset.Add(-trailBefore), minTime(q.until, q.onset.Add(trailAfter))
	if q.now.Sub(from) > trailKeeps {
		out.gap(incident.GapNone, s.name(), redact.Literal("the onset is more than 90 days ago, for which CloudTrail keeps no event history"))
		return out, nil
	}
	events, more, err := s.read(ctx, from, to)
	if more {
		out.gap(incident.GapCut, s.name(), redact.Format("only the latest %d calls were read", len(events)))
	}
	s.pieces(events, from, to, q, &out)
	return out, err
}

// read fetches what was written, the latest first. What has come before an error
// is returned with it.
func (s trailSource) read(ctx context.Context, from, to time.Time) (events []types.Event, more bool, err error) {
	in := &cloudtrail.LookupEventsInput{
		StartTime: &from, EndTime: &to, MaxResults: aws.Int32(trailPage),
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyReadOnly, AttributeValue: aws.String("false")}},
	}
	for range trailPages {
		if err := s.a.trailPace.Wait(ctx); err != nil {
			return events, true, fmt.Errorf("wait for a turn to look up CloudTrail: %w", err)
		}
		page, err := s.a.opts.Trail.LookupEvents(ctx, in)
		if err != nil {
			return events, false, fmt.Errorf("look up CloudTrail from %s to %s: %w", rfc(from), rfc(to), err)
		}
		events = append(events, page.Events...)
		if aws.ToString(page.NextToken) == "" {
			return events, false, nil
		}
		in.NextToken = page.NextToken
	}
	return events, true, nil
}

// pieces groups the calls, those to services around the incident each by itself
// and the rest of the account in one.
func (s trailSource) pieces(events []types.Event, from, to time.Time, q *question, out *answer) {
	inventory := incident.NewInventory(q.services)
	groups := map[madeCall]*callsMade{}
	for _, e := range events {
		call := callOf(e)
		if !call.Changes() || ownDoing(call) {
			continue
		}
		key := madeCall{ownerOf(inventory, call.Names), call.Source, call.Name, call.By}
		if key.service == "" {
			key.by = ""
		} else if told(q.anomalies, key, aws.ToTime(e.EventTime)) {
			continue
		}
		g := groups[key]
		if g == nil {
			g = &callsMade{madeCall: key}
			groups[key] = g
		}
		g.n++
		if at := aws.ToTime(e.EventTime); g.at.IsZero() || nearer(at, g.at, q.onset) {
			g.at, g.on = at.UTC(), call.On
		}
	}
	sorted := slices.SortedFunc(maps.Values(groups), func(a, b *callsMade) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.name, b.name), cmp.Compare(a.service, b.service), cmp.Compare(a.by, b.by))
	})
	var ours, others []*callsMade
	for _, g := range sorted {
		if g.service == "" {
			others = append(others, g)
		} else {
			ours = append(ours, g)
		}
	}
	kinds := len(ours)
	if kinds > shownCalls {
		out.gap(incident.GapCut, s.name(), redact.Format("%d kinds of calls, of which %d are shown", kinds, shownCalls))
		ours = ours[:shownCalls]
	}
	for _, g := range ours {
		s.piece(g, from, to, q, out)
	}
	s.account(others, kinds, from, to, q, out)
}

// ownDoing tells whether the call is about a document of ours: what we did is told
// by the incident that did it, and would only look like the cause of the next one.
func ownDoing(c telemetry.APICall) bool {
	return c.Source == "ssm.amazonaws.com" && slices.ContainsFunc(c.Names, func(n string) bool { return strings.HasPrefix(n, "Firebreak-") })
}

// callOf reads an event of the history, as far as it goes.
func callOf(e types.Event) telemetry.APICall {
	c, err := telemetry.ReadAPICall(json.RawMessage(aws.ToString(e.CloudTrailEvent)))
	if err != nil {
		c = telemetry.APICall{By: "somebody", ReadOnly: aws.ToString(e.ReadOnly) == "true"}
	}
	c.Name, c.Source = cmp.Or(c.Name, aws.ToString(e.EventName)), cmp.Or(c.Source, aws.ToString(e.EventSource))
	for _, r := range e.Resources {
		if n := aws.ToString(r.ResourceName); n != "" {
			c.Names = append(c.Names, n, n[strings.LastIndexAny(n, "/:")+1:])
		}
	}
	return c
}

// ownerOf is the service that claims one of the names among its resources, empty
// for none. Log groups and alarms do not count: who changes them changes what is
// seen of a service, and not what it does.
func ownerOf(inventory *incident.Inventory, names []string) string {
	for _, n := range names {
		if service := inventory.ByResource(n); service != incident.Unassigned {
			return service
		}
	}
	return ""
}

// told tells whether an anomaly brought the call along from the stream.
func told(anomalies []incident.Anomaly, call madeCall, at time.Time) bool {
	for _, an := range anomalies {
		for _, ch := range an.Changes {
			if ch.Service == call.service && strings.HasSuffix(ch.Kind, "via CloudTrail") && strings.HasPrefix(ch.Text.String(), call.name+" ") && ch.At.Sub(at).Abs() <= 2*time.Second {
				return true
			}
		}
	}
	return false
}

// nearer tells whether a time explains an onset better than another: what came
// before it does, and the later the better.
func nearer(a, b, onset time.Time) bool {
	switch {
	case a.After(onset) != b.After(onset):
		return b.After(onset)
	case a.After(onset):
		return a.Before(b)
	default:
		return a.After(b)
	}
}

// piece is the evidence of calls to one service.
func (s trailSource) piece(g *callsMade, from, to time.Time, q *question, out *answer) {
	ahead := q.onset.Sub(g.at)
	kind := "aws." + strings.TrimSuffix(g.source, ".amazonaws.com") + "/AWS API Call via CloudTrail"
	text := redact.Format("%s by %s", redact.Name(g.name), s.a.clean(g.by))
	if len(g.on) > 0 {
		text = redact.Format("%s on %s", text, s.a.clean(strings.Join(g.on, ", ")).Cut(200))
	}
	if g.n > 1 {
		text = redact.Format("%s, %d such calls", text, g.n)
	}
	out.changes = append(out.changes, rootcause.Change{At: g.at, Service: g.service, Kind: kind, Text: text})
	out.add(incident.Evidence{
		Kind: incident.EvidenceChange, Service: g.service, From: g.at, To: g.at,
		Title:  redact.Format("change of %s: %s", redact.Name(g.service), redact.Name(g.name)),
		Detail: redact.Format("%s, at %s: %s (CloudTrail).", beside(ahead), redact.Name(stamp(g.at)), text),
		Query: command(q.region, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue="+g.name,
			"--start-time", rfc(from), "--end-time", rfc(to)),
		Facts: map[string]float64{incident.FactSecondsBefore: ahead.Seconds(), incident.FactCountAfter: float64(g.n)},
	}, weightChange-1-min(99, max(-ahead.Seconds(), ahead.Seconds())/60))
}

// account tells what else was called in the account. It is nobody's change, so
// that it neither has a service nor says how long before the onset it was.
func (s trailSource) account(others []*callsMade, ours int, from, to time.Time, q *question, out *answer) {
	byName := map[string]int{}
	calls := 0
	for _, g := range others {
		byName[strings.TrimSuffix(g.source, ".amazonaws.com")+":"+g.name] += g.n
		calls += g.n
	}
	names := slices.SortedFunc(maps.Keys(byName), func(a, b string) int { return cmp.Or(cmp.Compare(byName[b], byName[a]), cmp.Compare(a, b)) })
	var said []redact.Text
	for _, n := range names[:min(len(names), shownNames)] {
		said = append(said, redact.Format("%s %d", redact.Name(n), byName[n]))
	}
	if more := len(names) - shownNames; more > 0 {
		said = append(said, redact.Format("%d other kinds", more))
	}
	listed := redact.Literal("none")
	if len(said) > 0 {
		listed = redact.Join(said, ", ")
	}
	late := redact.Text{}
	if q.now.Sub(to) < trailLag {
		late = redact.Format(" CloudTrail finds a call about %.0f minutes after it was made, so that the latest may be missing.", trailLag.Minutes())
	}
	out.add(incident.Evidence{
		Kind: incident.EvidenceChange, From: from, To: to,
		Title:  redact.Format("%s in the account that no service file around %s claims", incident.Count(calls, "write call", "write calls"), redact.Name(q.service().Name)),
		Detail: redact.Format("In CloudTrail from %.0f min before the onset, besides %s to these services: %s.%s", trailBefore.Minutes(), incident.Count(ours, "kind of call", "kinds of calls"), listed, late),
		Query: command(q.region, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=ReadOnly,AttributeValue=false",
			"--start-time", rfc(from), "--end-time", rfc(to)),
		Facts: map[string]float64{incident.FactCountAfter: float64(calls)},
	}, weightCalm-2)
}
