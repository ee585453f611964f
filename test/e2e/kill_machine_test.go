//go:build e2e && unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack"
	"firebreak/test/stack/ssm"
)

// machine is an instance of a case's own with one unit on it, which runs with a
// broken configuration: it fails requests until a runbook has put the good
// configuration back and restarted it. That the runbook ran, and how often, is
// read from the machine itself.
type machine struct {
	id        string // instance id
	service   string // name of the service, and of its unit
	catalogue string // folder of the repository with the catalogue that knows it
	dir       string // once it is laid out
}

// newMachine names a machine, the n-th of its stack.
func newMachine(service, catalogue string, n int) machine {
	return machine{id: fmt.Sprintf("i-%017x", 0xdead0000+n), service: service, catalogue: catalogue}
}

// Files on the machine.
const (
	fileRunning  = "running"  // the configuration that the unit was started with
	fileRestarts = "restarts" // a line for each restart
	fileHold     = "hold"     // while it exists the unit is not active, and whoever asks waits
	fileIdle     = "idle"     // while it exists nobody sends requests
	broken       = "broken"
	good         = "good"
)

// systemctl is the machine's own: a unit takes its configuration up when it is
// restarted.
const systemctl = `#!/bin/sh
set -eu
case "$1" in
restart) cp "config/$2.json" running; echo "$2" >>restarts ;;
is-active) while [ -f hold ]; do sleep 0.1; done; grep -q good running ;;
*) echo "unknown command $1" >&2; exit 1 ;;
esac
`

// layOut makes the machine and registers it with Systems Manager.
func (m *machine) layOut(t *testing.T, st *stack.Stack) {
	t.Helper()
	m.dir = filepath.Join(st.Dir(), "machines", m.service)
	for path, content := range map[string]string{
		"bin/systemctl":                           systemctl,
		"config/" + m.service + ".json":           broken,
		"config/" + m.service + ".last-good.json": good,
		fileRunning:                               broken,
	} {
		m.write(t, path, content)
	}
	require.NoError(t, st.SSM.RegisterInstance(ssm.Instance{ID: m.id, Dir: m.dir, Path: filepath.Join(m.dir, "bin") + ":/usr/bin:/bin"}))
}

func (m machine) write(t *testing.T, path, content string) {
	t.Helper()
	path = filepath.Join(m.dir, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o700)) // a script has to be executable
}

func (m machine) remove(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(m.dir, path)))
}

// read is a file's content, empty where there is none.
func (m machine) read(path string) string {
	content, err := os.ReadFile(filepath.Join(m.dir, path))
	if err != nil {
		return ""
	}
	return string(content)
}

// restarts counts how often the unit was restarted.
func (m machine) restarts() int { return strings.Count(m.read(fileRestarts), "\n") }

// history is how long the unit had been well before it broke.
const history = 90 * time.Second

// report sends the unit's metrics of every second, beginning with what was
// before the onset, until the test ends.
func (m machine) report(t *testing.T, st *stack.Stack, onset time.Time) {
	t.Helper()
	client := cloudwatch.NewFromConfig(st.AWS())
	send := func(ctx context.Context, data []types.MetricDatum) {
		_, err := client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: data})
		if ctx.Err() == nil {
			require.NoError(t, err)
		}
	}
	var past []types.MetricDatum
	for at := onset.Add(-history); at.Before(onset); at = at.Add(time.Second) {
		past = append(past, m.metrics(at, good, false)...)
	}
	send(t.Context(), past)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			now := time.Now().Truncate(time.Second)
			_, err := os.Stat(filepath.Join(m.dir, fileIdle))
			send(ctx, m.metrics(now, m.read(fileRunning), err == nil))
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// metrics are the unit's datapoints of one second.
func (m machine) metrics(at time.Time, running string, idle bool) []types.MetricDatum {
	values := map[string]float64{"Requests": 30, "Errors": 0, "Latency": 20, "MemoryUsed": 100}
	switch {
	case idle:
		values["Requests"] = 0
	case running == broken:
		values["Errors"] = 24
	}
	var data []types.MetricDatum
	for name, value := range values {
		data = append(data, types.MetricDatum{
			MetricName: &name, Value: &value, Timestamp: &at, StorageResolution: aws.Int32(1),
			Dimensions: []types.Dimension{{Name: aws.String("service"), Value: &m.service}},
		})
	}
	return data
}
