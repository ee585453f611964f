package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/correlate"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

// backfillOptions are what the command was asked for.
type backfillOptions struct {
	folder      string
	name        string
	dryRun      bool
	effects     incident.Effects
	from, to    time.Time
	mode        correlate.Mode
	sensitivity detect.Sensitivity
	services    string // folder of a catalogue; empty for the shipped one
	account     string
	region      string
}

// newBackfillCommand replays recorded telemetry through the detectors and the
// correlator in event time.
func newBackfillCommand() *cobra.Command {
	var source, effects, from, to, mode, sensitivity string
	var o backfillOptions
	cmd := &cobra.Command{
		Use:   "backfill --source file:DIR",
		Short: "Replay recorded telemetry: same detectors, same correlation, in event time",
		Long: "backfill reads DIR/metrics/<service>__<metric>.csv (header timestamp,value) and DIR/records/*.jsonl (one\n" +
			`{"partition_key","arrival","data"} a line, data in base64) and finds the incidents that live operation would` + "\n" +
			"have opened. With --dry-run it only lists them, and needs no Temporal. Without, it starts an IncidentWorkflow for\n" +
			"each, under ids of their own, and follows them; no chat, ticket or automation is touched unless --effects says\n" +
			"so. What was started once under a name is not started again; what was cut off goes on with the same command.\n\n" +
			"Records before --from teach the detectors what is normal and open nothing. Rows and records that cannot be used\n" +
			"are reported with file and line, and the rest goes on. Progress goes to standard error, the summary to standard\n" +
			"output.",
		Example: "  starter backfill --source file:recordings/monday --dry-run\n" +
			"  starter backfill --source file:recordings/monday --account 123456789012 --region eu-central-1\n" +
			"  starter backfill --source file:recordings/monday --from 2026-03-02T08:00:00Z --effects chat,tickets",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.folder, err = sourceFolder(source); err != nil {
				return err
			}
			if o.effects, err = parseEffects(effects); err != nil {
				return err
			}
			if o.from, err = parseBound("from", from); err != nil {
				return err
			}
			if o.to, err = parseBound("to", to); err != nil {
				return err
			}
			if !o.to.IsZero() && !o.from.Before(o.to) {
				return usagef("--from %s is not before --to %s", from, to)
			}
			if o.mode = correlate.Mode(mode); o.mode != correlate.Group && o.mode != correlate.Each {
				return usagef("--mode is %q, neither group nor each", mode)
			}
			o.sensitivity = detect.Sensitivity(sensitivity)
			if err = checkSensitivity(o.sensitivity); err != nil {
				return err
			}
			if o.name != "" && !backfillName.MatchString(o.name) {
				return usagef("--name %q: small letters, digits and dashes, at most 40", o.name)
			}
			for flag, name := range map[string]string{"account": o.account, "region": o.region} {
				if !plainName.MatchString(name) {
					return usagef("--%s %q: letters, digits, dots, dashes and underscores", flag, name)
				}
			}
			return runBackfill(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&source, "source", "", "where the recording is: file:DIR")
	f.StringVar(&o.name, "name", "", "name of the backfill, part of its workflow ids (default: a hash of source, range and configuration)")
	f.BoolVar(&o.dryRun, "dry-run", false, "only list what would be started; needs no Temporal")
	f.StringVar(&effects, "effects", "", "what the incidents may touch: chat, tickets, remediation, separated by commas (default: nothing)")
	f.StringVar(&from, "from", "", "event time from which anomalies count, RFC 3339")
	f.StringVar(&to, "to", "", "event time at which reading stops, RFC 3339")
	f.StringVar(&mode, "mode", string(correlate.Group), "group (one incident per trouble) or each (one per anomaly)")
	f.StringVar(&sensitivity, "sensitivity", string(detect.Balanced), strings.Join(detect.Sensitivities(), ", "))
	f.StringVar(&o.services, "services", "", "folder of a catalogue whose services are meant (default: the shipped one)")
	f.StringVar(&o.account, "account", "000000000000", "account of signals that do not say theirs, and of the workflow ids")
	f.StringVar(&o.region, "region", "local", "region, likewise")
	_ = cmd.MarkFlagRequired("source")
	return cmd
}

var backfillName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// sourceFolder reads --source.
func sourceFolder(source string) (string, error) {
	folder, ok := strings.CutPrefix(source, "file:")
	if !ok || folder == "" {
		return "", usagef("--source %q: give file:DIR", source)
	}
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", usagef("--source %s: there is no such folder", source)
	}
	if err != nil {
		return "", fmt.Errorf("read source: %w", err)
	}
	if !info.IsDir() {
		return "", usagef("--source %s is no folder", source)
	}
	return folder, nil
}

func parseEffects(list string) (incident.Effects, error) {
	var e incident.Effects
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch word {
		case "chat":
			e.Chat = true
		case "tickets":
			e.Tickets = true
		case "remediation":
			e.Remediation = true
		default:
			return e, usagef("--effects: %q is none of chat, tickets, remediation", word)
		}
	}
	return e, nil
}

func parseBound(flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, usagef("--%s %q is no RFC 3339 time such as 2026-03-02T08:00:00Z", flag, value)
	}
	return t.UTC(), nil
}

// loadServices reads the service files of a catalogue folder, or the shipped ones.
func loadServices(folder string) ([]incident.Service, error) {
	files, where := fs.FS(runbooks.FS), "the shipped catalogue"
	if folder != "" {
		if !isFolder(folder) {
			return nil, usagef("--services: there is no folder %q", folder)
		}
		files, where = os.DirFS(folder), folder
	}
	catalog, err := runbook.Load(files)
	if err != nil {
		return nil, fmt.Errorf("read services of %s: %w", where, err)
	}
	return catalog.Inventory().Services(), nil
}

// runBackfill reads, detects and either lists what it found or has it started.
func runBackfill(cmd *cobra.Command, o backfillOptions) error {
	services, err := loadServices(o.services)
	if err != nil {
		return err
	}
	bar := newProgress(cmd.ErrOrStderr())
	rec, err := readRecording(o, services, bar)
	if err != nil {
		return err
	}
	if len(rec.signals) == 0 {
		which := "usable"
		if !o.to.IsZero() {
			which = "usable and before --to " + o.to.Format(time.RFC3339)
		}
		return errors.Join(fmt.Errorf("nothing to replay: %s in %s, none of them %s",
			incident.Count(rec.rows, "row or record", "rows and records"), o.folder, which), firstProblems(rec.problems))
	}
	if o.name == "" {
		if o.name, err = nameOf(o, rec, services); err != nil {
			return err
		}
	}
	result := replay(o, rec, bar)
	bar.done()
	if !o.dryRun {
		if err := startBackfill(cmd, o, &result); err != nil {
			return err
		}
	}
	return result.print(cmd, o, rec)
}

// nameOf makes the default name: the same recording read in the same way has
// the same name, wherever it is stored.
func nameOf(o backfillOptions, rec recording, services []incident.Service) (string, error) {
	config, err := json.Marshal([]any{
		rec.digest, o.from, o.to, o.mode, o.sensitivity, o.effects, o.account, o.region, services,
	})
	if err != nil {
		return "", fmt.Errorf("name backfill: %w", err)
	}
	sum := sha256.Sum256(config)
	return "bf-" + hex.EncodeToString(sum[:6]), nil
}

// recordingFiles lists the files of a kind in a recording, sorted.
func recordingFiles(folder, sub, ext string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, sub, "*"+ext))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", filepath.Join(folder, sub), err)
	}
	slices.Sort(files)
	return files, nil
}
