package bedrock_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock"
	"firebreak/test/stack/bedrock/offline"
	"firebreak/test/stack/fault"
)

const schema = `{"type":"object","required":["hypotheses"],"properties":{"hypotheses":{"type":"array","minItems":1,"maxItems":3,"items":{
	"type":"object","required":["cause","service","confidence","citations","runbook"],
	"properties":{"cause":{"type":"string"},"service":{"type":"string"},"confidence":{"type":"number","minimum":0,"maximum":1},
	"citations":{"type":"array","items":{"type":"string"}},"runbook":{"type":"string","enum":["mend","none"]}}}}}}`

// blocks are a case with one explanation. The evidence is guarded, as hostile
// input should be.
func blocks() []types.ContentBlock {
	guarded := func(s string) types.ContentBlock {
		return &types.ContentBlockMemberGuardContent{Value: &types.GuardrailConverseContentBlockMemberText{Value: types.GuardrailConverseTextBlock{Text: &s}}}
	}
	return []types.ContentBlock{
		&types.ContentBlockMemberText{Value: "INCIDENT\n" + `{"service":"front","severity":"sev2","anomalies":[],"depends_on":["back"]}`},
		&types.ContentBlockMemberText{Value: "RUNBOOKS\n" + `[{"name":"mend","service":"front","summary":"","fixes":["errors after a configuration reload"]}]`},
		guarded("EVIDENCE\n" + `{"id":"ev-1","kind":"metric","service":"front","role":"errors","facts":{"before":0,"after":50,"deviations":25}}`),
		guarded("EVIDENCE\n" + `{"id":"ev-2","kind":"logs","service":"front","facts":{"new":1,"count_after":80,"share_after":0.5},"samples":["ERROR configuration reload failed"]}`),
	}
}

type bench struct {
	*bedrock.Service
	client *bedrockruntime.Client
	faults *fault.Faults
}

func newBench(t *testing.T) bench {
	t.Helper()
	faults := fault.New()
	server := awswire.New(awswire.Options{Faults: faults})
	s := bedrock.New(bedrock.Options{})
	s.Register(server)
	endpoint, err := server.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	client := bedrockruntime.NewFromConfig(server.ClientConfig(endpoint), func(o *bedrockruntime.Options) { o.Retryer = aws.NopRetryer{} })
	return bench{Service: s, client: client, faults: faults}
}

func text(model string) *bedrockruntime.ConverseInput {
	return &bedrockruntime.ConverseInput{
		ModelId:  &model,
		System:   []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: "You diagnose incidents."}},
		Messages: []types.Message{{Role: types.ConversationRoleUser, Content: blocks()}},
		OutputConfig: &types.OutputConfig{TextFormat: &types.OutputFormat{
			Type:      types.OutputFormatTypeJsonSchema,
			Structure: &types.OutputFormatStructureMemberJsonSchema{Value: types.JsonSchemaDefinition{Schema: aws.String(schema), Name: aws.String("diagnosis")}},
		}},
	}
}

func tool(t *testing.T, model string) *bedrockruntime.ConverseInput {
	t.Helper()
	var s any
	require.NoError(t, json.Unmarshal([]byte(schema), &s))
	in := text(model)
	in.OutputConfig = nil
	in.ToolConfig = &types.ToolConfiguration{
		Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
			Name: aws.String("report"), InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(s)},
		}}},
		ToolChoice: &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String("report")}},
	}
	return in
}

func (b bench) converse(t *testing.T, in *bedrockruntime.ConverseInput) (*bedrockruntime.ConverseOutput, types.ContentBlock) {
	t.Helper()
	out, err := b.client.Converse(t.Context(), in)
	require.NoError(t, err)
	m, ok := out.Output.(*types.ConverseOutputMemberMessage)
	require.True(t, ok)
	require.Equal(t, types.ConversationRoleAssistant, m.Value.Role)
	require.Len(t, m.Value.Content, 1)
	return out, m.Value.Content[0]
}

func checkDiagnosis(t *testing.T, a offline.Answer) {
	t.Helper()
	require.NotEmpty(t, a.Hypotheses)
	require.LessOrEqual(t, len(a.Hypotheses), 3, "the schema's maxItems")
	best := a.Hypotheses[0]
	require.Equal(t, "mend", best.Runbook)
	require.Equal(t, "front", best.Service)
	require.ElementsMatch(t, []string{"ev-1", "ev-2"}, best.Citations)
	require.Greater(t, best.Confidence, 0.6)
	require.Contains(t, best.Reasoning, offline.Name)
}

