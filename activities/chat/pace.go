package chat

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPaced bounds how many channels a pace remembers; channels come from our
// own configuration and thread references, so it is only a backstop.
const maxPaced = 1000

// pace lets one call an interval through per channel. Slack takes about one
// message a second and channel and answers 429 beyond that.
type pace struct {
	every time.Duration
	mu    sync.Mutex
	by    map[string]*rate.Limiter
}

func newPace(every time.Duration) *pace {
	return &pace{every: every, by: map[string]*rate.Limiter{}}
}

// wait blocks until the channel's turn has come or the context ends.
func (p *pace) wait(ctx context.Context, channel string) error {
	p.mu.Lock()
	l, ok := p.by[channel]
	if !ok {
		if len(p.by) >= maxPaced {
			clear(p.by)
		}
		l = rate.NewLimiter(rate.Every(p.every), 1)
		p.by[channel] = l
	}
	p.mu.Unlock()
	if err := l.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the turn of channel %s: %w", channel, err)
	}
	return nil
}
