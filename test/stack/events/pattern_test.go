package events_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/events"
)

const alarmEvent = `{"version":"0","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","region":"us-east-1","resources":["arn:1","arn:2"],
	"detail":{"alarmName":"checkout-errors","state":{"value":"ALARM","count":3.0},"previousState":{"value":"OK"},"tags":[],"flag":true,"nothing":null,
	"items":[{"k":"a","v":1},{"k":"b","v":2}]}}`

func decode(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		want    bool
	}{
		{`{"source":["aws.cloudwatch"]}`, true},
		{`{"source":["aws.ec2","aws.cloudwatch"]}`, true},
		{`{"source":["aws.ec2"]}`, false},
		{`{"source":["aws.cloudwatch"],"region":["eu-west-1"]}`, false},
		{`{"detail":{"state":{"value":["ALARM"]}}}`, true},
		{`{"detail":{"state":{"value":["OK"]}}}`, false},
		{`{"detail":{"state":["ALARM"]}}`, false},
		{`{"resources":["arn:2"]}`, true},
		{`{"resources":["arn:3"]}`, false},
		{`{"detail":{"alarmName":[{"prefix":"checkout-"}]}}`, true},
		{`{"detail":{"alarmName":[{"prefix":"payments-"}]}}`, false},
		{`{"detail":{"alarmName":[{"prefix":{"equals-ignore-case":"CHECKOUT"}}]}}`, true},
		{`{"detail":{"alarmName":[{"suffix":"-errors"}]}}`, true},
		{`{"detail":{"alarmName":[{"equals-ignore-case":"Checkout-Errors"}]}}`, true},
		{`{"detail":{"alarmName":[{"wildcard":"check*-err*"}]}}`, true},
		{`{"detail":{"alarmName":[{"wildcard":"check*-ok"}]}}`, false},
		{`{"detail":{"alarmName":[{"anything-but":"x"}]}}`, true},
		{`{"detail":{"alarmName":[{"anything-but":["x","checkout-errors"]}]}}`, false},
		{`{"detail":{"alarmName":[{"anything-but":{"prefix":"check"}}]}}`, false},
		{`{"detail":{"alarmName":[{"anything-but":{"suffix":["x","-errors"]}}]}}`, false},
		{`{"detail":{"missing":[{"anything-but":"x"}]}}`, false},
		{`{"detail":{"missing":[{"exists":false}]}}`, true},
		{`{"detail":{"alarmName":[{"exists":false}]}}`, false},
		{`{"detail":{"alarmName":[{"exists":true}]}}`, true},
		{`{"detail":{"state":[{"exists":true}]}}`, false},
		{`{"detail":{"deep":{"missing":[{"exists":false}]}}}`, true},
		{`{"detail":{"tags":[{"exists":true}]}}`, false},
		{`{"detail":{"state":{"count":[{"numeric":[">",2,"<=",3]}]}}}`, true},
		{`{"detail":{"state":{"count":[{"numeric":["=",4]}]}}}`, false},
		{`{"detail":{"state":{"count":[3]}}}`, true},
		{`{"detail":{"alarmName":[{"numeric":[">",0]}]}}`, false},
		{`{"detail":{"flag":[true]}}`, true},
		{`{"detail":{"nothing":[null]}}`, true},
		{`{"detail":{"flag":[null]}}`, false},
		{`{"detail":{"items":{"k":["a"],"v":[1]}}}`, true},
		{`{"detail":{"items":{"k":["a"],"v":[2]}}}`, false},
		{`{"$or":[{"source":["aws.ec2"]},{"detail":{"flag":[true]}}]}`, true},
		{`{"$or":[{"source":["aws.ec2"]},{"detail":{"flag":[false]}}]}`, false},
	}
	event := decode(t, alarmEvent)
	for _, tt := range tests {
		p, err := events.ParsePattern([]byte(tt.pattern))
		require.NoError(t, err, tt.pattern)
		require.Equal(t, tt.want, p.Match(event), tt.pattern)
	}
}

func TestMalformedPatternsAreRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		``, `[]`, `{}`, `"x"`, `{"a":"b"}`, `{"a":[]}`, `{"a":{}}`, `{"a":[["b"]]}`, `{"a":[{"unknown":"x"}]}`, `{"a":[{"prefix":1}]}`,
		`{"a":[{"prefix":"x","suffix":"y"}]}`, `{"a":[{"exists":"yes"}]}`, `{"a":[{"numeric":[">"]}]}`, `{"a":[{"numeric":["~",1]}]}`,
		`{"a":[{"numeric":[">","1"]}]}`, `{"a":[{"anything-but":[]}]}`, `{"a":[{"anything-but":{"numeric":["=",1]}}]}`, `{"a":[{"wildcard":"a**b"}]}`,
		`{"$or":[{"a":["b"]}]}`, `{"$or":["x","y"]}`, `{"a":[{"suffix":""}]}`,
		strings.Repeat(`{"a":`, 60) + `["b"]` + strings.Repeat(`}`, 60),
	} {
		_, err := events.ParsePattern([]byte(pattern))
		require.Error(t, err, pattern)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`{"detail":{"a":[{"anything-but":{"prefix":"x"}}]},"$or":[{"a":[1]},{"b":[null]}]}`, alarmEvent)
	f.Fuzz(func(_ *testing.T, pattern, event string) {
		p, err := events.ParsePattern([]byte(pattern))
		var v any
		if err == nil && json.Unmarshal([]byte(event), &v) == nil {
			p.Match(v)
		}
	})
}
