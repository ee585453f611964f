package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"firebreak/activities/catalog"
	"firebreak/internal/config"
	"firebreak/internal/redact/rules"
)

// workerConfig says where the worker's configuration is.
type workerConfig struct {
	file    string // YAML; empty: $FIREBREAK_CONFIG, else none
	envFile string
}

// flags adds the flags that say so.
func (w *workerConfig) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.file, "config", "", "the worker's configuration in YAML (default: $FIREBREAK_CONFIG, else none)")
	cmd.Flags().StringVar(&w.envFile, "env-file", "", "KEY=value lines that are set before anything is read, as the worker takes them")
}

// read reads the configuration and returns its mistakes by themselves.
func (w *workerConfig) read() (cfg config.Config, mistakes []error, err error) {
	if err := config.SetEnvFile(w.envFile); err != nil {
		return config.Config{}, nil, usageError{err}
	}
	file := w.file
	if file == "" {
		file = os.Getenv("FIREBREAK_CONFIG")
	}
	if cfg, mistakes, err = config.Read(file, os.Environ()); err != nil {
		return cfg, nil, usageError{err}
	}
	if len(mistakes) == 0 {
		if err := redactAs(cfg.Redaction); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	return cfg, mistakes, nil
}

// redactAs redacts as the worker does.
func redactAs(r config.Redaction) error {
	key, err := r.MarkKey()
	if err != nil {
		return config.Mistake{Key: "redaction.key_file", Text: err.Error()}
	}
	if r == config.Default().Redaction {
		return nil
	}
	return rules.Configure(rules.Options{Key: key, Addresses: rules.Addresses(r.Addresses), Hosts: rules.Hosts(r.Hosts)})
}

// catalogueOptions are those of the configured catalogue, without its log.
func catalogueOptions(c config.Catalog) catalog.StoreOptions {
	return catalog.StoreOptions{
		URL: c.URL, Branch: c.Branch, Path: c.Path, Insecure: c.Insecure,
		Auth: catalog.TokenAuth(c.User, c.Token), Log: slog.New(slog.DiscardHandler),
	}
}
