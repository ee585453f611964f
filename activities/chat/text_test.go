package chat_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"firebreak/activities/chat"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/slack"
)

// The stand-in refuses what breaks a limit of Slack's, so that whatever goes
// through here goes through there.
func TestGiantAndHostileInputsStayWithinSlacksLimits(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"text":             "all is well ",
		"escaped":          "<&> ",
		"outside the BMP":  "\U0001F525",
		"broken":           "\xff\xfe ",
		"markup":           "*b* <!channel> <http://evil.example|click> @here ",
		"lines":            "line\n",
		"a colon of emoji": ":fire: ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slack.Options{})
			giant := strings.Repeat(unit, 20_000)
			h := headline()
			h.Title, h.Body, h.Service, h.Team, h.TicketKey = said(giant), said(giant), giant, giant, giant
			h.UIURL = "http://127.0.0.1/" + strings.Repeat("x", 5000)
			thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: h})
			require.NoError(t, err)
			_, err = w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: strings.ToValidUTF8(giant, "-"), Text: said(giant)})
			require.NoError(t, err)

			_, err = w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: strings.ToValidUTF8(giant, "-"), Text: said(giant)})
			require.NoError(t, err)
			require.Len(t, w.slack.Thread(channel, thread.TS), 2, "a giant key is found again")

			in := question(thread)
			in.Headline.Team, in.Expires = giant, giant
			in.Cause = said(giant)
			in.Citations = nil
			for range 200 {
				in.Citations = append(in.Citations, said(giant))
			}
			in.Plan.Impact = said(giant)
			p := in.Plan
			card, err := w.acts.AskApproval(t.Context(), in)
			require.NoError(t, err)
			require.NoError(t, w.acts.CloseApproval(t.Context(), incident.CloseApprovalInput{Card: card, Plan: p, Result: said(giant)}))

			for _, m := range w.slack.Thread(channel, thread.TS) {
				requireHarmless(t, m)
			}
		})
	}
}

// ourMarkup is a label of ours, or a link whose label has no markup.
var ourMarkup = regexp.MustCompile(`^(\*[A-Za-z, ]+\*|<http://127\.0\.0\.1[^<>|]*\|[^<>*` + "`" + `~]*>)$`)

// requireHarmless finds no markup of anybody's but our own.
func requireHarmless(t *testing.T, m slackgo.Message) {
	t.Helper()
	for _, block := range m.Blocks.BlockSet {
		var texts []*slackgo.TextBlockObject
		switch block := block.(type) {
		case *slackgo.HeaderBlock:
			texts = append(texts, block.Text)
		case *slackgo.SectionBlock:
			texts = append(append(texts, block.Fields...), block.Text)
		case *slackgo.ContextBlock:
			for _, e := range block.ContextElements.Elements {
				texts = append(texts, e.(*slackgo.TextBlockObject))
			}
		}
		for _, x := range texts {
			if x == nil {
				continue
			}
			if x.Type == slackgo.MarkdownType {
				require.Regexp(t, ourMarkup, x.Text)
				continue
			}
			require.NotContains(t, x.Text, "<")
			require.NotContains(t, x.Text, ">")
		}
	}
	require.NotContains(t, m.Text, "<", "the fallback text is read as markup, too")
}

// Nobody is asked to approve what the card cannot show.
func TestAPlanThatDoesNotFitCannotBeApprovedInSlack(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*incident.Plan){
		"parameters": func(p *incident.Plan) { p.Parameters["List"] = []string{strings.Repeat("v, ", 2000)} },
		"targets":    func(p *incident.Plan) { p.Targets = strings.Split(strings.Repeat("i-0c0ffee0000000001 ", 200), " ") },
		"steps":      func(p *incident.Plan) { p.Steps = make([]incident.PlanStep, 400) },
		"undo": func(p *incident.Plan) {
			p.Undo.Parameters = map[string][]string{"List": {strings.Repeat("v, ", 2000)}}
		},
		"all of them": func(p *incident.Plan) {
			p.Parameters["List"] = []string{strings.Repeat("v, ", 2000)}
			p.Targets = strings.Split(strings.Repeat("i-0c0ffee0000000001 ", 200), " ")
			p.Steps = make([]incident.PlanStep, 400)
			p.Undo.Parameters = map[string][]string{"List": {strings.Repeat("v, ", 2000)}}
			p.Impact = said(strings.Repeat("long ", 5000))
			p.Verify.Metric.Name = strings.Repeat("Errors", 500)
			p.Commit, p.Runbook, p.Service = strings.Repeat("c", 5000), strings.Repeat("r", 5000), strings.Repeat("s", 5000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slack.Options{})
			thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
			require.NoError(t, err)
			in := question(thread)
			change(&in.Plan)
			in.Cause, in.Citations = said(strings.Repeat("because ", 5000)), slices.Repeat([]redact.Text{said(strings.Repeat("cited ", 50))}, 50)
			in.Headline.Severity = incident.Severity(strings.Repeat("s", 5000))
			in.Headline.UIURL = "http://127.0.0.1/" + strings.Repeat("x", 560)
			_, err = w.acts.AskApproval(t.Context(), in)
			require.NoError(t, err)
			m := w.slack.Thread(channel, thread.TS)[1]
			require.NotContains(t, buttons(m), chat.ActionApprove)
			require.Contains(t, buttons(m), chat.ActionReject)
			require.Contains(t, text(m), "cannot be approved here")
			require.Contains(t, text(m), "starter approve "+inc)
		})
	}
}

func TestRefusedInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	require.NoError(t, err)
	for name, run := range map[string]func() error{
		"no workflow": func() error {
			_, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{})
			return err
		},
		"no key": func() error {
			_, err := w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Text: said("x")})
			return err
		},
		"no text": func() error {
			_, err := w.acts.PostReply(t.Context(), incident.PostReplyInput{Thread: thread, Key: "k", Text: said(" \n")})
			return err
		},
		"no digest": func() error {
			in := question(thread)
			in.Plan.Digest = ""
			_, err := w.acts.AskApproval(t.Context(), in)
			return err
		},
		"more than a button holds": func() error {
			in := question(thread)
			in.Headline.WorkflowID = strings.Repeat("w", 1990)
			_, err := w.acts.AskApproval(t.Context(), in)
			return err
		},
		"no card": func() error { return w.acts.CloseApproval(t.Context(), incident.CloseApprovalInput{Plan: plan()}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_ = requireType(t, run(), incident.ErrorValidation, true)
		})
	}
}

func TestLinksAreOnlyWebAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	h := headline()
	h.UIURL, h.TicketURL, h.TicketKey = "javascript:alert(1)", "https://jira.example/browse/OPS-1?a=b|c>d", "OPS|1>"
	thread, err := w.acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: h})
	require.NoError(t, err)
	shown := text(w.slack.Thread(channel, thread.TS)[0])
	require.NotContains(t, shown, "javascript")
	require.Contains(t, shown, "<https://jira.example/browse/OPS-1?a=b%7Cc&gt;d|OPS_1_>")
}
