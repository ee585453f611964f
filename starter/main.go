// Command starter is the operators' command line of Firebreak: it lists and
// shows incidents, carries a person's decision to one, checks runbooks, replays
// recorded telemetry and runs the detectors on files.
//
// It ends with 0 when what was asked for is done, with 1 when it failed or was
// refused, and with 2 when it was called wrongly.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
