package bedrock

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
)

// request is what the model looks at: the user's text blocks and the shape that
// the answer is to have.
type request struct {
	blocks    []string
	schema    []byte // JSON schema of the answer, nil for none
	tool      string // the tool that must be used, empty for structured text
	maxTokens int    // 0 for no limit
}

// readRequest collects the text of all user messages, guarded or not. What it
// refuses is what Bedrock refuses, too.
func readRequest(in *bedrockruntime.ConverseInput) (request, error) {
	var r request
	if len(in.Messages) == 0 {
		return r, errors.New("a conversation must start with a user message")
	}
	if in.Messages[0].Role != types.ConversationRoleUser || in.Messages[len(in.Messages)-1].Role != types.ConversationRoleUser {
		return r, errors.New("a conversation must start and end with a user message")
	}
	for _, m := range in.Messages {
		if m.Role != types.ConversationRoleUser {
			continue
		}
		for _, c := range m.Content {
			switch c := c.(type) {
			case *types.ContentBlockMemberText:
				r.blocks = append(r.blocks, c.Value)
			case *types.ContentBlockMemberGuardContent:
				if t, ok := c.Value.(*types.GuardrailConverseContentBlockMemberText); ok {
					r.blocks = append(r.blocks, aws.ToString(t.Value.Text))
				}
			}
		}
	}
	if in.InferenceConfig != nil {
		r.maxTokens = int(aws.ToInt32(in.InferenceConfig.MaxTokens))
	}
	return r, r.readOutput(in)
}

// readOutput takes the answer's schema from a forced tool, else from the text
// format.
func (r *request) readOutput(in *bedrockruntime.ConverseInput) error {
	if t := in.ToolConfig; t != nil {
		choice, ok := t.ToolChoice.(*types.ToolChoiceMemberTool)
		if !ok {
			return nil // free to use a tool, and so free not to
		}
		r.tool = aws.ToString(choice.Value.Name)
		for _, tool := range t.Tools {
			spec, ok := tool.(*types.ToolMemberToolSpec)
			if !ok || aws.ToString(spec.Value.Name) != r.tool {
				continue
			}
			schema, ok := spec.Value.InputSchema.(*types.ToolInputSchemaMemberJson)
			if !ok {
				return fmt.Errorf("tool %s has no input schema", r.tool)
			}
			raw, err := schema.Value.MarshalSmithyDocument()
			if err != nil {
				return fmt.Errorf("read the input schema of tool %s: %w", r.tool, err)
			}
			r.schema = raw
			return nil
		}
		return fmt.Errorf("toolChoice names %s, which is none of the tools", r.tool)
	}
	if in.OutputConfig == nil || in.OutputConfig.TextFormat == nil || in.OutputConfig.TextFormat.Type != types.OutputFormatTypeJsonSchema {
		return nil
	}
	s, ok := in.OutputConfig.TextFormat.Structure.(*types.OutputFormatStructureMemberJsonSchema)
	if !ok || aws.ToString(s.Value.Schema) == "" {
		return errors.New("textFormat json_schema has no schema")
	}
	r.schema = []byte(*s.Value.Schema)
	return nil
}
