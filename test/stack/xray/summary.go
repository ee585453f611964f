package xray

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// slowShare is the share of a response time that a call has to take to be what
// made the answer slow.
const slowShare = 0.5

func (s *Service) getTraceSummaries(_ context.Context, in *sdk.GetTraceSummariesInput) (*sdk.GetTraceSummariesOutput, error) {
	from, to, err := during(in.StartTime, in.EndTime)
	if err != nil {
		return nil, err
	}
	filter, err := readFilter(aws.ToString(in.FilterExpression))
	if err != nil {
		return nil, invalid("the filter expression is not valid: %s", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*trace
	processed := int64(0)
	for _, t := range s.within(from, to) {
		// By TraceId, the way that is taken when none is named, a trace counts by
		// when it began.
		if began := at(t.root().StartTime); began.Before(from) || !began.Before(to) {
			continue
		}
		processed++
		if filter.fits(t) {
			found = append(found, t)
		}
	}
	part, next, err := page(found, in.NextToken, tracePage)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetTraceSummariesOutput{ApproximateTime: &from, NextToken: next, TracesProcessedCount: &processed, TraceSummaries: []types.TraceSummary{}}
	for _, t := range part {
		out.TraceSummaries = append(out.TraceSummaries, t.summary())
	}
	return out, nil
}

func (t *trace) summary() types.TraceSummary {
	root := t.root()
	begin := at(root.StartTime)
	out := types.TraceSummary{
		Id: aws.String(t.id), StartTime: &begin, Duration: aws.Float64(t.duration()), ResponseTime: aws.Float64(root.seconds()),
		HasFault: aws.Bool(root.Fault), HasError: aws.Bool(root.Error), HasThrottle: aws.Bool(root.Throttle), IsPartial: aws.Bool(false),
		Http:       &types.Http{HttpMethod: aws.String(root.HTTP.Request.Method), HttpURL: aws.String(root.HTTP.Request.URL), HttpStatus: aws.Int32(int32(root.HTTP.Response.Status))},
		EntryPoint: &types.ServiceId{Name: aws.String(root.Name), Names: []string{root.Name}, Type: root.kind()}, Revision: 1,
		FaultRootCauses: []types.FaultRootCause{}, ErrorRootCauses: []types.ErrorRootCause{}, ResponseTimeRootCauses: []types.ResponseTimeRootCause{},
	}
	for _, seg := range t.segments {
		out.ServiceIds = append(out.ServiceIds, types.ServiceId{Name: aws.String(seg.Name), Names: []string{seg.Name}, Type: seg.kind()})
	}
	switch {
	case root.Fault:
		cause := types.FaultRootCause{ClientImpacting: aws.Bool(true)}
		for _, p := range t.path(root, func(s segment) bool { return s.Fault || s.Error }) {
			e := types.FaultRootCauseService{Name: aws.String(p.Name), Names: []string{p.Name}, Type: p.kind(), Inferred: aws.Bool(p.inferred)}
			for _, step := range p.steps {
				e.EntityPath = append(e.EntityPath, types.FaultRootCauseEntity{Name: aws.String(step.Name), Exceptions: exceptions(step), Remote: aws.Bool(step.Namespace != "")})
			}
			cause.Services = append(cause.Services, e)
		}
		out.FaultRootCauses = append(out.FaultRootCauses, cause)
	case root.Error:
		cause := types.ErrorRootCause{ClientImpacting: aws.Bool(true)}
		for _, p := range t.path(root, func(s segment) bool { return s.Fault || s.Error }) {
			e := types.ErrorRootCauseService{Name: aws.String(p.Name), Names: []string{p.Name}, Type: p.kind(), Inferred: aws.Bool(p.inferred)}
			for _, step := range p.steps {
				e.EntityPath = append(e.EntityPath, types.ErrorRootCauseEntity{Name: aws.String(step.Name), Exceptions: exceptions(step), Remote: aws.Bool(step.Namespace != "")})
			}
			cause.Services = append(cause.Services, e)
		}
		out.ErrorRootCauses = append(out.ErrorRootCauses, cause)
	}
	slow := types.ResponseTimeRootCause{ClientImpacting: aws.Bool(true)}
	for _, p := range t.path(root, func(s segment) bool { return s.seconds() >= slowShare*root.seconds() }) {
		e := types.ResponseTimeRootCauseService{Name: aws.String(p.Name), Names: []string{p.Name}, Type: p.kind(), Inferred: aws.Bool(p.inferred)}
		for _, step := range p.steps {
			e.EntityPath = append(e.EntityPath, types.ResponseTimeRootCauseEntity{
				Name: aws.String(step.Name), Coverage: aws.Float64(min(1, step.seconds()/max(root.seconds(), 1e-9))), Remote: aws.Bool(step.Namespace != ""),
			})
		}
		slow.Services = append(slow.Services, e)
	}
	out.ResponseTimeRootCauses = append(out.ResponseTimeRootCauses, slow)
	return out
}

// place is a service on the way to a root cause, with the steps inside it.
type place struct {
	segment

	inferred bool
	steps    []segment
}

// path follows what fits from a segment down to where it began.
func (t *trace) path(from segment, fits func(segment) bool) []place {
	here := place{segment: from, steps: []segment{from}}
	for _, call := range from.calls() {
		if !fits(call) {
			continue
		}
		here.steps = append(here.steps, call)
		below, ok := t.under(call)
		if !ok {
			return []place{here, {segment: call, inferred: true, steps: []segment{call}}}
		}
		if !fits(below) {
			return []place{here}
		}
		return append([]place{here}, t.path(below, fits)...)
	}
	return []place{here}
}

func exceptions(s segment) []types.RootCauseException {
	out := []types.RootCauseException{}
	for _, e := range s.Cause.Exceptions {
		out = append(out, types.RootCauseException{Name: aws.String(e.Type), Message: aws.String(e.Message)})
	}
	return out
}
