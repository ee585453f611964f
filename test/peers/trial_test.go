//go:build peers

package peers

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// caller makes one call of an API. The operation and its members have the
// service's own names; bytes are bytes values and times are time.Time values.
// An answer of the service that refuses comes back as *refusal.
type caller interface {
	call(ctx context.Context, api, operation string, input object) (object, error)
}

// refusal is a service's error as a client shows it.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%s (%d): %s", r.Code, r.Status, r.Message) }

// testCase is one behaviour that a server must show to any client.
type testCase struct {
	api   string // "kinesis", "cloudwatch", "logs", "events", "ssm", "bedrock-runtime", "slack", "jira"
	name  string
	needs []string // features of the server; a server without them leaves the case out
	cli   bool     // also for the command line, which takes seconds for a call, so that it gets one or two cases of an API
	run   func(t *trial)
}

// trial is one run of a case with one client against one server. It is a
// require.TestingT that keeps what failed, so that a known difference can be
// told from a new one.
type trial struct {
	ctx      context.Context
	client   caller
	server   *server
	id       string // different in every trial, for names
	problems []string
}

// Errorf implements require.TestingT.
func (t *trial) Errorf(format string, args ...any) {
	t.problems = append(t.problems, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// FailNow implements require.TestingT.
func (t *trial) FailNow() { runtime.Goexit() }

// try runs a case and returns what failed, nothing when all is well.
func try(ctx context.Context, c testCase, client caller, s *server) []string {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	t := &trial{ctx: ctx, client: client, server: s, id: strings.ToLower(rand.Text()[:8])}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("the case panicked: %v", r)
			}
		}()
		c.run(t)
	}()
	<-done
	return t.problems
}

// name makes a name that no other trial uses.
func (t *trial) name(what string) string { return "peer-" + what + "-" + t.id }

// call makes a call of the case's client.
func (t *trial) call(api, operation string, in object) (object, error) {
	return t.client.call(t.ctx, api, operation, in)
}

// ok makes a call that has to succeed.
func (t *trial) ok(api, operation string, in object) object {
	out, err := t.call(api, operation, in)
	require.NoError(t, err, "%s %s", api, operation)
	return out
}

// refused makes a call that the service has to refuse with one of the codes,
// which are separated by bars: some clients shorten the names.
func (t *trial) refused(codes, api, operation string, in object) refusal {
	out, err := t.call(api, operation, in)
	require.Error(t, err, "%s %s was not refused: %s", api, operation, compact(out))
	var r *refusal
	require.ErrorAs(t, err, &r, "%s %s failed otherwise: %v", api, operation, err)
	require.Contains(t, strings.Split(codes, "|"), r.Code, "%s %s: %s", api, operation, r.Message)
	return *r
}

// eventually waits until a condition holds.
func (t *trial) eventually(limit time.Duration, what string, condition func() bool) {
	deadline := time.Now().Add(limit)
	for !condition() {
		if time.Now().After(deadline) || t.ctx.Err() != nil {
			require.FailNow(t, "not within "+limit.String()+": "+what)
		}
		select {
		case <-t.ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}
