package runbook

import (
	"regexp"
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// MaxDocument is the largest automation document that Systems Manager takes,
// in bytes, inputs of an execution included.
const MaxDocument = 64 << 10

// Document is what Firebreak has to know of an automation document.
type Document struct {
	Description string
	Parameters  map[string]DocumentParameter
	Steps       []incident.PlanStep // in the order of the file, for the approval card
}

// actions are the automation actions that a runbook may use, with the inputs
// that each needs. Actions that run a caller's code inside the service
// (aws:executeScript), start something that nobody pinned
// (aws:executeAutomation, aws:invokeLambdaFunction) or wait for a person
// (aws:approve, aws:pause) are left out on purpose.
var actions = map[string][]string{
	"aws:runCommand":                 {"DocumentName", "Parameters"},
	"aws:executeAwsApi":              {"Service", "Api"},
	"aws:sleep":                      nil, // Duration or Timestamp
	"aws:branch":                     {"Choices"},
	"aws:assertAwsResourceProperty":  {"Service", "Api", "PropertySelector", "DesiredValues"},
	"aws:waitForAwsResourceProperty": {"Service", "Api", "PropertySelector", "DesiredValues"},
}

var (
	stepName  = regexp.MustCompile(`^[a-zA-Z0-9_]{3,128}$`)
	reference = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	roleARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}|\{\{\s*global:ACCOUNT_ID\s*\}\}):role/[\w+=,.@/-]+$`)
	outputRef = regexp.MustCompile(`^[a-zA-Z0-9_]{3,128}\.[A-Za-z0-9_.-]+$`)
)

// variables are the names that Systems Manager itself defines.
var variables = []string{"global:ACCOUNT_ID", "global:REGION", "global:DATE", "global:DATE_TIME", "automation:EXECUTION_ID"}

const maxSteps = 100 // what an Execution holds of them

// readDocument reads automation.yaml.
func readDocument(v value) Document {
	f := v.fields("schemaVersion", "description", "assumeRole", "parameters", "mainSteps", "outputs")
	v.required(f, "schemaVersion", "description", "mainSteps")
	f["schemaVersion"].oneOf("0.3")
	d := Document{Description: f["description"].text(4096), Parameters: map[string]DocumentParameter{}}
	if role, ok := f["assumeRole"].scalar(); ok && role != "" && !roleARN.MatchString(role) {
		f["assumeRole"].problem("the role must be an ARN written out here, never a parameter: a caller must not choose the rights of a runbook")
	}
	for _, e := range f["parameters"].entries() {
		d.Parameters[e.key] = readDocumentParameter(e.key, e.value)
	}
	d.readSteps(f["mainSteps"])
	for _, o := range f["outputs"].list() {
		text := o.match(outputRef, "step.Output")
		if step, _, ok := strings.Cut(text, "."); ok && !d.hasStep(step) {
			o.problem("there is no step %q", step)
		}
	}
	return d
}

func (d *Document) hasStep(name string) bool {
	return slices.ContainsFunc(d.Steps, func(s incident.PlanStep) bool { return s.Name == name })
}

// readSteps reads the steps twice: first their names, because a step may refer
// to any other, then the rest.
func (d *Document) readSteps(v value) {
	steps := v.list()
	if v.present() && len(steps) == 0 {
		v.problem("a document needs at least one step")
	}
	if len(steps) > maxSteps {
		v.problem("%d steps are too many; at most %d are allowed", len(steps), maxSteps)
		return
	}
	all := make([]map[string]value, len(steps))
	for i, s := range steps {
		all[i] = s.fields("name", "action", "description", "inputs", "outputs", "nextStep", "isEnd",
			"isCritical", "onFailure", "onCancel", "maxAttempts", "timeoutSeconds")
		s.required(all[i], "name", "action", "inputs")
		name := all[i]["name"].match(stepName, "3 to 128 letters, digits and underscores")
		if name != "" && d.hasStep(name) {
			all[i]["name"].problem("there are two steps called %q", name)
		}
		action, _ := all[i]["action"].scalar()
		d.Steps = append(d.Steps, incident.PlanStep{Name: name, Action: action})
	}
	for i, s := range steps {
		d.readStep(s, all[i], d.Steps[i].Action)
	}
}

func (d *Document) readStep(s value, f map[string]value, action string) {
	needed, known := actions[action]
	if f["action"].present() && !known {
		f["action"].problem("action %q is not allowed in a runbook; allowed are %s", action, strings.Join(sortedKeys(actions), ", "))
	}
	f["description"].text(4096)
	f["isCritical"].boolean()
	f["maxAttempts"].integer(1, 10)
	f["timeoutSeconds"].integer(1, 3600)
	if (action == "aws:runCommand" || action == "aws:waitForAwsResourceProperty") && !f["timeoutSeconds"].present() {
		s.report.add(s.file, s.line(), f["timeoutSeconds"].field, "the field is missing; %s needs a bound, because its own default is an hour or more", action)
	}
	d.target(f["nextStep"])
	if f["isEnd"].boolean() && f["nextStep"].present() {
		f["nextStep"].problem("nextStep and isEnd exclude each other")
	}
	d.target(f["onFailure"], "Abort", "Continue")
	d.target(f["onCancel"], "Abort")
	d.readInputs(f["inputs"], action, needed)
	for _, o := range f["outputs"].list() {
		of := o.fields("Name", "Selector", "Type")
		o.required(of, "Name", "Selector", "Type")
		of["Name"].text(128)
		of["Selector"].text(512)
		of["Type"].oneOf("String", "StringList", "Boolean", "Integer", "StringMap", "MapList")
	}
}

// target checks a field that leads to another step: by its bare name in
// nextStep, as step:NAME beside the plain words everywhere else.
func (d *Document) target(v value, plain ...string) {
	s, ok := v.scalar()
	if !ok || slices.Contains(plain, s) {
		return
	}
	name := s
	if len(plain) > 0 {
		if name, ok = strings.CutPrefix(s, "step:"); !ok {
			v.problem("%q is not valid here; expected %s or step:NAME", s, strings.Join(plain, ", "))
			return
		}
	}
	if !d.hasStep(strings.TrimSpace(name)) {
		v.problem("there is no step %q", name)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
