//go:build e2e && unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/interpose"
	"firebreak/test/stack/victim"
)

// leakWorld is a stack on which everybody is careless with secrets, and a worker
// in a process of its own whose requests to the outside are overheard.
type leakWorld struct {
	world

	*plants

	way     *interpose.World
	mu      sync.Mutex
	asked   []interpose.Request
	answers int                 // of the model that were spoiled
	chatted chan struct{}       // closed when people have written
	people  map[string]struct{} // timestamps of the Slack messages that they wrote
}

// fileSecrets is a file on checkout's machine that a careless runbook prints.
const fileSecrets = "config/secrets.env"

// startLeaky starts the stack, with the catalogue and the machine already
// careless, and the worker.
func startLeaky(p *plants) *leakWorld {
	t := p.t
	const runbook = "runbooks/restart-service/"
	base, _ := open(t, stack.Options{Edits: []stack.Edit{
		stack.Substitute(runbook+"runbook.yaml", "impact: Requests in flight", "impact: Before it "+p.sentence("impact of a runbook")+". Requests in flight"),
		stack.Substitute(runbook+"automation.yaml", `echo "restarted $SSM_Unit"`, "cat "+fileSecrets+"\n            cat "+fileSecrets+` >&2`),
		// The first try of the runbook fails, and quotes the file.
		stack.Substitute(runbook+"automation.yaml", "            tries=0\n",
			"            if [ ! -f tried ]; then touch tried; cat "+fileSecrets+" >&2; exit 1; fi\n            tries=0\n"),
	}})
	w := &leakWorld{world: base, plants: p, people: map[string]struct{}{}, chatted: make(chan struct{})}
	_, err := w.Commit("Raise the pool; " + p.sentence("message of a commit"))
	require.NoError(t, err)
	for _, in := range w.Shop.Instances() {
		if in.Service == victim.Checkout {
			content := "DB_PASSWORD=" + p.a("output of a script", "password/strong") + "\ncontact " + p.a("output of a script", "email/name") + "\nNPM_TOKEN=" + p.a("output of a script", "token/npm") + "\n"
			require.NoError(t, os.WriteFile(filepath.Join(in.Dir, fileSecrets), []byte(content), 0o600))
		}
	}
	w.describeAlarm()
	w.spoilAnswers()

	w.way, err = w.Surround(t.Context())
	require.NoError(t, err)
	t.Cleanup(w.way.Close)
	w.way.Listen(func(r interpose.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r)
	})
	w.refuse()
	starterCommand(t) // so that nobody waits for its build
	binary, err := stack.Build(t.Context(), t.TempDir(), stack.WorkerProgram)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	process, err := w.StartWorkerProcess(ctx, binary, fileWorkerLog, stack.Through(nil, w.way)...)
	require.NoError(t, err)
	t.Cleanup(process.Kill)
	return w
}

// describeAlarm puts secrets into the description of an alarm that will fire.
func (w *leakWorld) describeAlarm() {
	client := cloudwatch.NewFromConfig(w.AWS())
	out, err := client.DescribeAlarms(w.t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"checkout-errors"}})
	require.NoError(w.t, err)
	require.Len(w.t, out.MetricAlarms, 1)
	a := out.MetricAlarms[0]
	_, err = client.PutMetricAlarm(w.t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: a.AlarmName, AlarmDescription: aws.String("When it fires " + w.sentence("description of an alarm")), Namespace: a.Namespace, MetricName: a.MetricName,
		Dimensions: a.Dimensions, Period: a.Period, EvaluationPeriods: a.EvaluationPeriods, DatapointsToAlarm: a.DatapointsToAlarm, Threshold: a.Threshold,
		ComparisonOperator: a.ComparisonOperator, TreatMissingData: a.TreatMissingData, Unit: a.Unit, Statistic: a.Statistic,
	})
	require.NoError(w.t, err)
}

