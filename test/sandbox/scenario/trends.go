package scenario

// trends are the scenarios whose signals are hard to group or to see early.
func trends() []Scenario { return nil }
