//go:build unix

package temporal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockPath names the file that every process of this user locks while it goes
// from choosing ports to listening on them. It is not in the folder for
// temporary files, which differs from process to process where TMPDIR is set.
func lockPath() string { return fmt.Sprintf("/tmp/firebreak-ports-%d.lock", os.Getuid()) }

// lockPorts waits until no other process of this user is between choosing its
// ports and listening on them. The system takes the lock back when the process
// ends, however it ends.
func lockPorts(ctx context.Context) (unlock func(), err error) {
	path := lockPath()
	// Nothing is ever written to the file, and a link that somebody put in its
	// place is not followed.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock on ports: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("wait for another sandbox that starts (it holds %s): %w", path, err)
		}
	}
}
