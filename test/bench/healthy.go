package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/runbook"
	"firebreak/internal/telemetry"
	"firebreak/runbooks"
	"firebreak/test/bench/trace"
)

// healthyTrace is the recording that the detectors' test replays, too.
var healthyTrace = filepath.Join("internal", "detect", "testdata", "healthy.jsonl.gz")

// healthyBlock replays the healthy shop at every sensitivity.
func healthyBlock(context.Context, options) (string, error) {
	catalogue, err := runbook.Load(runbooks.FS)
	if err != nil {
		return "", err
	}
	records, err := trace.Read(healthyTrace)
	if err != nil {
		return "", fmt.Errorf("%w; run it in the folder of the checkout", err)
	}
	signals, err := trace.Signals(records, telemetry.Source{Account: "123456789012", Region: "eu-central-1"})
	if err != nil {
		return "", err
	}
	series := map[string]struct{}{}
	for _, s := range signals {
		series[s.Series] = struct{}{}
	}
	rows := [][]string{{"preset", "anomalies", "which"}}
	for _, sensitivity := range detect.Sensitivities() {
		inv := catalogue.Inventory()
		e := detect.New(detect.Options{Inventory: inv, Redactor: rules.Default(), Sensitivity: detect.Sensitivity(sensitivity)})
		var which []string
		for _, a := range trace.Replay(e, inv, signals) {
			if a.State == incident.EpisodeOpen {
				which = append(which, a.Why.String())
			}
		}
		rows = append(rows, []string{sensitivity, fmt.Sprint(len(which)), strings.ReplaceAll(strings.Join(which, "; "), "|", "/")})
	}
	span := signals[len(signals)-1].Time.Sub(signals[0].Time).Round(time.Second)
	return fmt.Sprintf("%s, %d signals of %d series.\n\n%s", span, len(signals), len(series), table(rows)), nil
}
