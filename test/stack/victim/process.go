package victim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"
)

// Environment of the processes that the supervisor starts.
const (
	envUnit    = "FIREBREAK_SHOP_UNIT"    // service to be
	envDir     = "FIREBREAK_SHOP_DIR"     // folder of its instance
	envListen  = "FIREBREAK_SHOP_LISTEN"  // its address
	envControl = "FIREBREAK_SHOP_CONTROL" // makes the process a systemctl; file with the supervisor's address and token
)

// collectAt is by how many percent of what is in use the heap grows until it is
// collected.
const collectAt = 10

// Hijack makes this process a service of the shop, or its systemctl, when it was
// started as one, and then ends it. In any other process it does nothing. It
// has to be the first thing that main does.
func Hijack() {
	if control := os.Getenv(envControl); control != "" {
		os.Exit(systemctl(control, os.Args[1:], os.Stdout, os.Stderr))
	}
	if unit := os.Getenv(envUnit); unit != "" {
		os.Exit(runUnit(unit))
	}
}

// service is what differs between checkout and payments.
type service interface {
	// routes are its operations; every request to them is measured and logged.
	routes() *http.ServeMux
	// reload reads its configuration file again and says in a few words what
	// changed. The old configuration stays when the new one is refused.
	reload() (string, error)
}

func runUnit(name string) int {
	debug.SetMaxStack(64 << 20)
	// The instances are small: memory is collected often rather than taken.
	debug.SetGCPercent(collectAt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go endWithParent(cancel)
	if err := serveUnit(ctx, name); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// endWithParent ends the unit when standard input ends. The supervisor holds the
// other end of that pipe, and the system closes it however the supervisor dies,
// by SIGKILL too. A unit that does not come to an end in time is ended.
func endWithParent(cancel context.CancelFunc) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	time.Sleep(3 * time.Second)
	os.Exit(1)
}

func serveUnit(ctx context.Context, name string) error {
	dir := os.Getenv(envDir)
	rel, err := loadRelease(dir)
	if err != nil {
		return fmt.Errorf("read the release: %w", err)
	}
	tel, err := startTelemetry(ctx, name, rel.Version)
	if err != nil {
		return err
	}
	defer tel.stop()
	svc, err := newService(name, dir, rel, tel)
	if err != nil {
		tel.log.Error("start failed: " + err.Error())
		return err
	}
	listener, err := listenAgain(ctx, os.Getenv(envListen))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           unitHandler(ctx, svc, tel),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(tel.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	go reloadOnHangup(ctx, svc, tel)
	tel.log.Info("listening", "address", listener.Addr().String(), "pid", os.Getpid())
	notifyReady()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 500*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	tel.log.Info("stopped")
	return nil
}

func newService(name, dir string, rel release, tel *telemetry) (service, error) {
	switch name {
	case Checkout:
		return newCheckout(dir, rel, tel)
	case Payments:
		return newPayments(dir, tel.log)
	default:
		return nil, fmt.Errorf("there is no service %q", name)
	}
}

// listenAgain listens on an address that this service's previous process may
// not have let go of yet.
func listenAgain(ctx context.Context, addr string) (net.Listener, error) {
	deadline := time.Now().Add(3 * time.Second)
	for {
		l, err := net.Listen("tcp4", addr)
		if err == nil {
			return l, nil
		}
		if time.Now().After(deadline) || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func unitHandler(ctx context.Context, svc service, tel *telemetry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("POST /-/reload", func(w http.ResponseWriter, _ *http.Request) {
		if err := reloadNow(ctx, svc, tel); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.Handle("/", tel.measure(svc.routes()))
	return mux
}

func reloadOnHangup(ctx context.Context, svc service, tel *telemetry) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			_ = reloadNow(ctx, svc, tel) // logged there
		}
	}
}

// reloadNow reloads the configuration and announces on the event bus what changed.
func reloadNow(ctx context.Context, svc service, tel *telemetry) error {
	change, err := svc.reload()
	if err != nil {
		tel.log.Error("configuration refused, the old one stays: " + err.Error())
		return err
	}
	tel.log.Info("configuration reloaded", "change", change)
	if err := tel.announce(ctx, change); err != nil {
		tel.log.Warn("configuration change not announced: " + err.Error())
	}
	return nil
}

// notifyReady tells the supervisor on descriptor 3 that the unit serves, as
// sd_notify would.
func notifyReady() {
	ready := os.NewFile(3, "ready")
	_, _ = io.WriteString(ready, "READY=1\n")
	_ = ready.Close()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// logFile is where a unit's standard output goes.
func logFile(in Instance) string { return filepath.Join(in.Dir, "log", in.Service+".log") }