// spoilAnswers has the model say secrets wherever it says something freely.
func (w *leakWorld) spoilAnswers() {
	cause, reasoning := w.sentence("cause in the model's answer"), w.sentence("reasoning in the model's answer")
	w.Bedrock.Rewrite(func(answer string) string {
		var a struct {
			Hypotheses []map[string]any `json:"hypotheses"`
		}
		if json.Unmarshal([]byte(answer), &a) != nil || len(a.Hypotheses) == 0 {
			return answer
		}
		for _, h := range a.Hypotheses {
			h["cause"], h["reasoning"] = fmt.Sprint(h["cause"], " Also ", cause), fmt.Sprint(reasoning, " ", h["reasoning"])
		}
		spoiled, err := json.Marshal(a)
		if err != nil {
			return answer
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answers++
		return string(spoiled)
	})
}

// refusals are calls of the worker that are refused, with secrets in the message.
var refusals = []fault.Rule{
	{Operation: "DescribeAlarmHistory", Kind: fault.Error, Code: "AccessDenied", Status: http.StatusForbidden, Times: fault.Forever},
	{Operation: "FilterLogEvents", Kind: fault.Error, Code: "ServiceUnavailableException", Status: http.StatusServiceUnavailable, Times: 4},
	{Operation: "Converse", Kind: fault.Error, Code: "ModelErrorException", Status: http.StatusFailedDependency},
	{Operation: "GetAutomationExecution", Kind: fault.Error, Code: "InternalServerError", Status: http.StatusInternalServerError, Times: 4},
	{Operation: "GetRecords", Kind: fault.Error, Code: "AccessDeniedException", Status: http.StatusBadRequest, Skip: 4},
	{Service: "jira", Operation: "issue.create", Kind: fault.Error, Status: http.StatusServiceUnavailable},
}

func (w *leakWorld) refuse() {
	for _, r := range refusals {
		r.Message = "not now: " + w.sentence("error of "+r.Operation)
		w.way.Faults.Set(r)
	}
}

// scenario is a bad reload whose new address holds secrets, beside a sidecar that
// logs some, events, a metric and an alarm that carry some, and people who write
// some into the thread, the ticket and the note of their approval.
func (w *leakWorld) scenario() scenario.Scenario {
	sc := find(w.t, "error-spike")
	sc.Fault = victim.BadReloadTo("/v2/charges/api_key=" + w.a(inPath, "token/stripe") + "/" + w.a(inPath, "email/name"))
	sc.Answer = scenario.Elsewhere
	lines, note := w.logLines(), w.sentence("note of an approval")
	broken := make(chan struct{})
	sc.Steps = append(sc.Steps,
		scenario.Step{At: scenario.BeforeFault, Do: w.announce},
		scenario.Step{At: scenario.AfterFault, Do: w.setOff},
		scenario.Step{At: scenario.AfterFault, Do: func(context.Context, *stack.Stack) error { close(broken); return nil }},
		scenario.Step{At: scenario.Throughout, Do: func(ctx context.Context, st *stack.Stack) error {
			select {
			case <-broken:
				return sidecar(ctx, st, lines)
			case <-ctx.Done():
				return nil
			}
		}},
		scenario.Step{At: scenario.WhenAsked, Do: w.chat},
		scenario.Step{At: scenario.Throughout, Do: func(ctx context.Context, _ *stack.Stack) error { return w.approve(ctx, note) }},
	)
	return sc
}

// announce puts events on the bus, as a deployment tool would.
func (w *leakWorld) announce(ctx context.Context, _ *stack.Stack) error {
	detail, err := json.Marshal(map[string]any{
		"service": "checkout", "state": "STARTED", "change": "release 1.5.0: " + w.sentence(inEvent),
		"changed_by": w.a(inEvent, "email/plus"), "env": map[string]string{"STRIPE_KEY": w.a(inEvent, "token/stripe-restricted")},
	})
	if err != nil {
		return err
	}
	out, err := eventbridge.NewFromConfig(w.AWS()).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: aws.String("shop.deploy"), DetailType: aws.String("Deployment by " + w.a(inEvent, "email/short")), Time: aws.Time(time.Now()), Detail: aws.String(string(detail)),
	}}})
	if err == nil && out.FailedEntryCount > 0 {
		err = fmt.Errorf("an event was refused: %s", aws.ToString(out.Entries[0].ErrorMessage))
	}
	return err
}

// setOff sets an alarm off with a reason of its own, sends a metric whose
// dimension is a person, and a record that nobody can read.
func (w *leakWorld) setOff(ctx context.Context, _ *stack.Stack) error {
	client := cloudwatch.NewFromConfig(w.AWS())
	if _, err := client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("checkout-latency"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("set by hand, " + w.sentence(inReason)),
	}); err != nil {
		return fmt.Errorf("set an alarm off: %w", err)
	}
	if _, err := client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("Shop"), MetricData: []cwtypes.MetricDatum{{
		MetricName: aws.String("Errors"), Value: aws.Float64(40), Timestamp: aws.Time(time.Now()), StorageResolution: aws.Int32(1),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("service"), Value: aws.String("checkout")}, {Name: aws.String("customer"), Value: aws.String(w.a(inDatum, "email/name"))}},
	}}}); err != nil {
		return fmt.Errorf("send a metric: %w", err)
	}
	return w.Kinesis.PutRecord(stack.Stream, "junk", []byte(`{"detail-type": "Note", "detail": "`+w.sentence(inJunk)))
}

// chat has people write into the thread and the ticket.
func (w *leakWorld) chat(ctx context.Context, _ *stack.Stack) error {
	st := scenario.Incident(ctx)
	_, ts, err := w.Slack.Client().PostMessageContext(ctx, st.Thread.Channel, slackgo.MsgOptionTS(st.Thread.TS), slackgo.MsgOptionText(w.sentence("message of a person"), false))
	if err != nil {
		return fmt.Errorf("write into the thread: %w", err)
	}
	w.people[ts] = struct{}{}
	for _, is := range w.Jira.Issues() {
		if err := w.Jira.Comment(is.Key, person, w.sentence("comment of a person")); err != nil {
			return err
		}
	}
	close(w.chatted)
	return nil
}

// person writes comments in Jira.
const person = "Mona"

// approve answers every question on the command line.
func (w *leakWorld) approve(ctx context.Context, note string) error {
	select {
	case <-w.chatted:
	case <-ctx.Done():
		return nil
	}
	answered := ""
	asks := func() bool {
		st := scenario.Incident(ctx)
		return st.Pending && st.Plan != nil && st.Plan.Digest != answered
	}
	for until(ctx, asks) == nil { // until the play is over
		st := scenario.Incident(ctx)
		answered = st.Plan.Digest
		c := w.starter(w.t, "approve", st.ID, "--note", note)
		if c.code == 0 || ctx.Err() != nil {
			continue
		}
		// The trouble may be gone by then, and the question with it.
		if now, err := scenario.StateOf(ctx, w.client, st.WorkflowID); err != nil || now.Pending && now.Plan.Digest == answered {
			return fmt.Errorf("approve: %s", c.stderr)
		}
	}
	return nil
}

// until waits for a condition or the end of ctx.
func until(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// requests are what the worker asked the outside for.
func (w *leakWorld) requests() []interpose.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]interpose.Request(nil), w.asked...)
}
