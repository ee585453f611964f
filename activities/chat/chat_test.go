package chat_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/chat"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/slack"
)

const (
	channel = "C0INCIDENTS"
	inc     = "inc-0123456789ab"
)

type world struct {
	slack  *slack.Server
	faults *fault.Faults
	acts   *chat.Activities
}

func newWorld(t *testing.T, o slack.Options) *world {
	t.Helper()
	w := &world{faults: fault.New()}
	o.Faults = w.faults
	srv, err := slack.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(srv.Close)
	w.slack = srv
	w.acts, err = chat.New(chat.Options{Client: srv.Client(), Channel: channel, Interval: time.Microsecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return w
}

// keep lets a test make text that says anything.
type keep struct{}

func (keep) Redact(raw string) string { return raw }

func said(raw string) redact.Text { return redact.Clean(keep{}, raw) }

func headline() incident.Headline {
	return incident.Headline{
		IncidentID: inc, WorkflowID: "incident/123456789012/eu-central-1/checkout/" + inc, RunID: "run-1",
		Service: "checkout", Team: "shop", Severity: incident.Sev2, Status: incident.StatusAnalysing,
		Origin: incident.OriginLive, Title: said("checkout answers errors"), Body: said("5 errors a second since 12:00"),
		Anomalies: 2, UIURL: "http://127.0.0.1:8233/namespaces/default", TicketKey: "OPS-1", TicketURL: "http://127.0.0.1:9/browse/OPS-1",
	}
}

func plan() incident.Plan {
	return incident.Plan{
		Attempt: 1, Runbook: "restart-service", Commit: strings.Repeat("ab", 20), Service: "checkout",
		ContentSHA256: strings.Repeat("cd", 32),
		Parameters:    map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}, "Unit": {"checkout"}},
		Targets:       []string{"i-0c0ffee0000000001"}, Impact: said("a few seconds without answers"),
		Steps: []incident.PlanStep{{Name: "restoreConfig", Action: "aws:runCommand"}, {Name: "restart", Action: "aws:runCommand"}},
		Undo:  &incident.UndoPlan{Runbook: "restore-release", Parameters: map[string][]string{"InstanceId": {"i-0c0ffee0000000001"}}},
		Verify: incident.VerifySpec{
			Metric:     incident.MetricRef{Namespace: "Shop", Name: "Errors", Stat: "Sum", Period: 1},
			Comparison: "<=", Threshold: 0.5, Samples: 5, Timeout: incident.Seconds(time.Minute), Before: 7,
		},
		Approval: incident.ApprovalRule{Count: 1},
		Digest:   "v1:" + strings.Repeat("0f", 32),
	}
}

func question(thread incident.ThreadRef) incident.AskApprovalInput {
	return incident.AskApprovalInput{
		Thread: thread, Headline: headline(), Plan: plan(), Cause: said("a bad configuration was loaded"),
		Citations: []redact.Text{said("Errors rose from 0 to 7 a second"), said("configuration reload at 12:00:02")},
		Expires:   "2026-03-01T12:30:00Z",
	}
}

// untilDone runs an activity as Temporal does: again after every retryable error.
func untilDone(t *testing.T, run func() error) {
	t.Helper()
	for range 10 {
		err := run()
		if err == nil {
			return
		}
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.False(t, app.NonRetryable(), "%v", err)
	}
	t.Fatal("no success in ten attempts")
}

// text is everything that a message shows.
func text(m slackgo.Message) string {
	var b strings.Builder
	for _, block := range m.Blocks.BlockSet {
		switch block := block.(type) {
		case *slackgo.HeaderBlock:
			b.WriteString(block.Text.Text + "\n")
		case *slackgo.SectionBlock:
			if block.Text != nil {
				b.WriteString(block.Text.Text + "\n")
			}
			for _, f := range block.Fields {
				b.WriteString(f.Text + "\n")
			}
		case *slackgo.ContextBlock:
			for _, e := range block.ContextElements.Elements {
				if t, ok := e.(*slackgo.TextBlockObject); ok {
					b.WriteString(t.Text + "\n")
				}
			}
		}
	}
	return b.String()
}

