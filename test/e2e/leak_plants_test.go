//go:build e2e && unix

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/redaction"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// plants are the made-up secrets and personal data of one run, each of which
// stands in one place only, so that a finding says where it came from.
type plants struct {
	t    *testing.T
	draw *rand.Rand
	all  []redaction.Secret
}

func newPlants(t *testing.T, seed uint64) *plants {
	return &plants{t: t, draw: rand.New(rand.NewPCG(seed, 1))}
}

// a draws a value for a place.
func (p *plants) a(place, recipe string) string {
	value, err := redaction.Draw(recipe, p.draw)
	require.NoError(p.t, err)
	p.all = append(p.all, redaction.Secret{Name: place + ": " + recipe, Value: value})
	return value
}

// of lists what stands in a place.
func (p *plants) of(place string) []redaction.Secret {
	var found []redaction.Secret
	for _, s := range p.all {
		if strings.HasPrefix(s.Name, place+": ") {
			found = append(found, s)
		}
	}
	return found
}

// sentence is a text with values of several kinds, as somebody in a hurry
// writes it.
func (p *plants) sentence(place string) string {
	return fmt.Sprintf("ask %s (%s); log in with password=%s or the token %s",
		p.a(place, "email/name"), p.a(place, "phone/us-long"), p.a(place, "password/word"), p.a(place, "token/github"))
}

// Places whose values go through the stream.
const (
	inLog    = "log"
	inPath   = "path of an address"
	inReason = "reason of an alarm"
	inEvent  = "event"
	inDatum  = "dimension of a metric"
	inJunk   = "unreadable record"
)

// logLines are hostile lines of a log, errors and others, plain and encoded.
func (p *plants) logLines() []string {
	in := func(recipe string) string { return p.a(inLog, recipe) }
	inJSON := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(p.t, err)
		return string(b)
	}
	return []string{
		"ERROR payment declined pan=" + in("card/visa-spaced") + " account " + in("iban/de"),
		inJSON(map[string]any{"level": "error", "msg": "login failed for " + in("email/plus"), "password": in("password/hard"), "phone": in("phone/de")}),
		inJSON(map[string]any{"level": "error", "msg": "upstream refused", "headers": map[string]string{"Authorization": "Bearer " + in("auth/opaque"), "Cookie": "session=" + in("cookie/hex")}}),
		"ERROR java.sql.SQLException: cannot open jdbc:postgresql://db-7:5432/orders?user=app&password=" + in("password/url") + "\n\tat com.acme.orders.Dao.open(Dao.java:44)\n\tat com.acme.orders.Pool.borrow(Pool.java:211)",
		"ERROR redis://default:" + in("password/url") + "@cache-2.internal.example:6379/0 does not answer",
		"ERROR event was refused: " + base64.StdEncoding.EncodeToString([]byte(inJSON(map[string]string{"email": in("email/short"), "password": in("password/strong")}))),
		"ERROR GET /callback?email=" + url.QueryEscape(in("email/sub")) + "&access_token=" + in("jwt/hs256") + " failed with 500",
		inJSON(map[string]any{"level": "error", "msg": "bad message", "body": inJSON(map[string]any{"card": in("card/master"), "api_key": in("api-key/base62")})}),
		"WARN AWS_ACCESS_KEY_ID=" + in("aws-key-id/user") + " AWS_SECRET_ACCESS_KEY=" + in("aws-secret/key") + " are about to expire",
		"ERROR cannot use key " + strings.ReplaceAll(in("private-key/rsa"), "\n", `\n`),
		"INFO charged with " + in("token/stripe") + " for ssn " + in("national-id/us-ssn"),
		"ERROR Traceback (most recent call last):\n  File \"/srv/app/notify.py\", line 12, in send\n    post(token)\nValueError: " + in("token/slack-bot") + " was revoked",
	}
}

// sidecar writes lines into checkout's log, once a second until there is a plan,
// with a number that is another one each time. What it went on to say after the
// fix would be trouble of its own. The question itself may be answered between
// two of its looks.
func sidecar(ctx context.Context, st *stack.Stack, lines []string) error {
	client := cloudwatchlogs.NewFromConfig(st.AWS())
	group, stream := aws.String(victim.LogGroup(victim.Checkout)), aws.String("checkout/sidecar")
	if _, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		return fmt.Errorf("create the sidecar's log stream: %w", err)
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 0; scenario.Incident(ctx).Plan == nil; n++ {
		var events []cwltypes.InputLogEvent
		for _, line := range lines {
			if !strings.HasPrefix(line, "{") {
				line += fmt.Sprintf(" (try %d)", n)
			}
			events = append(events, cwltypes.InputLogEvent{Message: aws.String(line), Timestamp: aws.Int64(time.Now().UnixMilli())})
		}
		if _, err := client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}); err != nil && ctx.Err() == nil {
			return fmt.Errorf("write the sidecar's lines: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}
