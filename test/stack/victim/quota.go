package victim

import (
	"sync"
	"time"
)

// quota lets so many writes through in every window of time, as a provider does
// that bills by the minute: what is beyond it is refused until the next window.
type quota struct {
	mu    sync.Mutex
	began time.Time // of the present window
	used  int
}

// take uses one write at a time and tells whether the window had one left.
func (q *quota) take(now time.Time, writes int, window time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.began) >= window {
		q.began, q.used = now, 0
	}
	q.used++
	return q.used <= writes
}
