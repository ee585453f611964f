//go:build e2e && unix

package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"golang.org/x/crypto/ssh"
	"gopkg.in/yaml.v3"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
)

// approverKey makes an SSH key pair: a private key file and the public line.
func approverKey(t *testing.T) (file, public string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "id_ed25519")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	key, err := ssh.NewPublicKey(pub)
	require.NoError(t, err)
	return file, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// onlyApprover makes one person the only one whose decisions count, and only
// when they are signed.
func onlyApprover(identity, public string) stack.Edit {
	return func(files map[string][]byte) error {
		var policy map[string]any
		if err := yaml.Unmarshal(files["policy.yaml"], &policy); err != nil {
			return err
		}
		policy["allow_unverified"] = false
		policy["approvers"] = []any{map[string]any{"identity": identity, "ssh_keys": []string{public}}}
		out, err := yaml.Marshal(policy)
		files["policy.yaml"] = out
		return err
	}
}

// pendingPage hands on the state in which an incident first waits for a decision.
type pendingPage struct {
	scenario.Quiet

	open chan incident.State
	told bool
}

// Progress implements scenario.Narrator.
func (p *pendingPage) Progress(_, now incident.State) {
	if now.Pending && !p.told {
		p.told = true
		p.open <- now
	}
}

// document fails unless a run of the starter printed one JSON document, and
// returns it.
func document(t *testing.T, c call) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(c.stdout))
	var doc map[string]any
	require.NoError(t, d.Decode(&doc), c.stdout+c.stderr)
	require.False(t, d.More(), "more than one document: %s", c.stdout)
	return doc
}

// TestDecideOnTheCommandLine carries a live incident from its question to the
// verified fix with nothing but the starter, and tries every wrong way first.
func TestDecideOnTheCommandLine(t *testing.T) {
	t.Parallel()
	key, public := approverKey(t)
	stranger, _ := approverKey(t)
	w := start(t, onlyApprover("ana@example.com", public))
	page := &pendingPage{open: make(chan incident.State, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	var r scenario.Result
	var err error
	played := make(chan struct{})
	spike := find(t, "error-spike")
	go func() {
		defer close(played)
		r, err = scenario.Play(ctx, w.Stack, spike, scenario.Options{Client: w.client, Narrator: page})
	}()
	var st incident.State
	select {
	case st = <-page.open:
	case <-played:
		require.NoError(t, err)
		require.FailNow(t, "it ended without a question")
	}
	watch := w.begin(t, "incidents", "watch", st.ID)
	left := w.begin(t, "incidents", "watch", st.ID, "--json")

	require.Eventually(t, func() bool { // lists lag behind
		return strings.Contains(w.starter(t, "incidents", "list", "--status", "awaiting_approval").stdout, st.ID)
	}, time.Minute, 200*time.Millisecond)
	require.Len(t, document(t, w.starter(t, "incidents", "list", "--json"))["incidents"], 1)
	shown := w.starter(t, "incidents", "show", st.ID[4:9])
	require.Equal(t, 0, shown.code, shown.stderr)
	require.Contains(t, shown.stdout, "1 of ana@example.com, signed, within")
	for line := range strings.SplitSeq(shown.stdout, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 120, line)
	}
	require.Equal(t, st.ID, document(t, w.starter(t, "incidents", "show", st.ID, "--json"))["id"])

	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no id", []string{"approve"}, 2, "ID"},
		{"an id that is none", []string{"approve", "inc-000000"}, 1, "no open incident"},
		{"what fits every incident", []string{"approve", "inc-"}, 2, "names no incident"},
		{"a stale digest", []string{"approve", st.ID, "--digest", "v1:" + strings.Repeat("0", 64)}, 1, "pending plan is now " + st.Plan.Digest},
		{"no digest", []string{"approve", st.ID, "--digest", "latest"}, 2, "is no digest"},
		{"no signature", []string{"approve", st.ID, "--as", "ana@example.com"}, 1, "refused: the decision is not signed"},
		{"a stranger's signature", []string{"approve", st.ID, "--as", "ana@example.com", "--key", stranger}, 1, "refused: the signature"},
		{"somebody who is not listed", []string{"approve", st.ID, "--as", "bob@example.com", "--key", key}, 1, "refused: bob@example.com is not among the approvers"},
		{"a key that is none", []string{"approve", st.ID, "--key", filepath.Join(w.Dir(), "firebreak.log")}, 1, "signing key"},
	} {
		got := w.starter(t, c.args...)
		require.Equal(t, c.code, got.code, "%s: %s", c.name, got.stderr)
		require.Contains(t, got.stderr, c.says, c.name)
		t.Logf("%s: %s", c.name, got.stderr)
		asJSON := document(t, w.starter(t, append(c.args, "--json")...))
		if _, sent := asJSON["receipt"]; !sent {
			require.Contains(t, asJSON, "error", c.name)
		}
	}

	left.interrupt(t)
	require.Equal(t, 1, left.wait(t))
	require.Contains(t, left.out.String(), "interrupted")
	require.False(t, watch.ended(), watch.out)

	approved := w.starter(t, "approve", st.ID, "--digest", st.Plan.Digest[3:15], "--as", "ana@example.com", "--key", key, "--note", "go", "--json")
	require.Equal(t, 0, approved.code, approved.stderr)
	receipt := document(t, approved)["receipt"].(map[string]any)
	require.Equal(t, true, receipt["accepted"])
	require.Equal(t, true, receipt["verified"])
	again := w.starter(t, "reject", st.ID, "--as", "ana@example.com", "--key", key)
	require.Equal(t, 1, again.code, again.stdout)
	require.Contains(t, again.stderr, "waits for no decision")

	<-played
	require.NoError(t, err)
	require.NoError(t, r.Check())
	require.Equal(t, "cli", r.State.Decisions[0].Decision.Via)
	require.True(t, r.State.Decisions[0].Verified)
	require.Equal(t, 0, watch.wait(t), watch.out)
	require.Contains(t, watch.out.String(), "ended resolved, fixed, after")
	require.Equal(t, 1, strings.Count(watch.out.String(), "Ticket "+r.State.Ticket.Key+" opened"), "an entry is told once")
	require.Eventually(t, func() bool {
		late := w.starter(t, "approve", st.ID)
		return late.code == 1 && strings.Contains(late.stderr, "no open incident")
	}, time.Minute, 200*time.Millisecond, "it has ended")
	told := w.starter(t, "incidents", "show", st.ID)
	require.Equal(t, 0, told.code, told.stderr)
	require.Regexp(t, `\n  execution  \S+ Success after \d`, told.stdout)
}

