package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
)

// serve starts the stand-ins and the shop and stays, for a worker and a
// Temporal server that run elsewhere. The scenario's fault is injected once
// after the baseline, and again at every SIGUSR1, each time into a shop that
// has been put in order.
func serve(ctx context.Context, f flags, stdout io.Writer) (err error) {
	screen := &screen{out: stdout}
	sc, err := scenario.Find(f.scenario)
	if err != nil {
		return err
	}
	dir, remove, err := makeFolder(f.keep, screen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	logger, closeLog, err := openLog(filepath.Join(dir, "firebreak.log"))
	if err != nil {
		return err
	}
	defer closeLog()
	o := stack.Options{Dir: dir, Standalone: true, Logger: logger, Host: f.listen, Edits: append(sc.Edits, stack.Expiry(sc.QuestionStands()))}
	if f.listen != "" && !net.ParseIP(f.listen).IsLoopback() {
		o.AllowedHosts = []string{f.listen}
	}
	if f.credentials != "" {
		o.KeyDir = filepath.Dir(f.credentials)
	}
	st, err := stack.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	if err := writeCredentials(f.credentials, st.Env()); err != nil {
		return err
	}
	screen.printf("The stand-ins and the shop run.\n  Slack page    %s\n  Jira          %s\n", st.Slack.PageURL(), st.Jira.URL())
	if f.credentials != "" {
		screen.printf("  a worker takes its settings from %s (worker --env-file)\n", f.credentials)
	}

	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGUSR1)
	defer signal.Stop(again)
	next := time.After(scenario.Baseline)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next:
		case <-again:
			if err := st.Shop.Mend(ctx); err != nil {
				return fmt.Errorf("put the shop back in order: %w", err)
			}
		}
		if sc.Fault == nil {
			return fmt.Errorf("scenario %s breaks more than the shop; play it without --serve", sc.Name)
		}
		if err := st.Shop.Inject(ctx, sc.Fault); err != nil {
			return fmt.Errorf("inject the fault of %s: %w", sc.Name, err)
		}
		screen.printf("%s  fault: %s\n", time.Now().Format(time.TimeOnly), sc.What)
	}
}

// writeCredentials writes what a worker needs so that nobody else can read it,
// all at once: a worker may be waiting for the file.
func writeCredentials(path string, env []string) error {
	if path == "" {
		return nil
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(strings.Join(env, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	return nil
}
