// Package temporal runs a Temporal server and the Temporal UI inside the
// calling process, on loopback, with a SQLite file as their store. It is for
// the sandbox, for tests and for generators of replay fixtures: the production
// worker never links it.
package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	uiserver "github.com/temporalio/ui-server/v2/server"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
)

// Ports that the Temporal command line and SDKs look for when nothing is set.
const (
	DefaultFrontendPort = 7233
	DefaultUIPort       = 8233
)

// LogFile is the name, in Options.Dir, of the server's own log.
const LogFile = "temporal.log"

// Options say where a server lives.
type Options struct {
	// Dir is an existing folder for the database and the log. A server that is
	// started on the same folder again has its workflows.
	Dir string
	// FrontendPort and UIPort are wishes: another free port is used where one is
	// taken or 0.
	FrontendPort int
	UIPort       int
	// WithoutUI leaves the Temporal UI out.
	WithoutUI bool
	// LogLevel of the log file. The zero value is Info; Warn is the quiet one.
	LogLevel slog.Level
}

// Server is a running server. Stop it with Stop.
type Server struct {
	frontend int
	uiPort   int
	server   temporal.Server
	ui       *uiserver.Server
	uiDone   chan struct{}
	logFile  *os.File
}

// Start starts a server and returns when the namespace answers, every search
// attribute can be used and the UI serves its pages. It gives up when ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	// From here until everything listens no other sandbox chooses its ports: a
	// port that was taken in between would end this process with a panic from
	// within the server.
	unlock, err := lockPorts(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	chosen, err := choosePorts(o.FrontendPort, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	p := ports{frontend: chosen[0], history: chosen[1], matching: chosen[2], worker: chosen[3]}
	logFile, err := os.OpenFile(filepath.Join(o.Dir, LogFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the Temporal server: %w", err)
	}
	s := &Server{frontend: p.frontend, logFile: logFile}
	logger := slog.New(slog.NewJSONHandler(logFile, &slog.HandlerOptions{Level: o.LogLevel}))
	if err := s.start(ctx, o.Dir, p, logger); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if o.WithoutUI {
		return s, nil
	}
	if err := s.startUI(ctx, o.UIPort); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, p ports, logger *slog.Logger) error {
	sql, err := prepareDatabase(dir)
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(sql, p)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(p)),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		temporal.WithLogger(serverLog{logger}),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return fmt.Errorf("build the Temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the Temporal server on %s (its log is %s): %w", address(p.frontend), s.logFile.Name(), err)
	}
	s.server = server
	c, err := s.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return registerAttributes(ctx, c)
}

// Dial connects a client to the server's namespace. The caller closes it.
func (s *Server) Dial(ctx context.Context) (client.Client, error) {
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  s.Address(),
		Namespace: Namespace,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal server at %s: %w", s.Address(), err)
	}
	return c, nil
}

// Address is the frontend's host and port.
func (s *Server) Address() string { return address(s.frontend) }

// UIURL is the address of the Temporal UI, without a trailing slash, or empty
// when it was left out.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	return "http://" + address(s.uiPort)
}

// Stop ends the UI and then the server. Stopping twice is harmless. The SQLite
// driver keeps its file open for the life of the process; removing the folder
// afterwards is fine.
func (s *Server) Stop() error {
	var errs []error
	if s.ui != nil {
		s.ui.Stop()
		<-s.uiDone
		s.ui = nil
	}
	if s.server != nil {
		if err := s.server.Stop(); err != nil {
			errs = append(errs, fmt.Errorf("stop the Temporal server: %w", err))
		}
		s.server = nil
	}
	if s.logFile != nil {
		errs = append(errs, s.logFile.Close())
		s.logFile = nil
	}
	return errors.Join(errs...)
}
