package victim

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary be the services and the systemctl that it
// starts, and the parent that TestServicesEndWithTheirParent kills.
func TestMain(m *testing.M) {
	Hijack()
	if dir := os.Getenv("SHOP_TEST_PARENT"); dir != "" {
		runParent(dir)
	}
	os.Exit(m.Run())
}

func startShop(t *testing.T, c *capture) *Shop {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Env: c.env, Rate: 40})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, 25*time.Millisecond, what)
}

// healthy waits until callers get what they ask for.
func healthy(t *testing.T, s *Shop) {
	t.Helper()
	eventually(t, "orders are placed", func() bool {
		seen := s.Traffic(time.Second)
		return seen.Requests > 10 && seen.Errors == 0
	})
}

// script runs a shell script on a service's instance as Systems Manager does.
func script(t *testing.T, s *Shop, service, text string) (string, int) {
	t.Helper()
	in, err := s.instance(service)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", text)
	cmd.Dir, cmd.Env = in.Dir, []string{"PATH=" + in.Path}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}

// TestBadReloadAndRestart breaks checkout for real and mends it as the runbook does.
func TestBadReloadAndRestart(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	s := startShop(t, c)
	healthy(t, s)
	before, err := s.Unit(Checkout)
	require.NoError(t, err)
	require.Equal(t, StateActive, before.State)
	require.Positive(t, before.PID)

	require.NoError(t, s.Inject(t.Context(), BadReload()))
	eventually(t, "orders fail", func() bool { return s.Traffic(2*time.Second).Errors > 20 })
	eventually(t, "errors are logged", func() bool { return len(c.messages(Checkout, "error")) > 5 })
	require.Regexp(t, `^order \d{6} failed: payments answered 404 Not Found for POST /v2/charges$`, c.messages(Checkout, "error")[0])
	eventually(t, "the change is announced", func() bool { return len(c.changes()) == 1 })
	require.JSONEq(t, `{"service": "checkout", "change": "payments_url is now /v2/charges, was /v1/charges"}`, c.changes()[0])
	eventually(t, "errors are measured", func() bool {
		points := c.datapoints(Checkout, "Errors")
		return len(points) > 0 && aws.ToFloat64(points[len(points)-1].Value) > 5
	})

	restore := "cp config/checkout.last-good.json config/checkout.json"
	_, code := script(t, s, Checkout, "set -e; "+restore+"; systemctl restart checkout; systemctl is-active --quiet checkout")
	require.Zero(t, code)
	after, err := s.Unit(Checkout)
	require.NoError(t, err)
	require.NotEqual(t, before.PID, after.PID, "the process was not replaced")
	require.Equal(t, 2, after.Starts)
	healthy(t, s)
	payments, err := s.Unit(Payments)
	require.NoError(t, err)
	require.Equal(t, 1, payments.Starts, "payments was touched")
}

// TestMetricsOfEverySecond checks what the contract between the shop and the
// catalogue says of the four series.
func TestMetricsOfEverySecond(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	startShop(t, c)
	for _, service := range []string{Checkout, Payments} {
		eventually(t, "four seconds of "+service, func() bool { return len(c.datapoints(service, "Errors")) >= 4 })
		points := c.datapoints(service, "Errors")
		for i, p := range points {
			require.Zero(t, aws.ToFloat64(p.Value))
			require.Equal(t, int32(1), aws.ToInt32(p.StorageResolution))
			if i > 0 {
				require.Equal(t, time.Second, aws.ToTime(p.Timestamp).Sub(aws.ToTime(points[i-1].Timestamp)), "a second is missing")
			}
		}
		memory := c.datapoints(service, "MemoryUsed")
		require.Greater(t, aws.ToFloat64(memory[0].Value), 1.0)
		requests := c.datapoints(service, "Requests")
		require.Positive(t, aws.ToFloat64(requests[len(requests)-1].Value))
		latency := c.datapoints(service, "Latency")
		last := latency[len(latency)-1]
		require.NotEmpty(t, last.Values)
		require.Len(t, last.Counts, len(last.Values))
	}
}

func TestOtherFaultsShow(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	s := startShop(t, c)
	healthy(t, s)

	require.NoError(t, s.Inject(t.Context(), SlowPayments(300*time.Millisecond)))
	eventually(t, "orders are slow", func() bool { return s.Traffic(time.Second).Slowest > 250*time.Millisecond })
	require.NoError(t, s.Inject(t.Context(), SlowPayments(4*time.Millisecond)))

	require.NoError(t, s.Inject(t.Context(), Leak()))
	eventually(t, "memory grows", func() bool {
		points := c.datapoints(Checkout, "MemoryUsed")
		return len(points) > 0 && aws.ToFloat64(points[len(points)-1].Value) > aws.ToFloat64(points[0].Value)+2
	})

	require.NoError(t, s.Inject(t.Context(), BadRelease()))
	eventually(t, "orders panic", func() bool { return s.Traffic(time.Second).Errors > 5 })
	eventually(t, "the panic is logged", func() bool {
		return strings.Contains(strings.Join(c.messages(Checkout, "error"), "\n"), "panic in POST /orders: runtime error: integer divide by zero")
	})
	_, code := script(t, s, Checkout, `set -e; cd releases; ln -s "$(readlink previous)" current.new; mv -T current.new current; systemctl restart checkout`)
	require.Zero(t, code)
	healthy(t, s)

	require.NoError(t, s.Inject(t.Context(), BadReload()))
	eventually(t, "orders fail", func() bool { return s.Traffic(time.Second).Errors > 5 })
	require.NoError(t, s.Mend(t.Context()))
	healthy(t, s)
}

