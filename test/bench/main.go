// Command bench measures the detectors: how accurate they are on public,
// labelled series, and how fast and how small they are. It prints tables in
// Markdown, or puts them into a document between its marks:
//
//	go run ./test/bench [--data DIR] [--write docs/benchmarks.md] [--only speed]
//
// Speed, forecasts and the healthy recording need nothing but Go. Accuracy
// needs python3 and a folder with the data and its scorers; what is missing is
// named, with where to get it, and left out. What each part brings (ablation) and
// constants chosen without a category (leftout) need the same, take minutes, and
// are made with --only.
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
	"slices"
	"strings"
)

func main() {
	o := options{}
	flag.StringVar(&o.data, "data", dataFolder(), "folder with data/ and tools/; FIREBREAK_BENCH_DATA says it as well")
	flag.StringVar(&o.write, "write", "", "Markdown `file` whose marked blocks are replaced; else the tables are printed")
	flag.StringVar(&o.only, "only", "", "one block: "+strings.Join(blockNames(), ", ")+"; ablation and leftout build many variants of the detector, take minutes, and are made only when they are asked for")
	flag.StringVar(&o.keep, "keep", "", "empty or new `folder` for the detector's rows; else they are deleted")
	flag.Parse()
	if flag.NArg() > 0 || o.only != "" && !slices.Contains(blockNames(), o.only) {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, o, os.Stdout)
	stop()
	if err != nil {
		slog.Error("the measurement failed", "error", err)
		os.Exit(1)
	}
}

type options struct {
	data, write, only, keep string
}

// block is one part of the result, made by itself and replaced by itself.
type block struct {
	name string
	make func(context.Context, options) (string, error)
	slow bool // takes minutes: made only when it is asked for
}

// wants tells whether a block is asked for.
func (o options) wants(b block) bool { return o.only == b.name || o.only == "" && !b.slow }

// blocks in the order of the document. Speed comes first: it is measured alone.
func blocks() []block {
	return []block{
		{name: "speed", make: speedBlock},
		{name: "lines", make: linesBlock},
		{name: "forecast", make: forecastBlock},
		{name: "healthy", make: healthyBlock},
		{name: "accuracy", make: accuracyBlock},
		{name: "templates", make: templatesBlock},
		{name: "rootcause", make: rootcauseBlock},
		{name: "redaction", make: redactionBlock},
		{name: "ablation", make: ablationBlock, slow: true},
		{name: "leftout", make: leftOutBlock, slow: true},
	}
}

func blockNames() []string {
	var names []string
	for _, b := range blocks() {
		names = append(names, b.name)
	}
	return names
}

func bench(ctx context.Context, o options, stdout io.Writer) error {
	for _, b := range blocks() {
		if !o.wants(b) {
			continue
		}
		slog.Info("measuring", "block", b.name)
		text, err := b.make(ctx, o)
		if err != nil {
			return fmt.Errorf("measure %s: %w", b.name, err)
		}
		if o.write == "" {
			fmt.Fprintln(stdout, text)
			continue
		}
		document, err := os.ReadFile(o.write)
		if err != nil {
			return fmt.Errorf("read the document: %w", err)
		}
		replaced, err := replace(string(document), b.name, text)
		if err != nil {
			return fmt.Errorf("%s: %w", o.write, err)
		}
		if err := os.WriteFile(o.write, []byte(replaced), 0o644); err != nil {
			return fmt.Errorf("write the document: %w", err)
		}
	}
	return nil
}

// replace puts a text between the marks of a block.
func replace(document, name, text string) (string, error) {
	begin, end := "<!-- bench:"+name+" -->\n", "<!-- /bench:"+name+" -->"
	before, rest, ok := strings.Cut(document, begin)
	if !ok {
		return "", errors.New("there is no line " + strings.TrimSpace(begin))
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", errors.New("there is no " + end + " after " + strings.TrimSpace(begin))
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n\n" + end + after, nil
}

// table writes rows as a Markdown table, the first row its head.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}
