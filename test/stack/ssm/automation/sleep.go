package automation

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"firebreak/test/stack/ssm/document"
)

var isoDuration = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// maxSleep is the longest aws:sleep.
const maxSleep = 7 * 24 * time.Hour

// sleep is aws:sleep, for a Duration (ISO 8601) or until a Timestamp.
func sleep(ctx context.Context, x *execution, _ *document.Step, inputs map[string]any) (actionResult, error) {
	d, err := x.sleepFor(inputs)
	if err != nil {
		return actionResult{}, err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return actionResult{}, context.Cause(ctx)
	case <-timer.C:
		return actionResult{}, nil
	}
}

func (x *execution) sleepFor(inputs map[string]any) (time.Duration, error) {
	if at := document.Stringify(inputs["Timestamp"]); at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return 0, badInput("Timestamp %q is not ISO 8601: %s", at, err)
		}
		return max(0, min(maxSleep, t.Sub(x.engine.opts.Now()))), nil
	}
	text := document.Stringify(inputs["Duration"])
	m := isoDuration.FindStringSubmatch(text)
	if m == nil || text == "P" || text[len(text)-1] == 'T' {
		return 0, badInput("Duration %q is not an ISO 8601 duration such as PT10S", text)
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil || n > 604_800 {
			return 0, badInput("Duration %q is longer than 7 days", text)
		}
		d += time.Duration(n) * unit
	}
	if d > maxSleep {
		return 0, badInput("Duration %q is longer than 7 days", text)
	}
	return d, nil
}
