//go:build peers

package peers

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/stretchr/testify/require"
)

var logsCases = []testCase{
	{api: "logs", name: "groups and streams are created and described", run: logGroups},
	{api: "logs", name: "events are put and found by time and stream", run: logEvents},
	{api: "logs", name: "events of several streams are interleaved", run: logInterleaved},
	{api: "logs", name: "filter patterns choose events", needs: []string{logMatching}, run: logPatterns},
	{api: "logs", name: "found events come in pages", run: logPages},
	{api: "logs", name: "what a batch must not be", cli: true, run: logRefusals},
	{api: "logs", name: "events that are too old or too new are told", run: logRejected},
	{api: "logs", name: "a subscription filter delivers gzip records to a stream", run: logSubscription},
	{api: "logs", name: "a subscription filter delivers only what its pattern lets pass", needs: []string{logMatching}, run: logSubscriptionPattern},
	{api: "logs", name: "subscription filters are described and deleted", cli: true, run: subscriptionLife},
	{api: "logs", name: "errors of groups and filters have their names", run: logErrors},
}

// group makes a group with one stream.
func (t *trial) group() (group, stream string) {
	group, stream = "/peer/"+t.name("group"), t.name("instance")
	t.ok("logs", "CreateLogGroup", object{"logGroupName": group})
	t.ok("logs", "CreateLogStream", object{"logGroupName": group, "logStreamName": stream})
	return group, stream
}

func (t *trial) log(group, stream string, at time.Time, messages ...string) {
	var events []object
	for i, m := range messages {
		events = append(events, object{"timestamp": at.Add(time.Duration(i) * time.Second).UnixMilli(), "message": m})
	}
	t.ok("logs", "PutLogEvents", object{"logGroupName": group, "logStreamName": stream, "logEvents": events})
}

func logGroups(t *trial) {
	group, stream := t.group()
	out := t.ok("logs", "DescribeLogGroups", object{"logGroupNamePrefix": group})
	require.Equal(t, group, t.text(out, "logGroups.0.logGroupName"))
	require.Regexp(t, `^arn:aws:logs:[a-z0-9-]+:\d{12}:log-group:`+group+`:\*$`, t.text(out, "logGroups.0.arn"))
	require.InDelta(t, time.Now().UnixMilli(), t.number(out, "logGroups.0.creationTime"), 60_000)
	t.ok("logs", "CreateLogStream", object{"logGroupName": group, "logStreamName": "another"})
	t.log(group, stream, time.Now().Add(-time.Minute), "hello")
	out = t.ok("logs", "DescribeLogStreams", object{"logGroupName": group})
	require.ElementsMatch(t, []string{"another", stream}, t.texts(out, "logStreams", "logStreamName"))
	out = t.ok("logs", "DescribeLogStreams", object{"logGroupName": group, "orderBy": "LastEventTime", "descending": true, "limit": 1})
	require.Equal(t, stream, t.text(out, "logStreams.0.logStreamName"))
	require.InDelta(t, time.Now().Add(-time.Minute).UnixMilli(), t.number(out, "logStreams.0.lastEventTimestamp"), 5_000)
}

func logEvents(t *trial) {
	group, stream := t.group()
	begin := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	t.log(group, stream, begin, "one", "zwei: grün", "three")
	find := func(more object) []string {
		in := object{"logGroupName": group}
		maps.Copy(in, more)
		return t.texts(t.ok("logs", "FilterLogEvents", in), "events", "message")
	}
	require.Equal(t, []string{"one", "zwei: grün", "three"}, find(nil))
	require.Equal(t, []string{"zwei: grün", "three"}, find(object{"logStreamNames": []any{stream}, "startTime": begin.Add(time.Second).UnixMilli()}))
	require.Equal(t, []string{"one"}, find(object{"startTime": begin.UnixMilli(), "endTime": begin.Add(700 * time.Millisecond).UnixMilli()}))
	require.Empty(t, find(object{"logStreamNames": []any{stream}, "endTime": begin.Add(-time.Second).UnixMilli()}))
	out := t.ok("logs", "FilterLogEvents", object{"logGroupName": group, "limit": 1})
	require.Equal(t, stream, t.text(out, "events.0.logStreamName"))
	require.InDelta(t, begin.UnixMilli(), t.number(out, "events.0.timestamp"), 0)
	require.NotEmpty(t, t.text(out, "events.0.eventId"))
}

