// Command sandbox runs all of Firebreak on loopback and plays one real incident,
// from the fault in a running service to the fix that is verified on the live
// metric. Nothing but this program is needed, and nothing of it is canned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

const usage = `sandbox runs the whole system on loopback and plays an incident from fault to fix.

  sandbox [--scenario NAME | --all] [--auto-approve] [--exit] [--json FILE] [--keep] [--bedrock-model ID]
  sandbox --serve [--listen ADDR] [--credentials FILE] [--scenario NAME]
  sandbox --list

  --scenario NAME     which incident; see --list (default: error-spike)
  --all               every scenario, one after the other on one stack, answered as
                      they prescribe; --json then names a folder
  --list              one scenario a line, and end
  --auto-approve      answer as the scenario prescribes, without waiting for a person
  --exit              end when the scenario has ended; status 0 only if it ended as expected
  --json FILE         write a report of what happened
  --keep              keep the folder with the database, the logs and the instances
  --bedrock-model ID  diagnose with this model of Amazon Bedrock, with the AWS credentials
                      of the environment, instead of with the offline rules
  --serve             the stand-ins and the shop alone, for a worker and a Temporal server
                      elsewhere; the scenario's fault is injected after the baseline, and
                      again at every SIGUSR1
  --listen ADDR       host that the stand-ins listen on, and by which they may be addressed
                      (default: 127.0.0.1)
  --credentials FILE  write what a worker needs, as KEY=value lines

Exit status: 0 done, 1 failed or not ended as expected, 2 wrong usage, 130 interrupted.
`

// flags are the command line.
type flags struct {
	scenario    string
	all, list   bool
	auto, exit  bool
	json        string
	keep, serve bool
	model       string
	listen      string
	credentials string
}

// errUsage marks a command line that makes no sense.
var errUsage = errors.New("wrong usage")

func main() {
	victim.Hijack() // the services of the shop and their systemctl are this program too
	// A terminal that closes and a supervisor that stops are told by these; until
	// everything has ended a second one changes nothing.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "sandbox: %v\n\n%s", err, usage)
		return 2
	case f.list:
		for _, s := range scenario.All() {
			fmt.Fprintf(stdout, "%-14s %-22s %s\n", s.Name, s.End(), s.Summary)
		}
		return 0
	case f.serve:
		err = serve(ctx, f, stdout)
	default:
		err = play(ctx, f, stdout)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errCtrlC) || ctx.Err() != nil: // whatever failed then failed for that
		fmt.Fprintln(stderr, "sandbox: interrupted; everything that it started has ended")
		return 130
	default:
		fmt.Fprintf(stderr, "sandbox: %v\n", err)
		return 1
	}
}

func parse(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.scenario, "scenario", "", "")
	set.BoolVar(&f.all, "all", false, "")
	set.BoolVar(&f.list, "list", false, "")
	set.BoolVar(&f.auto, "auto-approve", false, "")
	set.BoolVar(&f.exit, "exit", false, "")
	set.StringVar(&f.json, "json", "", "")
	set.BoolVar(&f.keep, "keep", false, "")
	set.BoolVar(&f.serve, "serve", false, "")
	set.StringVar(&f.model, "bedrock-model", "", "")
	set.StringVar(&f.listen, "listen", "", "")
	set.StringVar(&f.credentials, "credentials", "", "")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("unexpected argument %q: %w", set.Arg(0), errUsage)
	case f.all && f.scenario != "":
		return f, fmt.Errorf("--all and --scenario exclude each other: %w", errUsage)
	case !f.serve && (f.listen != "" || f.credentials != ""):
		return f, fmt.Errorf("--listen and --credentials go with --serve: %w", errUsage)
	case f.serve && (f.all || f.auto || f.exit || f.json != "" || f.model != ""):
		return f, fmt.Errorf("--serve plays no incident; only --scenario, --listen, --credentials and --keep go with it: %w", errUsage)
	}
	if f.scenario == "" {
		f.scenario = scenario.All()[0].Name
	}
	if _, err := scenario.Find(f.scenario); err != nil {
		return f, fmt.Errorf("%w: %w", err, errUsage)
	}
	if f.model == "" {
		f.model = stack.OfflineModel
	}
	return f, nil
}
