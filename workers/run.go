// Package workers runs Firebreak's process: the Temporal workers of its task
// queues, the Slack gateway and the stream consumer, all of them or the roles
// that the configuration names.
package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"firebreak/internal/config"
	"firebreak/internal/redact/rules"
)

// Options are what a caller can put in place of the process's surroundings.
type Options struct {
	Logger   *slog.Logger    // nil: slog.Default
	AWS      *aws.Config     // nil: the standard AWS environment and files
	Temporal *client.Options // nil: Temporal's environment configuration
	Ready    func()          // called once everything serves
}

// attributesWait bounds how long the worker waits for search attributes to show.
const attributesWait = time.Minute

// Run serves until ctx ends, then stops gracefully: pollers first, then running
// activities get the configured time. It returns nil when it stopped because it
// was asked to.
func Run(ctx context.Context, cfg config.Config, opts Options) error {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	opts.Logger = redactedLog(opts.Logger, rules.Default())
	temporal, namespace, err := dialTemporal(ctx, opts)
	if err != nil {
		return err
	}
	defer temporal.Close()
	waiting, cancel := context.WithTimeout(ctx, attributesWait)
	defer cancel()
	if err := ensureSearchAttributes(waiting, grpcOperator{temporal.OperatorService(), namespace}, namespace, time.Second); err != nil {
		return err
	}
	identity, err := namespaceIdentity(waiting, temporal.WorkflowService(), namespace)
	if err != nil {
		return err
	}
	awsCfg, err := loadAWS(ctx, cfg, opts)
	if err != nil {
		return err
	}
	p, err := assemble(cfg, awsCfg, temporal, namespace, identity, opts.Logger)
	if err != nil {
		return err
	}
	if cfg.Serves(config.RoleWorkflows) {
		if err := ensureGuard(waiting, temporal.ScheduleClient(), guardSchedule(cfg, namespace)); err != nil {
			return err
		}
	}
	return p.serve(ctx, opts.Ready)
}

func dialTemporal(ctx context.Context, opts Options) (client.Client, string, error) {
	var options client.Options
	if opts.Temporal != nil {
		options = *opts.Temporal
	} else {
		var err error
		if options, err = envconfig.LoadDefaultClientOptions(); err != nil {
			return nil, "", fmt.Errorf("read Temporal's environment configuration: %w", err)
		}
	}
	options.Logger = log.NewStructuredLogger(opts.Logger)
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		address := options.HostPort
		if address == "" {
			address = client.DefaultHostPort
		}
		return nil, "", fmt.Errorf("connect to Temporal at %s (TEMPORAL_ADDRESS), namespace %s (TEMPORAL_NAMESPACE): %w", address, options.Namespace, err)
	}
	return c, options.Namespace, nil
}

// loadAWS turns the SDK's own retries off: how often and how long something is
// tried again is Temporal's to decide, where it shows in history.
func loadAWS(ctx context.Context, cfg config.Config, opts Options) (aws.Config, error) {
	if opts.AWS != nil {
		c := opts.AWS.Copy()
		c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		return c, nil
	}
	c, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(cfg.Region),
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		return aws.Config{}, fmt.Errorf("load AWS configuration: %w", err)
	}
	return c, nil
}

// process is everything that runs side by side.
type process struct {
	log     *slog.Logger
	health  *Health
	listen  string // address of /healthz
	workers []worker.Worker
	loops   []loop
	fatal   chan error // of a worker that cannot go on, such as a namespace that is gone
}

// loop is something beside the workers that runs until its context ends.
type loop struct {
	name string
	run  func(context.Context) error
}

// serve starts everything and stops everything when one part fails or ctx ends.
func (p *process) serve(ctx context.Context, ready func()) error {
	group, ctx := errgroup.WithContext(ctx)
	if p.listen != "" {
		group.Go(func() error { return p.health.serve(ctx, p.listen) })
	}
	for i, w := range p.workers {
		if err := w.Start(); err != nil {
			for _, started := range p.workers[:i] {
				started.Stop()
			}
			return fmt.Errorf("start worker: %w", err)
		}
	}
	for _, l := range p.loops {
		group.Go(func() error {
			if err := l.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			return nil
		})
	}
	group.Go(func() error {
		select {
		case err := <-p.fatal:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	p.health.SetReady(true)
	p.log.Info("worker serves", "task_queues", len(p.workers), "loops", len(p.loops))
	if ready != nil {
		ready()
	}
	<-ctx.Done()
	p.health.SetReady(false)
	p.log.Info("worker stops", "cause", context.Cause(ctx))
	p.stopWorkers()
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stopWorkers stops all at once, since each waits for its own activities.
func (p *process) stopWorkers() {
	var stopping errgroup.Group
	for _, w := range p.workers {
		stopping.Go(func() error {
			w.Stop()
			return nil
		})
	}
	_ = stopping.Wait() // Stop cannot fail
}
