//go:build peers

package peers

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"
)

var eventsCases = []testCase{
	{api: "events", name: "rules and targets are put, listed and removed", run: ruleLife},
	{api: "events", name: "a matching event reaches the stream by its partition key path", cli: true, needs: []string{delivers}, run: eventDelivery},
	{api: "events", name: "entries fail one by one", cli: true, run: eventEntries},
	{api: "events", name: "an alarm's change is an event", needs: []string{evaluates}, run: alarmEvent},
	{api: "events", name: "errors of rules have their names", run: ruleErrors},
}

const deliveryRole = "arn:aws:iam::" + account + ":role/delivery"

func (t *trial) arnOf(stream string) string {
	return t.text(t.ok("kinesis", "DescribeStreamSummary", object{"StreamName": stream}), "StreamDescriptionSummary.StreamARN")
}

// rule makes a rule with the stream as its target.
func (t *trial) rule(pattern string, stream, path string) string {
	name := t.name("rule")
	out := t.ok("events", "PutRule", object{"Name": name, "EventPattern": pattern, "Description": "to the stream"})
	require.Regexp(t, `^arn:aws:events:[a-z0-9-]+:\d{12}:rule/`+name+`$`, t.text(out, "RuleArn"))
	out = t.ok("events", "PutTargets", object{"Rule": name, "Targets": []object{{
		"Id": "stream", "Arn": t.arnOf(stream), "RoleArn": deliveryRole, "KinesisParameters": object{"PartitionKeyPath": path},
	}}})
	require.InDelta(t, 0, t.zeroOr(out, "FailedEntryCount"), 0)
	return name
}

// zeroOr is a number that may be absent when it is 0.
func (t *trial) zeroOr(v any, path string) float64 {
	if !has(v, path) {
		return 0
	}
	return t.number(v, path)
}

func ruleLife(t *trial) {
	name := t.rule(`{"source": ["shop.config"]}`, t.stream(1), "$.detail.service")
	out := t.ok("events", "ListRules", object{"NamePrefix": name})
	require.Len(t, t.list(out, "Rules"), 1)
	require.Equal(t, "ENABLED", t.text(out, "Rules.0.State"))
	require.Equal(t, "default", t.text(out, "Rules.0.EventBusName"))
	require.JSONEq(t, `{"source": ["shop.config"]}`, t.text(out, "Rules.0.EventPattern"))
	out = t.ok("events", "ListTargetsByRule", object{"Rule": name})
	require.Equal(t, "$.detail.service", t.text(out, "Targets.0.KinesisParameters.PartitionKeyPath"))
	require.Equal(t, deliveryRole, t.text(out, "Targets.0.RoleArn"))
	t.refused("ValidationException", "events", "DeleteRule", object{"Name": name})
	out = t.ok("events", "RemoveTargets", object{"Rule": name, "Ids": []any{"stream"}})
	require.InDelta(t, 0, t.zeroOr(out, "FailedEntryCount"), 0)
	t.ok("events", "DeleteRule", object{"Name": name})
	require.Empty(t, t.list(t.ok("events", "ListRules", object{"NamePrefix": name}), "Rules"))
}

func eventDelivery(t *trial) {
	stream := t.stream(1)
	t.rule(`{"source": ["shop.config"], "detail": {"trial": ["`+t.id+`"], "errors": [{"numeric": [">", 5]}]}}`, stream, "$.detail.service")
	entry := func(errors int) object {
		detail, err := json.Marshal(object{"trial": t.id, "service": "checkout", "errors": errors})
		require.NoError(t, err)
		return object{"Source": "shop.config", "DetailType": "Configuration Reload", "Detail": string(detail), "Resources": []any{"i-1"}, "Time": time.Now().Truncate(time.Second)}
	}
	out := t.ok("events", "PutEvents", object{"Entries": []object{entry(2), entry(9)}})
	require.InDelta(t, 0, t.zeroOr(out, "FailedEntryCount"), 0)
	var records []any
	t.eventually(10*time.Second, "the event is on the stream", func() bool {
		_, read := t.read(t.iterator(stream, "TRIM_HORIZON", nil))
		records = t.list(read, "Records")
		return len(records) > 0
	})
	require.Len(t, records, 1, "the other does not match")
	require.Equal(t, "checkout", t.text(records[0], "PartitionKey"))
	var event object
	require.NoError(t, json.Unmarshal(t.bytes(records[0], "Data"), &event))
	require.Equal(t, t.text(out, "Entries.1.EventId"), t.text(event, "id"))
	require.Equal(t, "Configuration Reload", t.text(event, "detail-type"))
	require.InDelta(t, 9, t.number(event, "detail.errors"), 0)
	require.Equal(t, []any{"i-1"}, t.list(event, "resources"))
	require.WithinDuration(t, time.Now(), t.time(event, "time"), time.Minute)
}

func eventEntries(t *trial) {
	out := t.ok("events", "PutEvents", object{"Entries": []object{
		{"Source": "shop", "DetailType": "x", "Detail": "{}"},
		{"Source": "shop", "DetailType": "x", "Detail": "no JSON"},
	}})
	require.InDelta(t, 1, t.number(out, "FailedEntryCount"), 0)
	require.NotEmpty(t, t.text(out, "Entries.0.EventId"))
	require.Equal(t, "MalformedDetail", t.text(out, "Entries.1.ErrorCode"))
}

func alarmEvent(t *trial) {
	stream, alarm := t.stream(1), t.name("alarm")
	t.rule(`{"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "detail": {"alarmName": ["`+alarm+`"]}}`, stream, "$.detail.alarmName")
	t.ok("cloudwatch", "PutMetricAlarm", alarmOf(alarm, t.name("Shop")))
	t.ok("cloudwatch", "SetAlarmState", object{"AlarmName": alarm, "StateValue": "ALARM", "StateReason": "rehearsal"})
	var event object
	t.eventually(10*time.Second, "the change is on the stream", func() bool {
		_, read := t.read(t.iterator(stream, "TRIM_HORIZON", nil))
		for _, r := range t.list(read, "Records") {
			require.Equal(t, alarm, t.text(r, "PartitionKey"))
			event = object{}
			require.NoError(t, json.Unmarshal(t.bytes(r, "Data"), &event))
			if t.text(event, "detail.state.value") == "ALARM" {
				return true
			}
		}
		return false
	})
	require.Equal(t, "rehearsal", t.text(event, "detail.state.reason"))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$`, t.text(event, "detail.state.timestamp"), "RFC 3339 would have a colon")
}

func ruleErrors(t *trial) {
	missing := t.name("missing")
	t.refused("ResourceNotFoundException", "events", "ListTargetsByRule", object{"Rule": missing})
	t.refused("ResourceNotFoundException", "events", "PutTargets", object{"Rule": missing, "Targets": []object{{"Id": "x", "Arn": t.arnOf(t.stream(1)), "RoleArn": deliveryRole}}})
	t.refused("InvalidEventPatternException", "events", "PutRule", object{"Name": missing, "EventPattern": `{"source": "not a list"}`})
	t.refused("ResourceNotFoundException", "events", "PutRule", object{"Name": missing, "EventPattern": `{"source": ["x"]}`, "EventBusName": "another"})
}
