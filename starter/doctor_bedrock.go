package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

func (d *doctor) bedrockProbe() probe {
	b := bedrockChecks{
		client: bedrockruntime.NewFromConfig(d.aws), cfg: d.cfg.Diagnosis, deep: d.deep,
		need: right{"bedrock:InvokeModel", modelARN(d.cfg.Diagnosis.Model, d.cfg.Region)},
	}
	return probe{
		system: "Bedrock", skip: d.unusable([]string{config.RoleDiagnosis}, "diagnosis.model", "region"),
		checks: []check{{"model", b.model}},
	}
}

type bedrockChecks struct {
	client *bedrockruntime.Client
	cfg    config.Diagnosis
	deep   bool
	need   right
}

func modelARN(model, region string) string {
	if strings.HasPrefix(model, "arn:") {
		return model
	}
	if prefix, _, _ := strings.Cut(model, "."); prefix == "us" || prefix == "eu" || prefix == "apac" || prefix == "global" {
		return "the inference profile " + model + " and the models behind it"
	}
	return fmt.Sprintf("arn:aws:bedrock:%s::foundation-model/%s", region, model)
}

// model asks the model for one token when a deep look is wanted. Else it sends a
// request without a message, which is refused before any model runs and costs
// nothing: whether the address, the credentials and mostly also the rights and
// the model's name are good shows in how it is refused.
func (b bedrockChecks) model(ctx context.Context) finding {
	in := &bedrockruntime.ConverseInput{ModelId: &b.cfg.Model}
	if b.deep {
		in.Messages = []types.Message{{
			Role: types.ConversationRoleUser, Content: []types.ContentBlock{&types.ContentBlockMemberText{Value: "Say ok."}},
		}}
		in.InferenceConfig = &types.InferenceConfiguration{MaxTokens: aws.Int32(1)}
		if b.cfg.GuardrailID != "" {
			in.GuardrailConfig = &types.GuardrailConfiguration{GuardrailIdentifier: &b.cfg.GuardrailID, GuardrailVersion: &b.cfg.GuardrailVersion}
		}
	}
	out, err := b.client.Converse(ctx, in)
	if err != nil {
		return b.refused(err)
	}
	used := types.TokenUsage{}
	if out.Usage != nil {
		used = *out.Usage
	}
	return passed("%s answers (--deep: %d tokens in, %d out)", b.cfg.Model, aws.ToInt32(used.InputTokens), aws.ToInt32(used.OutputTokens))
}

func (b bedrockChecks) refused(err error) finding {
	var invalid *types.ValidationException
	var unknown *types.ResourceNotFoundException
	switch {
	case errors.As(err, &unknown), errors.As(err, &invalid) && aboutTheModel(invalid.ErrorMessage()):
		var api smithy.APIError
		errors.As(err, &api) // both are one
		return failed(b.cfg.Model+": "+clean(api.ErrorMessage()),
			command("Set diagnosis.model to a model or an inference profile of this region, and see that the account has access to it:", "aws bedrock list-inference-profiles --query 'inferenceProfileSummaries[].inferenceProfileId'"))
	case invalid != nil && !b.deep:
		return passed("answers; the model was not asked (--deep asks it for one token)")
	case kindOf(err) == incident.ErrorPermission:
		f := awsTrouble(err, "Bedrock", b.need)
		if !f.stop {
			f.Advice = append(f.Advice, say("Access to the model itself is granted under Model access in the Bedrock console."))
		}
		return f
	default:
		return awsTrouble(err, "Bedrock", b.need)
	}
}

// aboutTheModel tells a ValidationException that names the model from one that
// complains of the request. The service has one code for both. A bare id of a
// model that is only offered through an inference profile is refused with words
// about on-demand throughput.
func aboutTheModel(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "model identifier") || strings.Contains(m, "inference profile") || strings.Contains(m, "on-demand throughput") || strings.Contains(m, "guardrail")
}
