package main

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
	"firebreak/test/stack/awswire"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

// feedbackStream is a stream of three shards in the stand-in, with the
// environment of a worker that reads it.
func feedbackStream(t *testing.T) (*kinesis.Service, *fault.Faults) {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Region: feedbackRegion, Faults: faults})
	data := kinesis.New(kinesis.Options{Region: feedbackRegion, Account: feedbackAccount})
	data.Register(server)
	require.NoError(t, data.Create("telemetry", 3))
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL_KINESIS": endpoint, "AWS_ACCESS_KEY_ID": server.Credentials().AccessKeyID, "AWS_SECRET_ACCESS_KEY": server.Credentials().Secret,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none", "AWS_PROFILE": "",
		"FIREBREAK_ACCOUNT": feedbackAccount, "FIREBREAK_REGION": feedbackRegion, "FIREBREAK_STREAM_NAME": "telemetry", "FIREBREAK_CONFIG": "",
	} {
		t.Setenv(key, value)
	}
	return data, faults
}

// heard reads what every shard was given: the same on each.
func heard(t *testing.T, shards int) []telemetry.Feedback {
	t.Helper()
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion(feedbackRegion))
	require.NoError(t, err)
	client, stream := sdk.NewFromConfig(cfg), aws.String("telemetry")
	list, err := client.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: stream})
	require.NoError(t, err)
	require.Len(t, list.Shards, shards)
	var first []telemetry.Feedback
	for i, shard := range list.Shards {
		at, err := client.GetShardIterator(t.Context(), &sdk.GetShardIteratorInput{
			StreamName: stream, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		require.NoError(t, err)
		got, err := client.GetRecords(t.Context(), &sdk.GetRecordsInput{ShardIterator: at.ShardIterator})
		require.NoError(t, err)
		var said []telemetry.Feedback
		for _, r := range got.Records {
			signals, err := telemetry.Decode(r.Data, telemetry.Source{Account: feedbackAccount, Region: feedbackRegion})
			require.NoError(t, err)
			for _, s := range signals {
				require.WithinDuration(t, time.Now(), s.Time, time.Minute)
				said = append(said, *s.Feedback)
			}
		}
		if i == 0 {
			first = said
		}
		require.Equal(t, first, said)
	}
	return first
}

// alarmedIncident is one with everything that an anomaly can be.
func alarmedIncident(id string) incident.State {
	st := pending(id)
	st.Origin = incident.OriginLive
	anomaly := func(kind incident.AnomalyKind, rule, what string) incident.Anomaly {
		series := telemetry.SeriesKey(feedbackAccount, feedbackRegion, telemetry.Kind(kind), what)
		return incident.Anomaly{
			ID: incident.AnomalyID(rule, series, opened), Account: feedbackAccount, Region: feedbackRegion, Service: "checkout",
			Kind: kind, Rule: rule, Series: series, Opened: opened, Reached: 1.3,
		}
	}
	level := anomaly(incident.KindMetric, detect.RuleLevel, "Shop/Errors{service=checkout}")
	level.Metric = &incident.MetricRef{Namespace: "Shop", Name: "Errors"}
	witness := anomaly(incident.KindMetric, detect.RuleLevel, "Shop/Latency{service=checkout}")
	level.Witnesses = []incident.Witness{{
		Rule: witness.Rule, Series: witness.Series, Metric: &incident.MetricRef{Namespace: "Shop", Name: "Latency"}, Opened: opened.Add(time.Second), Reached: 1.1,
	}}
	news := anomaly(incident.KindLog, detect.RuleLogNew+"/00ff", "/shop/checkout")
	news.LogGroup = "/shop/checkout"
	alarm := anomaly(incident.KindAlarm, detect.RuleAlarm, "checkout-errors")
	alarm.Alarm = "checkout-errors"
	st.Anomalies = []incident.Anomaly{level, news, alarm}
	return st
}

func alarmedFake() (*fake, incident.State) {
	st := alarmedIncident("inc-4f0000000000")
	return &fake{list: []summary{listed(st.ID, true)}, states: map[string][]incident.State{st.WorkflowID: {st}}}, st
}
