package automation_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/activities/automation"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
)

const (
	namespace = "default/32049b68-7872-4094-8e63-d0dd59896a83"
	owner     = "incident/123456789012/eu-west-1/checkout/inc-1/remediation/1"
)

var here = incident.Scope{Account: "123456789012", Region: "eu-west-1"}

// fates says of each workflow whether it has ended; what it does not name runs.
type fates map[string]func() (automation.End, error)

func (f fates) ended(_ context.Context, id string) (automation.End, error) {
	if fate, ok := f[id]; ok {
		return fate()
	}
	return automation.End{}, nil
}

func closed(ago time.Duration) func() (automation.End, error) {
	return func() (automation.End, error) { return automation.End{Ended: true, At: time.Now().Add(-ago)}, nil }
}

// tagged starts a long document as StartAutomation does, with other tags.
func (b *bench) tagged(t *testing.T, document string, tags map[string]string) string {
	t.Helper()
	var given []types.Tag
	for k, v := range tags {
		given = append(given, types.Tag{Key: &k, Value: &v})
	}
	out, err := b.client.StartAutomationExecution(t.Context(), &awsssm.StartAutomationExecutionInput{DocumentName: &document, Tags: given})
	require.NoError(t, err)
	return aws.ToString(out.AutomationExecutionId)
}

func ours(change map[string]string) map[string]string {
	tags := map[string]string{"ManagedBy": "firebreak", "FirebreakWorkflow": owner, "FirebreakNamespace": namespace}
	for k, v := range change {
		if tags[k] = v; v == "" {
			delete(tags, k)
		}
	}
	return tags
}

func (b *bench) orphans(t *testing.T, grace time.Duration) (incident.FindOrphansResult, error) {
	t.Helper()
	return do[incident.FindOrphansResult](t, b, 1, incident.ActivityFindOrphans, incident.FindOrphansInput{Scope: here, Grace: incident.Seconds(grace)})
}

// What is an orphan, and what is left alone.
func TestOrphans(t *testing.T) {
	t.Parallel()
	gone := fates{owner: closed(time.Hour)}
	elsewhere := map[string]string{
		"account": strings.Replace(owner, "123456789012", "210987654321", 1), "region": strings.Replace(owner, "eu-west-1", "us-east-1", 1),
		"backfill": "backfill/march/" + owner, "incident": "incident/123456789012/eu-west-1/checkout/inc-1",
	}
	all := fates{}
	for _, id := range elsewhere {
		all[id] = closed(time.Hour)
	}
	for name, c := range map[string]struct {
		document string // the published one when empty
		tags     map[string]string
		fates    fates
		grace    time.Duration
		orphan   bool
		unsure   int
	}{
		"its workflow was terminated an hour ago": {fates: gone, orphan: true},
		"Temporal does not know it any more":      {fates: fates{owner: func() (automation.End, error) { return automation.End{Ended: true}, nil }}, orphan: true},
		"its workflow runs":                       {},
		"its workflow ended just now":             {fates: fates{owner: closed(0)}, grace: time.Millisecond * 200},
		"it started just now":                     {fates: gone, grace: time.Hour},
		"Temporal cannot be asked": {
			fates: fates{owner: func() (automation.End, error) { return automation.End{}, errors.New("unreachable") }}, unsure: 1,
		},
		"of another namespace":      {tags: map[string]string{"FirebreakNamespace": "default/another"}, fates: gone},
		"of a namespace's namesake": {tags: map[string]string{"FirebreakNamespace": "default"}, fates: gone},
		"without a namespace":       {tags: map[string]string{"FirebreakNamespace": ""}, fates: gone},
		"without a workflow":        {tags: map[string]string{"FirebreakWorkflow": ""}, fates: gone},
		"of nobody known":           {tags: map[string]string{"ManagedBy": "ana"}, fates: gone},
		"of another account":        {tags: map[string]string{"FirebreakWorkflow": elsewhere["account"]}, fates: all},
		"of another region":         {tags: map[string]string{"FirebreakWorkflow": elsewhere["region"]}, fates: all},
		"of a backfill":             {tags: map[string]string{"FirebreakWorkflow": elsewhere["backfill"]}, fates: all},
		"of no remediation":         {tags: map[string]string{"FirebreakWorkflow": elsewhere["incident"]}, fates: all},
		"of another document":       {document: "Nightly", fates: gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.opts.Namespace, b.opts.Ended = namespace, c.fates.ended
			document := c.document
			if document == "" {
				document = b.publish(t, "long").Name
			} else {
				_, err := b.client.CreateDocument(t.Context(), &awsssm.CreateDocumentInput{
					Name: &document, Content: aws.String(long), DocumentFormat: types.DocumentFormatYaml, DocumentType: types.DocumentTypeAutomation,
				})
				require.NoError(t, err)
			}
			id := b.tagged(t, document, ours(c.tags))
			got, err := b.orphans(t, c.grace)
			require.NoError(t, err)
			require.Equal(t, c.unsure, got.Unsure)
			if !c.orphan {
				require.Empty(t, got.Orphans)
				return
			}
			require.Equal(t, 1, got.Running)
			require.Len(t, got.Orphans, 1)
			o := got.Orphans[0]
			require.Equal(t, id, o.ExecutionID)
			require.Equal(t, document, o.Document)
			require.Equal(t, owner, o.WorkflowID)
			require.WithinDuration(t, time.Now(), o.Started, time.Minute)
		})
	}
}

