package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	tlog "go.temporal.io/sdk/log"
)

// dialTimeout is how long an unreachable Temporal keeps the person waiting.
const dialTimeout = 8 * time.Second

// temporalOptions reads where Temporal is: flags first, then the TEMPORAL_*
// variables and the configuration file's profile, then localhost:7233 and the
// namespace "default".
func temporalOptions(cmd *cobra.Command) (client.Options, error) {
	opts, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("read Temporal's client configuration (TEMPORAL_* variables and %s): %w",
			envconfig.DefaultConfigFilePath(), err)
	}
	if v, _ := cmd.Flags().GetString(flagAddress); v != "" {
		opts.HostPort = v
	}
	if v, _ := cmd.Flags().GetString(flagNamespace); v != "" {
		opts.Namespace = v
	}
	if opts.HostPort == "" {
		opts.HostPort = client.DefaultHostPort
	}
	if opts.Namespace == "" {
		opts.Namespace = client.DefaultNamespace
	}
	opts.Logger = tlog.NewStructuredLogger(slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelError})))
	return opts, nil
}

// dialTemporal connects to Temporal and returns the client, to be closed by the
// caller, and the namespace that it works in.
func dialTemporal(cmd *cobra.Command) (client.Client, string, error) {
	opts, err := temporalOptions(cmd)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), dialTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, opts)
	if err != nil {
		return nil, "", fmt.Errorf("connect to Temporal at %s, namespace %s: %w\n"+
			"Is it running? `make demo` starts one on this machine. Say where it is with --address and --namespace,\n"+
			"with TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or with a profile in %s",
			opts.HostPort, opts.Namespace, err, envconfig.DefaultConfigFilePath())
	}
	return c, opts.Namespace, nil
}
