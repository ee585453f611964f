//go:build unix

package temporal

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestSandboxesThatStartAtOnceGetPortsOfTheirOwn starts servers that wish for
// the same free port at the same moment. Without the lock all of them find it
// free, and all but one end the process.
func TestSandboxesThatStartAtOnceGetPortsOfTheirOwn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	chosen, err := choosePorts(0, 0)
	require.NoError(t, err)
	servers := make([]*Server, 3)
	var starting errgroup.Group
	for i := range servers {
		dir := t.TempDir()
		starting.Go(func() (err error) {
			servers[i], err = Start(ctx, Options{Dir: dir, FrontendPort: chosen[0], UIPort: chosen[1]})
			return err
		})
	}
	require.NoError(t, starting.Wait())
	addresses := map[string]bool{}
	for _, s := range servers {
		addresses[s.Address()], addresses[s.UIURL()] = true, true
	}
	require.Len(t, addresses, 2*len(servers), "a port was given twice")
	require.Contains(t, addresses, address(chosen[0]), "nobody got the port that all wished for")
	for _, s := range servers {
		require.NoError(t, s.Stop())
	}
}

// TestStartWaitsForTheLock proves that the lock is taken before anything is
// chosen, that waiting for it ends with the context, and that it is given back.
func TestStartWaitsForTheLock(t *testing.T) {
	unlock, err := lockPorts(t.Context())
	require.NoError(t, err)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = Start(short, Options{Dir: t.TempDir(), WithoutUI: true})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, lockPath())
	unlock()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again, err := lockPorts(ctx)
	require.NoError(t, err)
	again()
}
