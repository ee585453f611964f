package scenario

// causes are the scenarios in which the cause has to be found elsewhere than
// where it shows.
func causes() []Scenario { return nil }
