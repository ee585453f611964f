package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func waitingIncident() *fake {
	st := pending("inc-aaaaaaaaaaaa")
	return &fake{
		list: []summary{listed(st.ID, false)}, states: map[string][]incident.State{st.WorkflowID: {st}},
		receipt: incident.DecisionReceipt{Accepted: true},
	}
}

func count(s, part string) int { return strings.Count(s, part) }

func TestApprove(t *testing.T) {
	t.Parallel()
	f := waitingIncident()
	out, _, code := call(t, f, "approve", "aaaa", "--as", "ana", "--note", "looks right, password=hunter2", "--digest", "aaaabbbbcccc")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "InstanceId = i-1", "the resolved plan is shown")
	require.Contains(t, out, "inc-aaaaaaaaaaaa approved as ana (unverified).")
	require.Len(t, f.sent, 1)
	d := f.sent[0].decision
	require.True(t, d.Approved)
	require.Equal(t, "cli", d.Via)
	require.Equal(t, digest, d.PlanDigest)
	require.Regexp(t, `^looks right, password=\[redacted:secret:[0-9a-f]{8}\]$`, d.Note)
	require.Empty(t, d.Signature)
	require.Regexp(t, `^cli/[0-9a-f]{24}$`, f.sent[0].updateID)
	require.Equal(t, ref{pending("inc-aaaaaaaaaaaa").WorkflowID, "run-inc-aaaaaaaaaaaa"}, f.sent[0].ref)
}

// Both may be sent in one second. With one id, Temporal would answer the second
// with the refusal of the first.
func TestSignedDecisionIsAnotherUpdateThanTheUnsigned(t *testing.T) {
	t.Parallel()
	unsigned := incident.Decision{Approved: true, Approver: "ana", PlanDigest: digest, IssuedAt: "2026-03-01T12:00:00Z"}
	signed := unsigned
	signed.Signature = "signature"
	again := signed
	require.Equal(t, updateID(signed), updateID(again))
	require.NotEqual(t, updateID(unsigned), updateID(signed))
}

// What is approved includes what takes it back, and on what.
func TestApproveShowsTheUndoResolved(t *testing.T) {
	t.Parallel()
	f := waitingIncident()
	for id := range f.states {
		f.states[id][0].Plan.Undo = &incident.UndoPlan{Runbook: "restore-release", Parameters: map[string][]string{"Home": {"/srv/checkout"}}}
	}
	out, _, code := call(t, f, "approve", "aaaa", "--as", "ana")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "restore-release")
	require.Contains(t, out, "Home = /srv/checkout")
}

func TestReject(t *testing.T) {
	t.Parallel()
	f := waitingIncident()
	f.receipt = incident.DecisionReceipt{Accepted: true, Verified: true}
	out, stderr, code := call(t, f, "reject", "aaaa", "--json", "--as", "ana")
	require.Equal(t, exitDone, code)
	var doc decided
	require.NoError(t, json.Unmarshal([]byte(out), &doc))
	require.False(t, doc.Approved)
	require.True(t, doc.Receipt.Verified)
	require.Equal(t, "restart-service", doc.Plan.Runbook)
	require.Contains(t, stderr, "Plan, attempt 1", "what a person reads goes to standard error")
	require.False(t, f.sent[0].decision.Approved)
}

func TestDecideFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(f *fake)
		args   []string
		code   int
		says   string
		sends  int
	}{
		"refused": {func(f *fake) { f.receipt = incident.DecisionReceipt{Reason: redact.Literal("ana may not approve")} }, nil, exitFailed, "refused: ana may not approve", 1},
		"unknown": {func(f *fake) { f.err = errors.New("connection lost") }, nil, exitFailed, "connection lost", 1},
		"not pending": {func(f *fake) {
			st := pending("inc-aaaaaaaaaaaa")
			st.Pending, st.Status = false, incident.StatusVerifying
			f.states[st.WorkflowID] = []incident.State{st}
		}, nil, exitFailed, "waits for no decision, it is verifying", 0},
		"another plan":  {func(*fake) {}, []string{"--digest", "v1:bbbbbbbbbbbb"}, exitFailed, "look at it again", 0},
		"no digest":     {func(*fake) {}, []string{"--digest", "aaaa"}, exitUsage, "is no digest", 0},
		"no key":        {func(*fake) {}, []string{"--key", "/nonexistent/key"}, exitFailed, "read the signing key", 0},
		"ambiguous":     {func(f *fake) { f.list = append(f.list, listed("inc-aaaabbbbbbbb", false)) }, nil, exitUsage, "inc-aaaabbbbbbbb", 0},
		"already ended": {func(f *fake) { f.list = []summary{listed("inc-aaaaaaaaaaaa", true)} }, nil, exitFailed, "no open incident", 0},
	} {
		f := waitingIncident()
		c.change(f)
		_, stderr, code := call(t, f, append([]string{"approve", "aaaa", "--as", "ana"}, c.args...)...)
		require.Equal(t, c.code, code, name)
		require.Contains(t, stderr, c.says, name)
		require.Len(t, f.sent, c.sends, name)
	}
	f := waitingIncident()
	f.receipt = incident.DecisionReceipt{Reason: redact.Literal("no")}
	out, _, code := call(t, f, "approve", "aaaa", "--json")
	require.Equal(t, exitFailed, code)
	var doc decided
	require.NoError(t, json.Unmarshal([]byte(out), &doc), "one document, also for a refusal")
	require.Equal(t, "no", doc.Receipt.Reason.String())
}

func TestApproveSigns(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "ana")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))

	f := waitingIncident()
	_, _, code := call(t, f, "approve", "aaaa", "--as", "ana", "--key", path)
	require.Equal(t, exitDone, code)
	d := f.sent[0].decision
	sig, err := sshsig.Unarmor([]byte(d.Signature))
	require.NoError(t, err)
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	message := string(incident.DecisionMessage("test", f.sent[0].ref.WorkflowID, f.sent[0].ref.RunID, d))
	require.NoError(t, sshsig.Verify(strings.NewReader(message), sig, key, sig.HashAlgorithm, incident.DecisionNamespace))
	d.Approved = false
	other := string(incident.DecisionMessage("test", f.sent[0].ref.WorkflowID, f.sent[0].ref.RunID, d))
	require.Error(t, sshsig.Verify(strings.NewReader(other), sig, key, sig.HashAlgorithm, incident.DecisionNamespace))

	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "ana", []byte("open sesame"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(locked), 0o600))
	_, err = readKey(path, func() ([]byte, error) { return []byte("open sesame"), nil })
	require.NoError(t, err)
	_, err = readKey(path, func() ([]byte, error) { return []byte("wrong"), nil })
	require.Error(t, err)
	_, err = readKey(path, func() ([]byte, error) { return nil, errors.New("no terminal") })
	require.ErrorContains(t, err, "no terminal")
}
