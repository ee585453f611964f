package evidence_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// trail is CloudTrail in memory.
type trail struct {
	events []trailtypes.Event // the latest first
	page   int
	err    error
	after  int // pages before the error
	hang   bool
	asked  []*cloudtrail.LookupEventsInput
}

func (c *trail) LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	if c.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if c.err != nil && len(c.asked) >= c.after {
		return nil, c.err
	}
	seen := *in
	c.asked = append(c.asked, &seen)
	at, _ := strconv.Atoi(aws.ToString(in.NextToken))
	size := c.page
	if size == 0 {
		size = 50
	}
	end := min(len(c.events), at+size)
	out := &cloudtrail.LookupEventsOutput{Events: c.events[at:end]}
	if end < len(c.events) {
		out.NextToken = aws.String(strconv.Itoa(end))
	}
	return out, nil
}

// call is an event of the history, some seconds before the onset.
func call(before int, name, role, parameters string) trailtypes.Event {
	at := onset.Add(-time.Duration(before) * time.Second)
	return trailtypes.Event{
		EventId: aws.String(fmt.Sprintf("%s-%d", name, before)), EventName: aws.String(name), EventSource: aws.String("ecs.amazonaws.com"), EventTime: &at, ReadOnly: aws.String("false"),
		Username: aws.String("ana@example.com"),
		CloudTrailEvent: aws.String(fmt.Sprintf(`{"eventSource":"ecs.amazonaws.com","eventName":%q,"readOnly":false,"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/%s/ana@example.com"},"requestParameters":%s}`,
			name, role, parameters)),
	}
}

func askTrail(t *testing.T, c *trail, edits ...func(*evidence.Options, *incident.GatherEvidenceInput)) incident.GatherEvidenceResult {
	t.Helper()
	return askTraces(t, nil, append([]func(*evidence.Options, *incident.GatherEvidenceInput){func(o *evidence.Options, in *incident.GatherEvidenceInput) {
		o.Traces, o.Trail = nil, c
		in.Service.Resources = []string{"checkout-svc", "arn:aws:lambda:r:1:function:charge"}
		payments := service("payments")
		payments.Resources = []string{"i-2"}
		o.Catalog = catalog{"payments": payments}
	}}, edits...)...)
}

func changesOf(out incident.GatherEvidenceResult) (found []incident.Evidence) {
	for _, e := range out.Evidence {
		if e.Kind == incident.EvidenceChange && e.Service != "" {
			found = append(found, e)
		}
	}
	return found
}

func TestCallsThatChangedSomethingAreTold(t *testing.T) {
	t.Parallel()
	c := &trail{events: []trailtypes.Event{
		call(-20, "UpdateService", "Deploy", `{"service":"checkout-svc","cluster":"c"}`),
		call(30, "UpdateService", "Deploy", `{"service":"checkout-svc","cluster":"c"}`),
		call(40, "StopInstances", "Night", `{"instancesSet":{"items":[{"instanceId":"i-2"}]}}`),
		call(50, "UpdateService", "Deploy", `{"service":"checkout-svc","cluster":"c"}`),
		call(60, "UpdateFunctionCode20150331v2", "Deploy", `{"functionName":"arn:aws:lambda:r:1:function:charge"}`),
		call(70, "RunInstances", "Other", `{"imageId":"ami-1"}`),
		call(80, "RunInstances", "Other", `{"imageId":"ami-1"}`),
		call(85, "PutSubscriptionFilter", "Other", `{"logGroupName":"/shop/checkout"}`), // changes what is seen of it
		call(90, "CreateLogStream", "Task", `{"logStreamName":"checkout-svc"}`),         // changes nothing
		// What Firebreak did for an incident before is that incident's to tell.
		{EventTime: aws.Time(onset.Add(-time.Minute)), CloudTrailEvent: aws.String(
			`{"eventSource":"ssm.amazonaws.com","eventName":"StartAutomationExecution","readOnly":false,"requestParameters":{"documentName":"Firebreak-restart-service","parameters":{"InstanceId":["i-2"]}}}`)},
		{EventName: aws.String("ModifyDBInstance"), EventSource: aws.String("rds.amazonaws.com"), EventTime: aws.Time(onset.Add(-time.Minute)), CloudTrailEvent: aws.String("{broken")},
	}}
	out := askTrail(t, c)
	found := changesOf(out)
	require.Len(t, found, 3)
	update := pick(t, out, incident.EvidenceChange, "change of checkout: UpdateService")
	require.Equal(t, "checkout", update.Service)
	require.InDelta(t, 30, update.Facts[incident.FactSecondsBefore], 0, "the latest before the onset")
	require.InDelta(t, 3, update.Facts[incident.FactCountAfter], 0)
	require.Equal(t, "30 s before the onset, at 2026-03-01 11:59:30Z: UpdateService by role Deploy on c, checkout-svc, 3 such calls (CloudTrail).", update.Detail.String())
	require.Equal(t, "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateService --start-time 2026-03-01T11:30:00Z --end-time 2026-03-01T12:00:30Z", update.Query)
	require.Equal(t, "payments", pick(t, out, incident.EvidenceChange, "change of payments: StopInstances").Service)
	pick(t, out, incident.EvidenceChange, "change of checkout: UpdateFunctionCode20150331v2")

	rest := pick(t, out, incident.EvidenceChange, "4 write calls in the account that no service file around checkout claims")
	require.Empty(t, rest.Service, "nobody's change")
	require.NotContains(t, rest.Facts, incident.FactSecondsBefore)
	require.Contains(t, rest.Detail.String(), "besides 3 kinds of calls to these services: ecs:RunInstances 2, ecs:PutSubscriptionFilter 1, rds:ModifyDBInstance 1.")
	require.Contains(t, rest.Detail.String(), "CloudTrail finds a call about 5 minutes after it was made")
	for _, e := range out.Evidence {
		require.NotContains(t, e.Title.String()+e.Detail.String(), "ana", "whose session it was")
	}
	require.Equal(t, "ReadOnly", string(c.asked[0].LookupAttributes[0].AttributeKey), "write events only")
	require.Equal(t, onset.Add(-30*time.Minute), *c.asked[0].StartTime)
}

