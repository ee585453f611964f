//go:build browser

package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	showWithin = 2 * time.Minute // for anything that a page has to show, on a machine that is busy
	lookEvery  = 100 * time.Millisecond
)

// chromium is a running browser with a profile of its own.
type chromium struct {
	ctx   context.Context
	shots string // folder for screenshots, kept when a test fails
}

// launch starts the browser. Without one the test fails: what it promises has
// then not been tried.
func launch(t *testing.T) *chromium {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	require.NotEmpty(t, program, "these tests drive Chromium, and there is none on the PATH; install it (Debian, Ubuntu: apt-get install chromium; Fedora: dnf install chromium)")
	shots, err := os.MkdirTemp("", "firebreak-browser-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.Remove(shots) }) // which it cannot when there is a screenshot
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1600, 1400),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	// The context of a test ends before its cleanups, which still take screenshots.
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	t.Cleanup(closeBrowser)
	require.NoError(t, chromedp.Do(ctx), "start %s", program)
	return &chromium{ctx, shots}
}

// tab is one page that a person looks at.
type tab struct {
	t    *testing.T
	ctx  context.Context
	name string
}

// open opens an address in a new tab. When the test fails, what the tab shows
// at its end is saved.
func (b *chromium) open(t *testing.T, name, address string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	t.Cleanup(closeTab)
	// The context that creates a tab must outlive it: not one with a deadline.
	require.NoError(t, chromedp.Do(ctx), "open a tab for %s", name)
	p := &tab{t, ctx, name}
	t.Cleanup(func() {
		if t.Failed() {
			p.shoot(filepath.Join(b.shots, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()+"-"+name)+".png"))
		}
	})
	p.visit(address)
	return p
}

// toFront puts the tab before the others: one behind them is not painted.
func (p *tab) toFront() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	_, err := chromedp.Call(ctx, page.BringToFront, cdp.Empty{})
	require.NoError(p.t, err, "look at %s", p.name)
}

// shoot saves what the tab shows.
func (p *tab) shoot(path string) {
	p.toFront()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(path, shot, 0o600)
	}
	if err != nil {
		p.t.Logf("no screenshot of %s: %v", p.name, err)
		return
	}
	p.t.Logf("what %s showed at the end: %s", p.name, path)
}

// visit goes to an address.
func (p *tab) visit(address string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, chromedp.Navigate(address)), "open %s", p.name)
}

// finders are for the scripts below. A page holds several versions of the same
// control, for windows of different widths; the one that is visible is meant.
const finders = `
const all = (selector, text) => [...document.querySelectorAll(selector)]
	.filter(e => e.getClientRects().length > 0 && (!text || e.innerText.trim().startsWith(text)));
const one = (selector, text) => all(selector, text).find(e => !e.disabled);
`

// look evaluates the body of a function until it returns a text, and returns
// that. An error counts as nothing seen: a page that is just being loaded
// answers with all sorts of them.
func (p *tab) look(what, body string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last error
	for {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(() => {"+finders+body+"})() || ''"))
		if err == nil && text != "" {
			return text
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(p.t, fmt.Sprintf("%s does not show %s", p.name, what), "waited %s; last error: %v", showWithin, last)
		}
	}
}

// sees waits until a condition holds.
func (p *tab) sees(what, condition string) {
	p.t.Helper()
	p.look(what, "return ("+condition+") ? 'yes' : ''")
}

// eval runs a script once.
func (p *tab) eval(script string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[any](script))
	require.NoError(p.t, err)
}

// click moves the mouse onto the visible element with a selector and a
// beginning of its text (any when empty) and presses there, once it stands
// still and nothing covers it.
func (p *tab) click(selector, text string) {
	p.t.Helper()
	where := p.look(strconv.Quote(text)+" to click at "+selector, `
		const e = one(`+strconv.Quote(selector)+`, `+strconv.Quote(text)+`);
		if (!e) return '';
		e.scrollIntoView({block: 'nearest', inline: 'nearest'});
		const r = e.getBoundingClientRect();
		const x = r.x + r.width / 2, y = r.y + r.height / 2, at = x + ' ' + y;
		const still = window.wasAt === at;
		window.wasAt = at;
		const hit = document.elementFromPoint(x, y);
		return still && hit && e.contains(hit) ? at : '';`)
	var x, y float64
	_, err := fmt.Sscan(where, &x, &y)
	require.NoError(p.t, err)
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, chromedp.MouseClickXY(x, y)), "click %q", text)
}

// clickUntil clicks as click does, and again where a condition does not come to
// hold.
func (p *tab) clickUntil(selector, text, condition string) {
	p.t.Helper()
	script := "(() => {" + finders + "return !!(" + condition + ")})()"
	for end := time.Now().Add(showWithin); time.Now().Before(end); {
		p.click(selector, text)
		ctx, cancel := context.WithTimeout(p.ctx, showWithin/4)
		for ctx.Err() == nil {
			if holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err == nil && holds {
				cancel()
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(lookEvery):
			}
		}
		cancel()
	}
	require.FailNow(p.t, fmt.Sprintf("%s does not react when %q is clicked", p.name, text), "waited for %s", condition)
}

// pressUntil presses a key, now and then, until a condition holds.
func (p *tab) pressUntil(key, condition string) {
	p.t.Helper()
	script := "(() => {" + finders + "return !!(" + condition + ")})()"
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	for n := 1; ; n++ {
		if holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); err == nil && holds {
			return
		}
		if n%50 == 0 {
			require.NoError(p.t, chromedp.Do(ctx, chromedp.KeyEvent(key)), "press %s", key)
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			require.FailNow(p.t, fmt.Sprintf("%s does not react to the key %s", p.name, key), "waited for %s", condition)
		}
	}
}

// paste puts text where the cursor is, as a paste does: no key is pressed, so
// that an editor does not add brackets of its own.
func (p *tab) paste(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, showWithin)
	defer cancel()
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	require.NoError(p.t, err, "paste")
}