func TestSystemctl(t *testing.T) {
	t.Parallel()
	s := startShop(t, startCapture(t))
	tests := []struct {
		name, command string
		code          int
		says          string
	}{
		{"status", "systemctl status checkout.service", exitOK, "Active: active"},
		{"a unit of another machine", "systemctl restart payments", exitNoUnit, "could not be found"},
		{"an unknown unit", "systemctl status nothing", exitNoUnit, "could not be found"},
		{"an unknown command", "systemctl explode checkout", exitFailed, "unknown command"},
		{"no unit", "systemctl restart", exitUsage, "usage"},
		{"stop, then is-active", "systemctl stop checkout && systemctl is-active checkout", exitNotActive, "inactive"},
		{"reload of a stopped unit", "systemctl reload checkout", exitFailed, "not active"},
		{"start", "systemctl start checkout && systemctl is-active checkout", exitOK, "active"},
	}
	for _, tt := range tests {
		said, code := script(t, s, Checkout, tt.command)
		require.Equal(t, tt.code, code, tt.name+": "+said)
		require.Contains(t, said, tt.says, tt.name)
	}
}

func TestSystemctlNeedsTheToken(t *testing.T) {
	t.Parallel()
	s := startShop(t, startCapture(t))
	file := filepath.Join(t.TempDir(), "control.json")
	require.NoError(t, writeJSON(file, control{Address: s.supervisor.addr, Token: "guessed"}))
	var out, problems bytes.Buffer
	require.Equal(t, exitFailed, systemctl(file, []string{"stop", Checkout}, &out, &problems))
	require.Contains(t, problems.String(), "403")
	status, err := s.Unit(Checkout)
	require.NoError(t, err)
	require.Equal(t, StateActive, status.State)
}

// TestUnitThatDiesIsStartedAgain kills a service behind the supervisor's back.
func TestUnitThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := startShop(t, startCapture(t))
	before, err := s.Unit(Payments)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
	eventually(t, "payments runs again", func() bool {
		now, err := s.Unit(Payments)
		return err == nil && now.State == StateActive && now.PID != before.PID && now.Last == "signal: killed"
	})
}

// TestRefusedConfigurationKeepsTheOldOne also shows that a unit whose
// configuration is broken does not start, and says why.
func TestRefusedConfigurationKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	s := startShop(t, c)
	in, err := s.instance(Checkout)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(in.Dir, "config", "checkout.json"), []byte(`{"currency": ""}`), 0o600))
	_, code := script(t, s, Checkout, "systemctl reload checkout")
	require.Zero(t, code)
	eventually(t, "the refusal is logged", func() bool {
		return strings.Contains(strings.Join(c.messages(Checkout, "error"), "\n"), "configuration refused, the old one stays")
	})
	require.Empty(t, c.changes(), "a change that did not happen was announced")
	healthy(t, s)

	said, code := script(t, s, Checkout, "systemctl restart checkout")
	require.Equal(t, exitFailed, code, said)
	require.Contains(t, said, "ended before it was ready")
	status, err := s.Unit(Checkout)
	require.NoError(t, err)
	require.NotEqual(t, StateActive, status.State)
}

// TestServicesEndWithTheirParent kills the process that runs a shop in a way
// that gives it no chance to stop anything.
func TestServicesEndWithTheirParent(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	dir := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = slices.Concat(c.env, []string{"SHOP_TEST_PARENT=" + dir})
	require.NoError(t, parent.Start())
	var pids []int
	eventually(t, "the shop of the other process runs", func() bool {
		return readJSON(filepath.Join(dir, "pids.json"), &pids) == nil
	})
	require.Len(t, pids, 2)
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	for _, pid := range pids {
		eventually(t, "the services are gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) })
	}
}

// zombie tells whether a process has ended and only waits to be collected,
// which in a container may never happen.
func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

func runParent(dir string) {
	var environment []string
	for _, e := range os.Environ() {
		if strings.HasPrefix(e, "AWS_") {
			environment = append(environment, e)
		}
	}
	s, err := Start(context.Background(), Options{Dir: dir, Env: environment})
	if err != nil {
		os.Exit(1)
	}
	var pids []int
	for _, name := range []string{Checkout, Payments} {
		status, err := s.Unit(name)
		if err != nil {
			os.Exit(1)
		}
		pids = append(pids, status.PID)
	}
	if writeJSON(filepath.Join(dir, "pids.json"), pids) != nil {
		os.Exit(1)
	}
	select {}
}

func TestTheLoadCanChange(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	s := startShop(t, c)
	healthy(t, s)
	s.SetRate(5)
	eventually(t, "few requests", func() bool { n := s.Traffic(time.Second).Requests; return n > 0 && n < 20 })
	s.SetRate(60)
	eventually(t, "many requests", func() bool { return s.Traffic(time.Second).Requests > 40 })
}
