package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

func newFeedbackListCommand() *cobra.Command {
	var f feedbackFlags
	var worker string
	cmd := &cobra.Command{
		Use:   "list [SERIES]",
		Short: "Show how far feedback has moved which thresholds, and who said what",
		Long: "list asks a worker that reads the stream: at --worker, else where worker.health of the configuration says.\n" +
			"SERIES is any part of a series' key. At most a hundred series are shown, the most moved first.",
		Example: "  starter feedback list\n  starter feedback list checkout --worker 10.0.3.17:8080",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if worker == "" {
				cfg, err := f.read("worker.health")
				if err != nil {
					return err
				}
				if worker = cfg.Worker.Health; worker == "" {
					return usagef("worker.health is empty: name the worker's address with --worker HOST:PORT")
				}
			}
			if _, _, err := net.SplitHostPort(worker); err != nil {
				return usagef("--worker %q is no HOST:PORT", worker)
			}
			all, err := askAdjustments(cmd.Context(), worker)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				all = slices.DeleteFunc(all, func(a detect.Adjustment) bool { return !strings.Contains(a.Series, args[0]) })
			}
			if wantsJSON(cmd) {
				return printJSON(cmd.OutOrStdout(), map[string]any{"feedback": all})
			}
			printAdjustments(cmd, all)
			return nil
		},
	}
	f.worker.flags(cmd)
	cmd.Flags().StringVar(&worker, "worker", "", "HOST:PORT at which the worker answers /healthz (default: worker.health of the configuration)")
	return cmd
}

// askWithin is how long a worker may take to answer.
const askWithin = 10 * time.Second

// askAdjustments asks a worker what feedback has done.
func askAdjustments(ctx context.Context, address string) ([]detect.Adjustment, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	health, err := askWorker(ctx, address)
	switch {
	case errors.Is(err, errNoAddress):
		return nil, usagef("%q is %w", address, err)
	case errors.Is(err, errNoWorker):
		return nil, fmt.Errorf("what answers at %s is %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("%w\nIt has to be the one that reads the stream; name it with --worker HOST:PORT", err)
	}
	if health.Stream == nil {
		return nil, fmt.Errorf("the worker at %s does not read the stream; ask another one with --worker", address)
	}
	if health.Feedback == nil || *health.Feedback == nil {
		return []detect.Adjustment{}, nil
	}
	return *health.Feedback, nil
}

func printAdjustments(cmd *cobra.Command, all []detect.Adjustment) {
	if len(all) == 0 {
		cmd.Printf("No feedback: every threshold is the usual one.\n")
		return
	}
	for _, a := range all {
		cmd.Printf("%s, rule %s: %.2g times the usual threshold", safe(a.Series), safe(a.Rule), a.Factor)
		if !a.Since.IsZero() {
			cmd.Printf(" since %s", stamp(a.Since))
		}
		cmd.Printf("\n")
		for _, s := range slices.Backward(a.Said) {
			cmd.Printf("  %s  %-11s  %s", stamp(s.Given), safe(strings.ReplaceAll(string(s.Verdict), "_", " ")), safe(s.By))
			switch s.Verdict {
			case telemetry.FalseAlarm:
				cmd.Printf(", of %s", safe(s.Anomaly))
				if s.Reached > 0 {
					cmd.Printf(", %.2g times the usual threshold", s.Reached)
				}
			case telemetry.Missed:
				cmd.Printf(", at %s", stamp(s.At))
			case telemetry.Reset:
			}
			if !s.Note.IsEmpty() {
				cmd.Printf(": %s", text(s.Note))
			}
			cmd.Printf("\n")
		}
	}
}
