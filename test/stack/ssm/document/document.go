// Package document reads Systems Manager Automation documents of schema 0.3 and
// holds the pure rules about them: their shape, their parameters, the
// interpolation of `{{ name }}` and the selectors that pick outputs out of an
// API's answer. It runs nothing.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// MaxSize is the largest document that Systems Manager takes, in bytes.
const MaxSize = 64 * 1024

// Format is how a document is written.
type Format string

// Formats.
const (
	YAML Format = "YAML"
	JSON Format = "JSON"
)

// Document is an Automation document of schema 0.3.
type Document struct {
	SchemaVersion string               `json:"schemaVersion"`
	Description   string               `json:"description"`
	AssumeRole    string               `json:"assumeRole"`
	Parameters    map[string]Parameter `json:"parameters"`
	Steps         []Step               `json:"mainSteps"`
	Outputs       []string             `json:"outputs"` // "step.Output" each
}

// Step is one entry of mainSteps.
type Step struct {
	Name        string         `json:"name"`
	Action      string         `json:"action"`
	Description string         `json:"description"`
	Inputs      map[string]any `json:"inputs"`
	Outputs     []Output       `json:"outputs"`
	NextStep    string         `json:"nextStep"`
	IsEnd       bool           `json:"isEnd"`
	IsCritical  *bool          `json:"isCritical"`
	OnFailure   string         `json:"onFailure"` // Abort, Continue or step:NAME; empty means Abort
	OnCancel    string         `json:"onCancel"`  // Abort or step:NAME; empty means Abort
	MaxAttempts int            `json:"maxAttempts"`
	Timeout     int64          `json:"timeoutSeconds"` // seconds; 0 means the action's own default
}

// Output names a value that a step takes out of an API's answer.
type Output struct {
	Name     string `json:"Name"`
	Selector string `json:"Selector"`
	Type     string `json:"Type"` // empty means String
}

// Critical tells whether the step's failure makes the execution fail. The
// service takes an explicit isCritical; without one a step with onFailure
// Continue is not critical and every other step is.
func (s Step) Critical() bool {
	if s.IsCritical != nil {
		return *s.IsCritical
	}
	return s.OnFailure != "Continue"
}

// Attempts is how often the step's action is tried, at least once.
func (s Step) Attempts() int { return max(1, s.MaxAttempts) }

// Index returns the position of the step with the given name, or -1.
func (d *Document) Index(name string) int {
	for i := range d.Steps {
		if d.Steps[i].Name == name {
			return i
		}
	}
	return -1
}

// Parse reads and validates a document. Its errors say which field is wrong,
// and are what CreateDocument answers as InvalidDocumentContent.
func Parse(content string, format Format) (*Document, error) {
	asJSON, err := Convert(content, format, JSON)
	if err != nil {
		return nil, err
	}
	var d Document
	dec := json.NewDecoder(bytes.NewReader([]byte(asJSON)))
	dec.UseNumber() // 1000000 stays 1000000 when it is interpolated into a command
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return &d, nil
}

// Convert rewrites a document from one format into the other. The same format
// gives the content back byte for byte, which is what lets a caller hash what
// it reads back.
func Convert(content string, from, to Format) (string, error) {
	if from == to {
		return content, wellFormed(content, from)
	}
	tree, err := decodeTree(content, from)
	if err != nil {
		return "", err
	}
	if to == YAML {
		tree = plainNumbers(tree)
		out, err := yaml.Marshal(tree)
		return string(out), err
	}
	out, err := json.Marshal(tree)
	if err != nil { // mappings with keys that are no strings
		return "", fmt.Errorf("rewrite document as JSON: %w", err)
	}
	return string(out), nil
}

// plainNumbers turns the numbers of a JSON tree into Go numbers, which yaml
// would otherwise write as quoted strings.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

func wellFormed(content string, format Format) error {
	_, err := decodeTree(content, format)
	return err
}

func decodeTree(content string, format Format) (any, error) {
	var tree any
	switch format {
	case JSON:
		dec := json.NewDecoder(bytes.NewReader([]byte(content)))
		dec.UseNumber()
		if err := dec.Decode(&tree); err != nil {
			return nil, fmt.Errorf("read document as JSON: %w", err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, errors.New("read document as JSON: something follows the document")
		}
	case YAML:
		dec := yaml.NewDecoder(bytes.NewReader([]byte(content)))
		if err := dec.Decode(&tree); err != nil {
			return nil, fmt.Errorf("read document as YAML: %w", err)
		}
		if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
			return nil, errors.New("read document as YAML: it holds more than one document")
		}
	default:
		return nil, fmt.Errorf("document format %q is neither JSON nor YAML", format)
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, errors.New("a document must be a mapping")
	}
	return tree, nil
}
