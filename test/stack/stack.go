// Package stack is the world in which the sandbox and the end-to-end tests run
// Firebreak, all of it in this process and on loopback: an embedded Temporal
// server with its UI, stand-ins for the AWS services, Slack, Jira and a git host
// that speak the real wire protocols, and a shop with processes of its own that
// really breaks.
//
// A program that starts a stack with a shop calls victim.Hijack before anything
// else.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/githost"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/slack"
	"firebreak/test/stack/temporal"
	"firebreak/test/stack/victim"
)

// The one account and region of the stack, and the names in it.
const (
	Account      = "123456789012"
	Region       = "eu-central-1"
	Stream       = "firebreak"
	SlackChannel = "C0INCIDENTS"
	// AlarmRule is the EventBridge rule that sends the changes of alarms to the stream.
	AlarmRule = "firebreak-alarms"
	// LogSubscription is the subscription filter that sends a service's logs to the stream.
	LogSubscription = "firebreak"
	// OfflineModel is the id of the model that needs no network.
	OfflineModel = "offline-rules"
)

// Scope is that of the stack's incidents.
func Scope() incident.Scope { return incident.Scope{Account: Account, Region: Region} }

// Options say what a stack consists of. Only Dir is required.
type Options struct {
	Dir          string   // an existing, empty folder; absolute
	FrontendPort int      // wish for Temporal's frontend; any free port where it is taken or 0
	UIPort       int      // wish for the Temporal UI, likewise
	WithoutUI    bool     // leaves the Temporal UI out
	Standalone   bool     // leaves Temporal out altogether: stand-ins and shop only
	WithoutShop  bool     // leaves the shop out; whoever starts the stack brings instances
	KeyDir       string   // where the Slack gateway's key goes; Dir when empty
	Host         string   // that the stand-ins listen on; 127.0.0.1 when empty
	AllowedHosts []string // names by which the stand-ins may be addressed besides loopback
	Model        string   // Bedrock model id; OfflineModel when empty
	Edits        []Edit   // of the catalogue, in every commit
	Logger       *slog.Logger
	GuardEvery   time.Duration // between two rounds of the guard; 20 s when 0
}

// Stack is a running stack. Stop it with Stop.
type Stack struct {
	Faults   *fault.Faults // strikes every stand-in
	Temporal *temporal.Server
	Shop     *victim.Shop
	Slack    *slack.Server
	Jira     *jira.Server
	Git      *githost.Host

	standIns
	opts    Options
	gateway gatewayKey
	gitURL  string
	git     *http.Server
	cancel  context.CancelFunc
}

// Start starts everything, the shop last, and returns when all of it serves. On
// an error nothing is left running.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Model == "" {
		o.Model = OfflineModel
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.GuardEvery == 0 {
		o.GuardEvery = 20 * time.Second
	}
	if o.KeyDir == "" {
		o.KeyDir = o.Dir
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Stack{opts: o, cancel: cancel, Faults: fault.New()}
	for _, step := range []struct {
		what  string
		start func(ctx, running context.Context) error
	}{
		{"the Temporal server", s.startTemporal},
		{"the AWS stand-ins", s.startAWS},
		{"the Slack stand-in", s.startSlack},
		{"the Jira stand-in", s.startJira},
		{"the git stand-in", s.startGit},
		{"the shop", s.startShop},
	} {
		if err := step.start(ctx, running); err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", step.what, err), s.Stop())
		}
	}
	return s, nil
}

func (s *Stack) startTemporal(ctx, _ context.Context) (err error) {
	if s.opts.Standalone {
		return nil
	}
	if err := os.Mkdir(s.path("temporal"), 0o700); err != nil {
		return err
	}
	s.Temporal, err = temporal.Start(ctx, s.temporalOptions(s.opts.FrontendPort))
	return err
}

func (s *Stack) temporalOptions(frontend int) temporal.Options {
	return temporal.Options{
		Dir: s.path("temporal"), FrontendPort: frontend, UIPort: s.opts.UIPort, WithoutUI: s.opts.WithoutUI, LogLevel: slog.LevelWarn,
	}
}

func (s *Stack) startSlack(_, running context.Context) (err error) {
	s.Slack, err = slack.Start(running, slack.Options{
		Channels: []slack.Channel{{ID: SlackChannel, Name: "incidents"}},
		Faults:   s.Faults, Logger: s.opts.Logger, Listen: s.listen(), AllowedHosts: s.opts.AllowedHosts,
	})
	return err
}

func (s *Stack) startJira(_, running context.Context) (err error) {
	s.Jira, err = jira.Start(running, jira.Options{
		Faults: s.Faults, Logger: s.opts.Logger, Listen: s.listen(), AllowedHosts: s.opts.AllowedHosts,
	})
	return err
}

func (s *Stack) startGit(ctx, _ context.Context) (err error) {
	if s.gateway, err = newGatewayKey(s.opts.KeyDir); err != nil {
		return err
	}
	s.Git = githost.New(githost.Options{Faults: s.Faults, Hosts: s.opts.AllowedHosts})
	if _, err := s.Commit("Services, runbooks and policy of the shop"); err != nil {
		return err
	}
	s.git, s.gitURL, err = serveHTTP(ctx, s.listen(), s.Git.Handler())
	return err
}

func (s *Stack) startShop(ctx, _ context.Context) (err error) {
	if s.opts.WithoutShop {
		return nil
	}
	dir := s.path("shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if s.Shop, err = victim.Start(ctx, victim.Options{Dir: dir, Env: s.awsEnv(), Logger: s.opts.Logger}); err != nil {
		return err
	}
	return s.registerInstances()
}

// Stop ends everything, the shop first, and waits for its processes. Stopping
// twice is harmless.
func (s *Stack) Stop() error {
	var errs []error
	s.stopAutomations()
	if s.Shop != nil {
		errs = append(errs, s.Shop.Stop())
	}
	s.cancel()
	if s.git != nil {
		errs = append(errs, s.git.Close())
	}
	if s.Slack != nil {
		s.Slack.Close()
	}
	if s.Jira != nil {
		s.Jira.Close()
	}
	s.running.Wait()
	if s.Temporal != nil {
		errs = append(errs, s.Temporal.Stop())
	}
	return errors.Join(errs...)
}

// Dir is the stack's folder.
func (s *Stack) Dir() string { return s.opts.Dir }

func (s *Stack) path(name string) string { return filepath.Join(s.opts.Dir, name) }

func (s *Stack) listen() string { return s.opts.Host + ":0" }
