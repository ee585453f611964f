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

// startUI serves the Temporal UI, on the wished port where it is free. A UI that
// cannot listen ends the process from its own goroutine, without anything being
// taken away, which is why the port is chosen at the last moment: while the
// server was starting, something that takes no lock may have taken it.
func (s *Server) startUI(ctx context.Context, wish int) error {
	chosen, err := choosePorts(wish)
	if err != nil {
		return err
	}
	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                loopback,
		Port:                chosen[0],
		TemporalGRPCAddress: s.Address(),
		EnableUI:            true,
		DefaultNamespace:    Namespace,
		DisableNewsFetch:    true, // nothing leaves the machine
		HideLogs:            true,
		// Plain HTTP on loopback: some browsers drop a Secure cookie there, and
		// without the cookie every signal sent from the UI fails its CSRF check.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}))
	s.uiPort = chosen[0]
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
