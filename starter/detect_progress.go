package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// tracker shows how far the reading of one or several files has come. Files are
// read side by side, so it is safe for concurrent use.
type tracker struct {
	mu    sync.Mutex
	bar   *progress
	total int64 // bytes; 0 when nobody knows, as with a pipe
	read  int64
	rows  int
	done  int
	files int

	one, many string // what a row is called
}

// newTracker begins to read files, of which a row is called one and rows many.
func newTracker(w io.Writer, one, many string, files ...string) *tracker {
	t := &tracker{bar: newProgress(w), files: len(files), one: one, many: many}
	t.bar.told = time.Now() // what is quick needs none
	for _, f := range files {
		t.total += sizeOf(f)
	}
	return t
}

// eachFile calls read for every file, several at a time, with its place among
// them, and clears the bar at the end. It fails only when ctx ends.
func (t *tracker) eachFile(ctx context.Context, read func(ctx context.Context, i int)) error {
	defer t.finish()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.files {
		group.Go(func() error {
			read(ctx, i)
			return ctx.Err()
		})
	}
	return group.Wait()
}

// sizeOf is the size of a regular file in bytes, else 0.
func sizeOf(file string) int64 {
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// rowCounter returns what a file's reader calls now and then with the rows read
// so far.
func (t *tracker) rowCounter() func(rows int) {
	before := 0
	return func(rows int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.rows += rows - before
		before = rows
		t.bar.readingAll(t.read, t.total, t.done, t.files, incident.Count(t.rows, t.one, t.many))
	}
}

func (t *tracker) fileDone() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
}

// finish clears the bar.
func (t *tracker) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bar.done()
}

// tracked counts the bytes read of a file.
type tracked struct {
	r     io.Reader
	track *tracker
}

// Read implements io.Reader.
func (c *tracked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.track.mu.Lock()
	c.track.read += int64(n)
	c.track.mu.Unlock()
	return n, err
}

// readingAll shows a bar over the bytes where their number is known.
func (p *progress) readingAll(read, total int64, done, files int, rows redact.Text) {
	line := fmt.Sprintf("%s read", rows)
	if files > 1 {
		line = fmt.Sprintf("%d of %d files, %s", done, files, line)
	}
	if total > 0 {
		line = gauge(read, total) + " " + line
	}
	p.show(line)
}