// TestHostileIncidents shows incidents whose text tries to act on the terminal,
// and whose ids begin alike.
func TestHostileIncidents(t *testing.T) {
	w := start(t)
	why := redact.Clean(unchanged{}, "bad\x1b[2J\x1b]0;owned\x07 \u202Eevil\nstarter: all is well\u009b")
	scope := incident.BackfillScope("hostile", stack.Account, stack.Region)
	for _, id := range []string{"inc-ab0000000001", "inc-ab0000000002"} {
		run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: scope.IncidentWorkflowID("checkout", id), TaskQueue: incident.QueueWorkflows,
		}, incident.WorkflowIncident, incident.IncidentInput{ID: id, Scope: scope, Service: "checkout", Anomalies: []incident.Anomaly{{
			ID: "a-" + id, Rule: "rule", Series: "s", Kind: incident.KindLog, Service: "checkout", Severity: incident.Sev2,
			State: incident.EpisodeClosed, Opened: time.Now().UTC(), Why: why, Count: 1,
		}}})
		require.NoError(t, err)
		require.NoError(t, run.Get(t.Context(), nil))
	}
	require.Eventually(t, func() bool {
		return strings.Count(w.starter(t, "incidents", "list", "--all").stdout, "inc-ab") == 2
	}, time.Minute, 200*time.Millisecond)

	two := w.starter(t, "incidents", "show", "ab")
	require.Equal(t, 2, two.code, two.stderr)
	require.Contains(t, two.stderr, "fits 2 incidents")
	require.Contains(t, two.stderr, "inc-ab0000000002")
	for _, args := range [][]string{{"show", "ab0000000001"}, {"show", "ab0000000001", "-v"}, {"show", "ab0000000001", "--json"}, {"watch", "ab0000000001"}, {"list", "--all"}} {
		got := w.starter(t, append([]string{"incidents"}, args...)...)
		require.Equal(t, 0, got.code, got.stderr)
		for _, bad := range []string{"\x1b", "\x07", "\u202E", "\u009b", "\nstarter: all"} {
			require.NotContains(t, got.stdout+got.stderr, bad, args)
		}
	}
}

type unchanged struct{}

func (unchanged) Redact(raw string) string { return raw }

// TestNobodyAnswers asks where nothing can answer: each command has to say so
// soon, and what to do about it.
func TestNobodyAnswers(t *testing.T) {
	w := startWithoutWorker(t)
	scope := incident.BackfillScope("alone", stack.Account, stack.Region)
	_, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: scope.IncidentWorkflowID("checkout", "inc-ab0000000001"), TaskQueue: incident.QueueWorkflows,
	}, incident.WorkflowIncident, incident.IncidentInput{})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(w.starter(t, "incidents", "list").stdout, "inc-ab") }, time.Minute, 200*time.Millisecond)
	requireSoon := func(limit time.Duration, says string, args ...string) {
		t.Helper()
		got := w.starter(t, append(args, "--json")...)
		t.Logf("%v after %s: %s", args, got.took, got.stderr)
		require.Equal(t, 1, got.code, got.stderr)
		require.Contains(t, document(t, got)["error"], says)
		require.Less(t, got.took, limit)
	}
	for _, command := range [][]string{{"incidents", "show", "ab"}, {"approve", "ab"}} {
		requireSoon(15*time.Second, "A worker has to run", command...)
	}
	requireSoon(5*time.Second, "Is it running?", "incidents", "list", "--address", "127.0.0.1:1")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	requireSoon(15*time.Second, "Is it running?", "incidents", "list", "--address", silent.Addr().String())
	requireSoon(5*time.Second, "--namespace", "incidents", "list", "--namespace", "nowhere")

	watch := w.begin(t, "incidents", "watch", "ab")
	require.Eventually(t, func() bool { return strings.Contains(watch.out.String(), "A worker has to run") }, 2*time.Minute, 100*time.Millisecond,
		"watch has to say why nothing is seen")
	require.False(t, watch.ended(), "a worker may come yet")
	require.NoError(t, w.Temporal.Stop())
	began := time.Now()
	require.Equal(t, 1, watch.wait(t), watch.out)
	t.Logf("watch gave up %s after the server was gone: %s", time.Since(began), watch.out)
}
