package diagnosis

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// toolName is the tool that the model has to use, which is how its answer gets
// its shape.
const toolName = "report_diagnosis"

// Limits of an answer.
const (
	maxHypotheses = 5
	maxCause      = 600
	maxReasoning  = 1200
	maxCitations  = 12
)

// schema is the shape that the model is asked for. Services, evidence and
// runbooks are enums: what is not in the list cannot be said.
func (s shown) schema() map[string]any {
	runbooks := []string{}
	seen := map[string]bool{}
	for _, r := range s.runbooks {
		if !seen[r.Name] {
			seen[r.Name] = true
			runbooks = append(runbooks, r.Name)
		}
	}
	text := func(description string, limit int) map[string]any {
		return map[string]any{"type": "string", "description": description, "maxLength": limit}
	}
	enum := func(description string, values []string) map[string]any {
		return map[string]any{"type": "string", "description": description, "enum": values}
	}
	return map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"hypotheses"},
		"properties": map[string]any{"hypotheses": map[string]any{
			"type": "array", "minItems": 1, "maxItems": maxHypotheses, "description": "The likeliest first.",
			"items": map[string]any{
				"type": "object", "additionalProperties": false,
				"required": []string{"cause", "service", "confidence", "citations", "runbook", "reasoning"},
				"properties": map[string]any{
					"cause":      text("What caused the incident, in one or two sentences.", maxCause),
					"service":    enum("The service in which the cause is.", s.services),
					"confidence": map[string]any{"type": "number", "minimum": 0, "maximum": 1},
					"citations": map[string]any{
						"type": "array", "minItems": 1, "maxItems": maxCitations,
						"items": enum("The id of a piece of evidence.", s.evidence),
					},
					"runbook":   enum("The runbook that would help, or none.", append(runbooks, None)),
					"reasoning": text("Why, with the numbers that matter.", maxReasoning),
				},
			},
		}},
	}
}

// output asks for the shape: by a tool that must be used, else by a format.
func (a *Activities) output(req *bedrockruntime.ConverseInput, s shown) {
	schema := s.schema()
	if a.opts.TextFormat {
		raw, err := json.Marshal(schema)
		if err != nil {
			panic(err) // maps of strings and numbers of our own cannot fail
		}
		req.OutputConfig = &types.OutputConfig{TextFormat: &types.OutputFormat{
			Type: types.OutputFormatTypeJsonSchema,
			Structure: &types.OutputFormatStructureMemberJsonSchema{Value: types.JsonSchemaDefinition{
				Name: aws.String(toolName), Schema: aws.String(string(raw)), // a JSON string in JSON
			}},
		}}
		return
	}
	req.ToolConfig = &types.ToolConfiguration{
		Tools: []types.Tool{&types.ToolMemberToolSpec{Value: types.ToolSpecification{
			Name: aws.String(toolName), Description: aws.String("Reports the hypotheses about the incident's cause."),
			InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(schema)},
		}}},
		ToolChoice: &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: aws.String(toolName)}},
	}
}

// answerShape is what an answer must have to be read at all. It is wider than
// what was asked for: an unknown citation or too high a confidence can be
// corrected, a missing field cannot.
const answerShape = `{
  "type": "object", "required": ["hypotheses"],
  "properties": {"hypotheses": {
    "type": "array", "minItems": 1, "maxItems": 20,
    "items": {
      "type": "object", "required": ["cause", "service", "confidence", "citations"],
      "properties": {
        "cause": {"type": "string", "minLength": 1},
        "service": {"type": "string"},
        "confidence": {"type": "number"},
        "citations": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
        "runbook": {"type": ["string", "null"]},
        "reasoning": {"type": ["string", "null"]}
      }
    }
  }}
}`

var answerSchema = compile(answerShape)

func compile(text string) *jsonschema.Schema {
	const name = "diagnosis:///answer.json" // a relative one would need a working directory
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		panic(err)
	}
	return c.MustCompile(name)
}
