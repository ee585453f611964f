//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// Shape of a recording's event time: minutes of health, then troubles.
const (
	recordedHealthy = 3 * time.Hour
	recordedEvery   = 2 * time.Hour // from one trouble to the next
	recordedTrouble = 5 * time.Minute
)

// recording writes what the stream and CloudWatch of the shop would have kept:
// healthy data, and as many troubles of checkout as asked for, in which it is
// slow, logs errors, and is in alarm. Everything happened last month.
type recording struct {
	t      *testing.T
	folder string
	began  time.Time
	ended  time.Time
	rows   int // of CSV, without headers
	lines  int // of records
	random *rand.Rand

	latency, requests, records bytes.Buffer
}

// record makes a recording. The same arguments give the same content within a month.
func record(t *testing.T, troubles int) *recording {
	t.Helper()
	now := time.Now().UTC()
	began := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	r := &recording{
		t: t, folder: t.TempDir(), began: began, random: rand.New(rand.NewPCG(1, 2)),
		ended: began.Add(recordedHealthy + time.Duration(troubles)*recordedEvery),
	}
	r.latency.WriteString("timestamp,value\n")
	r.requests.WriteString("timestamp,value\n")
	for at := began; at.Before(r.ended); at = at.Add(time.Minute) {
		r.minute(at)
	}
	r.write("metrics/checkout__Latency.csv", r.latency.Bytes())
	r.write("metrics/payments__Requests.csv", r.requests.Bytes())
	r.write("records/stream.jsonl", r.records.Bytes())
	return r
}

// onset is when a trouble began, counted from 0.
func (r *recording) onset(n int) time.Time {
	return r.began.Add(recordedHealthy + time.Duration(n)*recordedEvery)
}

func (r *recording) minute(at time.Time) {
	since := at.Sub(r.began) - recordedHealthy
	bad := since >= 0 && since%recordedEvery < recordedTrouble
	latency, errors := 20+r.random.NormFloat64(), 0.0
	if bad {
		latency, errors = 900+20*r.random.NormFloat64(), 300
	}
	fmt.Fprintf(&r.latency, "%s,%.3f\n", at.Format(time.DateTime), latency)
	fmt.Fprintf(&r.requests, "%d,%d\n", at.Unix(), 1500+r.random.IntN(20))
	r.rows += 2
	r.logs(at, bad)
	r.metric(at, errors)
	switch {
	case since >= 0 && since%recordedEvery == time.Minute:
		r.alarm(at, "OK", "ALARM")
	case since >= 0 && since%recordedEvery == recordedTrouble+time.Minute:
		r.alarm(at, "ALARM", "OK")
	}
}

// logs is a subscription record as CloudWatch Logs delivers it: gzip.
func (r *recording) logs(at time.Time, bad bool) {
	var events []map[string]any
	add := func(level, msg string) {
		line, err := json.Marshal(map[string]any{"level": level, "service": victim.Checkout, "request_id": fmt.Sprintf("%x", r.random.Uint64()), "msg": msg})
		require.NoError(r.t, err)
		n := len(events)
		events = append(events, map[string]any{
			"id": fmt.Sprintf("%d-%d", at.Unix(), n), "timestamp": at.UnixMilli() + int64(n), "message": string(line),
		})
	}
	for range 20 {
		add("info", fmt.Sprintf("order %d taken in %d ms", r.random.IntN(1e6), 15+r.random.IntN(10)))
	}
	for range 40 {
		if bad {
			add("error", fmt.Sprintf("order %d failed: payments answered 404 Not Found", r.random.IntN(1e6)))
		}
	}
	doc, err := json.Marshal(map[string]any{
		"messageType": "DATA_MESSAGE", "owner": stack.Account, "logGroup": victim.LogGroup(victim.Checkout), "logStream": "i-0c0ffee0000000001",
		"subscriptionFilters": []string{"firebreak"}, "logEvents": events,
	})
	require.NoError(r.t, err)
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, err = zw.Write(doc)
	require.NoError(r.t, err)
	require.NoError(r.t, zw.Close())
	r.put("logs", at, packed.Bytes())
}

// metric is a line of a metric stream.
func (r *recording) metric(at time.Time, errors float64) {
	doc, err := json.Marshal(map[string]any{
		"metric_stream_name": "firebreak", "account_id": stack.Account, "region": stack.Region, "namespace": "Shop", "metric_name": "Errors",
		"dimensions": map[string]string{"service": victim.Checkout}, "timestamp": at.UnixMilli(), "unit": "Count",
		"value": map[string]float64{"count": 60, "sum": errors, "max": errors / 60, "min": 0},
	})
	require.NoError(r.t, err)
	r.put("Shop/Errors", at, append(doc, '\n'))
}

// alarm is an alarm's change of state as EventBridge delivers it.
func (r *recording) alarm(at time.Time, from, to string) {
	state := func(value string) map[string]string {
		return map[string]string{"value": value, "reason": "Threshold Crossed", "timestamp": at.Format("2006-01-02T15:04:05.000-0700")}
	}
	doc, err := json.Marshal(map[string]any{
		"version": "0", "id": fmt.Sprintf("00000000-0000-4000-8000-%012d", at.Unix()), "detail-type": "CloudWatch Alarm State Change",
		"source": "aws.cloudwatch", "account": stack.Account, "time": at.Format(time.RFC3339), "region": stack.Region,
		"resources": []string{"arn:aws:cloudwatch:" + stack.Region + ":" + stack.Account + ":alarm:checkout-errors"},
		"detail":    map[string]any{"alarmName": "checkout-errors", "state": state(to), "previousState": state(from), "configuration": map[string]any{}},
	})
	require.NoError(r.t, err)
	r.put("checkout-errors", at, doc)
}

func (r *recording) put(key string, at time.Time, data []byte) {
	line, err := json.Marshal(map[string]string{
		"partition_key": key, "arrival": at.Add(time.Second).Format(time.RFC3339), "data": base64.StdEncoding.EncodeToString(data),
	})
	require.NoError(r.t, err)
	r.records.Write(append(line, '\n'))
	r.lines++
}

func (r *recording) write(name string, content []byte) {
	file := filepath.Join(r.folder, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(r.t, os.WriteFile(file, content, 0o600))
}

// litter puts things into the recording that cannot be used, and returns where
// each has to be reported.
func (r *recording) litter() []string {
	r.write("metrics/payments__Latency.csv", []byte(strings.Join([]string{
		"timestamp,value", r.began.Format(time.RFC3339) + ",5", "yesterday,5", r.began.Format(time.DateTime) + ",\x1b[2Jmany", "justone",
	}, "\n")))
	r.write("records/litter.jsonl", []byte(strings.Join([]string{
		"no json at all", `{"partition_key":"p","arrival":"2026-03-02T08:00:00Z","data":"aGVsbG8="}`, `{"data":"e30="}`,
	}, "\n")))
	return []string{
		"payments__Latency.csv:3: ", "payments__Latency.csv:4: ", "payments__Latency.csv:5: ",
		"litter.jsonl:1: ", "litter.jsonl:2: ", "litter.jsonl:3: ",
	}
}
