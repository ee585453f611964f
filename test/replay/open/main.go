// Command open replays the workflows that are open in a Temporal namespace on
// the code of this checkout; see package gate. It is what to run before a deploy:
//
//	make replay-open
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"firebreak/test/replay/gate"
	"firebreak/workflows"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := gate.Main(ctx, os.Args[1:], os.Stdout, os.Stderr, workflows.Register)
	stop()
	os.Exit(code)
}
