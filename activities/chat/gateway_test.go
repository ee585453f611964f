package chat_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/crypto/ssh"

	"firebreak/activities/chat"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/slack"
)

const namespace = "default"

type gate struct {
	*world

	temporal *temporalFake
	signer   ssh.Signer
	card     incident.CardRef
	stop     context.CancelFunc
	ended    chan error
}

func newGate(t *testing.T, o slack.Options, answer func(int) (incident.DecisionReceipt, error)) *gate {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	o.AckTimeout = time.Minute
	g := &gate{world: newWorld(t, o), temporal: &temporalFake{answer: answer}, signer: signer, ended: make(chan error, 1)}
	gw, err := chat.NewGateway(chat.GatewayOptions{
		Client: g.slack.Client(), Updater: g.temporal, Namespace: namespace, Signer: signer,
		Retry: 5 * time.Millisecond, Timeout: 5 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	g.stop = cancel
	go func() { g.ended <- gw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-g.ended:
			require.NoError(t, err)
		case <-time.After(time.Minute):
			t.Error("the gateway outlived its context")
		}
	})
	thread, err := g.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	g.card, err = g.acts.AskApproval(t.Context(), question(thread))
	require.NoError(t, err)
	return g
}

func (g *gate) updates(t *testing.T, n int) []client.UpdateWorkflowOptions {
	t.Helper()
	require.Eventually(t, func() bool { return len(g.temporal.sent()) >= n }, time.Minute, 2*time.Millisecond)
	return g.temporal.sent()
}

func (g *gate) whisper(t *testing.T, user, words string) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, e := range g.slack.Ephemerals(channel) {
			if e.User == user && strings.Contains(e.Text, words) {
				return true
			}
		}
		return false
	}, time.Minute, 5*time.Millisecond, "%v", g.slack.Ephemerals(channel))
}

func TestAPressBecomesASignedDecision(t *testing.T) {
	t.Parallel()
	for action, approved := range map[string]bool{chat.ActionApprove: true, chat.ActionReject: false} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, slack.Options{}, nil)
			require.NoError(t, g.slack.Press(g.card.TS, action, "U0ONCALL"))
			u := g.updates(t, 1)[0]
			require.Equal(t, incident.UpdateDecide, u.UpdateName)
			require.Equal(t, headline().WorkflowID, u.WorkflowID)
			require.Equal(t, "run-1", u.RunID)
			require.Equal(t, client.WorkflowUpdateStageCompleted, u.WaitForStage)
			require.Regexp(t, `^slack/`+g.card.TS+`/\d{10}\.\d{6}/U0ONCALL$`, u.UpdateID)
			d, ok := u.Args[0].(incident.Decision)
			require.True(t, ok)
			require.Equal(t, approved, d.Approved)
			require.Equal(t, "slack:"+slack.TeamID+":U0ONCALL", d.Approver)
			require.Equal(t, "Dana (on call)", d.Name)
			require.Equal(t, "slack", d.Via)
			require.Equal(t, plan().Digest, d.PlanDigest)
			at, err := time.Parse(time.RFC3339, d.IssuedAt)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), at, time.Minute)

			sig, err := sshsig.Unarmor([]byte(d.Signature))
			require.NoError(t, err)
			verify := func(run string, d incident.Decision) error {
				message := incident.DecisionMessage(namespace, u.WorkflowID, run, d)
				return sshsig.Verify(bytes.NewReader(message), sig, g.signer.PublicKey(), sshsig.HashSHA512, incident.DecisionNamespace)
			}
			require.NoError(t, verify("run-1", d))
			require.Error(t, verify("run-2", d), "a signature for one run fits no other")
			d.Approved = !d.Approved
			require.Error(t, verify("run-1", d))
			require.Empty(t, g.slack.Ephemerals(channel), "a decision that counts needs no whisper")
		})
	}
}

func TestSomebodyFromAnotherWorkspaceIsNamedByTheirOwn(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("very ", 30) + "long name"
	g := newGate(t, slack.Options{Users: []slack.User{{ID: "U0GUEST", Name: "`Guest`\n" + long, TeamID: "T0OTHER"}}}, nil)
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0GUEST"))
	d, _ := g.updates(t, 1)[0].Args[0].(incident.Decision)
	require.Equal(t, "slack:T0OTHER:U0GUEST", d.Approver)
	require.LessOrEqual(t, len(d.Name), 80)
	require.Regexp(t, `^_Guest__very `, d.Name, "a name is an identifier, and carries no markup")
}

func TestWhoPressedIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(int) (incident.DecisionReceipt, error)
		words  string
	}{
		{"refused", func(int) (incident.DecisionReceipt, error) {
			return incident.DecisionReceipt{Reason: said("U0ONCALL is <not> on call")}, nil
		}, "does not count: U0ONCALL is &lt;not&gt; on call"},
		{"by the validator", func(int) (incident.DecisionReceipt, error) {
			return incident.DecisionReceipt{}, temporal.NewApplicationError("the plan has changed", "Validation")
		}, "does not count: the plan has changed"},
		{"another approval is needed", func(int) (incident.DecisionReceipt, error) {
			return incident.DecisionReceipt{Accepted: true, Needed: 1}, nil
		}, "Still needed: 1"},
		{"too late", func(int) (incident.DecisionReceipt, error) {
			return incident.DecisionReceipt{}, serviceerror.NewNotFound("workflow execution already completed")
		}, "question is closed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, slack.Options{}, tt.answer)
			require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
			g.whisper(t, "U0ONCALL", tt.words)
			require.Len(t, g.temporal.sent(), 1, "an answer is not asked for twice")
			e := g.slack.Ephemerals(channel)[0]
			require.Equal(t, g.slack.Messages(channel)[0].Timestamp, e.ThreadTS, "in the thread")
		})
	}
}

func TestTemporalIsTriedAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{}, func(n int) (incident.DecisionReceipt, error) {
		if n < 3 {
			return incident.DecisionReceipt{}, serviceerror.NewUnavailable("no frontend")
		}
		return incident.DecisionReceipt{Accepted: true, Needed: 2}, nil
	})
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
	g.whisper(t, "U0ONCALL", "Still needed: 2")
	require.Len(t, g.temporal.sent(), 4)
	require.Equal(t, 1, g.temporal.distinct())
}

func TestAPressDeliveredTwiceIsOneUpdate(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{}, nil)
	g.faults.Set(fault.Rule{Service: slack.Service, Operation: "press", Kind: fault.Duplicate})
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
	calls := g.updates(t, 2)
	require.Equal(t, calls[0], calls[1], "signature included: Ed25519 is deterministic")
	require.Equal(t, 1, g.temporal.distinct())

	// A second press is another decision; the workflow tells them apart.
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
	g.updates(t, 3)
	require.Equal(t, 2, g.temporal.distinct())
}

// A workflow that takes its time does not keep Slack waiting.
func TestAcknowledgedBeforeDecided(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{}, nil)
	release := make(chan struct{})
	g.temporal.mu.Lock()
	g.temporal.blocked = release
	g.temporal.mu.Unlock()
	for i := range 40 { // more than may be in progress at once
		require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, fmt.Sprintf("U%d", i)))
	}
	require.Len(t, g.slack.Acknowledged(), 40)
	require.LessOrEqual(t, len(g.temporal.sent()), 16)
	close(release)
	g.updates(t, 40)
}

func TestItConnectsAgain(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{PingEvery: 20 * time.Millisecond}, nil)
	require.Eventually(t, func() bool { return g.slack.Connections() == 1 }, time.Minute, 2*time.Millisecond)
	for i, end := range []func(){
		func() { g.slack.AskReconnect("refresh_requested") },
		func() { g.slack.AskReconnect("warning") },
		g.slack.CutConnections,
		func() {
			g.faults.Set(fault.Rule{Service: slack.Service, Operation: "apps.connections.open", Kind: fault.Error, Status: 503})
			g.slack.CutConnections()
		},
	} {
		end()
		require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"), "after end %d", i)
		g.updates(t, i+1)
	}
	require.GreaterOrEqual(t, g.temporal.distinct(), 4)
}

func TestGarbageDoesNoHarm(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{}, nil)
	require.Eventually(t, func() bool { return g.slack.Connections() == 1 }, time.Minute, 2*time.Millisecond)
	press := func(actions string) string {
		return `{"envelope_id":"e","type":"interactive","payload":{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},` +
			`"channel":{"id":"C0INCIDENTS"},"container":{"message_ts":"1.2"},"actions":` + actions + `}}`
	}
	for _, garbage := range []string{
		``, `{`, `null`, `[]`, `"x"`, `{}`, `{"type":"interactive"}`, `{"type":"interactive","payload":5}`, `{"type":"events_api","payload":{}}`,
		`{"envelope_id":"e","type":"interactive","payload":{"type":"block_actions"}}`,
		`{"envelope_id":"e","type":"interactive","payload":{"type":"view_submission","view":{}}}`,
		press(`[]`), press(`[null]`), press(`[{"type":"button","action_id":"other","value":"x"}]`),
		press(`[{"type":"button","action_id":"firebreak_approve","value":""}]`),
		press(`[{"type":"button","action_id":"firebreak_approve","value":"{}","action_ts":"1.1"}]`),
		press(`[{"type":"button","action_id":"firebreak_approve","value":"not json","action_ts":"1.1"}]`),
		press(`[{"type":"button","action_id":"firebreak_approve","value":"{\"w\":\"w\",\"r\":\"r\",\"d\":\"d\"}"}]`), // no action_ts
	} {
		g.slack.SendToWebsocket(garbage)
	}
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
	require.Equal(t, headline().WorkflowID, g.updates(t, 1)[0].WorkflowID)
	require.Len(t, g.temporal.sent(), 1)
	require.NotContains(t, g.slack.Acknowledged(), "")
}

func TestARefusedAppTokenEndsTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	gw, err := chat.NewGateway(chat.GatewayOptions{
		Client:  slackgo.New(w.slack.BotToken(), slackgo.OptionAPIURL(w.slack.URL()), slackgo.OptionAppLevelToken("xapp-wrong")),
		Updater: &temporalFake{}, Namespace: namespace, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	err = gw.Run(t.Context())
	require.ErrorContains(t, err, "check the app-level token")
	require.NotContains(t, err.Error(), "xapp-wrong")
}

func TestDecisionsInProgressEndWithTheGateway(t *testing.T) {
	t.Parallel()
	g := newGate(t, slack.Options{}, nil)
	g.temporal.mu.Lock()
	g.temporal.blocked = make(chan struct{})
	g.temporal.mu.Unlock()
	require.NoError(t, g.slack.Press(g.card.TS, chat.ActionApprove, "U0ONCALL"))
	g.updates(t, 1)
	g.stop()
	g.whisper(t, "U0ONCALL", "may not have reached")
}

func TestGatewayOptionsAreChecked(t *testing.T) {
	t.Parallel()
	c, u := slackgo.New("xoxb-x"), &temporalFake{}
	for _, o := range []chat.GatewayOptions{{}, {Client: c, Updater: u}, {Client: c, Namespace: "n"}, {Updater: u, Namespace: "n"}} {
		_, err := chat.NewGateway(o)
		require.Error(t, err)
	}
}
