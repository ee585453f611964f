package runbook

import (
	"reflect"
	"slices"
	"strings"

	"firebreak/internal/incident"
)

// Case is one expectation of test.yaml: what a runbook resolves to for a
// service. Cases are checked whenever a catalogue is loaded, so that a change
// of the inventory that moves a runbook to another instance has to be written
// down twice.
type Case struct {
	Name       string
	Service    string
	Parameters map[string][]string
	Targets    []string
	Metric     string   // namespace/name that the first verify rule watches
	Threshold  *float64 // nil when the case does not say
	at         map[string]value
}

// readCases reads test.yaml.
func readCases(v value) []Case {
	f := v.fields("cases")
	v.required(f, "cases")
	list := f["cases"].list()
	if f["cases"].present() && len(list) == 0 {
		f["cases"].problem("a runbook needs at least one case")
	}
	var cases []Case
	for _, e := range list {
		cases = append(cases, readCase(e))
	}
	return cases
}

func readCase(v value) Case {
	f := v.fields("name", "service", "expect")
	v.required(f, "name", "service", "expect")
	x := f["expect"].fields("parameters", "targets", "verify")
	f["expect"].required(x, "parameters", "targets", "verify")
	vf := x["verify"].fields("metric", "threshold")
	x["verify"].required(vf, "metric")
	c := Case{
		Name:       oneLine(f["name"], 120),
		Service:    f["service"].match(serviceName, "the name of a service"),
		Parameters: map[string][]string{},
		Metric:     vf["metric"].text(512),
		at:         map[string]value{"service": f["service"], "parameters": x["parameters"], "targets": x["targets"], "metric": vf["metric"], "threshold": vf["threshold"]},
	}
	for _, e := range x["parameters"].entries() {
		for _, item := range e.value.list() {
			c.Parameters[e.key] = append(c.Parameters[e.key], item.text(MaxParameterValue))
		}
	}
	for _, e := range x["targets"].list() {
		c.Targets = append(c.Targets, e.text(MaxParameterValue))
	}
	if vf["threshold"].present() {
		n := vf["threshold"].number()
		c.Threshold = &n
	}
	return c
}

// check compares a case with what the runbook really resolves to. What does
// not resolve at all is reported at the runbook, not here.
func (c Case) check(r Runbook, services map[string]incident.Service) {
	s, known := services[c.Service]
	if !known || !slices.Contains(r.Services, c.Service) {
		if c.Service != "" {
			c.at["service"].problem("the runbook is not for a service called %q", c.Service)
		}
		return
	}
	parameters, err := r.Resolve(s)
	if err != nil {
		return
	}
	if !reflect.DeepEqual(parameters, c.Parameters) {
		c.at["parameters"].problem("expected %s, but the runbook resolves to %s", show(c.Parameters), show(parameters))
	}
	if targets := r.ResolveTargets(parameters); !slices.Equal(targets, c.Targets) {
		c.at["targets"].problem("expected %v, but the runbook resolves to %v", c.Targets, targets)
	}
	if len(r.Verify) == 0 {
		return
	}
	spec, err := r.Verify[0].Resolve(s)
	if err != nil {
		return
	}
	if got := spec.Metric.Namespace + "/" + spec.Metric.Name; c.Metric != "" && got != c.Metric {
		c.at["metric"].problem("expected %s, but the runbook watches %s", c.Metric, got)
	}
	if c.Threshold != nil && *c.Threshold != spec.Threshold {
		c.at["threshold"].problem("expected %v, but the runbook resolves to %v", *c.Threshold, spec.Threshold)
	}
}

func show(parameters map[string][]string) string {
	var parts []string
	for _, k := range sortedKeys(parameters) {
		parts = append(parts, k+"="+strings.Join(parameters[k], ","))
	}
	return "{" + strings.Join(parts, " ") + "}"
}
