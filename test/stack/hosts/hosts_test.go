package hosts_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/test/stack/hosts"
)

func TestAllowed(t *testing.T) {
	t.Parallel()
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4566}
	for host, want := range map[string]bool{
		"127.0.0.1:4566":    true,
		"LocalHost:4566":    true,
		"[::1]:4566":        true,
		"127.0.0.1:4567":    false,
		"127.0.0.1":         false, // port 80
		"sandbox:4566":      true,
		"sandbox:1":         false,
		"evil.example:4566": false,
		"":                  false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		require.Equal(t, want, hosts.Allowed(r, []string{"sandbox"}), host)
	}
}

func TestDialable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "127.0.0.1:80", hosts.Dialable(&net.TCPAddr{IP: net.IPv4zero, Port: 80}))
	require.Equal(t, "127.0.0.1:80", hosts.Dialable(&net.TCPAddr{IP: net.IPv6zero, Port: 80}))
	require.Equal(t, "127.0.0.9:80", hosts.Dialable(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 9), Port: 80}))
}
