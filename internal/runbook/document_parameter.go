package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DocumentParameter is the declaration of a parameter in an automation document.
type DocumentParameter struct {
	Type     string         // String, StringList, Boolean, Integer or an AWS:: type
	List     bool           // whether it takes several values
	EnvVar   bool           // whether it reaches shell commands as an environment variable
	Optional bool           // whether it has a default
	Pattern  *regexp.Regexp // allowedPattern; nil for Boolean and Integer
	Values   []string       // allowedValues; empty admits all
}

var (
	documentParameterName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,49}$`)
	documentParameterTypes = []string{
		"String", "StringList", "Boolean", "Integer", "AWS::EC2::Instance::Id", "List<AWS::EC2::Instance::Id>",
	}
)

// probes are texts that a parameter in a shell command must never be.
var probes = []string{
	"", `"`, `a"b`, `'`, `a'b`, "`id`", "a`id`", "$(id)", "a$b", "${IFS}", "a;b", "a|b", "a&b", "a>b", "a<b", "a\nb", "a b", `a\b`, "a*", "a(b", "a)b", "a!b", "a{b", "a#b", "-a",
	"i-0123456789abcdef0;id", "i-0123456789abcdef0 id", "i-0123456789abcdef0\nid",
}

func readDocumentParameter(name string, v value) DocumentParameter {
	f := v.fields("type", "description", "default", "allowedValues", "allowedPattern", "interpolationType",
		"minChars", "maxChars", "minItems", "maxItems")
	v.required(f, "type")
	p := DocumentParameter{Type: f["type"].oneOf(documentParameterTypes...)}
	p.List = p.Type == "StringList" || strings.HasPrefix(p.Type, "List<")
	f["description"].text(1024)
	for _, n := range []string{"minChars", "maxChars", "minItems", "maxItems"} {
		f[n].integer(0, MaxParameterValue)
	}
	if !documentParameterName.MatchString(name) {
		v.problem("%q is not valid as a parameter's name; expected a letter, then letters, digits and underscores", name)
	}
	if name == "AutomationAssumeRole" || strings.HasPrefix(p.Type, "AWS::IAM::") {
		v.problem("a caller must not choose the rights of a runbook; write assumeRole out in the document")
	}
	if s, ok := f["interpolationType"].scalar(); ok && s != "ENV_VAR" {
		f["interpolationType"].problem("%q is not valid here; expected ENV_VAR", s)
	} else {
		p.EnvVar = ok
	}
	if p.EnvVar && p.List {
		f["interpolationType"].problem("ENV_VAR needs a parameter with a single value, not %s", p.Type)
	}
	for _, a := range f["allowedValues"].list() {
		p.Values = append(p.Values, a.text(MaxParameterValue))
	}
	p.readPattern(v, f["allowedPattern"])
	p.readDefault(f["default"])
	return p
}

func (p *DocumentParameter) readPattern(v, pattern value) {
	if p.Type == "Boolean" || p.Type == "Integer" {
		return
	}
	if !pattern.present() {
		if p.Type != "" {
			v.report.add(v.file, v.line(), pattern.field, "the field is missing; every %s parameter says what it admits", p.Type)
		}
		return
	}
	text := pattern.text(1024)
	if text == "" {
		return
	}
	// Systems Manager looks for the pattern anywhere in the value.
	if !strings.HasPrefix(text, "^") || !strings.HasSuffix(text, "$") {
		pattern.problem("the pattern must begin with ^ and end with $, else it admits any text around it")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		pattern.problem("this is not a regular expression: %s", err)
		return
	}
	p.Pattern = re
}

func (p *DocumentParameter) readDefault(v value) {
	if !v.present() {
		return
	}
	p.Optional = true
	if p.List {
		for _, e := range v.list() {
			if err := p.Check(e.text(MaxParameterValue)); err != nil {
				e.problem("%s", err)
			}
		}
		return
	}
	if s, ok := v.scalar(); ok {
		if err := p.Check(s); err != nil {
			v.problem("%s", err)
		}
	}
}

// Check refuses a value that the declaration does not admit.
func (p DocumentParameter) Check(s string) error {
	if err := CheckParameterValue(s); err != nil {
		return err
	}
	if len(p.Values) > 0 && !slices.Contains(p.Values, s) {
		return fmt.Errorf("%q is not one of the allowedValues", s)
	}
	switch p.Type {
	case "Boolean":
		if s != "true" && s != "false" {
			return fmt.Errorf("%q is neither true nor false", s)
		}
	case "Integer":
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
	default:
		if p.Pattern != nil && !p.Pattern.MatchString(s) {
			return fmt.Errorf("%q does not match allowedPattern %s", s, p.Pattern)
		}
	}
	return nil
}

// admitsShell tells whether one of the probes gets through.
func (p DocumentParameter) admitsShell() bool {
	switch {
	case p.Type == "Boolean" || p.Type == "Integer" || len(p.Values) > 0:
		return false // one of a few texts that a reviewer has seen
	case p.Pattern == nil:
		return true
	}
	return slices.ContainsFunc(probes, p.Pattern.MatchString)
}
