package telemetry_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	// The samples that AWS publishes are read from this module's folder; the
	// import makes sure that it is there.
	_ "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
)

// samples returns the folder of AWS's sample events in the module cache.
func samples(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go/events").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "testdata")
}

var source = telemetry.Source{Partition: "p", Arrival: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Account: "000000000000", Region: "eu-central-1"}

func TestPublishedLogSampleIsRead(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(samples(t), "cloudwatch-logs-event.json"))
	require.NoError(t, err)
	var wrapped struct {
		AWSLogs struct{ Data string } `json:"awslogs"`
	}
	require.NoError(t, json.Unmarshal(raw, &wrapped))
	data, err := base64.StdEncoding.DecodeString(wrapped.AWSLogs.Data)
	require.NoError(t, err)

	got, err := telemetry.Decode(data, source)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, telemetry.KindLog, got[0].Kind)
	require.Equal(t, "testLogGroup", got[0].Log.Group)
	require.Equal(t, "123456789123", got[0].Account, "the owner, since the record says whose it is")
	require.Equal(t, "123456789123/eu-central-1/log/testLogGroup", got[0].Series)
	require.Equal(t, int64(1440442987000), got[0].Time.UnixMilli())
	require.Equal(t, source.Arrival, got[0].Arrival)
	require.Equal(t, telemetry.LevelError, got[0].Log.Level)
	require.NotEqual(t, got[0].Key, got[1].Key)
}

func TestPublishedEventSamplesAreRead(t *testing.T) {
	t.Parallel()
	dir := samples(t)
	for file, want := range map[string]struct {
		class telemetry.Class
		name  string
		text  string
	}{
		"autoscaling-event-launch-successful.json":      {telemetry.ClassChange, "my-auto-scaling-group", "EC2 Instance Launch Successful"},
		"autoscaling-event-launch-unsuccessful.json":    {telemetry.ClassTrouble, "my-auto-scaling-group", "message-text"},
		"autoscaling-event-terminate-unsuccessful.json": {telemetry.ClassTrouble, "my-auto-scaling-group", "message-text"},
		"autoscaling-event-lifecycle-action.json":       {telemetry.ClassNotice, "my-asg", ""},
		"codedeploy-deployment-event.json":              {telemetry.ClassChange, "myDeploymentGroup", "d-123456789"},
		"codedeploy-instance-event.json":                {telemetry.ClassChange, "myDeploymentGroup", ""},
		"ecs-container-instance-state-change.json":      {telemetry.ClassNotice, "b54a2a04-046f-4331-9d74-3f6d7f6ca315", ""},
		"codepipeline-execution-state-change-event.json": {
			telemetry.ClassChange, "", "CodePipeline Pipeline Execution State Change: STARTED",
		},
		"codebuild-state-change.json": {telemetry.ClassNotice, "", ""},
		"ecr-image-push-event.json":   {telemetry.ClassNotice, "", ""},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, file))
			require.NoError(t, err)
			got, err := telemetry.Decode(raw, source)
			if strings.Contains(string(raw), "1970-01-01T00:00:00Z") {
				require.NoError(t, err, "a placeholder time is still a time")
			}
			require.NoError(t, err)
			require.Len(t, got, 1)
			ev := got[0].Event
			require.Equal(t, want.class, ev.Class)
			if want.name != "" {
				require.Equal(t, want.name, ev.Names[0])
			}
			require.Contains(t, ev.Summary, want.text)
			require.NotEmpty(t, got[0].Key)
		})
	}
}
