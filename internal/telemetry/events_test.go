package telemetry_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

func event(t *testing.T, source1, detailType, resources, detail string) telemetry.Signal {
	t.Helper()
	got, err := telemetry.Decode(fmt.Appendf(nil,
		`{"version":"0","id":"e-1","detail-type":%q,"source":%q,"account":"123456789012","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[%s],"detail":%s}`,
		detailType, source1, resources, detail), source)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.JSONEq(t, detail, string(mustField(t, got[0].Event.Raw, "detail")))
	return got[0]
}

// Samples of this event have a space in front of the instance's id.
func TestEC2StateChangeTrimsTheInstanceID(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]telemetry.Class{
		"terminated": telemetry.ClassTrouble, "stopped": telemetry.ClassTrouble,
		"running": telemetry.ClassChange, "shutting-down": telemetry.ClassNotice,
	} {
		s := event(t, "aws.ec2", "EC2 Instance State-change Notification", `"arn:aws:ec2:us-east-1:123456789012:instance/i-0c0ffee0000000001"`,
			`{"instance-id":" i-0c0ffee0000000001","state":"`+state+`"}`)
		require.Equal(t, want, s.Event.Class, state)
		require.Equal(t, []string{"i-0c0ffee0000000001"}, s.Event.Names)
		require.Equal(t, state, s.Event.State)
	}
}

