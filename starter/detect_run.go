package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// runDetectFile scores one series.
func runDetectFile(cmd *cobra.Command, o detectOptions) error {
	track := newTracker(cmd.ErrOrStderr(), "row", "rows", o.in)
	s := newScorer(o.in, o)
	if o.plot != "" {
		s.curve = newCurve(plotColumns)
	}
	err := writeOutput(cmd, o.out, func(out io.Writer) error { return s.scoreFile(cmd.Context(), cmd.InOrStdin(), out, track) })
	track.finish()
	if err != nil {
		tellProblems(cmd.ErrOrStderr(), []seriesReport{s.report})
		return fmt.Errorf("score %s: %w", inputName(o.in), err)
	}
	s.report.Out = o.out
	if o.plot != "" {
		if err := writeWhole(o.plot, func(w io.Writer) error { return writePlot(w, s.report, s.curve, o) }); err != nil {
			return fmt.Errorf("plot %s: %w", inputName(o.in), err)
		}
	}
	return newDetectReport(o, []seriesReport{s.report}).print(cmd, o)
}

// scoreFile opens the scorer's file and runs it through.
func (s *scorer) scoreFile(ctx context.Context, stdin io.Reader, out io.Writer, track *tracker) error {
	defer track.fileDone()
	in, err := openInput(s.report.File, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	tell := track.rowCounter()
	defer func() { tell(s.report.Rows) }() // those after the last thousand
	return s.scoreRows(ctx, &tracked{in, track}, out, tell)
}

// openInput opens a file for reading, or hands out standard input under its
// name.
func openInput(file string, stdin io.Reader) (io.ReadCloser, error) {
	if file == stdStream {
		return io.NopCloser(stdin), nil
	}
	return os.Open(file)
}

func inputName(file string) string {
	if file == stdStream {
		return "standard input"
	}
	return file
}

// keepEnd shortens a path to its last runes, which tell more than the first.
func keepEnd(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return "…" + string(runes[len(runes)-limit+1:])
}