func TestStructuredText(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out, block := b.converse(t, text(offline.Name+":0")) // arrives as %3A0
	require.Equal(t, types.StopReasonEndTurn, out.StopReason)
	require.Equal(t, offline.Name, *out.Trace.PromptRouter.InvokedModelId)
	require.Positive(t, *out.Usage.InputTokens)
	require.Positive(t, *out.Usage.OutputTokens)
	require.Equal(t, *out.Usage.InputTokens+*out.Usage.OutputTokens, *out.Usage.TotalTokens)
	said, ok := block.(*types.ContentBlockMemberText)
	require.True(t, ok)
	var a offline.Answer
	require.NoError(t, json.Unmarshal([]byte(said.Value), &a))
	checkDiagnosis(t, a)
}

func TestForcedTool(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out, block := b.converse(t, tool(t, offline.Name))
	require.Equal(t, types.StopReasonToolUse, out.StopReason)
	use, ok := block.(*types.ContentBlockMemberToolUse)
	require.True(t, ok)
	require.Equal(t, "report", *use.Value.Name)
	raw, err := use.Value.Input.MarshalSmithyDocument()
	require.NoError(t, err)
	var a offline.Answer
	require.NoError(t, json.Unmarshal(raw, &a))
	checkDiagnosis(t, a)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.client.Converse(t.Context(), text("maker.model-1:0"))
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
	_, err = b.client.Converse(t.Context(), text("what is this"))
	require.ErrorAs(t, err, new(*types.ValidationException))
	in := text(offline.Name)
	in.Messages = nil
	_, err = b.client.Converse(t.Context(), in)
	require.ErrorAs(t, err, new(*types.ValidationException))
	in = tool(t, offline.Name)
	in.ToolConfig.ToolChoice = &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String("gone")}}
	_, err = b.client.Converse(t.Context(), in)
	require.ErrorAs(t, err, new(*types.ValidationException))

	b.faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Throttle})
	_, err = b.client.Converse(t.Context(), text(offline.Name))
	require.ErrorAs(t, err, new(*types.ThrottlingException))
	b.faults.Set(fault.Rule{Service: "bedrock", Kind: fault.Error, Code: "ModelNotReadyException", Status: 429})
	_, err = b.client.Converse(t.Context(), text(offline.Name))
	require.ErrorAs(t, err, new(*types.ModelNotReadyException))
}

// What the model cannot do it says, in prose and without a tool.
func TestSaysThatItCannot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	free, joke, other := text(offline.Name), text(offline.Name), text(offline.Name)
	free.OutputConfig = nil
	joke.Messages[0].Content = []types.ContentBlock{&types.ContentBlockMemberText{Value: "Tell me a joke."}}
	s := other.OutputConfig.TextFormat.Structure.(*types.OutputFormatStructureMemberJsonSchema)
	s.Value.Schema = aws.String(`{"type":"object"}`)
	for _, in := range []*bedrockruntime.ConverseInput{free, joke, other} {
		out, block := b.converse(t, in)
		require.Equal(t, types.StopReasonEndTurn, out.StopReason)
		said, ok := block.(*types.ContentBlockMemberText)
		require.True(t, ok)
		require.Contains(t, said.Value, "I am "+offline.Name)
		require.Contains(t, said.Value, "cannot")
	}
}

func TestMaxTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := text(offline.Name)
	in.InferenceConfig = &types.InferenceConfiguration{MaxTokens: aws.Int32(10)}
	out, block := b.converse(t, in)
	require.Equal(t, types.StopReasonMaxTokens, out.StopReason)
	said, ok := block.(*types.ContentBlockMemberText)
	require.True(t, ok)
	require.Len(t, said.Value, 40)
}

func TestNonsense(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Nonsense(5)
	stops := map[types.StopReason]int{}
	for range 5 {
		out, _ := b.converse(t, tool(t, offline.Name))
		stops[out.StopReason]++
	}
	require.Equal(t, map[types.StopReason]int{
		types.StopReasonEndTurn: 1, types.StopReasonToolUse: 2, types.StopReasonMalformedToolUse: 1, types.StopReasonMaxTokens: 1,
	}, stops)
	out, _ := b.converse(t, tool(t, offline.Name))
	require.Equal(t, types.StopReasonToolUse, out.StopReason)
	b.Nonsense(-1)
	for range 3 {
		_, block := b.converse(t, text(offline.Name))
		said, ok := block.(*types.ContentBlockMemberText)
		require.True(t, ok)
		require.NotContains(t, said.Value, `"runbook":"mend"`)
	}
	b.Nonsense(0)
	out, _ = b.converse(t, text(offline.Name))
	require.Equal(t, types.StopReasonEndTurn, out.StopReason)
}
