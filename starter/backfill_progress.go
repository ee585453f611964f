package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"firebreak/internal/incident"
)

// progress shows how far long work is, on standard error: a bar that is drawn
// over on a terminal, else a line now and then.
type progress struct {
	w     io.Writer
	tty   bool
	told  time.Time
	drawn bool
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, tty: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) reading(file string, rows int) {
	p.show(fmt.Sprintf("reading %s, %d rows so far", safe(file), rows))
}

func (p *progress) replaying(done, all int, now time.Time) {
	p.show(fmt.Sprintf("%s %d of %s, %s", gauge(int64(done), int64(all)), done, incident.Count(all, "signal", "signals"), stamp(now)))
}

// gauge draws how much of all is done.
func gauge(done, all int64) string {
	const width = 24
	full := int(min(done*width/max(all, 1), width))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}

func (p *progress) sending(done, all int) {
	p.show(fmt.Sprintf("%d of %s sent", done, incident.Count(all, "batch of anomalies", "batches of anomalies")))
}

func (p *progress) waiting(text string) {
	p.show("waits for " + text + "; Ctrl-C leaves everything running")
}

func (p *progress) show(line string) {
	pause := 5 * time.Second
	if p.tty {
		pause = 100 * time.Millisecond
	}
	if time.Since(p.told) < pause {
		return
	}
	p.told = time.Now()
	if p.tty {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		p.drawn = true
		return
	}
	fmt.Fprintln(p.w, line)
}

// done clears the bar.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
