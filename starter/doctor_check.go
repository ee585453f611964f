package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
	"strings"
	"time"

	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// verdict is how a check ended.
type verdict string

// Verdicts.
const (
	verdictOK      verdict = "ok"
	verdictWarning verdict = "warning" // works, but somebody should look at it
	verdictFailed  verdict = "failed"  // Firebreak cannot do its work
	verdictSkipped verdict = "skipped" // could not be told, the detail says why
)

// advice is what to do about a finding: a sentence, and a command to run or a
// line to put somewhere.
type advice struct {
	Text    string `json:"text,omitempty"`
	Command string `json:"command,omitempty"`
	Line    string `json:"line,omitempty"`
}

func say(format string, args ...any) advice { return advice{Text: fmt.Sprintf(format, args...)} }

func command(text, command string) advice { return advice{Text: text, Command: command} }

// finding is the result of one check.
type finding struct {
	System string   `json:"system"`
	Check  string   `json:"check"`
	Result verdict  `json:"result"`
	Detail string   `json:"detail"`
	Advice []advice `json:"advice,omitempty"`
	TookMS int64    `json:"took_ms"`

	stop    bool // nothing more can be learnt from this system
	unasked bool // because of an earlier check
}

func passed(format string, args ...any) finding {
	return finding{Result: verdictOK, Detail: fmt.Sprintf(format, args...)}
}

func warning(detail string, advice ...advice) finding {
	return finding{Result: verdictWarning, Detail: detail, Advice: advice}
}

func failed(detail string, advice ...advice) finding {
	return finding{Result: verdictFailed, Detail: detail, Advice: advice}
}

func skipped(format string, args ...any) finding {
	return finding{Result: verdictSkipped, Detail: fmt.Sprintf(format, args...)}
}

// last makes a finding the last of its system.
func (f finding) last() finding {
	f.stop = true
	return f
}

// check is one question. Its context ends at the time limit.
type check struct {
	name string
	run  func(ctx context.Context) finding
}

// gate is closed when a probe is through; failed says whether anything in it did.
type gate struct {
	closed chan struct{}
	failed bool
}

func newGate() *gate { return &gate{closed: make(chan struct{})} }

// probe is what one system is asked, one check after the other.
type probe struct {
	system string
	skip   string // why the system is not asked at all
	checks []check
	done   *gate // closed at the end; nil when nobody waits
	needs  *gate // whose failure leaves nothing to ask
	after  *gate // whose result the checks use where there is one
}

// runProbes runs all probes side by side and yields the findings of each, in
// the order of the probes, as soon as they are there.
func runProbes(ctx context.Context, probes []probe, limit time.Duration) iter.Seq[[]finding] {
	results := make([]chan []finding, len(probes))
	for i, p := range probes {
		results[i] = make(chan []finding, 1)
		go func() { results[i] <- p.run(ctx, limit) }()
	}
	return func(yield func([]finding) bool) {
		for _, r := range results {
			select {
			case findings := <-r:
				if !yield(findings) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (p probe) run(ctx context.Context, limit time.Duration) (found []finding) {
	if p.done != nil {
		defer func() {
			for _, f := range found {
				p.done.failed = p.done.failed || f.Result == verdictFailed || f.stop
			}
			close(p.done.closed)
		}()
	}
	for _, g := range []*gate{p.needs, p.after} {
		if g != nil {
			<-g.closed
		}
	}
	why := p.skip
	if why == "" && p.needs != nil && p.needs.failed {
		why = "there are no AWS credentials to ask with"
	}
	if why != "" {
		f := skipped("%s", why)
		f.System, f.Check = p.system, "everything"
		return []finding{f}
	}
	stopped := ""
	for _, c := range p.checks {
		f := skipped("not asked, because of %s above", stopped)
		if f.unasked = stopped != ""; !f.unasked {
			f = c.within(ctx, limit)
		}
		f.System, f.Check = p.system, c.name
		if f.stop {
			stopped = c.name
		}
		found = append(found, f)
	}
	return found
}

// within runs a check and leaves it alone when it does not keep to its limit.
func (c check) within(ctx context.Context, limit time.Duration) finding {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result := make(chan finding, 1)
	go func() { result <- c.run(limited) }()
	var f finding
	select {
	case f = <-result:
	case <-limited.Done():
		select { // the check has its own words for that most of the time
		case f = <-result:
		case <-time.After(time.Second):
			f = unreachable(limited.Err(), "it")
		}
	}
	f.TookMS = time.Since(began).Milliseconds()
	return f
}

// maxDetail bounds what is told of the words of others, in bytes.
const maxDetail = 300

// clean is what others said, redacted and cut.
func clean(s string) string {
	return redact.Clean(rules.Default(), s).Cut(maxDetail).String()
}

// unreachable is the finding for a call that was not answered. what is who did
// not answer.
func unreachable(err error, what string, more ...advice) finding {
	detail := "no connection: " + clean(cause(err))
	if timedOut(err) {
		detail = what + " does not answer in time"
	}
	more = append(more, say("Check the address, and the network path from this machine: VPC endpoint, NAT, firewall, HTTPS_PROXY."))
	return failed(detail, more...).last()
}

func timedOut(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &slow) && slow.Timeout())
}

// cause is the innermost part of a network error that says something; what is
// around it repeats the request.
func cause(err error) string {
	var op *net.OpError
	var request *url.Error
	switch {
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &request):
		return request.Err.Error()
	}
	text := err.Error()
	if at := strings.LastIndex(text, "dial "); at >= 0 { // gRPC hands the text on, not the error
		text = strings.Trim(text[at:], `"`)
	}
	return text
}
