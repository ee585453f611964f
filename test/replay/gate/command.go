package gate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"firebreak/internal/incident"
)

const usage = `open replays the workflows that are open in a Temporal namespace on the code of
this checkout, and says which of them it could not carry on.

  open [--address HOST:PORT] [--namespace NAME] [--dir DIR] [--keep-all] [--parallel N]
  open --from DIR

  --address, --namespace  where they are; else TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
                          TEMPORAL_API_KEY, TEMPORAL_TLS_* or the profile of Temporal's
                          configuration file say so
  --dir DIR               where histories are kept (default: a new temporary folder);
                          they hold the texts of incidents
  --keep-all              keep every history, not only those that do not replay
  --parallel N            histories that are fetched and replayed at once (default 4)
  --from DIR              replay kept histories, without Temporal

One line a workflow: ok, FAILS with the reason, new (nothing to replay yet), or
gone. Nothing is written to the namespace.

Exit status: 0 every one replays, 1 one does not or Temporal cannot be read, 2 wrong usage.
`

// Main is the command, with the workflows of the code at hand.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, register Register) int {
	flags := flag.NewFlagSet("open", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	address := flags.String("address", "", "")
	namespace := flags.String("namespace", "", "")
	dir := flags.String("dir", "", "")
	all := flags.Bool("keep-all", false, "")
	from := flags.String("from", "", "")
	o := Options{Register: register}
	flags.IntVar(&o.Parallel, "parallel", 4, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && o.Parallel < 1:
		err = errors.New("--parallel has to be at least 1")
	case err == nil && *from != "" && (*all || *dir != "" || *address != "" || *namespace != ""):
		err = errors.New("--from needs no other setting")
	}
	if err != nil {
		fmt.Fprintf(stderr, "open: %v\n\n%s", err, usage)
		return 2
	}
	t := &teller{out: stdout, all: *all, folder: folder{path: *dir}}
	if *from != "" {
		t.kept = true
		err = Kept(*from, o, t.tell)
	} else {
		err = t.open(ctx, *address, *namespace, o)
	}
	t.sum()
	if err != nil {
		fmt.Fprintf(stderr, "open: %s\n", line(err.Error(), 1000))
		return 1
	}
	if t.counts[Breaks] > 0 {
		fmt.Fprintf(stderr, "open: do not deploy this: %s would stop at the next event. docs/contributing.md says how to change a workflow\n",
			incident.Count(t.counts[Breaks], "workflow", "workflows"))
		return 1
	}
	return 0
}

// teller prints results as they come.
type teller struct {
	out    io.Writer
	all    bool // keep every history
	kept   bool // the histories are kept already
	folder folder

	total, done int
	counts      map[Verdict]int
}

func (t *teller) open(ctx context.Context, address, namespace string, o Options) error {
	opts, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return fmt.Errorf("read Temporal's environment configuration: %w", err)
	}
	if address != "" {
		opts.HostPort = address
	}
	if namespace != "" {
		opts.Namespace = namespace
	}
	if opts.Namespace == "" {
		opts.Namespace = client.DefaultNamespace
	}
	if opts.HostPort == "" {
		opts.HostPort = client.DefaultHostPort
	}
	opts.Logger = slog.New(slog.DiscardHandler)
	dialing, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	c, err := client.DialContext(dialing, opts)
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s (TEMPORAL_ADDRESS), namespace %s (TEMPORAL_NAMESPACE): %w", opts.HostPort, opts.Namespace, err)
	}
	defer c.Close()
	if t.total, err = Count(ctx, c, o); err != nil {
		return fmt.Errorf("namespace %s: %w", opts.Namespace, err)
	}
	fmt.Fprintf(t.out, "%s in namespace %s at %s, of %s\n", incident.Count(t.total, "open workflow", "open workflows"), opts.Namespace, opts.HostPort, strings.Join(types(o.Register), ", "))
	began := time.Now()
	if err := Open(ctx, c, o, t.tell); err != nil {
		return fmt.Errorf("after %d of %d: %w", t.done, t.total, err)
	}
	fmt.Fprintf(t.out, "in %s\n", time.Since(began).Round(time.Millisecond))
	return nil
}

// tell prints one line and keeps the history where that is wanted.
func (t *teller) tell(r Result) error {
	if t.counts == nil {
		t.counts = map[Verdict]int{}
	}
	t.done++
	t.counts[r.Verdict]++
	progress := fmt.Sprint(t.done)
	if t.total > 0 {
		progress = fmt.Sprintf("%*d/%d", len(fmt.Sprint(t.total)), t.done, t.total)
	}
	kind := r.Type
	if kind == "" {
		kind = "?"
	}
	text := fmt.Sprintf("%s  %-5s  %s  %s, %d events", progress, r.Verdict, line(r.WorkflowID, 200), kind, r.Events)
	if r.Err != nil {
		text += ": " + reason(r.Err)
	}
	fmt.Fprintln(t.out, text)
	if t.kept || r.History == nil || (r.Verdict != Breaks && !t.all) {
		return nil
	}
	_, err := t.folder.keep(r)
	return err
}

// sum prints what came of all.
func (t *teller) sum() {
	fmt.Fprintf(t.out, "%s: %d ok, %d fail, %d new, %d gone\n", incident.Count(t.done, "workflow", "workflows"),
		t.counts[Replays], t.counts[Breaks], t.counts[New], t.counts[Gone])
	if t.folder.made {
		fmt.Fprintf(t.out, "histories are kept in %s; replay them with: go run ./test/replay/open --from %s\n", t.folder.path, t.folder.path)
	}
}

// reason is the part of a replay's error that says what does not fit; the whole
// has the failure as protobuf text, over many lines.
func reason(err error) string {
	text := err.Error()
	if at := strings.Index(text, "[TMPRL"); at >= 0 { // the SDK's code of what went wrong
		text = text[at:]
	}
	return line(text, 400)
}

// line is text of unknown origin on one line, cut to so many runes.
func line(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "..."
	}
	return s
}
