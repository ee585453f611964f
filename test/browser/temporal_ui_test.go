//go:build browser

package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"firebreak/internal/incident"
	"firebreak/test/stack/temporal"
)

// details is the text of a part of the tab User Metadata. The UI renders the
// markdown in a frame of its own.
const details = `(document.querySelector('#user-metadata-current-details')?.contentDocument?.body.innerText || '')`

// approveInTemporalUI approves with nothing but the Temporal UI: finds the
// incident in the list, reads the current details, and sends the signal with
// the payload that stands there.
func approveInTemporalUI(t *testing.T, b *chromium) {
	w := start(t)
	tr, asked := w.breakShop(t)
	p := b.open(t, "the Temporal UI", listed(w, `IncidentStatus="awaiting_approval" AND IncidentService="checkout"`))
	chooseColumns(p, []string{"Run ID", "Type", "Start", "End"}, []string{incident.AttrStatus, incident.AttrSeverity, incident.AttrService, incident.AttrRunbook})
	require.Equal(t, []string{string(incident.StatusAwaitingApproval), string(asked.Severity), "checkout", "restart-service"},
		row(p, asked.WorkflowID, incident.AttrStatus, incident.AttrSeverity, incident.AttrService, incident.AttrRunbook))

	p.picture("temporal-list")

	openDetails(p, asked.WorkflowID)
	p.sees("what to do", details+`.includes('Approve or reject restart-service on checkout before ')`)
	p.sees("the digest of the plan", details+`.includes(`+strconv.Quote(asked.Plan.Digest)+`)`)
	p.sees("no escapes", `!/\\[^n]|&[a-z]+;|\(s\)/.test(`+details+`)`)
	for _, step := range asked.Plan.Steps {
		p.sees("the step "+step.Name, details+`.includes(`+strconv.Quote(step.Name)+`)`)
	}
	payload := p.look("the payload", `
		const code = [...document.querySelector('#user-metadata-current-details').contentDocument.querySelectorAll('pre code.language-json')];
		return code.length === 1 ? code[0].innerText.trim() : '';`)
	var decision incident.Decision
	require.NoError(t, json.Unmarshal([]byte(payload), &decision), payload)
	require.True(t, decision.Approved)
	require.Equal(t, asked.Plan.Digest, decision.PlanDigest)

	p.picture("temporal-details")

	// In the encoding that the form does not offer first the signal arrives, but
	// the workflow cannot read it. It must neither fail nor count as an approval.
	sendSignal(p, payload, "json/protobuf")
	require.Equal(t, []string{"json/protobuf"}, w.awaitSignals(t, asked, 1))
	now := w.state(t, asked)
	require.True(t, now.Pending, "an unreadable signal answered the question")
	require.Empty(t, now.Decisions)

	sendSignal(p, payload, "json/plain")
	require.Equal(t, []string{"json/protobuf", "json/plain"}, w.awaitSignals(t, asked, 2))
	r := tr.end(t)
	require.NoError(t, r.Check())
	require.Len(t, r.State.Decisions, 1)
	require.Equal(t, "ui", r.State.Decisions[0].Decision.Via)
	require.False(t, r.State.Decisions[0].Verified, "nothing proves who sits before the Temporal UI")

	p.visit(listed(w, `IncidentStatus="resolved" AND WorkflowType="`+incident.WorkflowIncident+`"`))
	require.Equal(t, []string{string(incident.StatusResolved)}, row(p, asked.WorkflowID, incident.AttrStatus))
	openDetails(p, asked.WorkflowID)
	p.sees("that the incident is resolved", details+`.includes('checkout: resolved')`)
	p.sees("no question any more", `!`+details+`.includes('Send a Signal')`)
	p.picture("temporal-resolved")
}

// listed is the address of the list of workflows that a query finds.
func listed(w world, query string) string {
	return fmt.Sprintf("%s/namespaces/%s/workflows?query=%s", w.Temporal.UIURL(), temporal.Namespace, url.QueryEscape(query))
}

// chooseColumns takes columns out of the list and adds others, as a person does
// once: the browser remembers them, and there is no other place that would.
func chooseColumns(p *tab, out, in []string) {
	p.t.Helper()
	p.click(`[data-testid="workflows-summary-table-configuration-button"]`, "")
	for _, name := range out {
		p.click(`[data-testid="orderable-list-item-`+name+`-remove-button"]`, "")
		p.sees("no column "+name, `one('[data-testid="orderable-list-item-`+name+`-add-button"]')`)
	}
	for _, name := range in {
		p.click(`[data-testid="orderable-list-item-`+name+`-add-button"]`, "")
		p.sees("the column "+name, `one('[data-testid="orderable-list-item-`+name+`-remove-button"]')`)
	}
	p.click(`[data-testid="drawer-close-button"]`, "")
	p.sees("the list alone", `!one('[data-testid="drawer-close-button"]')`)
}

