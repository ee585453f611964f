package planning_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"firebreak/internal/incident"
)

const digest = "v1:00000000000000000000000000000000000000000000000000000000000000aa"

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	s, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return s
}

func publicKey(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

// sign signs a decision as it stands in the input, under a namespace of signatures.
func sign(t *testing.T, s ssh.Signer, in incident.VerifyDecisionInput, namespace string) string {
	t.Helper()
	sig, err := sshsig.Sign(bytes.NewReader(incident.DecisionMessage(in.Namespace, in.WorkflowID, in.RunID, in.Decision)), s, sshsig.HashSHA512, namespace)
	require.NoError(t, err)
	return string(sshsig.Armor(sig))
}

func TestVerifyDecision(t *testing.T) {
	t.Parallel()
	alice, bob, stranger, gateway := newSigner(t), newSigner(t), newSigner(t), newSigner(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	carol, err := ssh.NewSignerFromKey(rsaKey)
	require.NoError(t, err)
	people := edit{"policy.yaml", "\napprovers: []", fmt.Sprintf(`
approvers:
  - {identity: alice@example.com, ssh_keys: ["%s"], slack: ["T0TEAM:U0ALICE"]}
  - {identity: bob@example.com, ssh_keys: ["%s"]}
  - {identity: carol@example.com, ssh_keys: ["%s"]}
  - {identity: dave@example.com}
slack_gateway: {ssh_keys: ["%s"]}
`, publicKey(alice), publicKey(bob), publicKey(carol), publicKey(gateway))}
	strict := load(t, people)
	open := load(t, people, unverified)
	anyone := load(t, unverified)
	// Nobody is listed, and the gateway vouches for whoever clicks.
	gatewayOf := func(more string) edit {
		return edit{"policy.yaml", "\napprovers: []", fmt.Sprintf("\napprovers: []\nslack_gateway: {ssh_keys: [\"%s\"]%s}\n", publicKey(gateway), more)}
	}
	nobody, members := load(t, gatewayOf("")), load(t, gatewayOf(", teams: [T0TEAM]"))
	guests := load(t, gatewayOf(", teams: [T0TEAM]"), unverified)
	all := []string{"alice@example.com", "bob@example.com", "carol@example.com", "dave@example.com"}
	issued := now.Add(-time.Minute).Format(time.RFC3339)

	type world = struct {
		in     incident.VerifyDecisionInput
		signer ssh.Signer
		space  string
	}
	tests := []struct {
		name     string
		policy   string // strict, open or anyone; empty: strict
		before   func(*world)
		after    func(*incident.VerifyDecisionInput) // changes what was signed
		verified bool
		refused  string // empty: the decision counts
	}{
		{name: "signed by a listed key", verified: true},
		{name: "a rejection, signed", before: func(w *world) { w.in.Decision.Approved = false }, verified: true},
		{name: "RSA key", before: func(w *world) { w.in.Decision.Approver, w.signer = "carol@example.com", carol }, verified: true},
		{name: "Slack click, vouched for by the gateway", before: func(w *world) {
			w.in.Decision.Approver, w.in.Decision.Via, w.signer = "slack:T0TEAM:U0ALICE", "slack", gateway
		}, verified: true},
		{name: "Slack user that policy does not list", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0TEAM:U0EVE", gateway }, refused: "not among the approvers"},
		{name: "the same user id in another team", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0EVIL:U0ALICE", gateway }, refused: "not among the approvers"},
		{name: "Slack click with alice's own key", before: func(w *world) { w.in.Decision.Approver = "slack:T0TEAM:U0ALICE" }, refused: "key that policy does not list for this approver"},
		{name: "the gateway cannot speak for an SSH identity", before: func(w *world) { w.signer = gateway }, refused: "key that policy does not list for this approver"},
		{name: "bob signs as alice", before: func(w *world) { w.signer = bob }, refused: "key that policy does not list for this approver"},
		{name: "a stranger's key", before: func(w *world) { w.signer = stranger }, refused: "key that policy does not list for this approver"},
		{name: "a stranger's name", before: func(w *world) { w.in.Decision.Approver = "eve@example.com" }, refused: "not among the approvers"},
		{name: "listed, but without a key", before: func(w *world) { w.in.Decision.Approver = "dave@example.com" }, refused: "lists no key that could vouch"},
		{name: "rule names fewer people", before: func(w *world) { w.in.Rule.Approvers = []string{"bob@example.com"} }, refused: "not among the approvers"},
		{name: "signed for another purpose", before: func(w *world) { w.space = "git" }, refused: "made for another purpose"},

		{name: "another plan", before: func(w *world) { w.in.Decision.PlanDigest = strings.Replace(digest, "aa", "bb", 1) }, refused: "about another plan"},
		{name: "no plan", before: func(w *world) { w.in.Decision.PlanDigest = "" }, refused: "about another plan"},
		{name: "answer turned round", after: func(in *incident.VerifyDecisionInput) { in.Decision.Approved = false }, refused: "does not fit the decision"},
		{name: "sent to another run", after: func(in *incident.VerifyDecisionInput) { in.RunID = "another" }, refused: "does not fit the decision"},
		{name: "sent to another incident", after: func(in *incident.VerifyDecisionInput) { in.WorkflowID += "c" }, refused: "does not fit the decision"},
		{name: "sent to another namespace", after: func(in *incident.VerifyDecisionInput) { in.Namespace = "other" }, refused: "does not fit the decision"},
		{name: "sent for the next plan", after: func(in *incident.VerifyDecisionInput) {
			in.Digest = strings.Replace(digest, "aa", "bb", 1)
			in.Decision.PlanDigest = in.Digest
		}, refused: "does not fit the decision"},
		{name: "dated again", after: func(in *incident.VerifyDecisionInput) { in.Decision.IssuedAt = now.Format(time.RFC3339) }, refused: "does not fit the decision"},
		{name: "fields moved across lines", before: func(w *world) { w.in.Decision.Approver = "alice@example.com\n" + issued }, refused: "control characters"},

		{name: "nine minutes old", before: func(w *world) { w.in.Decision.IssuedAt = now.Add(-9 * time.Minute).Format(time.RFC3339) }, verified: true},
		{name: "eleven minutes old", before: func(w *world) { w.in.Decision.IssuedAt = now.Add(-11 * time.Minute).Format(time.RFC3339) }, refused: "was made 11m0s ago"},
		{name: "a minute ahead", before: func(w *world) { w.in.Decision.IssuedAt = now.Add(time.Minute).Format(time.RFC3339) }, verified: true},
		{name: "an hour ahead", before: func(w *world) { w.in.Decision.IssuedAt = now.Add(time.Hour).Format(time.RFC3339) }, refused: "1h0m0s in the future"},
		{name: "signed without a date", before: func(w *world) { w.in.Decision.IssuedAt = "" }, refused: "needs issued_at"},
		{name: "no date", before: func(w *world) { w.in.Decision.IssuedAt = "yesterday" }, refused: "not a time"},

		{name: "unsigned", before: func(w *world) { w.signer = nil }, refused: "not signed"},
		{name: "unsigned where that counts", policy: "open", before: func(w *world) { w.signer, w.in.Decision.IssuedAt = nil, "" }},
		{name: "unsigned, old", policy: "open", before: func(w *world) { w.signer, w.in.Decision.IssuedAt = nil, now.Add(-time.Hour).Format(time.RFC3339) }, refused: "was made 1h0m0s ago"},
		{name: "unsigned, the rule alone says it counts", before: func(w *world) { w.signer, w.in.Rule.AllowUnverified = nil, true }, refused: "not signed"},
		{name: "unsigned, the policy alone says it counts", policy: "open", before: func(w *world) { w.signer, w.in.Rule.AllowUnverified = nil, false }, refused: "not signed"},
		{name: "unsigned by nobody listed", policy: "open", before: func(w *world) { w.signer, w.in.Decision.Approver = nil, "eve@example.com" }, refused: "not among the approvers"},
		{name: "unsigned by anyone", policy: "anyone", before: func(w *world) { w.signer, w.in.Decision.Approver = nil, "eve@example.com" }},
		{name: "a bad signature is not an unsigned decision", policy: "open", after: func(in *incident.VerifyDecisionInput) { in.Decision.Signature = "garbage" }, refused: "cannot be read"},
		{name: "an unlisted key is not an unsigned decision", policy: "anyone", refused: "lists no SSH key of alice@example.com"},
		{name: "a member of the team where nobody is listed", policy: "members", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0TEAM:U0EVE", gateway }, verified: true},
		{name: "a guest of a shared channel where nobody is listed", policy: "members", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0OTHER:U0GUEST", gateway }, refused: "is not of a Slack team"},
		{name: "a team that only looks like it", policy: "members", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0TEAM:X:U0GUEST", gateway }, refused: "is not of a Slack team"},
		{name: "anyone in Slack where neither people nor teams are listed", policy: "nobody", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0TEAM:U0EVE", gateway }, refused: "is not of a Slack team"},
		{name: "a guest where unverified counts", policy: "guests", before: func(w *world) { w.in.Decision.Approver, w.signer = "slack:T0OTHER:U0GUEST", gateway }, verified: true},
		{name: "no name", policy: "anyone", before: func(w *world) { w.signer, w.in.Decision.Approver = nil, "" }, refused: "name must have 1 to 256 bytes"},
		{name: "long name", policy: "anyone", before: func(w *world) { w.signer, w.in.Decision.Approver = nil, strings.Repeat("x", 300) }, refused: "name must have 1 to 256 bytes"},
		{name: "long signature", after: func(in *incident.VerifyDecisionInput) { in.Decision.Signature = strings.Repeat("x", 9000) }, refused: "longer than 8192 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, rule := strict, incident.ApprovalRule{Approvers: all, Count: 1}
			switch tt.policy {
			case "open":
				c, rule.AllowUnverified = open, true
			case "anyone":
				c, rule = anyone, incident.ApprovalRule{Count: 1, AllowUnverified: true}
			case "nobody":
				c, rule = nobody, incident.ApprovalRule{Count: 1}
			case "members":
				c, rule = members, incident.ApprovalRule{Count: 1}
			case "guests":
				c, rule = guests, incident.ApprovalRule{Count: 1, AllowUnverified: true}
			}
			w := world{signer: alice, space: incident.DecisionNamespace, in: incident.VerifyDecisionInput{
				Namespace: "default", WorkflowID: workflowID, RunID: runID, Digest: digest, Rule: rule, Commit: c.Commit, Now: now,
				Decision: incident.Decision{Approved: true, Approver: "alice@example.com", Via: "cli", PlanDigest: digest, Note: "a secret note", IssuedAt: issued},
			}}
			if tt.before != nil {
				tt.before(&w)
			}
			if w.signer != nil {
				w.in.Decision.Signature = sign(t, w.signer, w.in, w.space)
			}
			if tt.after != nil {
				tt.after(&w.in)
			}
			verdict, err := activities(t, &catalogues{pinned: c, latest: c}).VerifyDecision(t.Context(), w.in)
			require.NoError(t, err)
			require.Equal(t, "a [removed] note", verdict.Note.String())
			if tt.refused != "" {
				require.False(t, verdict.Accepted)
				require.False(t, verdict.Verified)
				require.Empty(t, verdict.Identity)
				require.Contains(t, verdict.Reason.String(), tt.refused)
				return
			}
			require.True(t, verdict.Accepted, verdict.Reason)
			require.Equal(t, tt.verified, verdict.Verified)
			identity := w.in.Decision.Approver
			if identity == "slack:T0TEAM:U0ALICE" {
				identity = "alice@example.com" // one person, however she answers
			}
			require.Equal(t, identity, verdict.Identity)
			require.True(t, verdict.Reason.IsEmpty())
		})
	}
}

func TestVerifyDecisionNeedsTheCatalogue(t *testing.T) {
	t.Parallel()
	c := load(t)
	_, err := activities(t, &catalogues{pinned: c, latest: c}).VerifyDecision(t.Context(), incident.VerifyDecisionInput{
		Digest: digest, Decision: incident.Decision{PlanDigest: digest, Approver: "x"}, Commit: strings.Repeat("0", 40), Now: now,
	})
	require.ErrorContains(t, err, "no such commit")
}
