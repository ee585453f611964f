package evidence

// furtherSources are those besides CloudWatch that are switched on.
func (a *Activities) furtherSources(q *question) []source {
	return a.xraySources(q)
}
