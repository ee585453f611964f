package kinesis_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/kinesis"
)

func contents(s *kinesis.Service, stream string) []string {
	var all []string
	for _, r := range s.Records(stream) {
		all = append(all, string(r.Data))
	}
	return all
}

func TestFeedDeliversInOrderOnceTheStreamTakesIt(t *testing.T) {
	t.Parallel()
	service := kinesis.New(kinesis.Options{})
	require.NoError(t, service.Create("open", 1))
	feed := kinesis.NewFeed("logs", service, nil, nil)
	feed.Put("late", "k", []byte("1"))
	feed.Put("open", "k", []byte("a"))
	feed.Put("late", "k", []byte("2"))
	require.Equal(t, []string{"a"}, contents(service, "open"), "another stream is not held up")
	require.Equal(t, 2, feed.Waiting())

	go feed.Run(t.Context())
	require.NoError(t, service.Create("late", 1))
	require.Eventually(t, func() bool { return feed.Waiting() == 0 }, time.Minute, 5*time.Millisecond)
	require.Equal(t, []string{"1", "2"}, contents(service, "late"))
}

func TestFeedDeliversAtLeastOnceUnderFaults(t *testing.T) {
	t.Parallel()
	tests := map[fault.Kind][]string{
		fault.Duplicate:    {"1", "1", "2"},
		fault.LoseResponse: {"1", "1", "2"},
		fault.Error:        {"1", "2"},
	}
	for kind, want := range tests {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			service, faults := kinesis.New(kinesis.Options{}), fault.New()
			require.NoError(t, service.Create("s", 1))
			feed := kinesis.NewFeed("events", service, faults, nil)
			faults.Set(fault.Rule{Service: "events", Operation: "Deliver", Kind: kind})
			feed.Put("s", "k", []byte("1"))
			feed.Put("s", "k", []byte("2"))
			require.Equal(t, want, contents(service, "s"))
			require.Zero(t, feed.Waiting())
		})
	}
}
