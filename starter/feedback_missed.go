package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/activities/catalog"
	"firebreak/internal/config"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// target says by flags which series is meant.
type target struct {
	service, metric, group, series string
	services                       string // folder of a catalogue
}

func (t *target) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.service, "service", "", "whose series it is, as its service file names it")
	cmd.Flags().StringVar(&t.metric, "metric", "", "the metric: Name, Namespace/Name, or Namespace/Name{dimension=value,...}")
	cmd.Flags().StringVar(&t.group, "log-group", "", "the log group, instead of a metric")
	cmd.Flags().StringVar(&t.series, "series", "", "key of the series as an anomaly or `feedback list` has it, instead of all of these")
	cmd.Flags().StringVar(&t.services, "services", "", "folder of a catalogue that describes the service (default: the configured one)")
}

// named is a series that is meant.
type named struct {
	key, name string
	kind      telemetry.Kind
}

// find finds the series.
func (t *target) find(ctx context.Context, cfg config.Config) (named, error) {
	switch {
	case t.series != "":
		parts := strings.SplitN(t.series, "/", 4)
		if t.service != "" || t.metric != "" || t.group != "" {
			return named{}, usagef("--series names the series already: leave the others out")
		}
		if len(parts) < 4 || len(detect.Adjustable(telemetry.Kind(parts[2]))) == 0 {
			return named{}, usagef("--series %q is not ACCOUNT/REGION/metric/... or ACCOUNT/REGION/log/...", t.series)
		}
		if parts[0] != cfg.Account || parts[1] != cfg.Region {
			return named{}, usagef("--series is of account %s in %s, but the configuration is of %s in %s", parts[0], parts[1], cfg.Account, cfg.Region)
		}
		return named{t.series, parts[3], telemetry.Kind(parts[2])}, nil
	case t.service == "" || (t.metric == "") == (t.group == ""):
		return named{}, usagef("--service and either --metric or --log-group, or --series, say which series is meant")
	}
	services, err := t.known(ctx, cfg)
	if err != nil {
		return named{}, err
	}
	i := slices.IndexFunc(services, func(s incident.Service) bool { return s.Name == t.service })
	if i < 0 {
		var names []string
		for _, s := range services {
			names = append(names, s.Name)
		}
		return named{}, usagef("no service file names a service %q; there are: %s", t.service, strings.Join(names, ", "))
	}
	what, kind, err := t.of(services[i])
	if err != nil {
		return named{}, err
	}
	return named{telemetry.SeriesKey(cfg.Account, cfg.Region, kind, what), what + " of " + t.service, kind}, nil
}

// of finds the metric or log group in a service.
func (t *target) of(s incident.Service) (what string, kind telemetry.Kind, err error) {
	if t.group != "" {
		if !slices.Contains(s.LogGroups, t.group) {
			return "", "", usagef("%s has no log group %q; there are: %s", t.service, t.group, strings.Join(s.LogGroups, ", "))
		}
		return t.group, telemetry.KindLog, nil
	}
	var all, fit []string
	for _, m := range s.Metrics {
		key := m.SourceKey()
		all = append(all, key)
		if (t.metric == m.Name || t.metric == m.Namespace+"/"+m.Name || t.metric == key) && !slices.Contains(fit, key) {
			fit = append(fit, key)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], telemetry.KindMetric, nil
	case 0:
		return "", "", usagef("%s has no metric %q; there are:\n  %s", t.service, t.metric, strings.Join(all, "\n  "))
	default:
		return "", "", usagef("%q fits several metrics of %s, name one:\n  %s", t.metric, t.service, strings.Join(fit, "\n  "))
	}
}

// known are the services of the folder that was given, or of the configured
// catalogue.
func (t *target) known(ctx context.Context, cfg config.Config) ([]incident.Service, error) {
	if t.services != "" || cfg.Catalog.URL == "" {
		return loadServices(t.services)
	}
	store, err := catalog.NewStore(catalogueOptions(cfg.Catalog))
	if err != nil {
		return nil, fmt.Errorf("set up the catalogue: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cat, _, err := store.Latest(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w\nGive --services a checkout of it, or name the --series", err)
	}
	return cat.Inventory().Services(), nil
}

func newMissedCommand() *cobra.Command {
	var f feedbackFlags
	var t target
	var at, rule string
	cmd := &cobra.Command{
		Use:   "missed --service NAME --metric NAME --at TIME",
		Short: "Say that a series was in trouble and nothing was said of it",
		Long: "missed lowers the threshold of a series by a fifth, or halves what false alarms have raised. --at is when the\n" +
			"trouble was, in event time; what one person says of the same series and hour counts once.",
		Example: "  starter feedback missed --service checkout --metric Errors --at 2026-11-20T08:00:00Z --note \"customers called\"\n" +
			"  starter feedback missed --service checkout --log-group /shop/checkout --at \"2026-11-20 08:00:00\"",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.fill(); err != nil {
				return err
			}
			when, err := parseTime(at)
			if err != nil {
				return usagef("--at: %w", err)
			}
			if when.After(time.Now().Add(time.Minute)) {
				return usagef("--at %s has not been yet", when.Format(time.RFC3339))
			}
			cfg, err := f.read("account", "region", "stream.name")
			if err != nil {
				return err
			}
			s, err := t.find(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			rules := detect.Adjustable(s.kind)
			if rule == "" {
				rule = rules[0]
			}
			if !slices.Contains(rules, rule) {
				return usagef("--rule %q is none of %s", rule, strings.Join(rules, ", "))
			}
			return f.send(cmd, cfg, sentFeedback{
				Verdict: telemetry.Missed, Said: []saidFeedback{{Series: s.key, Rule: rule, Name: s.name, At: when}},
			})
		},
	}
	f.worker.flags(cmd)
	f.personFlags(cmd)
	t.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "when the trouble was: YYYY-MM-DD HH:MM:SS in UTC, RFC 3339 or seconds since 1970")
	cmd.Flags().StringVar(&rule, "rule", "", "which detector should have spoken: "+strings.Join(slices.Concat(detect.Adjustable(telemetry.KindMetric), detect.Adjustable(telemetry.KindLog)), ", ")+" (default: the usual one)")
	_ = cmd.MarkFlagRequired("at") // it is defined above
	return cmd
}

func newFeedbackResetCommand() *cobra.Command {
	var f feedbackFlags
	var t target
	cmd := &cobra.Command{
		Use:   "reset --series KEY",
		Short: "Take the thresholds of a series back to the usual ones",
		Long: "reset has everything that was said of a series no longer count. What was said stays in the log and in the\n" +
			"anomalies that it moved.",
		Example: "  starter feedback reset --service checkout --metric Errors",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.fill(); err != nil {
				return err
			}
			cfg, err := f.read("account", "region", "stream.name")
			if err != nil {
				return err
			}
			s, err := t.find(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			out := sentFeedback{Verdict: telemetry.Reset}
			for _, rule := range detect.Adjustable(s.kind) {
				out.Said = append(out.Said, saidFeedback{Series: s.key, Rule: rule, Name: s.name + ", rule " + rule, At: time.Now()})
			}
			return f.send(cmd, cfg, out)
		},
	}
	f.worker.flags(cmd)
	f.personFlags(cmd)
	t.flags(cmd)
	return cmd
}