func logInterleaved(t *trial) {
	group, stream := t.group()
	begin := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	t.log(group, stream, begin, "one", "two")
	t.ok("logs", "CreateLogStream", object{"logGroupName": group, "logStreamName": "other"})
	t.log(group, "other", begin.Add(500*time.Millisecond), "between")
	require.Equal(t, []string{"one", "between", "two"}, t.texts(t.ok("logs", "FilterLogEvents", object{"logGroupName": group}), "events", "message"))
}

func logPatterns(t *trial) {
	group, stream := t.group()
	t.log(group, stream, time.Now().Add(-time.Minute), "INFO all is well", "ERROR payment refused", `{"level":"error","status":503}`, "ERROR timeout while calling payments")
	for pattern, want := range map[string]int{
		"": 4, "ERROR": 2, "ERROR timeout": 1, "?timeout ?refused": 2, "ERROR -timeout": 1, `"payment refused"`: 1, `{ $.status = 503 }`: 1, `{ $.status < 500 }`: 0,
	} {
		out := t.ok("logs", "FilterLogEvents", object{"logGroupName": group, "filterPattern": pattern})
		require.Len(t, t.list(out, "events"), want, pattern)
	}
}

func logPages(t *trial) {
	group, stream := t.group()
	var want, got []string
	for i := range 5 {
		want = append(want, fmt.Sprint("event ", i))
	}
	t.log(group, stream, time.Now().Add(-time.Minute), want...)
	in := object{"logGroupName": group, "limit": 2}
	for range 6 {
		out := t.ok("logs", "FilterLogEvents", in)
		got = append(got, t.texts(out, "events", "message")...)
		if !has(out, "nextToken") {
			break
		}
		in["nextToken"] = t.text(out, "nextToken")
	}
	require.Equal(t, want, got)
}

func logRefusals(t *trial) {
	group, stream := t.group()
	now := time.Now().UnixMilli()
	put := func(events ...object) object {
		return object{"logGroupName": group, "logStreamName": stream, "logEvents": events}
	}
	t.refused("InvalidParameterException", "logs", "PutLogEvents", put(object{"timestamp": now, "message": "b"}, object{"timestamp": now - 1000, "message": "a"}))
	t.refused("InvalidParameterException", "logs", "PutLogEvents", put(object{"timestamp": now - 25*3600_000, "message": "a"}, object{"timestamp": now, "message": "more than a day later"}))
	t.refused("InvalidParameterException|ParamValidationError|CommandLine", "logs", "PutLogEvents", put(object{"timestamp": now, "message": ""}))
}

func logRejected(t *trial) {
	group, stream := t.group()
	now := time.Now().UnixMilli()
	put := func(events ...object) object {
		return object{"logGroupName": group, "logStreamName": stream, "logEvents": events}
	}
	out := t.ok("logs", "PutLogEvents", put(object{"timestamp": now - 15*24*3600_000, "message": "too old"}))
	require.InDelta(t, 1, t.number(out, "rejectedLogEventsInfo.tooOldLogEventEndIndex"), 0)
	out = t.ok("logs", "PutLogEvents", put(object{"timestamp": now, "message": "now"}, object{"timestamp": now + 3*3600_000, "message": "too new"}))
	require.InDelta(t, 1, t.number(out, "rejectedLogEventsInfo.tooNewLogEventStartIndex"), 0)
}

// subscribe makes a stream and a filter of the group that delivers to it.
func (t *trial) subscribe(group, pattern string) (stream string) {
	stream = t.stream(1)
	arn := t.text(t.ok("kinesis", "DescribeStreamSummary", object{"StreamName": stream}), "StreamDescriptionSummary.StreamARN")
	t.ok("logs", "PutSubscriptionFilter", object{
		"logGroupName": group, "filterName": "to-the-stream", "filterPattern": pattern, "destinationArn": arn, "roleArn": "arn:aws:iam::" + account + ":role/delivery",
	})
	return stream
}