func buttons(m slackgo.Message) map[string]string {
	out := map[string]string{}
	for _, block := range m.Blocks.BlockSet {
		if actions, ok := block.(*slackgo.ActionBlock); ok {
			for _, e := range actions.Elements.ElementSet {
				if b, ok := e.(*slackgo.ButtonBlockElement); ok {
					out[b.ActionID] = b.Value
				}
			}
		}
	}
	return out
}

func TestAThreadIsAsGoodWithoutItsPermalink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	w.faults.Set(fault.Rule{Service: slack.Service, Operation: "chat.getPermalink", Kind: fault.Throttle, Latency: time.Second})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	require.NotEmpty(t, thread.TS)
	require.Empty(t, thread.URL)
	require.Positive(t, w.faults.Fired(slack.Service, "chat.getPermalink", fault.Throttle))
	thread, err = w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Thread: thread, Headline: headline()})
	require.NoError(t, err)
	require.Equal(t, w.slack.PageURL()+"?channel="+channel+"&thread="+thread.TS, thread.URL, "the next edit asks again")
	require.Len(t, w.slack.Messages(channel), 1)
}

func TestTheRootMessageSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	h := headline()
	h.Advice, h.Series = said("Approve or reject restart-service on checkout before 2026-03-01 12:30 UTC."), 5
	_, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: h})
	require.NoError(t, err)
	require.Regexp(t, `(?s)^SEV2 · checkout · analysing\n.*Approve or reject restart-service on checkout before 2026-03-01 12:30 UTC.*5 errors a second.*Anomalies 2.*Series 5`, text(w.slack.Messages(channel)[0]))
}

func TestOneThreadWhateverGetsLost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules []fault.Rule
	}{
		{name: "nothing goes wrong"},
		{name: "every first answer is lost", rules: []fault.Rule{
			{Operation: "chat.postMessage", Kind: fault.LoseResponse},
			{Operation: "chat.update", Kind: fault.LoseResponse},
			{Operation: "conversations.history", Kind: fault.LoseResponse},
			{Operation: "auth.test", Kind: fault.LoseResponse},
		}},
		{name: "every second answer is lost", rules: []fault.Rule{
			{Operation: "chat.postMessage", Kind: fault.LoseResponse, Skip: 1},
			{Operation: "chat.postMessage", Kind: fault.LoseResponse, Skip: 3},
			{Operation: "conversations.replies", Kind: fault.LoseResponse, Skip: 1},
		}},
		{name: "throttled", rules: []fault.Rule{
			{Operation: "chat.postMessage", Kind: fault.Throttle, Times: 2}, {Operation: "conversations.replies", Kind: fault.Throttle},
		}},
		{name: "fails without effect", rules: []fault.Rule{
			{Operation: "chat.postMessage", Kind: fault.Error, Status: 503}, {Operation: "chat.postMessage", Kind: fault.Error, Code: "internal_error"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slack.Options{})
			for _, r := range tt.rules {
				r.Service = slack.Service
				w.faults.Set(r)
			}
			var thread incident.ThreadRef
			for range 2 { // a workflow that was reset opens again
				untilDone(t, func() (err error) {
					thread, err = w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
					return err
				})
			}
			for _, key := range []string{inc + "/timeline/1", inc + "/timeline/2", inc + "/timeline/1"} {
				untilDone(t, func() error {
					_, err := w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: key, Text: said("the fix runs")})
					return err
				})
			}
			var card, same incident.CardRef
			for _, c := range []*incident.CardRef{&card, &same} {
				untilDone(t, func() (err error) { *c, err = w.acts.AskApproval(t.Context(), question(thread)); return err })
			}
			require.Equal(t, card, same)
			h := headline()
			h.Status, h.Outcome = incident.StatusResolved, incident.OutcomeFixed
			untilDone(t, func() error {
				got, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Thread: thread, Headline: h})
				require.Equal(t, thread, got)
				return err
			})
			untilDone(t, func() error {
				return w.acts.CloseApproval(t.Context(), incident.CloseApprovalInput{Card: card, Plan: plan(), Result: said("approved by Dana")})
			})

			roots := w.slack.Messages(channel)
			require.Len(t, roots, 1)
			require.Equal(t, incident.ThreadRef{Channel: channel, TS: roots[0].Timestamp, URL: w.slack.PageURL() + "?channel=" + channel + "&thread=" + roots[0].Timestamp}, thread)
			require.Contains(t, text(roots[0]), "SEV2 · checkout · resolved · fixed")
			messages := w.slack.Thread(channel, thread.TS)
			require.Len(t, messages, 4, "root, two replies, one card")
			require.Contains(t, text(messages[3]), "approved by Dana")
			require.Empty(t, buttons(messages[3]))
			for _, r := range tt.rules {
				require.Positive(t, w.faults.Fired(slack.Service, r.Operation, r.Kind), "the fault really happened")
			}
		})
	}
}

