package stream_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/test/stack/fault"
)

// listener counts how often an engine is told that it could not hear.
type listener struct {
	detect.Engine

	unheard atomic.Int64
}

func (l *listener) Unheard() {
	l.unheard.Add(1)
	l.Engine.Unheard()
}

// A shard that gives nothing because it cannot be read is not one on which
// nothing happens: its series are not missed for that.
func TestTheEngineIsToldThatAShardCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	o := s.options(&inbox{})
	l := &listener{Engine: o.Engine}
	o.Engine = l
	s.live(5, 0)
	c, stop := start(t, o)
	caughtUp(t, c, s, 0)
	s.faults.Set(fault.Rule{Service: "kinesis", Operation: "GetRecords", Kind: fault.Throttle, Times: fault.Forever})
	require.Eventually(t, func() bool { return l.unheard.Load() > 3 }, deadline, look)
	require.NoError(t, stop())
}