// What the stream told already is not told again.
func TestACallThatCameOnTheStreamIsToldOnce(t *testing.T) {
	t.Parallel()
	c := &trail{events: []trailtypes.Event{call(30, "UpdateService", "Deploy", `{"service":"checkout-svc"}`)}}
	out := askTrail(t, c, func(_ *evidence.Options, in *incident.GatherEvidenceInput) {
		in.Anomalies = []incident.Anomaly{{
			ID: "a-1", Kind: incident.KindMetric, Service: "checkout", Opened: onset, LastSeen: onset, Changes: []incident.Change{{
				At: onset.Add(-31 * time.Second), Service: "checkout", Kind: "aws.ecs/AWS API Call via CloudTrail", Text: redact.Literal("UpdateService by role Deploy on checkout-svc"),
			}},
		}}
	})
	require.Len(t, changesOf(out), 1)
}

func TestCloudTrailThatDoesNotAnswerIsAGap(t *testing.T) {
	t.Parallel()
	one := []trailtypes.Event{call(30, "UpdateService", "Deploy", `{"service":"checkout-svc"}`), call(31, "StopInstances", "Deploy", `{"instanceId":"i-2"}`)}
	for name, tc := range map[string]struct {
		c      *trail
		kind   incident.GapKind
		want   string
		pieces int
	}{
		"denied":            {&trail{err: notAllowed("cloudtrail:LookupEvents")}, incident.GapDenied, "lacks cloudtrail:LookupEvents", 0},
		"throttled":         {&trail{err: &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}}, incident.GapThrottled, "throttled", 0},
		"hangs":             {&trail{hang: true}, incident.GapTimeout, "no whole answer", 0},
		"fails on page two": {&trail{events: one, page: 1, after: 1, err: notAllowed("cloudtrail:LookupEvents")}, incident.GapDenied, "lacks cloudtrail:LookupEvents", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := askTrail(t, tc.c)
			g := gapAbout(t, out, "CloudTrail")
			require.Equal(t, tc.kind, g.Kind, g)
			require.Contains(t, g.Reason.String(), tc.want)
			require.Len(t, changesOf(out), tc.pieces, "what had come is used")
		})
	}
}

func TestLookingUpIsBounded(t *testing.T) {
	t.Parallel()
	c := &trail{page: 1}
	for n := range 20 {
		c.events = append(c.events, call(n, fmt.Sprintf("Update%d", n), "Deploy", `{"service":"checkout-svc"}`))
	}
	began := time.Now()
	out := askTrail(t, c, func(o *evidence.Options, _ *incident.GatherEvidenceInput) { o.Within = 20 * time.Second })
	require.Len(t, c.asked, 6)
	require.Greater(t, time.Since(began), 3*time.Second, "below two lookups a second, with a sixth after 3.3 s")
	require.Equal(t, incident.GapCut, gapAbout(t, out, "CloudTrail").Kind)

	old := &trail{}
	out = askTrail(t, old, func(o *evidence.Options, _ *incident.GatherEvidenceInput) {
		o.Now = func() time.Time { return onset.AddDate(0, 0, 91) }
	})
	require.Empty(t, old.asked)
	require.Contains(t, gapAbout(t, out, "CloudTrail").Reason.String(), "90 days")
}

// How many kinds of calls were made does not depend on how many are shown.
func TestAllKindsOfCallsAreCounted(t *testing.T) {
	t.Parallel()
	c := &trail{}
	for n := range 11 {
		c.events = append(c.events, call(n+1, fmt.Sprintf("Update%d", n), "Deploy", `{"service":"checkout-svc"}`))
	}
	out := askTrail(t, c)
	require.Contains(t, gapAbout(t, out, "CloudTrail").Reason.String(), "11 kinds of calls, of which 8 are shown")
	rest := pick(t, out, incident.EvidenceChange, "0 write calls in the account")
	require.Contains(t, rest.Detail.String(), "besides 11 kinds of calls to these services: none.")
}
