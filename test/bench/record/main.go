// Command record runs the sandbox's shop with a load that changes, without any
// fault, and writes what arrives on the stream to a gzip file of JSON lines:
// the recording that the detectors' test replays as healthy.
//
//	go run ./test/bench/record --out internal/detect/testdata/healthy.jsonl.gz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"firebreak/test/bench/trace"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

func main() {
	victim.Hijack() // the services of the shop are this program too
	out := flag.String("out", "", "file to write, .jsonl.gz")
	length := flag.Duration("for", 10*time.Minute, "how long to record")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 || *length <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := record(ctx, *out, *length)
	stop()
	if err != nil {
		slog.Error("the recording failed", "error", err)
		os.Exit(1)
	}
}

// record writes the file at the end, and only if the shop was healthy.
func record(ctx context.Context, out string, length time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "firebreak-record-")
	if err != nil {
		return fmt.Errorf("make a folder for the shop: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st, err := stack.Start(ctx, stack.Options{Dir: dir, Standalone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	tap, err := openTap(ctx, st.AWS())
	if err != nil {
		return err
	}
	began := time.Now()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var seen victim.Traffic
	for since := time.Duration(0); since < length; since = time.Since(began) {
		st.Shop.SetRate(rate(since))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-second.C:
		}
		if err := tap.drain(ctx); err != nil {
			return err
		}
		now := st.Shop.Traffic(time.Second)
		seen.Requests, seen.Errors, seen.Slowest = seen.Requests+now.Requests, seen.Errors+now.Errors, max(seen.Slowest, now.Slowest)
	}
	slog.Info("recorded", "for", length, "requests", seen.Requests, "errors", seen.Errors, "slowest", seen.Slowest, "records", len(tap.records))
	if seen.Errors > 0 {
		return fmt.Errorf("the shop was not healthy: %d of %d requests failed; nothing is written", seen.Errors, seen.Requests)
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", out, err)
	}
	return trace.Write(out, tap.records)
}
