package jira

import (
	"fmt"
	"slices"
)

// Keys of Jira's status categories.
const (
	CategoryNew        = "new"
	CategoryInProgress = "indeterminate"
	CategoryDone       = "done"
)

// Status is a status of the project's workflow.
type Status struct{ ID, Name, Category string }

// Transition leads from some statuses to one.
type Transition struct {
	ID, Name string
	From     []string // names of statuses; empty: from any
	To       string   // name of a status
	// Resolution says that the transition's screen demands a resolution.
	Resolution bool
}

// Workflow is a project's workflow; new issues are in its first status.
type Workflow struct {
	Statuses    []Status
	Transitions []Transition
}

// Resolutions are the values that a transition's screen offers.
var Resolutions = []string{"Done", "Won't Do", "Duplicate"}

// DefaultWorkflow is that of a simple project: every status from every other.
func DefaultWorkflow() Workflow {
	return Workflow{
		Statuses: []Status{
			{"10000", "To Do", CategoryNew}, {"10001", "In Progress", CategoryInProgress}, {"10002", "Done", CategoryDone},
		},
		Transitions: []Transition{{ID: "11", Name: "To Do", To: "To Do"}, {ID: "21", Name: "In Progress", To: "In Progress"}, {ID: "31", Name: "Done", To: "Done"}},
	}
}

// StrictWorkflow is one in which done is reached only through a review, and
// with a resolution, and in which a second way to done throws the ticket away.
func StrictWorkflow() Workflow {
	return Workflow{
		Statuses: []Status{
			{"1", "Open", CategoryNew},
			{"2", "Investigating", CategoryInProgress},
			{"3", "Review", CategoryInProgress},
			{"4", "Rejected", CategoryDone},
			{"5", "Resolved", CategoryDone},
		},
		Transitions: []Transition{
			{ID: "101", Name: "Investigate", From: []string{"Open", "Resolved"}, To: "Investigating"},
			{ID: "102", Name: "To review", From: []string{"Investigating"}, To: "Review"},
			{ID: "103", Name: "Back", From: []string{"Review"}, To: "Investigating"},
			{ID: "104", Name: "Reject", From: []string{"Review"}, To: "Rejected", Resolution: true},
			{ID: "105", Name: "Resolve", From: []string{"Review"}, To: "Resolved", Resolution: true},
		},
	}
}

func (w Workflow) check() error {
	for _, t := range w.Transitions {
		if _, ok := w.status(t.To); !ok {
			return fmt.Errorf("transition %s leads to %q, which is no status", t.ID, t.To)
		}
	}
	return nil
}

func (w Workflow) status(name string) (Status, bool) {
	i := slices.IndexFunc(w.Statuses, func(s Status) bool { return s.Name == name })
	if i < 0 {
		return Status{}, false
	}
	return w.Statuses[i], true
}

// from lists the transitions that an issue in a status can take. Jira leaves
// out loops onto the same status unless they are meant.
func (w Workflow) from(status string) []Transition {
	var out []Transition
	for _, t := range w.Transitions {
		if (len(t.From) == 0 && t.To != status) || slices.Contains(t.From, status) {
			out = append(out, t)
		}
	}
	return out
}

func (s Status) json(base string) object {
	return object{
		"self": base + "/rest/api/2/status/" + s.ID, "id": s.ID, "name": s.Name,
		"statusCategory": object{"id": categoryID(s.Category), "key": s.Category, "name": categoryName(s.Category)},
	}
}

func categoryID(key string) int {
	return map[string]int{CategoryNew: 2, CategoryInProgress: 4, CategoryDone: 3}[key]
}

func categoryName(key string) string {
	return map[string]string{CategoryNew: "To Do", CategoryInProgress: "In Progress", CategoryDone: "Done"}[key]
}
