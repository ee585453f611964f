package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how the command was called; it makes the process
// end with 2.
type usageError struct{ error }

// usagef makes a usageError. Commands return it for whatever cobra cannot check.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Names of the flags that every command takes.
const (
	flagJSON      = "json"
	flagAddress   = "address"
	flagNamespace = "namespace"
)

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return execute(ctx, newRootCommand(openTemporal), args, stdout, stderr)
}

// newRootCommand puts the command tree together. open is how commands that talk
// to incidents reach them.
func newRootCommand(open opener) *cobra.Command {
	root := &cobra.Command{
		Use:   "starter",
		Short: "Watch and decide incidents, check runbooks, replay telemetry, run detectors and rank suspects on files",
		Long: "starter is the operators' command line of Firebreak.\n\n" +
			"It finds Temporal by --address and --namespace, else by the TEMPORAL_* environment variables and\n" +
			"the profile of Temporal's configuration file, else at localhost:7233.\n\n" +
			"It ends with 0 when done, 1 when it failed or was refused, 2 when it was called wrongly.",
		Example: "  starter incidents list\n  starter incidents show inc-4f\n  starter approve inc-4f\n" +
			"  starter backfill --source file:recordings/monday --dry-run\n  starter detect metrics --in cpu.csv --out scores.csv\n" +
			"  starter detect logs --in app.log --out templates.csv\n  starter analyze --case recordings/monday\n" +
			"  starter runbooks lint",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	flags := root.PersistentFlags()
	flags.Bool(flagJSON, false, "print one JSON document on standard output")
	flags.String(flagAddress, "", "Temporal's address, host:port")
	flags.String(flagNamespace, "", "Temporal namespace")
	root.AddCommand(
		newIncidentsCommand(open),
		newApproveCommand(open),
		newRejectCommand(open),
		newFeedbackCommand(open),
		newRunbooksCommand(),
		newBackfillCommand(),
		newDoctorCommand(),
		newDetectCommand(),
		newAnalyzeCommand(),
	)
	return root
}

// execute runs root and turns its error into messages and an exit code.
func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	out := &countingWriter{w: stdout}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	running := false
	prepare(root, &running)

	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	// Whatever fails before a command's own code runs is a mistake in the call:
	// an unknown command or flag, a wrong number of arguments, a missing flag.
	code := exitFailed
	if usage := (usageError{}); !running || errors.As(err, &usage) {
		code = exitUsage
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	fmt.Fprintf(stderr, "%s: %s\n", cmd.CommandPath(), safeLines(err.Error()))
	if code == exitUsage {
		fmt.Fprintf(stderr, "Run '%s --help' for how to call it.\n", cmd.CommandPath())
	}
	if asked, _ := cmd.Flags().GetBool(flagJSON); asked && out.n == 0 {
		_ = printJSON(out, map[string]string{"error": err.Error()})
	}
	return code
}

// prepare makes every command note when its own code begins, and makes groups
// of commands refuse to be called without one; cobra would print the help and
// call that done.
func prepare(cmd *cobra.Command, running *bool) {
	for _, sub := range cmd.Commands() {
		prepare(sub, running)
	}
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*running = true
			return inner(cmd, args)
		}
		return
	}
	if cmd.Run != nil || !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usagef("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))
			}
			return usagef("unknown command %q", args[0])
		}
		cmd.SetOut(cmd.ErrOrStderr())
		_ = cmd.Help()
		return usagef("which command?")
	}
}

// wantsJSON tells whether --json was given.
func wantsJSON(cmd *cobra.Command) bool {
	asked, _ := cmd.Flags().GetBool(flagJSON)
	return asked
}

// countingWriter knows whether anything was written.
type countingWriter struct {
	w io.Writer
	n int
}

// Write implements io.Writer.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}
