// Command worker is Firebreak's production binary: it serves the workflows and
// activities and reads the stream.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"firebreak/internal/config"
	"firebreak/workers"
)

const usage = `worker serves Firebreak's workflows and activities and reads its stream.

  worker [--config FILE] [--env-file FILE] [--check] [--log-level LEVEL]

  --config FILE     configuration in YAML (default: $FIREBREAK_CONFIG, else none)
  --env-file FILE   KEY=value lines that are set before anything is read, for
                    secrets that a platform mounts as a file
  --check           validate the configuration, print what would be served, end
  --log-level LEVEL debug, info (default), warn or error; logs are JSON on
                    standard error

Every key can also be set by environment: slack.channel is
FIREBREAK_SLACK_CHANNEL. AWS and Temporal take their standard variables
(AWS_REGION, AWS_ENDPOINT_URL_*, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, ...).
SIGTERM or Ctrl-C stops gracefully: running automations are left alone and are
taken over by the next worker.

Exit status: 0 stopped on request, 1 failed, 2 wrong usage or configuration.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	configFile := flags.String("config", os.Getenv("FIREBREAK_CONFIG"), "")
	envFile := flags.String("env-file", "", "")
	check := flags.Bool("check", false, "")
	var level slog.Level
	flags.TextVar(&level, "log-level", slog.LevelInfo, "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			return 0
		}
		fmt.Fprintf(stderr, "worker: %v\n\n%s", err, usage)
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "worker: unexpected argument %q\n\n%s", flags.Arg(0), usage)
		return 2
	}
	if err := config.SetEnvFile(*envFile); err != nil {
		fmt.Fprintf(stderr, "worker: %v\n", err)
		return 2
	}
	cfg, err := config.Load(*configFile, os.Environ())
	if err != nil {
		fmt.Fprintf(stderr, "worker: the configuration has mistakes:\n%v\n", err)
		return 2
	}
	if *check {
		roles := cfg.Roles
		if len(roles) == 0 {
			roles = config.AllRoles()
		}
		fmt.Fprintf(stdout, "configuration is valid; this worker would serve %s\n", strings.Join(roles, ", "))
		return 0
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	if err := workers.Run(ctx, cfg, workers.Options{Logger: logger}); err != nil {
		logger.Error("worker failed", "error", err)
		return 1
	}
	return 0
}
