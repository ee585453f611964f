package evidence

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// scripted is a source that does what a test says.
type scripted struct {
	is     redact.Text
	rights []string
	do     func(ctx context.Context) (answer, error)
}

func (s scripted) name() redact.Text { return s.is }

func (s scripted) needs() []string { return s.rights }

func (s scripted) gather(ctx context.Context, _ *question) (answer, error) { return s.do(ctx) }

func piecesOf(titles ...redact.Text) answer {
	var out answer
	for _, t := range titles {
		out.add(incident.Evidence{Kind: incident.EvidenceMetric, Title: t}, weightCalm)
	}
	return out
}

func refusedBy(service, operation, code, message string) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}}
}

func asker(within time.Duration) *Activities {
	return &Activities{opts: Options{Within: within, Redactor: rules.Default()}, beat: time.Hour}
}

// Every way to fail is a gap with its reason, and nothing else is lost by it.
func TestSourcesFailEachByItself(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	fails := func(err error) func(context.Context) (answer, error) {
		return func(context.Context) (answer, error) { return answer{}, err }
	}
	for name, c := range map[string]struct {
		do     func(context.Context) (answer, error)
		kind   incident.GapKind
		reason string
		pieces int
	}{
		"hangs until its time is up": {func(ctx context.Context) (answer, error) {
			<-ctx.Done()
			return answer{}, fmt.Errorf("read: %w", ctx.Err())
		}, incident.GapTimeout, "no whole answer within 50ms", 0},
		"hands over a part when its time is up": {func(ctx context.Context) (answer, error) {
			<-ctx.Done()
			return piecesOf(redact.Literal("a part")), ctx.Err()
		}, incident.GapTimeout, "no whole answer within 50ms", 1},
		"never stops": {func(context.Context) (answer, error) {
			<-forever
			return answer{}, nil
		}, incident.GapTimeout, "no whole answer within 50ms", 0},
		"panics": {func(context.Context) (answer, error) {
			panic("token=ghp_0123456789abcdefghijABCDEFGHIJ012345")
		}, incident.GapUnavailable, "failed by a mistake of its own", 0},
		"is denied": {
			fails(refusedBy("CloudWatch Logs", "FilterLogEvents", "AccessDeniedException", "no")),
			incident.GapDenied, "the worker's role lacks logs:FilterLogEvents", 0,
		},
		"is denied what another operation takes": {
			fails(refusedBy("XRay", "GetServiceGraph", "AccessDeniedException", "User: arn:aws:sts::1:x is not authorized to perform: kms:Decrypt on resource: y")),
			incident.GapDenied, "the worker's role lacks kms:Decrypt", 0,
		},
		"is denied without a word": {
			fails(&smithy.GenericAPIError{Code: "AccessDenied"}), incident.GapDenied, "the worker's role lacks a:B, c:D", 0,
		},
		"is throttled":  {fails(refusedBy("CloudWatch", "GetMetricData", "ThrottlingException", "slow down")), incident.GapThrottled, "throttled: ", 0},
		"breaks":        {fails(errors.New("connection reset")), incident.GapUnavailable, "connection reset", 0},
		"is not set up": {fails(fmt.Errorf("evidence.x is empty: %w", errNotConfigured)), incident.GapNotConfigured, "evidence.x is empty", 0},
		"breaks half-way": {func(context.Context) (answer, error) {
			return piecesOf(redact.Literal("half")), errors.New("page 2 is lost")
		}, incident.GapUnavailable, "page 2 is lost", 1},
		"is answered in full": {func(context.Context) (answer, error) { return piecesOf(redact.Literal("all")), nil }, "", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := scripted{redact.Literal("good"), []string{"a:B"}, func(context.Context) (answer, error) { return piecesOf(redact.Literal("good")), nil }}
			bad := scripted{redact.Literal("bad"), []string{"a:B", "c:D"}, c.do}
			got, sum := asker(50*time.Millisecond).ask(t.Context(), []source{good, bad, good}, &question{})
			require.Len(t, got.pieces, 2+c.pieces)
			require.False(t, sum.hopeless())
			if c.kind == "" {
				require.Empty(t, got.gaps)
				return
			}
			require.Len(t, got.gaps, 1)
			require.Equal(t, c.kind, got.gaps[0].Kind)
			require.Equal(t, "bad", got.gaps[0].What.String())
			require.Contains(t, got.gaps[0].Reason.String(), c.reason)
			require.NotContains(t, got.gaps[0].Reason.String(), "ghp_")
		})
	}
}

