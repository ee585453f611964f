package evidence

import (
	"context"

	"firebreak/internal/incident"
	"firebreak/internal/rootcause/hypothesis"
)

// RankSuspects answers in the place of a model that does not: suspects ranked by
// rule from the evidence that has been gathered. It reads nothing and cannot
// fail. It is an activity so that better rules never change what a running
// incident has been told.
func (a *Activities) RankSuspects(_ context.Context, in incident.RankSuspectsInput) (incident.Diagnosis, error) {
	return incident.Diagnosis{
		Hypotheses: hypothesis.Of(in.Case), Model: incident.ModelRanking, NoModel: in.NoModel,
	}, nil
}
