package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

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

func newTracker(w io.Writer, files int, bytes int64) *tracker {
	bar := newProgress(w)
	bar.told = time.Now() // what is quick needs none
	return &tracker{bar: bar, files: files, total: bytes, one: "row", many: "rows"}
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
