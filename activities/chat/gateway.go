package chat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.temporal.io/sdk/client"
	"golang.org/x/crypto/ssh"
)

// Updater is the one method of the Temporal client that the gateway calls.
type Updater interface {
	UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
}

// GatewayOptions configure a Gateway.
type GatewayOptions struct {
	// Client talks to Slack with a bot token and an app-level token (Socket
	// Mode); required.
	Client *slack.Client
	// Updater sends decisions to workflows, usually the Temporal client; required.
	Updater Updater
	// Namespace is the Temporal namespace, which signatures cover; required.
	Namespace string
	// Signer is the gateway's SSH key. Without one decisions are unsigned and
	// count only where policy takes unverified ones.
	Signer ssh.Signer
	// Timeout bounds one decision, from the press to the workflow's answer; 0 is
	// 30 seconds.
	Timeout time.Duration
	// Retry is the wait before a failed connection or update is tried again; 0
	// is one second.
	Retry time.Duration
	// Now is nil for time.Now.
	Now func() time.Time
	// Logger is nil for slog.Default.
	Logger *slog.Logger
}

// Gateway listens to Slack over Socket Mode and turns presses of the approval
// card's buttons into the update "decide". It needs no address of its own.
type Gateway struct {
	o     GatewayOptions
	slots chan struct{} // one a decision in progress
}

const (
	// maxDeciding bounds the decisions in progress; more wait, acknowledged.
	maxDeciding = 16
	// maxEnvelope bounds what Slack may send in one message, in bytes.
	maxEnvelope = 1 << 20
)

// NewGateway checks the options. It does not call Slack.
func NewGateway(o GatewayOptions) (*Gateway, error) {
	switch {
	case o.Client == nil || o.Updater == nil:
		return nil, errors.New("chat gateway: a Slack client and a Temporal client are required")
	case o.Namespace == "":
		return nil, errors.New("chat gateway: the Temporal namespace is required")
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Retry == 0 {
		o.Retry = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Gateway{o: o, slots: make(chan struct{}, maxDeciding)}, nil
}

// Run listens until ctx ends and returns nil then, after the decisions in
// progress have ended. It connects again whenever the connection is lost; only
// a refused token ends it, with an error.
func (g *Gateway) Run(ctx context.Context) error {
	conn := socketmode.New(g.o.Client, socketmode.OptionReadLimit(maxEnvelope))
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { g.listen(ctx, conn, &wg) })
	for {
		err := conn.RunContext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if refusesToken(err) {
			return fmt.Errorf("open a Socket Mode connection: Slack answers %w: check the app-level token (xapp-..., scope connections:write)", err)
		}
		g.o.Logger.WarnContext(ctx, "the Socket Mode connection ended, connecting again", "error", err)
		select {
		case <-time.After(g.o.Retry):
		case <-ctx.Done():
			return nil
		}
	}
}

func refusesToken(err error) bool {
	if err == nil {
		return false
	}
	switch err.Error() {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked":
		return true
	}
	var status slack.StatusCodeError
	return errors.As(err, &status) && status.Code == 404
}

// listen reads events until ctx ends. Every request is acknowledged at once,
// because Slack shows an error to the person after three seconds; a decision
// takes its time beside the loop.
func (g *Gateway) listen(ctx context.Context, conn *socketmode.Client, wg *sync.WaitGroup) {
	for {
		select {
		case <-ctx.Done():
			return
		case evt := <-conn.Events:
			g.handle(ctx, conn, evt, wg)
		}
	}
}

func (g *Gateway) handle(ctx context.Context, conn *socketmode.Client, evt socketmode.Event, wg *sync.WaitGroup) {
	log := g.o.Logger
	switch evt.Type {
	case socketmode.EventTypeConnected:
		log.InfoContext(ctx, "connected to Slack over Socket Mode")
	case socketmode.EventTypeConnectionError, socketmode.EventTypeIncomingError:
		log.WarnContext(ctx, "trouble with the Socket Mode connection", "event", string(evt.Type))
	case socketmode.EventTypeErrorBadMessage:
		log.WarnContext(ctx, "Slack sent an envelope that cannot be read; ignored")
	case socketmode.EventTypeErrorWriteFailed:
		log.WarnContext(ctx, "an acknowledgement could not be sent")
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeSlashCommand:
		g.acknowledge(ctx, conn, evt)
	case socketmode.EventTypeInteractive:
		g.acknowledge(ctx, conn, evt)
		callback, ok := evt.Data.(slack.InteractionCallback)
		if !ok || callback.Type != slack.InteractionTypeBlockActions {
			return
		}
		for _, action := range callback.ActionCallback.BlockActions {
			if action == nil || (action.ActionID != ActionApprove && action.ActionID != ActionReject) {
				continue
			}
			p := pressOf(callback, action)
			wg.Go(func() { g.decide(ctx, p) })
		}
	}
}

func (g *Gateway) acknowledge(ctx context.Context, conn *socketmode.Client, evt socketmode.Event) {
	if evt.Request == nil {
		return
	}
	if err := conn.AckCtx(ctx, evt.Request.EnvelopeID, nil); err != nil {
		g.o.Logger.WarnContext(ctx, "acknowledge a Slack request", "error", err)
	}
}
