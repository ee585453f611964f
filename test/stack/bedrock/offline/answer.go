package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Answer is the whole answer, the shape that the schema of a diagnosis has.
type Answer struct {
	Hypotheses []Hypothesis `json:"hypotheses"`
}

// maxHypotheses is how many hypotheses an answer has where the schema sets no
// limit of its own.
const maxHypotheses = 5

// ErrShape is returned when the schema asks for something else than hypotheses,
// or for hypotheses in a way that the reasoner cannot satisfy.
var ErrShape = errors.New("the output's schema is not that of a diagnosis")

// Respond diagnoses the case in the blocks and returns the answer as JSON that
// is valid by the schema. Runbooks come from the schema's enum and nothing else.
func Respond(blocks []string, schema []byte) ([]byte, error) {
	c, err := ReadCase(blocks)
	if err != nil {
		return nil, err
	}
	compiled, shape, err := readSchema(schema)
	if err != nil {
		return nil, err
	}
	answer := Answer{Hypotheses: c.Diagnose(shape.allowed(), shape.limit())}
	out, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write the diagnosis: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("read the diagnosis back: %w", err)
	}
	if err := compiled.Validate(value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShape, err)
	}
	return out, nil
}

// outputShape is the part of a schema that the reasoner goes by.
type outputShape struct {
	Properties struct {
		Hypotheses *struct {
			MaxItems *int `json:"maxItems"`
			Items    struct {
				Properties struct {
					Runbook *struct {
						Enum []string `json:"enum"`
					} `json:"runbook"`
				} `json:"properties"`
			} `json:"items"`
		} `json:"hypotheses"`
	} `json:"properties"`
}

func (s outputShape) allowed() []string {
	return s.Properties.Hypotheses.Items.Properties.Runbook.Enum
}

func (s outputShape) limit() int {
	if n := s.Properties.Hypotheses.MaxItems; n != nil && *n > 0 {
		return *n
	}
	return maxHypotheses
}

// nowhere refuses to load schemas that a schema refers to: what is not in the
// request does not exist.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %q, which is not in the request", url)
}

func readSchema(raw []byte) (*jsonschema.Schema, outputShape, error) {
	var shape outputShape
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, shape, fmt.Errorf("%w: it is no JSON: %w", ErrShape, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nowhere{})
	if err := compiler.AddResource("request:///output.json", doc); err != nil {
		return nil, shape, fmt.Errorf("%w: %w", ErrShape, err)
	}
	compiled, err := compiler.Compile("request:///output.json")
	if err != nil {
		return nil, shape, fmt.Errorf("%w: %w", ErrShape, err)
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return nil, shape, fmt.Errorf("%w: %w", ErrShape, err)
	}
	h := shape.Properties.Hypotheses
	if h == nil || h.Items.Properties.Runbook == nil || len(h.Items.Properties.Runbook.Enum) == 0 {
		return nil, shape, fmt.Errorf("%w: it has no hypotheses with a runbook out of an enum", ErrShape)
	}
	return compiled, shape, nil
}
