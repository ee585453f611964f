package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

// checkLimit is how long one check may take unless --timeout says otherwise.
const checkLimit = 10 * time.Second

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	worker workerConfig
	deep   bool
	limit  time.Duration
}

func newDoctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check what Firebreak needs, and say what to do about what is missing",
		Long: "doctor reads the configuration that the worker reads and asks every system whether Firebreak can work\n" +
			"with it: Temporal, Kinesis, CloudWatch, X-Ray and CloudTrail where they are on, Bedrock, Systems Manager, Slack, Jira and the catalogue. One line\n" +
			"a check, ok, warning, failed or skipped, and what to do about what is not ok.\n\n" +
			"Give it the worker's --config and --env-file, or run it where the worker runs, with its role: rights are\n" +
			"those of whoever runs it.\n\n" +
			"It changes nothing. What the services make of looking: one GetRecords, which is one of the five reads a\n" +
			"second of a shard; one address for a Socket Mode connection, which is not used; and with --deep one\n" +
			"request of a few tokens to the model, which costs a fraction of a cent. No secret is printed.\n\n" +
			"It ends with 0 when nothing failed (warnings are allowed), 1 when something did, 2 when it was called wrongly.",
		Example: "  starter doctor --env-file deploy/worker.env\n  starter doctor --config firebreak.yaml --deep\n" +
			"  starter doctor --json | jq '.checks[] | select(.result == \"failed\")'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd, o) },
	}
	o.worker.flags(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.deep, "deep", false, "also ask the model for one token, which costs a little")
	flags.DurationVar(&o.limit, "timeout", checkLimit, "how long one check may take")
	return cmd
}

// runDoctor reads the configuration, runs every check and prints what was found.
func runDoctor(cmd *cobra.Command, o doctorOptions) error {
	if o.limit <= 0 {
		return usagef("--timeout has to be longer than nothing")
	}
	cfg, mistakes, err := o.worker.read()
	if err != nil {
		return err
	}
	temporal, err := temporalOptions(cmd)
	if err != nil {
		return usageError{err}
	}
	temporal.Logger = slog.New(slog.DiscardHandler) // what is wrong is told by the checks
	awsCfg, awsErr := loadDoctorAWS(cmd.Context(), cfg.Region)
	d := &doctor{cfg: cfg, mistakes: mistakes, aws: awsCfg, awsErr: awsErr, temporal: temporal, deep: o.deep}
	report := newReport(o.deep)
	printing := newDoctorPrinter(cmd)
	for findings := range runProbes(cmd.Context(), d.probes(), o.limit) {
		report.add(findings)
		printing.system(findings)
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	if err := printing.end(report); err != nil {
		return err
	}
	if report.Failed > 0 {
		return fmt.Errorf("%s failed", incident.Count(report.Failed, "check", "checks"))
	}
	return nil
}

// loadDoctorAWS loads the AWS configuration that the worker would, without the
// SDK's own retries: a check says what the first answer was.
func loadDoctorAWS(ctx context.Context, region string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(region),
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
}

// doctor knows how every system is reached.
type doctor struct {
	cfg      config.Config
	mistakes []error // of the configuration
	aws      aws.Config
	awsErr   error // why aws could not be loaded
	temporal client.Options
	deep     bool

	catalogue catalogueResult
}

// probes are the checks by system, in the order in which they are printed.
func (d *doctor) probes() []probe {
	credentials, catalogue := d.credentialsProbe(), d.catalogueProbe()
	probes := []probe{d.configurationProbe(), d.temporalProbe(), d.workerProbe(), catalogue, credentials}
	for _, p := range []probe{d.kinesisProbe(), d.cloudWatchProbe(), d.logsProbe(), d.xrayProbe(), d.cloudTrailProbe(), d.bedrockProbe(), d.ssmProbe()} {
		p.needs = credentials.done
		p.after = catalogue.done
		probes = append(probes, p)
	}
	return append(probes, d.slackProbe(), d.jiraProbe())
}

// redaction tells whether marks of redacted values are equal on all workers.
func (d *doctor) redaction(context.Context) finding {
	if r := d.cfg.Redaction; r.Key == "" && r.KeyFile == "" {
		return warning("marks have a random key: equal values have equal marks within one worker only, until it ends",
			command("Make a key and give it to every worker as redaction.key_file or FIREBREAK_REDACTION_KEY:", "openssl rand -hex 32"))
	}
	return passed("marks have a key; addresses: %s, hosts: %s", d.cfg.Redaction.Addresses, d.cfg.Redaction.Hosts)
}

// configurationProbe reports every mistake of the configuration by itself.
func (d *doctor) configurationProbe() probe {
	p := probe{system: "Configuration"}
	if len(d.mistakes) == 0 {
		p.checks = []check{{"all keys", func(context.Context) finding { return passed("valid, as `worker --check` would say") }}, {"redaction", d.redaction}}
		return p
	}
	for _, m := range d.mistakes {
		name, detail := "file or environment", m.Error()
		if byKey := (config.Mistake{}); errors.As(m, &byKey) {
			name, detail = byKey.Key, byKey.Text
		}
		p.checks = append(p.checks, check{name, func(context.Context) finding {
			return failed(clean(detail), say("Set it in the file or in the environment; deploy/worker.env.example lists the usual keys."))
		}})
	}
	return p
}

// unusable says why a system cannot be asked, or is empty: the worker described
// by the configuration does not serve its roles, or a key that is needed has a
// mistake. A token is never sent to an address that the worker would refuse.
func (d *doctor) unusable(roles []string, keys ...string) string {
	if !slices.ContainsFunc(roles, d.cfg.Serves) {
		return "no role of this worker needs it"
	}
	for _, m := range d.mistakes {
		byKey := config.Mistake{}
		if errors.As(m, &byKey) && slices.ContainsFunc(keys, func(k string) bool { return byKey.Key == k || strings.HasPrefix(byKey.Key, k+".") }) {
			return byKey.Key + " is not set right"
		}
	}
	return ""
}
