package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// detector is the built command line, through which accuracy is measured: what
// a user gets.
type detector struct{ binary string }

func buildDetector(ctx context.Context, dir string) (detector, error) {
	d := detector{filepath.Join(dir, "starter")}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", d.binary, "firebreak/starter").CombinedOutput(); err != nil {
		return d, fmt.Errorf("build the starter: %w\n%s", err, out)
	}
	return d, nil
}

// run scores one file.
func (d detector) run(ctx context.Context, in, out, sensitivity string) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, d.binary, "detect", "metrics", "--in", in, "--out", out, "--sensitivity", sensitivity)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("detect in %s: %w: %s", filepath.Base(in), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// runAll scores every series of a source into a folder.
func (d detector) runAll(ctx context.Context, folder string, series []string, out, sensitivity string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for _, name := range series {
		g.Go(func() error {
			return d.run(ctx, filepath.Join(folder, "data", name), filepath.Join(out, name), sensitivity)
		})
	}
	return g.Wait()
}

// halves counts the series whose first half alone gives, byte for byte, the
// rows that it gives with the second half, and names those for which it does not.
func (d detector) halves(ctx context.Context, folder string, series []string, whole, dir, sensitivity string) (same int, differ []string, err error) {
	equal := make([]bool, len(series))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i, name := range series {
		g.Go(func() error {
			lines, err := os.ReadFile(filepath.Join(folder, "data", name))
			if err != nil {
				return err
			}
			half := filepath.Join(dir, "in", name)
			if err := os.MkdirAll(filepath.Dir(half), 0o755); err != nil {
				return err
			}
			rows := bytes.SplitAfter(lines, []byte("\n"))
			if err := os.WriteFile(half, bytes.Join(rows[:len(rows)/2], nil), 0o600); err != nil {
				return err
			}
			out := filepath.Join(dir, "out", name)
			if err := d.run(ctx, half, out, sensitivity); err != nil {
				return err
			}
			alone, err := os.ReadFile(out)
			if err != nil {
				return err
			}
			all, err := os.ReadFile(filepath.Join(whole, name))
			equal[i] = len(alone) > 0 && bytes.Count(alone, []byte("\n")) == len(rows)/2 && bytes.HasPrefix(all, alone)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, nil, err
	}
	for i, name := range series {
		if equal[i] {
			same++
		} else {
			differ = append(differ, name)
		}
	}
	return same, differ, nil
}

// alerts counts the rows of a scored file and those at which an alert is sent,
// and tells how many weeks they cover.
func alerts(path string) (rows, sent int, weeks float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read %s: %w", path, err)
	}
	if len(all) < 3 {
		return 0, 0, 0, fmt.Errorf("read %s: %w", path, errors.New("fewer than two rows"))
	}
	all = all[1:]
	for _, row := range all {
		if row[len(row)-1] == "1" {
			sent++
		}
	}
	first, err := stamp(all[0][0])
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read %s: %w", path, err)
	}
	last, err := stamp(all[len(all)-1][0])
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read %s: %w", path, err)
	}
	return len(all), sent, last.Sub(first).Hours() / (7 * 24), nil
}

func stamp(text string) (time.Time, error) {
	return time.Parse(time.DateTime, strings.TrimSpace(text))
}
