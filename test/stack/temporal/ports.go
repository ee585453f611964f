package temporal

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// loopback is the only address that anything here listens on.
const loopback = "127.0.0.1"

// choosePorts returns one free port for each wish: the wished one where it is
// free, any other where it is taken or 0. Every port is held until the last is
// chosen, so that no two wishes get the same one. The ports are free again when
// it returns; the caller listens on them while it holds the lock of lockPorts,
// which keeps other sandboxes from choosing them in between.
func choosePorts(wishes ...int) ([]int, error) {
	listeners := make([]net.Listener, 0, len(wishes))
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	ports := make([]int, len(wishes))
	for i, wish := range wishes {
		l, err := listen(wish)
		if err != nil {
			return nil, fmt.Errorf("find a free port on %s: %w", loopback, err)
		}
		listeners = append(listeners, l)
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, errors.New("find a free port: the listener is not a TCP one")
		}
		ports[i] = addr.Port
	}
	return ports, nil
}

func listen(wish int) (net.Listener, error) {
	if wish != 0 && !answered(wish) {
		if l, err := net.Listen("tcp4", address(wish)); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp4", address(0))
}

// answered tells whether something accepts connections on the port already. On
// some systems a listener on all addresses does not keep another one off
// 127.0.0.1, and then both would believe to have the port.
func answered(port int) bool {
	conn, err := net.Dial("tcp4", address(port))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
