package evidence

import "slices"

// furtherSources are those besides CloudWatch that are switched on.
func (a *Activities) furtherSources(q *question) []source {
	return slices.Concat(a.xraySources(q), a.trailSources(q), a.pastSources(q))
}
