package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

func newIncidentsCommand(open opener) *cobra.Command {
	cmd := &cobra.Command{Use: "incidents", Short: "List, show and follow incidents"}
	cmd.AddCommand(newListCommand(open), newShowCommand(open), newEvidenceCommand(open), newWatchCommand(open, time.Second))
	return cmd
}

// statuses that --status takes.
var statuses = []incident.Status{
	incident.StatusAnalysing, incident.StatusDiagnosing, incident.StatusAwaitingApproval, incident.StatusRemediating,
	incident.StatusVerifying, incident.StatusResolved, incident.StatusEscalated, incident.StatusRejected, incident.StatusExpired,
	incident.StatusSuppressed, incident.StatusCancelled, incident.StatusHalted, incident.StatusShadowed, incident.StatusFailed,
}

// origins that --origin takes.
var origins = []incident.Origin{incident.OriginLive, incident.OriginBackfill, incident.OriginDrill}

// plainName is what a service may be called. Anything else could leave its
// quotes in Temporal's list filter.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func newListCommand(open opener) *cobra.Command {
	var (
		f              filter
		status, origin string
		limit          int
	)
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List open incidents, or all of them",
		Long: "list prints one line an incident, latest first. AGE is the time since it started, or what it took when it has ended.\n" +
			"The status may lag behind by a second.\n\nStatuses: " + strings.Join(wrap(joined(statuses), 100), "\n") + ".",
		Example: "  starter incidents list\n  starter incidents list --status awaiting_approval\n" +
			"  starter incidents list --all --service checkout --json | jq -r '.incidents[].id'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Status, f.Origin = incident.Status(status), incident.Origin(origin)
			switch {
			case status != "" && !slices.Contains(statuses, f.Status):
				return usagef("--status %q is none of %s", status, joined(statuses))
			case origin != "" && !slices.Contains(origins, f.Origin):
				return usagef("--origin %q is none of %s", origin, joined(origins))
			case f.Service != "" && !plainName.MatchString(f.Service):
				return usagef("--service %q is no name of a service", f.Service)
			case limit < 1 || limit > maxListed:
				return usagef("--limit %d is not between 1 and %d", limit, maxListed)
			}
			c, err := open(cmd)
			if err != nil {
				return err
			}
			defer c.Close()
			found, err := c.List(cmd.Context(), f, limit)
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				if found == nil {
					found = []summary{}
				}
				return printJSON(cmd.OutOrStdout(), map[string][]summary{"incidents": found})
			}
			return printList(cmd, found, f.Closed, time.Now())
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only those in this status")
	cmd.Flags().StringVar(&f.Service, "service", "", "only those of this service")
	cmd.Flags().StringVar(&origin, "origin", "", "only live, backfill or drill")
	cmd.Flags().BoolVar(&f.Closed, "all", false, "also those that have ended")
	cmd.Flags().IntVar(&limit, "limit", 200, "at most so many, latest first")
	return cmd
}

// joined lists the members of a closed set.
func joined[T ~string](set []T) string {
	words := make([]string, len(set))
	for i, w := range set {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

func printList(cmd *cobra.Command, found []summary, all bool, now time.Time) error {
	if len(found) == 0 {
		if all {
			cmd.PrintErrln("No incidents.")
		} else {
			cmd.PrintErrln("No open incidents; --all lists those that ended, too.")
		}
		return nil
	}
	table := listTable(found, widthOf(cmd.OutOrStdout()), now)
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, row := range table {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// whatID says in a command's help how incidents are named.
const whatID = "ID is an incident id or any beginning of it that fits only one, with or without its inc-, or a workflow id."

// oneID checks the arguments of commands about one incident.
func oneID(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("which incident? Give its ID; `starter incidents list` shows those that are open")
	case 1:
		return nil
	default:
		return usagef("one ID at a time, not %d", len(args))
	}
}

func newShowCommand(open opener) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Tell an incident's story: evidence, diagnosis, plan, decisions, what was done",
		Long: "show tells an incident's story so far; when it has ended, no worker is needed for that.\n\n" + whatID + "\n" +
			"--verbose also tells how to look at each piece of evidence again; --json holds everything.",
		Example: "  starter incidents show inc-4f\n  starter incidents show 4f --verbose | less\n  starter incidents show 4f --json | jq .plan",
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			defer c.Close()
			state, err := findState(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return printJSON(cmd.OutOrStdout(), state)
			}
			newStory(cmd.OutOrStdout(), all).tell(state, time.Now())
			return nil
		},
	}
	cmd.Flags().BoolVarP(&all, "verbose", "v", false, "also queries to look again, whole log lines, evidence that nothing cites, the model's reasoning")
	return cmd
}

// newWatchCommand follows an incident, asking for its state every interval.
func newWatchCommand(open opener, interval time.Duration) *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID",
		Short: "Follow an incident until it ends",
		Long: "watch prints what happens to an incident as it happens. Ctrl-C stops watching, the incident goes on.\n" +
			"With --json the story is printed once, when the incident has ended.\n\n" + whatID,
		Example: "  starter incidents watch inc-4f",
		Args:    oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := find(cmd.Context(), c, args[0], true)
			if err != nil {
				return err
			}
			w := watcher{out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr(), client: c, ref: ref{s.WorkflowID, s.RunID}, interval: interval, quiet: wantsJSON(cmd)}
			state, err := w.follow(cmd.Context())
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return printJSON(cmd.OutOrStdout(), state)
			}
			return nil
		},
	}
}

// stamp shows a time in UTC to the second.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// elapsed shows a duration to a tenth of a second below a minute, else to the second.
func elapsed(d time.Duration) string {
	if d < time.Minute && d > -time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}
