// Package hosts holds what every stand-in checks before it answers: whether a
// request names a host that is served here. A page elsewhere whose name was made
// to resolve to loopback sends its own name, and must not get through.
package hosts

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// Allowed tells whether the request's Host header names this listener: loopback
// or one of the extra names (without port), at the port that the request came
// in by.
func Allowed(r *http.Request, extra []string) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), "80"
	}
	named := func(h string) bool { return strings.EqualFold(h, host) }
	if !slices.ContainsFunc([]string{"127.0.0.1", "localhost", "::1"}, named) && !slices.ContainsFunc(extra, named) {
		return false
	}
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true // not served over a socket: a test that calls the handler
	}
	_, local, err := net.SplitHostPort(addr.String())
	return err == nil && local == port
}

// Dialable is an address that a client on this machine can use, also when the
// listener is bound to every interface.
func Dialable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
