package temporal

import (
	"context"
	"fmt"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the Temporal UI. A UI that cannot listen ends the process from
// its own goroutine, which is why the port was chosen among free ones.
func (s *Server) startUI(ctx context.Context, p ports) error {
	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                loopback,
		Port:                p.ui,
		TemporalGRPCAddress: address(p.frontend),
		EnableUI:            true,
		DefaultNamespace:    Namespace,
		DisableNewsFetch:    true, // nothing leaves the machine
		HideLogs:            true,
		// Plain HTTP on loopback: some browsers drop a Secure cookie there, and
		// without the cookie every signal sent from the UI fails its CSRF check.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
	s.uiPort = p.ui
	s.uiDone = make(chan struct{})
	go func(ui *uiserver.Server, done chan struct{}) {
		defer close(done)
		_ = ui.Start()
	}(s.ui, s.uiDone)
	return awaitPage(ctx, s.UIURL()+"/healthz")
}

// awaitPage asks a page until it answers with 200.
func awaitPage(ctx context.Context, url string) error {
	for {
		err := getPage(ctx, url)
		if err == nil {
			return nil
		}
		if waited := pause(ctx, 20*time.Millisecond); waited != nil {
			return fmt.Errorf("wait for %s: %w, last: %w", url, waited, err)
		}
	}
}

func getPage(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}
