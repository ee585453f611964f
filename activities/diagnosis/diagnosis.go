// Package diagnosis asks a model on Amazon Bedrock what is behind an incident.
// The model gets evidence and a closed list of runbooks, and answers in a fixed
// shape. Nothing that it says is believed unchecked: citations must exist,
// runbooks must be allowed, and parameters are none of its business.
package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// Nonsense is the type of the retryable error for an answer that cannot be used.
const Nonsense = "Nonsense"

// maxAttempts is how many tries may end in nonsense.
const maxAttempts = 5

// Model is the part of Bedrock that is used.
type Model interface {
	Converse(ctx context.Context, in *bedrockruntime.ConverseInput, opts ...func(*bedrockruntime.Options)) (*bedrockruntime.ConverseOutput, error)
}

// Options are what the activity works with. Client and ModelID are needed,
// everything else has a default.
type Options struct {
	Client           Model
	ModelID          string          // model id or inference profile; a bare model id may need a profile (eu., us., global.)
	MaxTokens        int             // of the answer; default 4096. Unset it would reserve the model's maximum against the quota
	GuardrailID      string          // guardrail that looks at the telemetry; empty for none
	GuardrailVersion string          // its version; default "DRAFT"
	TextFormat       bool            // ask for JSON text by schema, for models that cannot be forced to use a tool
	MaxInput         int             // bytes of evidence and the rest that the model gets; default 96 KiB
	Timeout          time.Duration   // of one question; default 3 min. The SDK has no read timeout of its own
	Redactor         redact.Redactor // default: rules.Default()
}

// Activities are Diagnose.
type Activities struct{ opts Options }

// New checks the options and fills in the defaults.
func New(opts Options) (*Activities, error) {
	if opts.Client == nil || opts.ModelID == "" {
		return nil, errors.New("the diagnosis activity needs a client of Bedrock and a model id")
	}
	if opts.MaxTokens <= 0 {
		opts.MaxTokens = 4096
	}
	if opts.GuardrailID != "" && opts.GuardrailVersion == "" {
		opts.GuardrailVersion = "DRAFT"
	}
	if opts.MaxInput <= 0 {
		opts.MaxInput = 96 << 10
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 3 * time.Minute
	}
	if opts.Redactor == nil {
		opts.Redactor = rules.Default()
	}
	return &Activities{opts: opts}, nil
}

// Diagnose asks the model and checks its answer. An answer without one
// hypothesis that stands, or whose likeliest one wants a runbook that is not
// allowed while no other has any, is a retryable error of type Nonsense.
func (a *Activities) Diagnose(ctx context.Context, in incident.DiagnoseInput) (incident.Diagnosis, error) {
	if len(in.Evidence) == 0 {
		return incident.Diagnosis{}, awserror.Refuse(incident.ErrorValidation, "diagnose %s: there is no evidence that a hypothesis could cite", in.IncidentID)
	}
	shown, err := show(in, a.opts.MaxInput)
	if err != nil {
		return incident.Diagnosis{}, awserror.Refuse(incident.ErrorValidation, "diagnose %s: %s", in.IncidentID, err)
	}
	asking, done := context.WithTimeout(ctx, a.opts.Timeout)
	defer done()
	out, err := a.opts.Client.Converse(asking, a.request(in, shown), once)
	if err != nil {
		if ctx.Err() != nil {
			return incident.Diagnosis{}, fmt.Errorf("diagnose %s: %w", in.IncidentID, ctx.Err())
		}
		return incident.Diagnosis{}, awserror.Classify(fmt.Sprintf("diagnose %s with model %s", in.IncidentID, a.opts.ModelID), err)
	}
	answer, err := read(out)
	if err != nil {
		return incident.Diagnosis{}, a.hopeless(ctx, awserror.Classify(fmt.Sprintf("diagnose %s with model %s", in.IncidentID, a.opts.ModelID), err))
	}
	got, forbidden := a.check(answer, shown)
	got.Model = a.opts.ModelID
	if out.Trace != nil && out.Trace.PromptRouter != nil && aws.ToString(out.Trace.PromptRouter.InvokedModelId) != "" {
		got.Model = redact.Name(*out.Trace.PromptRouter.InvokedModelId).String()
	}
	if out.Usage != nil {
		got.InputTokens, got.OutputTokens = int(aws.ToInt32(out.Usage.InputTokens)), int(aws.ToInt32(out.Usage.OutputTokens))
	}
	if len(got.Hypotheses) == 0 {
		return incident.Diagnosis{}, a.hopeless(ctx, nonsense("no hypothesis stands: %v", got.Notes))
	}
	if forbidden {
		return incident.Diagnosis{}, a.hopeless(ctx, nonsense("it wants a runbook that it may not have, and no other: %v", got.Notes))
	}
	return got, nil
}

// once keeps the SDK from trying again by itself: Temporal does, with the delays
// that its policy names and in view of everybody.
func once(o *bedrockruntime.Options) {
	o.Retryer = aws.NopRetryer{}
	o.RetryMaxAttempts = 1
}

// nonsense is the error for an answer that cannot be used; the next may be better.
func nonsense(format string, args ...any) error {
	msg := redact.Clean(rules.Default(), fmt.Sprintf("the model's answer cannot be used: "+format, args...)).Cut(800).String()
	return temporal.NewApplicationError(msg, Nonsense)
}

// hopeless ends the tries of a model that keeps answering nonsense: each costs
// money and minutes, and the incident has to go to a person.
func (a *Activities) hopeless(ctx context.Context, err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == Nonsense && activity.GetInfo(ctx).Attempt >= maxAttempts {
		return awserror.Refuse(Nonsense, "%s; given up after %d tries", app.Message(), maxAttempts)
	}
	return err
}

// request is the question in Bedrock's terms.
func (a *Activities) request(in incident.DiagnoseInput, shown shown) *bedrockruntime.ConverseInput {
	req := &bedrockruntime.ConverseInput{
		ModelId:         &a.opts.ModelID,
		System:          []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: systemPrompt}},
		Messages:        []types.Message{{Role: types.ConversationRoleUser, Content: a.content(shown)}},
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(int32(a.opts.MaxTokens))},
		RequestMetadata: map[string]string{"incident": redact.Name(in.IncidentID).Cut(200).String()}, // at most 16 pairs
	}
	if a.opts.GuardrailID != "" {
		req.GuardrailConfig = &types.GuardrailConfiguration{GuardrailIdentifier: &a.opts.GuardrailID, GuardrailVersion: &a.opts.GuardrailVersion}
	}
	a.output(req, shown)
	return req
}

// content makes the blocks. With a guardrail, what comes from telemetry is
// marked as guarded: a guardrail looks at nothing but guardContent where there
// is some, and never at tool results, definitions or inputs.
func (a *Activities) content(s shown) []types.ContentBlock {
	var out []types.ContentBlock
	for _, b := range s.blocks {
		if b.hostile && a.opts.GuardrailID != "" {
			out = append(out, &types.ContentBlockMemberGuardContent{
				Value: &types.GuardrailConverseContentBlockMemberText{Value: types.GuardrailConverseTextBlock{Text: aws.String(b.text)}},
			})
			continue
		}
		out = append(out, &types.ContentBlockMemberText{Value: b.text})
	}
	return out
}