// What StartAutomation starts is what FindOrphans finds, on every page of the
// listing, and what has been stopped is found no more.
func TestOrphansOfStartAutomation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const started = "default-test-workflow-id" // of the test environment
	b.opts.Namespace = namespace
	exec := b.start(t, "long", nil)
	tags, err := b.client.ListTagsForResource(t.Context(), &awsssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingAutomation, ResourceId: &exec.ID})
	require.NoError(t, err)
	got := map[string]string{}
	for _, tag := range tags.TagList {
		got[*tag.Key] = *tag.Value
	}
	require.Equal(t, map[string]string{
		"ManagedBy": "firebreak", "FirebreakIncident": "inc-1", "FirebreakStep": "run-1", "FirebreakWorkflow": started, "FirebreakNamespace": namespace,
	}, got)

	b.opts.Ended = fates{owner: closed(time.Hour)}.ended
	document := b.publish(t, "long").Name
	want := map[string]bool{}
	for range 60 { // more than a page holds, and more than are reported at once
		want[b.tagged(t, document, ours(nil))] = true
	}
	result, err := b.orphans(t, 0)
	require.NoError(t, err)
	require.Equal(t, 61, result.Running)
	require.Len(t, result.Orphans, 50)
	for _, o := range result.Orphans {
		require.True(t, want[o.ExecutionID])
		delete(want, o.ExecutionID)
	}
	require.Len(t, want, 10)
	reaped, err := do[incident.ReapOrphanResult](t, b, 1, incident.ActivityReapOrphan, incident.ReapOrphanInput{Orphan: result.Orphans[0]})
	require.NoError(t, err)
	require.True(t, reaped.Stopped)
	require.Equal(t, "Cancelled", reaped.Execution.Status)
	result, err = b.orphans(t, 0)
	require.NoError(t, err)
	require.Equal(t, 60, result.Running)
}

func TestOrphansCannotBeFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.orphans(t, 0)
	require.Equal(t, "Validation", kind(err), "nobody is ours without a namespace")

	b.opts.Namespace, b.opts.Ended = namespace, fates{owner: closed(time.Hour)}.ended
	b.tagged(t, b.publish(t, "long").Name, ours(nil))
	lose := b.faults.Set(fault.Rule{Service: "ssm", Operation: "ListTagsForResource", Kind: fault.Throttle, Times: fault.Forever})
	got, err := b.orphans(t, 0)
	require.NoError(t, err)
	require.Equal(t, 1, got.Unsure)
	require.Empty(t, got.Orphans, "without its tags it is nobody's")
	lose()

	b.faults.Set(fault.Rule{Service: "ssm", Operation: "DescribeAutomationExecutions", Kind: fault.Throttle, Times: fault.Forever})
	_, err = b.orphans(t, 0)
	require.Equal(t, "Throttled", kind(err))
	require.ErrorContains(t, err, "ssm:DescribeAutomationExecutions")
	require.False(t, final(err))
}

func TestReapOrphan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fate    func() (automation.End, error)
		stopped bool
		fails   string
	}{
		"still an orphan":            {fate: closed(time.Hour), stopped: true},
		"its workflow runs again":    {fate: func() (automation.End, error) { return automation.End{}, nil }},
		"it cannot be told any more": {fate: func() (automation.End, error) { return automation.End{}, errors.New("unreachable") }, fails: "Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.opts.Namespace, b.opts.Ended = namespace, fates{owner: c.fate}.ended
			id := b.tagged(t, b.publish(t, "long").Name, ours(nil))
			got, err := do[incident.ReapOrphanResult](t, b, 1, incident.ActivityReapOrphan, incident.ReapOrphanInput{Orphan: incident.Orphan{ExecutionID: id, WorkflowID: owner}})
			if c.fails != "" {
				require.Equal(t, c.fails, kind(err))
				require.False(t, final(err))
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.stopped, got.Stopped)
			if c.stopped {
				require.Equal(t, types.AutomationExecutionStatusCancelled, b.status(t, id))
			} else {
				require.NotEqual(t, types.AutomationExecutionStatusCancelled, b.status(t, id))
			}
		})
	}
	_, err := do[incident.ReapOrphanResult](t, newBench(t), 1, incident.ActivityReapOrphan, incident.ReapOrphanInput{})
	require.Equal(t, "Validation", kind(err))
}
