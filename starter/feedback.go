package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/config"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

// maxFeedbackNote is the longest note that feedback may carry, in bytes.
const maxFeedbackNote = 200

// feedbackFlags are what every command takes that gives feedback.
type feedbackFlags struct {
	worker   workerConfig
	as, note string
}

func newFeedbackCommand(open opener) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "feedback",
		Short: "Tell the detectors what was a false alarm and what they missed",
		Long: "feedback moves the threshold of single series. A false alarm raises it to just above what that episode\n" +
			"reached, at most to twice what it was; a miss lowers it by a fifth, or halves what was raised. It stays between\n" +
			"half and four times the usual one, and what was said fades: half of it is gone after ninety days.\n\n" +
			"It is put on the stream, on every shard, and counts from the next point on, also in a replay of the stream.\n" +
			"Whoever gives it needs kinesis:ListShards and kinesis:PutRecords on the stream. Every anomaly whose threshold\n" +
			"was moved says how far and by whom.",
		Example: "  starter feedback false-alarm inc-4f --note \"the nightly import\"\n" +
			"  starter feedback missed --service checkout --metric Errors --at 2026-11-20T08:00:00Z\n" +
			"  starter feedback list",
	}
	cmd.AddCommand(newFalseAlarmCommand(open), newMissedCommand(), newFeedbackResetCommand(), newFeedbackListCommand())
	return cmd
}

// personFlags adds the flags that say who gives feedback, and why.
func (f *feedbackFlags) personFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.as, "as", "", "who says so (default: the name of the current user)")
	cmd.Flags().StringVar(&f.note, "note", "", "why, for the record")
}

// fill completes and checks what a person said.
func (f *feedbackFlags) fill() error {
	if f.as == "" {
		f.as = currentUser()
	}
	if f.as == "" || strings.ContainsAny(f.as, "\r\n\x00") || len(f.as) > 64 {
		return usagef("--as has to name a person on one line of at most 64 bytes")
	}
	// Redacted here as well: a stream has other readers.
	f.note = rules.Default().Redact(f.note)
	if len(f.note) > maxFeedbackNote {
		return usagef("--note has %d bytes, at most %d are taken", len(f.note), maxFeedbackNote)
	}
	return nil
}

// read reads the configuration, of which only these keys have to be right.
func (f *feedbackFlags) read(keys ...string) (config.Config, error) {
	cfg, mistakes, err := f.worker.read()
	if err != nil {
		return cfg, err
	}
	var wrong []error
	for _, m := range mistakes {
		byKey := config.Mistake{}
		if !errors.As(m, &byKey) || slices.ContainsFunc(keys, func(k string) bool { return byKey.Key == k || strings.HasPrefix(byKey.Key, k+".") }) {
			wrong = append(wrong, m)
		}
	}
	if len(wrong) > 0 {
		return cfg, usagef("%w\nGive --config or --env-file the worker's, or set FIREBREAK_ACCOUNT, FIREBREAK_REGION and FIREBREAK_STREAM_NAME.", errors.Join(wrong...))
	}
	return cfg, nil
}

// saidFeedback is one verdict that was sent, or would have been.
type saidFeedback struct {
	Series  string    `json:"series"`
	Rule    string    `json:"rule"`
	Name    string    `json:"name"` // of the series, for people
	Anomaly string    `json:"anomaly_id,omitempty"`
	At      time.Time `json:"at"`
	Reached float64   `json:"reached,omitempty"` // by the episode, in multiples of the usual threshold
}

// unmoved is a series whose threshold feedback cannot move.
type unmoved struct {
	Name   string `json:"name"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// sentFeedback is what the commands print with --json.
type sentFeedback struct {
	Verdict    telemetry.Verdict `json:"verdict"`
	By         string            `json:"by"`
	IncidentID string            `json:"incident_id,omitempty"`
	Said       []saidFeedback    `json:"said"`
	Unmoved    []unmoved         `json:"unmoved,omitempty"`
	Stream     string            `json:"stream"`
	Shards     int               `json:"shards"` // that have it
}

// send puts verdicts on the stream and tells what was done.
func (f *feedbackFlags) send(cmd *cobra.Command, cfg config.Config, out sentFeedback) error {
	now := time.Now()
	var events [][]byte
	for _, s := range out.Said {
		raw, err := telemetry.Feedback{
			Series: s.Series, Rule: s.Rule, Verdict: out.Verdict, Anomaly: s.Anomaly, Reached: s.Reached, At: s.At, By: f.as, Note: f.note,
		}.Encode(cfg.Account, cfg.Region, now)
		if err != nil {
			return err
		}
		events = append(events, raw)
	}
	out.By, out.Stream = f.as, cfg.Stream.Name
	var err error
	if out.Shards, err = putFeedback(cmd.Context(), cfg, events); err != nil {
		return err
	}
	if wantsJSON(cmd) {
		return printJSON(cmd.OutOrStdout(), out)
	}
	out.print(cmd)
	return nil
}

// print tells people.
func (o sentFeedback) print(cmd *cobra.Command) {
	verb := map[telemetry.Verdict]string{
		telemetry.FalseAlarm: "a false alarm", telemetry.Missed: "missed", telemetry.Reset: "reset",
	}[o.Verdict]
	for _, s := range o.Said {
		cmd.Printf("%s: %s", safe(s.Name), verb)
		if o.Verdict != telemetry.Reset {
			cmd.Printf(" at %s", stamp(s.At))
		}
		if s.Reached > 0 {
			cmd.Printf(", %.2g times the usual threshold", s.Reached)
		}
		cmd.Printf("\n")
	}
	for _, u := range o.Unmoved {
		cmd.Printf("%s: not moved, %s\n", safe(u.Name), safe(u.Reason))
	}
	cmd.Printf("Put on %s of stream %s as %s. It counts from the next point on; `starter feedback list` shows how far.\n",
		incident.Count(o.Shards, "shard", "shards"), safe(o.Stream), safe(o.By))
}