// The thread is found behind more messages than one page of history has, and
// neither the metadata of another app nor another incident's counts.
func TestTheThreadIsFoundInABusyChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	for range 450 {
		_, _, err := w.slack.Client().PostMessageContext(t.Context(), channel, slackgo.MsgOptionText("deployed", false))
		require.NoError(t, err)
	}
	again, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	require.Equal(t, thread, again)

	replayed := headline()
	replayed.Origin, replayed.WorkflowID = incident.OriginBackfill, "backfill/may/"+replayed.WorkflowID
	other, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: replayed})
	require.NoError(t, err)
	require.NotEqual(t, thread, other)
	require.Contains(t, text(w.slack.Thread(channel, other.TS)[0]), "BACKFILL")
}

func TestTheCardShowsWhatWouldRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	card, err := w.acts.AskApproval(t.Context(), question(thread))
	require.NoError(t, err)
	m := w.slack.Thread(channel, thread.TS)[1]
	require.Equal(t, card.TS, m.Timestamp)
	shown := text(m)
	for _, want := range []string{
		"restart-service", "checkout", "InstanceId = i-0c0ffee0000000001", "Unit = checkout", "1. restoreConfig (aws:runCommand)",
		"a few seconds without answers", "a bad configuration was loaded", "• configuration reload at 12:00:02",
		"Sum Shop/Errors &lt;= 0.5 for 5 datapoints of 1 s in a row, within 1 min (now 7)", "Answer before: 2026-03-01 12:30 UTC", "v1:0f0f0f0f0f0f", "restore-release",
	} {
		require.Contains(t, shown, want)
	}
	require.NotContains(t, shown, strings.Repeat("0f", 32), "the digest is shortened")
	b := buttons(m)
	require.Len(t, b, 2)
	for _, id := range []string{chat.ActionApprove, chat.ActionReject} {
		require.JSONEq(t, `{"w":"incident/123456789012/eu-central-1/checkout/`+inc+`","r":"run-1","d":"v1:`+strings.Repeat("0f", 32)+`"}`, b[id])
	}
	// The same plan may be asked about again, when the first question has expired.
	later := question(thread)
	later.Expires = "2026-03-01T13:30:00Z"
	third, err := w.acts.AskApproval(t.Context(), later)
	require.NoError(t, err)
	require.NotEqual(t, card, third)

	// Another run of the workflow asks anew: the old card's buttons name the old run.
	in := question(thread)
	in.Headline.RunID = "run-2"
	second, err := w.acts.AskApproval(t.Context(), in)
	require.NoError(t, err)
	require.NotEqual(t, card, second)
}

func TestPaceIsOneMessageAnInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	const every = 60 * time.Millisecond
	acts, err := chat.New(chat.Options{Client: w.slack.Client(), Channel: channel, Interval: every})
	require.NoError(t, err)
	thread, err := acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	began := time.Now()
	for _, key := range []string{"a", "b", "c", "d"} {
		_, err := acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: key, Text: said("x")})
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, time.Since(began), 3*every)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	client := slackgo.New("xoxb-x")
	for _, o := range []chat.Options{{}, {Client: client}, {Channel: "C1"}, {Client: client, Channel: "C1", Interval: -1}} {
		_, err := chat.New(o)
		require.Error(t, err)
	}
}
