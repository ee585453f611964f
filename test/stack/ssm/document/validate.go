package document

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Actions are the Automation actions that the interpreter runs.
var Actions = []string{
	"aws:runCommand", "aws:executeAwsApi", "aws:sleep", "aws:branch",
	"aws:assertAwsResourceProperty", "aws:waitForAwsResourceProperty",
	"aws:pause", "aws:approve",
}

// notAfterCancel are the actions that onCancel may not lead to.
var notAfterCancel = []string{"aws:approve", "aws:pause", "aws:sleep"}

var stepName = regexp.MustCompile(`^[a-zA-Z0-9_]{3,128}$`)

func (d *Document) validate() error {
	if d.SchemaVersion != "0.3" {
		return fmt.Errorf("schemaVersion is %q; an Automation document needs \"0.3\"", d.SchemaVersion)
	}
	if len(d.Steps) == 0 {
		return errors.New("mainSteps is empty")
	}
	for name, p := range d.Parameters {
		if err := p.check(name); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, s := range d.Steps {
		if seen[s.Name] {
			return fmt.Errorf("step %s: there are two steps of this name", s.Name)
		}
		seen[s.Name] = true
		if err := d.checkStep(s); err != nil {
			return fmt.Errorf("step %s: %w", s.Name, err)
		}
	}
	if err := d.checkReferences(d.AssumeRole); err != nil {
		return fmt.Errorf("assumeRole: %w", err)
	}
	for _, o := range d.Outputs {
		step, _, ok := strings.Cut(o, ".")
		if !ok || d.Index(step) < 0 {
			return fmt.Errorf("outputs: %q is not the output of a step", o)
		}
	}
	return nil
}

func (d *Document) checkStep(s Step) error {
	if !stepName.MatchString(s.Name) {
		return errors.New("a name has 3 to 128 letters, digits and underscores")
	}
	if !slices.Contains(Actions, s.Action) {
		return fmt.Errorf("action %q is not supported here; supported are %s", s.Action, strings.Join(Actions, ", "))
	}
	if s.NextStep != "" && d.Index(s.NextStep) < 0 {
		return fmt.Errorf("nextStep: there is no step %q", s.NextStep)
	}
	if s.NextStep != "" && s.IsEnd {
		return errors.New("nextStep and isEnd exclude each other")
	}
	if s.Timeout < 0 || s.MaxAttempts < 0 {
		return errors.New("timeoutSeconds and maxAttempts cannot be negative")
	}
	if err := d.checkTarget("onFailure", s.OnFailure, "Abort", "Continue"); err != nil {
		return err
	}
	if err := d.checkTarget("onCancel", s.OnCancel, "Abort"); err != nil {
		return err
	}
	if target, ok := strings.CutPrefix(s.OnCancel, "step:"); ok {
		if next := d.Steps[d.Index(strings.TrimSpace(target))]; slices.Contains(notAfterCancel, next.Action) {
			return fmt.Errorf("onCancel: cannot lead to %s, which is %s", next.Name, next.Action)
		}
	}
	for _, o := range s.Outputs {
		if _, err := ParseSelector(o.Selector); err != nil {
			return fmt.Errorf("output %s: %w", o.Name, err)
		}
	}
	return d.checkReferences(s.Inputs)
}

func (d *Document) checkTarget(field, value string, plain ...string) error {
	if value == "" || slices.Contains(plain, value) {
		return nil
	}
	target, ok := strings.CutPrefix(value, "step:")
	if !ok {
		return fmt.Errorf("%s: %q is neither %s nor step:NAME", field, value, strings.Join(plain, " nor "))
	}
	if d.Index(strings.TrimSpace(target)) < 0 {
		return fmt.Errorf("%s: there is no step %q", field, target)
	}
	return nil
}

// checkReferences finds every {{ name }} in a tree of inputs that names neither
// a declared parameter, a step's output nor a variable of the service.
func (d *Document) checkReferences(v any) error {
	switch v := v.(type) {
	case string:
		for _, name := range references(v) {
			if !d.known(name) {
				return fmt.Errorf("{{ %s }} is neither a parameter, a step's output nor a variable", name)
			}
		}
	case []any:
		for _, e := range v {
			if err := d.checkReferences(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := d.checkReferences(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) known(name string) bool {
	if _, ok := d.Parameters[name]; ok {
		return true
	}
	if strings.Contains(name, ":") {
		return slices.Contains(variables, name)
	}
	step, output, ok := strings.Cut(name, ".")
	return ok && output != "" && d.Index(step) >= 0
}
