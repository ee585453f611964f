package ssm

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
)

// getCalendarState is CLOSED when any of the calendars is.
func (s *Service) getCalendarState(_ context.Context, in *ssm.GetCalendarStateInput) (*ssm.GetCalendarStateOutput, error) {
	if len(in.CalendarNames) == 0 {
		return nil, awswire.Errorf("ValidationException", "CalendarNames is empty")
	}
	at := s.opts.Now().UTC().Format(time.RFC3339)
	if in.AtTime != nil {
		if _, err := time.Parse(time.RFC3339, *in.AtTime); err != nil {
			return nil, awswire.Errorf("ValidationException", "AtTime %q is not ISO 8601", *in.AtTime)
		}
		at = *in.AtTime
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &ssm.GetCalendarStateOutput{State: types.CalendarStateOpen, AtTime: aws.String(at)}
	for _, name := range in.CalendarNames {
		closed, ok := s.closed[documentKey(aws.String(name))]
		if !ok {
			return nil, &types.InvalidDocument{Message: aws.String("Calendar " + name + " does not exist.")}
		}
		if closed {
			out.State = types.CalendarStateClosed
		}
	}
	return out, nil
}
