// Command record runs the workflows of this checkout on a real Temporal server
// and writes the histories that test/replay lacks.
//
//	go run ./test/replay/record [--dir test/replay] [--again NAME,... | --all]
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
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"firebreak/test/replay"
	"firebreak/test/stack/temporal"
)

// identity is who did everything, in place of a process and a host.
const identity = "recorder"

func main() {
	dir := flag.String("dir", "test/replay", "folder of the histories")
	again := flag.String("again", "", "names of histories to record anew, with commas between them")
	all := flag.Bool("all", false, "record every history anew, which is right only while no workflow of theirs can be open")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := record(ctx, *dir, func(name string) bool { return *all || slices.Contains(strings.Split(*again, ","), name) })
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// record plays every script that a history needs which is missing or wanted again.
func record(ctx context.Context, dir string, again func(name string) bool) (err error) {
	missing := map[string]bool{}
	for _, c := range replay.Cases() {
		_, err := os.Stat(filepath.Join(dir, c.Name+".json"))
		missing[c.Name] = errors.Is(err, os.ErrNotExist) || again(c.Name)
	}
	c, stop, err := connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, s := range scripts() {
		if !slices.ContainsFunc(s.cases, func(name string) bool { return missing[name] }) {
			continue
		}
		runs, err := play(ctx, c, s)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.Join(s.cases, ", "), err)
		}
		for i, name := range s.cases {
			if !missing[name] {
				continue
			}
			if err := write(ctx, c, runs[i], filepath.Join(dir, name+".json")); err != nil {
				return err
			}
			fmt.Println("recorded", name)
		}
	}
	return nil
}

// connect starts a server of its own in a folder that goes with it.
func connect(ctx context.Context) (client.Client, func() error, error) {
	dir, err := os.MkdirTemp("", "firebreak-record-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	server, err := temporal.Start(ctx, temporal.Options{Dir: dir, WithoutUI: true, LogLevel: slog.LevelWarn})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop := func() error { return errors.Join(server.Stop(), os.RemoveAll(dir)) }
	c, err := client.DialContext(ctx, client.Options{
		HostPort: server.Address(), Namespace: temporal.Namespace, Identity: identity, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("connect to %s: %w", server.Address(), err), stop())
	}
	return c, func() error { c.Close(); return stop() }, nil
}

// run is one execution.
type run struct{ workflow, id string }

// write fetches a history and writes it as the replayer reads it.
func write(ctx context.Context, c client.Client, r run, path string) error {
	events := c.GetWorkflowHistory(ctx, r.workflow, r.id, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var history historypb.History
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return fmt.Errorf("read the history of %s: %w", r.workflow, err)
		}
		history.Events = append(history.Events, e)
	}
	raw, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(&history)
	if err != nil {
		return fmt.Errorf("encode the history of %s: %w", r.workflow, err)
	}
	// protojson puts one or two spaces after a colon at random, so that nobody
	// relies on its bytes; a file under version control should not change so.
	return os.WriteFile(path, append([]byte(strings.ReplaceAll(string(raw), `":  `, `": `)), '\n'), 0o644)
}
