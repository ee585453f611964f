package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
)

// play starts a stack and a worker, plays the scenarios, and takes everything
// away again.
func play(ctx context.Context, f flags, stdout io.Writer) (err error) {
	screen := &screen{out: stdout}
	chosen, err := choose(f)
	if err != nil {
		return err
	}
	if err := writable(f); err != nil {
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

	introduce(screen, f, chosen, dir)
	began := time.Now()
	st, err := stack.Start(ctx, stack.Options{
		Dir: dir, FrontendPort: temporal.DefaultFrontendPort, UIPort: temporal.DefaultUIPort, Model: f.model, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	// For commands that look at the same world with a worker's eyes, such as
	// starter doctor --env-file.
	if err := writeCredentials(filepath.Join(dir, "worker.env"), st.Env()); err != nil {
		return err
	}
	stopWorker, err := st.StartWorker(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopWorker()) }()
	screen.printf("Everything runs (%.1f s).\n\n", time.Since(began).Seconds())
	addresses(screen, st)

	client, err := st.Temporal.Dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, keys := watchKeys(ctx, screen, !f.auto && !f.all)
	defer keys.close()

	all, err := playEach(ctx, f, screen, st, chosen, scenario.Options{
		Client: client, Auto: f.auto || f.all, Answers: keys.answers, Approver: currentUser,
	})
	if err != nil {
		return err
	}
	if f.all {
		screen.printf("\n%s", table(all, time.Since(began)))
	}
	if err := verdict(all); err != nil || f.exit || f.all {
		return err
	}
	screen.printf("\nEverything keeps running, look around. Ctrl-C ends it.\n")
	<-ctx.Done()
	return nil
}

func choose(f flags) ([]scenario.Scenario, error) {
	if f.all {
		return scenario.All(), nil
	}
	sc, err := scenario.Find(f.scenario)
	return []scenario.Scenario{sc}, err
}

// playOne plays one scenario and writes its report, also when it failed.
func playOne(ctx context.Context, f flags, screen *screen, st *stack.Stack, sc scenario.Scenario, o scenario.Options) played {
	o.Narrator = newStory(screen, st, sc, o.Auto, o.Answers != nil)
	result, err := scenario.Play(ctx, st, sc, o)
	if path := reportPath(f, sc); path != "" && !result.Fault.IsZero() {
		err = errors.Join(err, result.Report().Write(path))
	}
	if err != nil {
		return played{result, err}
	}
	summarize(screen, result)
	if err := result.Check(); err != nil {
		return played{result, fmt.Errorf("scenario %s did not end as expected: %w", sc.Name, err)}
	}
	return played{result, nil}
}

// writable finds out before anything runs whether the report can be written
// after it.
func writable(f flags) error {
	if f.json == "" {
		return nil
	}
	if f.all {
		if err := os.MkdirAll(f.json, 0o755); err != nil {
			return fmt.Errorf("make the folder for --json: %w", err)
		}
		return nil
	}
	file, err := os.OpenFile(f.json, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the file for --json: %w", err)
	}
	return file.Close()
}

func reportPath(f flags, sc scenario.Scenario) string {
	if f.json != "" && f.all {
		return filepath.Join(f.json, sc.Name+".json")
	}
	return f.json
}

// makeFolder makes the run's folder; remove takes it away unless it is to be kept.
func makeFolder(keep bool, screen *screen) (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp("", "firebreak-sandbox-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the run: %w", err)
	}
	return dir, func() error {
		if keep {
			screen.printf("The folder of this run is kept: %s\n", dir)
			return nil
		}
		return os.RemoveAll(dir)
	}, nil
}

// openLog sends the log of the worker and the stand-ins to a file, so that the
// terminal is the story's.
func openLog(path string) (*slog.Logger, func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	logger := slog.New(slog.NewJSONHandler(file, &slog.HandlerOptions{Level: slog.LevelInfo}))
	previous := slog.Default()
	slog.SetDefault(logger)
	return logger, func() {
		slog.SetDefault(previous)
		_ = file.Close()
	}, nil
}

func currentUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "sandbox"
}
