package scenario

// outages are the scenarios in which an outside system or a fix fails.
func outages() []Scenario { return nil }
