//go:build browser

package browser

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// buttons are the buttons of an approval card in the thread.
const buttons = `section[aria-label="Thread"] form.buttons button`

// approveInSlack presses Approve on the card in the thread. Meanwhile somebody
// else's page has stopped to refresh, as on a laptop that sleeps, and still
// shows the buttons; pressing there afterwards must change nothing.
func approveInSlack(t *testing.T, b *chromium) {
	w := start(t)
	tr, asked := w.breakShop(t)
	kept := b.open(t, "the kept Slack page", w.Slack.PageURL())
	kept.sees("the button", `one('`+buttons+`', 'Approve')`)
	kept.eval(`window.fetch = () => new Promise(() => {})`)

	p := b.open(t, "the Slack page", w.Slack.PageURL())
	p.sees("the plan", `one('section[aria-label="Thread"] .h', 'Approve `+asked.Plan.Runbook+` on `+asked.Service+`?')`)
	p.sees("the incident", `one('section[aria-label="Thread"] .ctx').innerText.includes('`+asked.ID+`')`)
	p.sees("what to do", `one('section[aria-label="Channel"]').innerText.includes('Approve or reject `+asked.Plan.Runbook+` on `+asked.Service+` before ')`)
	p.picture("slack-question")
	p.click(buttons, "Approve")
	p.sees("that the press arrived", `one('[role="status"]').innerText.includes('the app has it')`)
	p.sees("the card without buttons", `all('`+buttons+`').length === 0`)
	p.sees("the decision on the card", `one('section[aria-label="Thread"]').innerText.includes('Dana (on call) approved the plan (verified, via slack)')`)

	kept.toFront()
	kept.click(buttons, "Approve")
	kept.sees("that the button is gone", `one('[role="status"]').innerText.includes('That button is gone')`)

	r := tr.end(t)
	require.NoError(t, r.Check())
	require.Len(t, r.State.Decisions, 1)
	require.Equal(t, "slack", r.State.Decisions[0].Decision.Via)
	require.True(t, r.State.Decisions[0].Verified)
	require.Len(t, r.State.Attempts, 1)
	p.toFront()
	p.sees("the end", `one('section[aria-label="Thread"] .h').innerText.includes('resolved')`)
	p.picture("slack-resolved")

	p.visit(r.State.Ticket.URL)
	p.sees("the way to the thread", `document.body.innerText.includes('Slack thread (`+r.State.Thread.URL+`)')`)
	p.picture("jira-ticket")
}
