//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack/temporal"
)

// TestApproveInTemporalUI approves a plan as a person does who has nothing but
// the Temporal UI: opens the workflow, copies the payload that its current
// details show, and sends the signal from the menu. It needs Chromium.
func TestApproveInTemporalUI(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	require.NoError(t, err, "this test drives Chromium; install it (Debian: apt-get install chromium)")
	w := startWith(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	page := &uiPage{t: t, open: make(chan incident.State, 1)}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		select {
		case state := <-page.open:
			if page.approve(ctx, browser, w.Temporal.UIURL(), state); page.err != nil {
				cancel()
			}
		case <-ctx.Done():
		}
	}()
	r, err := scenario.Play(ctx, w.Stack, find(t, "error-spike"), scenario.Options{Client: w.client, Narrator: page})
	cancel()
	<-sent
	require.NoError(t, page.err)
	require.NoError(t, err)
	require.NoError(t, r.Check())
	require.Len(t, r.State.Decisions, 1)
	require.Equal(t, "ui", r.State.Decisions[0].Decision.Via)
	require.False(t, r.State.Decisions[0].Verified, "nothing proves who sits before the Temporal UI")
}

// uiPage waits for the question and answers it in a browser.
type uiPage struct {
	scenario.Quiet

	t    *testing.T
	open chan incident.State
	told bool
	err  error
}

// Progress implements scenario.Narrator.
func (p *uiPage) Progress(_, now incident.State) {
	if now.Pending && !p.told {
		p.told = true
		p.open <- now
	}
}

func (p *uiPage) approve(ctx context.Context, browser, base string, state incident.State) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.WindowSize(1400, 1200))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	defer stop()
	address := fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s/user-metadata", base, temporal.Namespace, url.PathEscape(state.WorkflowID), state.RunID)
	if p.err = chromedp.Do(ctx, chromedp.Navigate(address)); p.err != nil {
		return
	}
	// The current details are rendered in a frame of their own.
	payload := p.await(ctx, "the payload in the current details", `
		[...document.querySelectorAll('iframe')].flatMap(f => [...(f.contentDocument?.querySelectorAll('code') ?? [])])
			.map(e => e.textContent.trim()).find(x => x.startsWith('{') && x.includes('plan_digest')) || ''`)
	// The menu and the dialog are in the page several times, for different widths
	// of the window; what is visible is meant.
	p.click(ctx, "the menu", `button[aria-controls*="workflow-actions"]`)
	p.click(ctx, "Send a Signal", `[data-testid="signal-button"]`)
	p.click(ctx, "the list of signals", `dialog[open] [data-testid="signal-select-button"]`)
	p.await(ctx, "the signal "+incident.SignalApproval, `(() => {
		const o = [...document.querySelectorAll('dialog[open] [role="option"]')].find(e => e.textContent.trim().startsWith(`+strconv.Quote(incident.SignalApproval)+`));
		if (o) o.click();
		return o ? 'chosen' : '';
	})()`)
	p.await(ctx, "the editor", `(() => {
		const e = document.querySelector('dialog[open] .cm-content');
		if (!e) return '';
		e.focus();
		document.execCommand('selectAll');
		document.execCommand('insertText', false, `+strconv.Quote(payload)+`);
		return 'pasted ' + e.innerText;
	})()`)
	p.click(ctx, "Submit", `dialog[open] [data-testid="confirm-modal-button"]`)
	p.await(ctx, "the end of the dialog", `document.querySelector('dialog[open]') ? '' : 'closed'`)
}

// click clicks the first visible element of a selector, once there is one.
func (p *uiPage) click(ctx context.Context, what, selector string) {
	p.await(ctx, what, `(() => {
		const e = [...document.querySelectorAll(`+strconv.Quote(selector)+`)].find(e => e.getClientRects().length > 0 && !e.disabled);
		if (e) e.click();
		return e ? 'clicked' : '';
	})()`)
}

// await evaluates an expression until it gives a text, and returns that.
func (p *uiPage) await(ctx context.Context, what, expression string) string {
	for p.err == nil {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
		if err != nil {
			p.err = fmt.Errorf("wait for %s in the Temporal UI: %w", what, err)
			break
		}
		if text != "" {
			p.t.Logf("%s: %s", what, text)
			return text
		}
		select {
		case <-ctx.Done():
			p.err = fmt.Errorf("wait for %s in the Temporal UI: %w", what, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return ""
}
