package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	slackgo "github.com/slack-go/slack"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/jira"
)

// Seen is what the stand-ins and Temporal count by themselves since a scenario
// began.
type Seen struct {
	Incidents   []string     // workflow ids, oldest first
	Automations []Automation // that Systems Manager was asked to start, oldest first
	Threads     []Thread     // in the incidents' Slack channel, oldest first
	Tickets     []jira.Issue // oldest first
}

// Automation is one execution at Systems Manager.
type Automation struct {
	ID      string
	Started time.Time
}

// Thread is one Slack thread: the texts of its messages, blocks included, the
// root first.
type Thread struct {
	TS       string
	Messages []string
}

// Text is everything that the thread says, a message a line.
func (t Thread) Text() string { return strings.Join(t.Messages, "\n") }

// ticketText is everything that a ticket says.
func ticketText(is jira.Issue) string {
	parts := []string{is.Summary, is.Description}
	for _, c := range is.Comments {
		parts = append(parts, c.Body)
	}
	return strings.Join(parts, "\n")
}

// look counts everything that there is.
func look(ctx context.Context, st *stack.Stack, c client.Client, since time.Time) (Seen, error) {
	var s Seen
	var err error
	if s.Incidents, err = incidentsSince(ctx, c, since); err != nil {
		return s, err
	}
	if s.Automations, err = automations(ctx, st); err != nil {
		return s, err
	}
	for _, root := range st.Slack.Messages(stack.SlackChannel) {
		thread := Thread{TS: root.Timestamp}
		for _, m := range st.Slack.Thread(stack.SlackChannel, root.Timestamp) {
			thread.Messages = append(thread.Messages, messageText(m))
		}
		s.Threads = append(s.Threads, thread)
	}
	s.Tickets = st.Jira.Issues()
	return s, nil
}

// without leaves out what was there before.
func (s Seen) without(before Seen) Seen {
	return Seen{
		Incidents:   newer(s.Incidents, before.Incidents, func(id string) string { return id }),
		Automations: newer(s.Automations, before.Automations, func(a Automation) string { return a.ID }),
		Threads:     newer(s.Threads, before.Threads, func(t Thread) string { return t.TS }),
		Tickets:     newer(s.Tickets, before.Tickets, func(is jira.Issue) string { return is.Key }),
	}
}

func newer[T any](now, before []T, key func(T) string) []T {
	return slices.DeleteFunc(slices.Clone(now), func(v T) bool {
		return slices.ContainsFunc(before, func(b T) bool { return key(b) == key(v) })
	})
}

func automations(ctx context.Context, st *stack.Stack) ([]Automation, error) {
	var all []Automation
	pages := ssm.NewDescribeAutomationExecutionsPaginator(ssm.NewFromConfig(st.AWS()), &ssm.DescribeAutomationExecutionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the automations: %w", err)
		}
		for _, x := range page.AutomationExecutionMetadataList {
			all = append(all, Automation{ID: aws.ToString(x.AutomationExecutionId), Started: aws.ToTime(x.ExecutionStartTime)})
		}
	}
	slices.SortStableFunc(all, func(a, b Automation) int { return a.Started.Compare(b.Started) })
	return all, nil
}

// incidentsSince lists the ids of the incident workflows that opened since a
// moment, oldest first.
func incidentsSince(ctx context.Context, c client.Client, since time.Time) ([]string, error) {
	listed, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND StartTime >= '%s'", incident.WorkflowIncident, since.UTC().Format(time.RFC3339Nano)),
	})
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	var ids []string
	for _, e := range slices.Backward(listed.GetExecutions()) { // listed newest first
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	return slices.Compact(ids), nil
}

// messageText is all text of a message: its fallback, and what its blocks say.
func messageText(m slackgo.Message) string {
	parts := []string{m.Text}
	if data, err := json.Marshal(m.Blocks); err == nil {
		var blocks any
		if json.Unmarshal(data, &blocks) == nil {
			parts = append(parts, texts(blocks)...)
		}
	}
	return strings.Join(parts, "\n")
}

// texts collects every string called "text", at any depth.
func texts(v any) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			found = append(found, texts(element)...)
		}
	case map[string]any:
		for key, element := range v {
			if text, ok := element.(string); ok && key == "text" {
				found = append(found, text)
				continue
			}
			found = append(found, texts(element)...)
		}
	}
	return found
}
