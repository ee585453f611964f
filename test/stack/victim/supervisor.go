package victim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// State of a unit, in systemd's words.
type State string

// States.
const (
	StateActive     State = "active"
	StateActivating State = "activating"
	StateInactive   State = "inactive"
	StateFailed     State = "failed"
)

// UnitStatus is how a unit is.
type UnitStatus struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	PID      int       `json:"pid"`      // 0 when it does not run
	Started  time.Time `json:"started"`  // of the running process
	Starts   int       `json:"starts"`   // how often it was started
	Instance string    `json:"instance"` // on which machine
	Last     string    `json:"last"`     // how the process before ended, empty for none
}

// supervisor stands in for systemd on both instances: it starts the units,
// starts one that ends by itself again, and takes systemctl's commands. An
// instance's systemctl reaches the units of that instance only.
type supervisor struct {
	log    *slog.Logger
	server *http.Server
	addr   string

	mu     sync.Mutex
	units  map[string]*unit
	tokens map[string]string // token of an instance's systemctl to the instance's id
}

var errNoUnit = errors.New("unit could not be found")

func newSupervisor(log *slog.Logger) (*supervisor, error) {
	s := &supervisor{log: log, units: map[string]*unit{}, tokens: map[string]string{}}
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, nil
}

// add starts a unit and waits until it is ready.
func (s *supervisor) add(ctx context.Context, in Instance, addr string, env []string) error {
	u := newUnit(in, addr, env, s.log)
	s.mu.Lock()
	s.units[in.Service] = u
	s.mu.Unlock()
	return u.start(ctx)
}

func (s *supervisor) find(name string) (*unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.units[name]
	if !ok {
		return nil, fmt.Errorf("unit %s: %w", name, errNoUnit)
	}
	return u, nil
}

func (s *supervisor) status(name string) (UnitStatus, error) {
	u, err := s.find(name)
	if err != nil {
		return UnitStatus{}, err
	}
	return u.status(), nil
}

// do carries out one command of systemctl.
func (s *supervisor) do(ctx context.Context, command, name string) (UnitStatus, error) {
	u, err := s.find(name)
	if err != nil {
		return UnitStatus{}, err
	}
	switch command {
	case "restart":
		err = u.restart(ctx)
	case "start":
		err = u.start(ctx)
	case "stop":
		err = u.stop(ctx)
	case "reload":
		err = u.reload()
	case "status", "is-active":
	default:
		err = fmt.Errorf("unknown command %q", command)
	}
	return u.status(), err
}

// stop ends every unit and the control server.
func (s *supervisor) stop() error {
	s.mu.Lock()
	units := make([]*unit, 0, len(s.units))
	for _, u := range s.units {
		units = append(units, u)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(units))
	for i, u := range units {
		wg.Go(func() { errs[i] = u.stop(ctx) })
	}
	wg.Wait()
	return errors.Join(append(errs, s.server.Close())...)
}