// openDetails goes from the list to what a workflow tells of itself.
func openDetails(p *tab, workflowID string) {
	p.t.Helper()
	// The list is drawn anew whenever it refreshes, and a press in that moment is
	// lost; a person presses again.
	p.clickUntil("table a", workflowID, `one('[data-testid="user-metadata-tab"]')`)
	p.clickUntil(`[data-testid="user-metadata-tab"]`, "User Metadata", `document.querySelector('#user-metadata-current-details') || one('main').innerText.includes('No Current Details')`)
	// The page asks the worker once. When that did not answer in time it says that
	// there are none, and to press R.
	p.pressUntil("r", `document.querySelector('#user-metadata-current-details')`)
}

// row is what the list shows of a workflow in the given columns.
func row(p *tab, workflowID string, columns ...string) []string {
	p.t.Helper()
	wanted, err := json.Marshal(columns)
	require.NoError(p.t, err)
	text := p.look("the workflow "+workflowID+" with its columns", `
		const heads = all('table thead th').map(e => e.innerText.trim());
		const row = all('table tbody tr').find(e => all('table tbody tr a').some(a => e.contains(a) && a.innerText.trim() === `+strconv.Quote(workflowID)+`));
		const cells = row ? [...row.children].map(e => e.innerText.trim()) : [];
		const values = `+string(wanted)+`.map(name => cells[heads.indexOf(name)]);
		return values.every(v => v) ? JSON.stringify(values) : '';`)
	var values []string
	require.NoError(p.t, json.Unmarshal([]byte(text), &values))
	return values
}

// sendSignal sends the approval through the UI's form, opened on a fresh page:
// the form would else still hold what was sent before. Whether the signal has
// arrived is for the history to say, because the form's own sign of it comes and
// goes with the page around it.
func sendSignal(p *tab, payload, encoding string) {
	p.t.Helper()
	p.visit(p.look("its address", "return location.href"))
	p.clickUntil(`button[aria-controls*="workflow-actions"]`, "More Actions", `one('[data-testid="signal-button"]')`)
	p.clickUntil(`[data-testid="signal-button"]`, "Send a Signal", `one('dialog[open] .cm-content')`)
	// A person who leaves it alone has to get the encoding that is understood.
	p.sees("json/plain as the encoding chosen beforehand", chosen("json/plain"))
	p.clickUntil(`dialog[open] [data-testid="signal-select-button"]`, "", `one('dialog[open] [role="option"]', '`+incident.SignalApproval+`')`)
	p.clickUntil(`dialog[open] [role="option"]`, incident.SignalApproval, `document.querySelector('dialog[open] [data-testid="signal-select"]').value === '`+incident.SignalApproval+`'`)
	p.clickUntil(`dialog[open] .cm-content`, "", `document.activeElement === one('dialog[open] .cm-content')`)
	p.paste(payload)
	p.sees("the payload in the form", `JSON.stringify(JSON.parse(one('dialog[open] .cm-content').innerText)) === JSON.stringify(`+payload+`)`)
	// The form lays out the payload anew when the cursor leaves it, which moves
	// the choice away under the mouse.
	p.clickUntil(`dialog[open] label`, encoding, chosen(encoding))
	if encoding == "json/plain" {
		p.picture("temporal-signal")
	}
	p.click(`dialog[open] [data-testid="confirm-modal-button"]`, "Submit")
}

// chosen is the condition that an encoding is chosen in the form that is open.
// Forms that are not open have choices of the same names.
func chosen(encoding string) string {
	return `document.querySelector('dialog[open] input[value="` + encoding + `"]').checked`
}

// awaitSignals waits until an incident has received n approvals as signals and
// has worked them off, and returns their encodings.
func (w world) awaitSignals(t *testing.T, of incident.State, n int) []string {
	t.Helper()
	var encodings []string
	require.Eventually(t, func() bool {
		encodings = nil
		worked := false
		events := w.client.GetWorkflowHistory(t.Context(), of.WorkflowID, of.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return false
			}
			if s := event.GetWorkflowExecutionSignaledEventAttributes(); s.GetSignalName() == incident.SignalApproval {
				encodings = append(encodings, encodingOf(s.GetInput()))
				worked = false
			}
			worked = worked || event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
		}
		return len(encodings) == n && worked
	}, showWithin, lookEvery, "the incident has not received %d signals and worked them off", n)
	return encodings
}

func encodingOf(p *commonpb.Payloads) string {
	if len(p.GetPayloads()) != 1 {
		return fmt.Sprintf("%d payloads", len(p.GetPayloads()))
	}
	return string(p.GetPayloads()[0].GetMetadata()["encoding"])
}
