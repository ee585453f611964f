package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// logRun is one log on its way through the miner, the engine, or both.
type logRun struct {
	miner  *logMiner   // nil where nobody asks for templates
	engine *logWatcher // nil where nobody asks for anomalies
	report logFileReport
}

func newLogRun(file string, o logOptions) *logRun {
	r := &logRun{report: logFileReport{File: file}}
	if o.out != "" || o.json {
		r.miner = newLogMiner(o.json, 0)
	}
	if o.watches() {
		r.engine = newLogWatcher(file, o.sensitivity, writtenAt(file))
		if o.plot != "" {
			r.engine.curve = &levelCurve{}
		}
	}
	return r
}

// runDetectLogs reads one log, or all of a folder.
func runDetectLogs(cmd *cobra.Command, o logOptions) error {
	if o.folder {
		return runLogFolder(cmd, o)
	}
	track := newTracker(cmd.ErrOrStderr(), "line", "lines", o.in)
	r := newLogRun(o.in, o)
	err := writeOutput(cmd, o.out, func(out io.Writer) error {
		return writeOutput(cmd, o.anomalies, func(found io.Writer) error {
			if err := r.readFile(cmd.Context(), cmd.InOrStdin(), out, track); err != nil {
				return err
			}
			r.report.Out = o.out
			if err := writeAnomalies(found, newLogReport(o, []logFileReport{r.report})); err != nil || o.plot == "" {
				return err
			}
			return writeWhole(o.plot, func(w io.Writer) error {
				return writeLogPlot(w, o.in, *r.report.Anomalies, r.engine.curve, o.sensitivity)
			})
		})
	})
	track.finish()
	if err != nil {
		return fmt.Errorf("read %s: %w", inputName(o.in), err)
	}
	return newLogReport(o, []logFileReport{r.report}).print(cmd, o)
}

func writeAnomalies(out io.Writer, r logReport) error {
	if out == nil {
		return nil
	}
	return printJSON(out, r.withoutTemplates())
}

// runLogFolder reads every log in and below a folder. One that fails does not
// keep the others from being read.
func runLogFolder(cmd *cobra.Command, o logOptions) error {
	files, err := filesBelow(o.in, "", isLogName)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("nothing to read: no *.log or *.log.gz in or below %s", o.in)
	}
	if err := o.checkTargets(files); err != nil {
		return err
	}
	track := newTracker(cmd.ErrOrStderr(), "line", "lines", pathsBelow(o.in, files)...)
	reports := make([]logFileReport, len(files))
	err = writeOutput(cmd, o.anomalies, func(found io.Writer) error {
		err := track.eachFile(cmd.Context(), func(ctx context.Context, i int) {
			reports[i] = readOfFolder(ctx, o, files[i], track)
		})
		if err != nil {
			return err
		}
		return writeAnomalies(found, newLogReport(o, reports))
	})
	if err != nil {
		return err
	}
	return newLogReport(o, reports).print(cmd, o)
}

// readOfFolder reads one of the folder's logs, name, and writes its rows to the
// same place in the output folder.
func readOfFolder(ctx context.Context, o logOptions, name string, track *tracker) logFileReport {
	r := newLogRun(filepath.Join(o.in, name), o)
	read := func(out io.Writer) error { return r.readFile(ctx, strings.NewReader(""), out, track) }
	var err error
	target := ""
	if o.out == "" {
		err = read(nil)
	} else {
		target = filepath.Join(o.out, rowsName(name))
		err = writeWhole(target, read)
	}
	if err != nil {
		return logFileReport{File: r.report.File, Lines: r.report.Lines, Error: err.Error()}
	}
	r.report.Out = target
	return r.report
}

// writtenAt is when a file was written last; now for what is no file.
func writtenAt(file string) time.Time {
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		return info.ModTime()
	}
	return time.Now()
}

// isLogName tells which files of a folder are logs.
func isLogName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".log")
}

// rowsName is the name of a log's rows. It keeps that of the log, so that those
// of a.log and a.log.gz are two files.
func rowsName(log string) string { return log + ".csv" }

// checkTargets refuses outputs that would take the place of a log, or of other
// outputs.
func (o *logOptions) checkTargets(files []string) error {
	targets := []string{o.anomalies}
	if o.out != "" {
		for _, name := range files {
			rows := filepath.Join(o.out, rowsName(name))
			if absolute(o.anomalies) == absolute(rows) || sameFile(o.anomalies, rows) {
				return usagef("--anomalies would overwrite the rows of %s", filepath.Join(o.in, name))
			}
			targets = append(targets, rows)
		}
	}
	sources := realPaths(o.in, files)
	for _, target := range targets {
		if target == "" || target == stdStream {
			continue
		}
		if path, err := filepath.EvalSymlinks(target); err == nil && sources[absolute(path)] {
			return usagef("%s would overwrite the log %s", target, path)
		}
	}
	return nil
}

// readFile opens the run's log, reads it and writes its rows to out, which may
// be nil.
func (r *logRun) readFile(ctx context.Context, stdin io.Reader, out io.Writer, track *tracker) error {
	defer track.fileDone()
	in, err := openInput(r.report.File, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	tell := track.rowCounter()
	defer func() { tell(r.report.Lines) }() // those after the last look
	return r.read(ctx, &tracked{in, track}, out, tell)
}

// read is readFile for what is open.
func (r *logRun) read(ctx context.Context, in io.Reader, out io.Writer, tell func(lines int)) error {
	if r.miner != nil {
		defer r.miner.gone.close()
	}
	source, err := unpacked(&stoppable{ctx, in})
	if err != nil {
		return err
	}
	err = eachMessage(source, func() { tell(r.report.Lines) }, func(line string, lost int) error {
		r.report.Lines++
		if lost > 0 {
			r.report.Shortened++
		}
		if r.miner != nil {
			r.miner.add(line)
		}
		if r.engine != nil {
			r.engine.take(line, r.report.Lines)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.engine != nil {
		found, err := r.engine.finish()
		if err != nil {
			return err
		}
		r.report.Anomalies = &found
	}
	if r.miner == nil {
		return nil
	}
	r.miner.settle()
	mined, templates := r.miner.report()
	r.report.Mined, r.report.Templates = &mined, templates
	if out == nil {
		return nil
	}
	return r.miner.write(ctx, out)
}