// delivered waits for the data messages on a stream.
func (t *trial) delivered(stream string) []object {
	var found []object
	t.eventually(10*time.Second, "a data message is on the stream", func() bool {
		found = nil
		_, out := t.read(t.iterator(stream, "TRIM_HORIZON", nil))
		for _, r := range t.list(out, "Records") {
			z, err := gzip.NewReader(bytes.NewReader(t.bytes(r, "Data")))
			require.NoError(t, err)
			text, err := io.ReadAll(z)
			require.NoError(t, err)
			var message object
			require.NoError(t, json.Unmarshal(text, &message))
			if t.text(message, "messageType") == "DATA_MESSAGE" { // The others are control messages.
				found = append(found, message)
			}
		}
		return len(found) > 0
	})
	return found
}

func logSubscription(t *trial) {
	group, stream := t.group()
	to := t.subscribe(group, "")
	at := time.Now().Add(-time.Minute)
	t.log(group, stream, at, "one", "two")
	got := t.delivered(to)
	require.Len(t, got, 1)
	require.Equal(t, group, t.text(got[0], "logGroup"))
	require.Equal(t, stream, t.text(got[0], "logStream"))
	require.Regexp(t, `^\d{12}$`, t.text(got[0], "owner"))
	require.Equal(t, []any{"to-the-stream"}, t.list(got[0], "subscriptionFilters"))
	require.Equal(t, []string{"one", "two"}, t.texts(got[0], "logEvents", "message"))
	require.InDelta(t, at.UnixMilli(), t.number(got[0], "logEvents.0.timestamp"), 1)
	require.NotEmpty(t, t.get(got[0], "logEvents.0.id"))
}

func logSubscriptionPattern(t *trial) {
	group, stream := t.group()
	to := t.subscribe(group, "ERROR")
	t.log(group, stream, time.Now().Add(-time.Minute), "INFO one", "ERROR two", "INFO three")
	got := t.delivered(to)
	require.Equal(t, []string{"ERROR two"}, t.texts(got[0], "logEvents", "message"))
}

func subscriptionLife(t *trial) {
	group, _ := t.group()
	t.subscribe(group, "ERROR")
	out := t.ok("logs", "DescribeSubscriptionFilters", object{"logGroupName": group})
	require.Len(t, t.list(out, "subscriptionFilters"), 1)
	require.Equal(t, "ERROR", t.text(out, "subscriptionFilters.0.filterPattern"))
	require.Equal(t, "ByLogStream", t.text(out, "subscriptionFilters.0.distribution"))
	require.InDelta(t, time.Now().UnixMilli(), t.number(out, "subscriptionFilters.0.creationTime"), 60_000)
	t.ok("logs", "DeleteSubscriptionFilter", object{"logGroupName": group, "filterName": "to-the-stream"})
	require.Empty(t, t.list(t.ok("logs", "DescribeSubscriptionFilters", object{"logGroupName": group}), "subscriptionFilters"))
	t.refused("ResourceNotFoundException", "logs", "DeleteSubscriptionFilter", object{"logGroupName": group, "filterName": "to-the-stream"})
}

func logErrors(t *trial) {
	group, stream := t.group()
	t.refused("ResourceAlreadyExistsException", "logs", "CreateLogGroup", object{"logGroupName": group})
	t.refused("ResourceAlreadyExistsException", "logs", "CreateLogStream", object{"logGroupName": group, "logStreamName": stream})
	event := []object{{"timestamp": time.Now().UnixMilli(), "message": "x"}}
	t.refused("ResourceNotFoundException", "logs", "PutLogEvents", object{"logGroupName": group, "logStreamName": "missing", "logEvents": event})
	t.refused("ResourceNotFoundException", "logs", "FilterLogEvents", object{"logGroupName": group + "-missing"})
	t.refused("InvalidParameterException", "logs", "PutSubscriptionFilter", object{
		"logGroupName": group, "filterName": "f", "filterPattern": "", "roleArn": "arn:aws:iam::" + account + ":role/delivery",
		"destinationArn": "arn:aws:kinesis:" + region + ":" + account + ":stream/" + t.name("missing"),
	})
}
