package runbook

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// shellDocuments are the command documents that aws:runCommand may name.
var shellDocuments = []string{"AWS-RunShellScript"}

// readInputs checks a step's inputs: that those its action needs are there,
// that what is called is written out, and that every reference exists.
func (d *Document) readInputs(v value, action string, needed []string) {
	inputs := map[string]value{}
	for _, e := range v.entries() {
		inputs[e.key] = e.value
	}
	for _, n := range needed {
		if _, ok := inputs[n]; !ok && v.present() {
			v.report.add(v.file, v.line(), v.field+"."+n, "the field is missing; %s needs it", action)
		}
	}
	for _, n := range []string{"Service", "Api"} {
		if in, ok := inputs[n]; ok {
			if text := in.text(128); strings.Contains(text, "{{") {
				in.problem("the call must be written out, so that a reviewer can tell what it does")
			}
		}
	}
	d.references(v)
	switch action {
	case "aws:runCommand":
		d.readRunCommand(v, inputs)
	case "aws:sleep":
		if _, ok := inputs["Duration"]; !ok && inputs["Timestamp"].node == nil && v.present() {
			v.problem("aws:sleep needs Duration, such as PT10S, or Timestamp")
		}
	case "aws:branch":
		for _, c := range inputs["Choices"].list() {
			for _, e := range c.entries() {
				if e.key == "NextStep" {
					d.target(e.value)
				}
			}
		}
		d.target(inputs["Default"])
	}
}

func (d *Document) readRunCommand(v value, inputs map[string]value) {
	if in, ok := inputs["DocumentName"]; ok {
		in.oneOf(shellDocuments...)
	}
	if !inputs["InstanceIds"].present() && !inputs["Targets"].present() && v.present() {
		v.report.add(v.file, v.line(), v.field+".InstanceIds", "the field is missing; aws:runCommand needs InstanceIds or Targets")
	}
	for _, e := range inputs["Parameters"].entries() {
		switch e.key {
		case "commands":
			if e.value.node.Kind == yaml.ScalarNode {
				d.shell(e.value)
				continue
			}
			for _, line := range e.value.list() {
				d.shell(line)
			}
		case "workingDirectory", "executionTimeout":
			d.shell(e.value)
		default:
			e.value.problem("unknown field; known here are commands, workingDirectory, executionTimeout")
		}
	}
}

// shell refuses references that put text into a command: a value that is
// pasted into a script can end the line that it stands in and begin another
// (command injection). With interpolationType ENV_VAR the value reaches the
// script in the environment variable SSM_<name>; its pattern is checked all
// the same, because agents before 3.3.2746.0 paste it.
func (d *Document) shell(v value) {
	text, ok := v.scalar()
	if !ok {
		return
	}
	for _, at := range reference.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if why := d.pasted(name); why != "" {
			v.report.add(v.file, v.lineAt(at[0]), v.field, "{{ %s }} %s", name, why)
		}
	}
}

// pasted says what is wrong with a reference inside a command; nothing when it
// is harmless.
func (d *Document) pasted(name string) string {
	p, ok := d.Parameters[name]
	switch {
	case slices.Contains(variables, name):
		return ""
	case !ok && strings.Contains(name, "."):
		return "would paste the output of a step into a command"
	case !ok: // reported as unknown by references
		return ""
	case !p.EnvVar:
		return "would paste a parameter into a command; declare interpolationType: ENV_VAR and use \"$SSM_" + name + "\""
	case p.admitsShell():
		return "stands in a command, but its allowedPattern admits characters that mean something to a shell"
	default:
		return ""
	}
}

// lineAt is the line of the file at which the byte at an offset of a scalar
// stands: exact for a literal block, the scalar's first line for the others.
func (v value) lineAt(offset int) int {
	if v.node.Style&yaml.LiteralStyle == 0 {
		return v.line()
	}
	return v.line() + 1 + strings.Count(v.node.Value[:offset], "\n")
}

// references reports every {{ name }} below v that nothing defines.
func (d *Document) references(v value) {
	if !v.present() {
		return
	}
	switch v.node.Kind {
	case yaml.MappingNode:
		for _, e := range v.entries() {
			d.references(e.value)
		}
	case yaml.SequenceNode:
		for _, e := range v.list() {
			d.references(e)
		}
	case yaml.ScalarNode:
		for _, name := range referenced(v.node.Value) {
			if !d.defines(name) {
				v.problem("{{ %s }} is neither a parameter, nor a step's output, nor one of %s", name, strings.Join(variables, ", "))
			}
		}
	}
}

func (d *Document) defines(name string) bool {
	if _, ok := d.Parameters[name]; ok || slices.Contains(variables, name) {
		return true
	}
	step, output, ok := strings.Cut(name, ".")
	return ok && output != "" && d.hasStep(step)
}

func referenced(text string) []string {
	var names []string
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}