// Asking everything again helps only where all failed and may yet answer.
func TestHopeless(t *testing.T) {
	t.Parallel()
	one := func(err error, needs ...string) source {
		return scripted{redact.Literal("x"), needs, func(context.Context) (answer, error) { return answer{}, err }}
	}
	throttled, denied := refusedBy("CloudWatch", "X", "Throttling", ""), refusedBy("CloudWatch", "X", "AccessDenied", "")
	for _, c := range []struct {
		sources []source
		want    bool
	}{
		{nil, false},
		{[]source{one(throttled, "a:B"), one(errors.New("lost"), "a:B")}, true},
		{[]source{one(throttled, "a:B"), one(denied, "a:B")}, false},
		{[]source{one(throttled, "a:B"), one(nil, "a:B")}, false},
		{[]source{one(throttled, "a:B"), one(nil)}, true},
		{[]source{one(throttled, "a:B"), one(errNotConfigured, "a:B")}, true},
		{[]source{one(errNotConfigured, "a:B")}, false},
	} {
		_, sum := asker(time.Minute).ask(t.Context(), c.sources, &question{})
		require.Equal(t, c.want, sum.hopeless())
	}
}

// However long each takes, the answers are joined in the order of the sources;
// never more than a few are asked at a time.
func TestAnswersComeInTheOrderOfTheSources(t *testing.T) {
	t.Parallel()
	running := make(chan struct{}, parallel)
	var sources []source
	var want []redact.Text
	for i := range 3 * parallel {
		title := redact.Format("piece %d", i)
		want = append(want, title)
		sources = append(sources, scripted{title, nil, func(context.Context) (answer, error) {
			select {
			case running <- struct{}{}:
			default:
				return answer{}, errors.New("too many at a time")
			}
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			<-running
			return piecesOf(title), nil
		}})
	}
	got, _ := asker(time.Minute).ask(t.Context(), sources, &question{})
	require.Empty(t, got.gaps)
	var titles []redact.Text
	for _, p := range got.pieces {
		titles = append(titles, p.Title)
	}
	require.Equal(t, want, titles)
}

// A worker that is asking is alive.
func TestHeartbeatsWhileSourcesAreAsked(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	beaten := make(chan struct{}, 1)
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) {
		select {
		case beaten <- struct{}{}:
		default:
		}
	})
	a := asker(time.Minute)
	a.beat = time.Millisecond
	slow := scripted{redact.Literal("slow"), nil, func(ctx context.Context) (answer, error) {
		select {
		case <-beaten:
			return answer{}, nil
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}}
	env.RegisterActivityWithOptions(func(ctx context.Context) (int, error) {
		got, _ := a.ask(ctx, []source{slow}, &question{})
		return len(got.gaps), nil
	}, activity.RegisterOptions{Name: "ask"})
	got, err := env.ExecuteActivity("ask")
	require.NoError(t, err)
	var gaps int
	require.NoError(t, got.Get(&gaps))
	require.Zero(t, gaps)
}

// An incident that is over needs no evidence any more.
func TestAskingEndsWithTheActivity(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	slow := scripted{redact.Literal("slow"), []string{"a:B"}, func(ctx context.Context) (answer, error) {
		cancel()
		<-ctx.Done()
		return answer{}, ctx.Err()
	}}
	_, sum := asker(time.Minute).ask(ctx, []source{slow}, &question{})
	require.ErrorIs(t, sum.last, context.Canceled)
}
