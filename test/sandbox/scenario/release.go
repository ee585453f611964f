package scenario

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// Releases are the releases of the watched service's processes; empty where a
// process has not logged anything.
type Releases struct{ Before, Broken, After string }

// releases asks the logs, in which every process of the shop has a stream of
// its own and names its release in every line.
func releases(ctx context.Context, st *stack.Stack, r Result) (Releases, error) {
	var out Releases
	logs := cloudwatchlogs.NewFromConfig(st.AWS())
	for to, unit := range map[*string]victim.UnitStatus{&out.Before: r.Before, &out.Broken: r.Broken, &out.After: r.After} {
		if unit.PID == 0 {
			continue
		}
		page, err := logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: aws.String(victim.LogGroup(unit.Name)), Limit: aws.Int32(1),
			LogStreamNames: []string{fmt.Sprintf("%s/%d", unit.Name, unit.PID)},
		})
		if err != nil {
			return out, fmt.Errorf("read the log of %s, pid %d: %w", unit.Name, unit.PID, err)
		}
		for _, event := range page.Events {
			var line struct{ Release string }
			if err := json.Unmarshal([]byte(aws.ToString(event.Message)), &line); err != nil {
				return out, fmt.Errorf("read the log of %s, pid %d: %w", unit.Name, unit.PID, err)
			}
			*to = line.Release
		}
	}
	return out, nil
}