func TestECSEvents(t *testing.T) {
	t.Parallel()
	task := `{"clusterArn":"arn:aws:ecs:r:1:cluster/c","taskArn":"arn:aws:ecs:r:1:task/c/t","group":"service:checkout","lastStatus":"%s","stopCode":"%s","stoppedReason":"%s","version":%d,"containers":[{"name":"a","exitCode":%d}]}`
	for _, tc := range []struct {
		status, code, reason string
		exit                 int
		want                 telemetry.Class
	}{
		{"STOPPED", "EssentialContainerExited", "Essential container in task exited", 137, telemetry.ClassTrouble},
		{"STOPPED", "EssentialContainerExited", "Essential container in task exited", 0, telemetry.ClassNotice},
		{"STOPPED", "TaskFailedToStart", "CannotPullContainerError", 0, telemetry.ClassTrouble},
		{"STOPPED", "ServiceSchedulerInitiated", "Scaling activity initiated by deployment", 143, telemetry.ClassNotice},
		{"STOPPED", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", 0, telemetry.ClassTrouble},
		{"RUNNING", "", "", 0, telemetry.ClassNotice},
	} {
		s := event(t, "aws.ecs", "ECS Task State Change", `"arn:aws:ecs:r:1:task/c/t"`, fmt.Sprintf(task, tc.status, tc.code, tc.reason, 4, tc.exit))
		require.Equal(t, tc.want, s.Event.Class, tc)
		require.Equal(t, "checkout", s.Event.Names[0])
		require.Equal(t, int64(4), s.Event.Version)
	}
	// Ordered and told apart by version, per resource: the event's id does not matter.
	four := event(t, "aws.ecs", "ECS Task State Change", `"arn:t"`, fmt.Sprintf(task, "RUNNING", "", "", 4, 0))
	five := event(t, "aws.ecs", "ECS Task State Change", `"arn:t"`, fmt.Sprintf(task, "RUNNING", "", "", 5, 0))
	require.NotEqual(t, four.Key, five.Key)

	for name, want := range map[string]telemetry.Class{
		"SERVICE_DEPLOYMENT_FAILED": telemetry.ClassTrouble, "SERVICE_DEPLOYMENT_COMPLETED": telemetry.ClassChange,
	} {
		s := event(t, "aws.ecs", "ECS Deployment State Change", `"arn:aws:ecs:r:1:service/c/checkout"`, `{"eventType":"INFO","eventName":"`+name+`","reason":"r"}`)
		require.Equal(t, want, s.Event.Class)
		require.Equal(t, "checkout", s.Event.Names[0])
	}
}

// The region of the envelope is where a Health event was delivered.
func TestHealthEventsAreOfTheRegionThatTheyName(t *testing.T) {
	t.Parallel()
	detail := `{"eventArn":"a","service":"EC2","eventTypeCode":"AWS_EC2_ISSUE","eventTypeCategory":"%s","statusCode":"open","eventRegion":"eu-west-1","communicationId":"c-1",
"affectedAccount":"123456789012","eventDescription":[{"language":"en_US","latestDescription":"Trouble"}],"affectedEntities":[{"entityValue":"arn:aws:ec2:eu-west-1:1:instance/i-1"}]}`
	s := event(t, "aws.health", "AWS Health Event", "", fmt.Sprintf(detail, "issue"))
	require.Equal(t, "eu-west-1", s.Region)
	require.Equal(t, telemetry.ClassTrouble, s.Event.Class)
	require.Equal(t, []string{"arn:aws:ec2:eu-west-1:1:instance/i-1", "i-1"}, s.Event.Names)
	require.Equal(t, "health\x00c-1\x00123456789012", s.Key)
	require.Equal(t, telemetry.ClassChange, event(t, "aws.health", "AWS Health Event", "", fmt.Sprintf(detail, "scheduledChange")).Event.Class)
}

func TestOtherEventsAreChangesByTheirNameOnly(t *testing.T) {
	t.Parallel()
	s := event(t, "shop.config", "Shop Configuration Reload", "", `{"service":"checkout","change":"prices from the new table"}`)
	require.Equal(t, telemetry.ClassChange, s.Event.Class)
	require.Equal(t, "checkout", s.Event.Service)
	require.Equal(t, "Shop Configuration Reload: prices from the new table", s.Event.Summary)
	for _, tc := range []struct {
		source, kind, detail string
		want                 telemetry.Class
	}{
		{"shop.orders", "Order Placed", `{"service":"checkout"}`, telemetry.ClassNotice},
		{"aws.codepipeline", "CodePipeline Pipeline Execution State Change", `{"state":"STARTED"}`, telemetry.ClassChange},
		{"aws.rds", "RDS DB Instance State Change", `{}`, telemetry.ClassNotice},
		{"aws.lambda", "AWS API Call via CloudTrail", `{"eventName":"UpdateFunctionCode20150331v2","readOnly":false}`, telemetry.ClassChange},
		{"aws.lambda", "AWS API Call via CloudTrail", `{"eventName":"GetFunction","readOnly":true}`, telemetry.ClassNotice},
	} {
		require.Equal(t, tc.want, event(t, tc.source, tc.kind, "", tc.detail).Event.Class, tc)
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	errors := incident.MetricRef{Namespace: "Shop", Name: "Errors", Dimensions: map[string]string{"service": "checkout"}}
	inv := incident.NewInventory([]incident.Service{{
		Name: "checkout", LogGroups: []string{"/shop/checkout"}, Alarms: []string{"checkout-*"}, Resources: []string{"i-1", "my-asg"},
		Metrics: []incident.WatchedMetric{{MetricRef: errors, Role: incident.RoleErrors}},
	}})
	for name, tc := range map[string]struct {
		signal telemetry.Signal
		want   string
	}{
		"log":           {telemetry.Signal{Kind: telemetry.KindLog, Log: &telemetry.LogLine{Group: "/shop/checkout"}}, "checkout"},
		"another log":   {telemetry.Signal{Kind: telemetry.KindLog, Log: &telemetry.LogLine{Group: "/shop/other"}}, incident.Unassigned},
		"metric":        {telemetry.Signal{Kind: telemetry.KindMetric, Metric: &telemetry.MetricPoint{Namespace: "Shop", Name: "Errors", Dimensions: errors.Dimensions}}, "checkout"},
		"alarm by name": {telemetry.Signal{Kind: telemetry.KindAlarm, Alarm: &telemetry.AlarmChange{Name: "checkout-x"}}, "checkout"},
		"by its metric": {telemetry.Signal{Kind: telemetry.KindAlarm, Alarm: &telemetry.AlarmChange{Name: "x", Metric: &errors}}, "checkout"},
		"no alarm":      {telemetry.Signal{Kind: telemetry.KindAlarm, Alarm: &telemetry.AlarmChange{Name: "x"}}, incident.Unassigned},
		"by ARN":        {telemetry.Signal{Kind: telemetry.KindEvent, Event: &telemetry.Event{Resources: []string{"arn:aws:ec2:r:1:instance/i-1"}}}, "checkout"},
		"by name":       {telemetry.Signal{Kind: telemetry.KindEvent, Event: &telemetry.Event{Names: []string{"?", "my-asg"}}}, "checkout"},
		"by claim":      {telemetry.Signal{Kind: telemetry.KindEvent, Event: &telemetry.Event{Service: "checkout"}}, "checkout"},
		"a false claim": {telemetry.Signal{Kind: telemetry.KindEvent, Event: &telemetry.Event{Service: "treasury"}}, incident.Unassigned},
	} {
		telemetry.Assign(inv, &tc.signal)
		require.Equal(t, tc.want, tc.signal.Service, name)
	}
}
