package runbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"firebreak/internal/incident"
)

// MaxParameterValue is the longest value that Systems Manager takes, in
// characters (StartAutomationExecution's API model: 1 to 512).
const MaxParameterValue = 512

// CheckParameterValue refuses what must never reach an automation as a
// parameter: nothing, too much, control characters, and "{{", which Systems
// Manager would interpolate again.
func CheckParameterValue(s string) error {
	switch n := utf8.RuneCountInString(s); {
	case n < 1 || n > MaxParameterValue:
		return fmt.Errorf("a value has 1 to %d characters, this one %d", MaxParameterValue, n)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("a value holds printable text only")
	case strings.Contains(s, "{{"):
		return errors.New(`a value may not contain "{{", which would be interpolated`)
	}
	return nil
}

// ParameterSource says where a runbook's parameter comes from: the service's
// entry in the inventory or a constant in the runbook file. There is no other
// source, so neither log text nor model output can become a parameter.
type ParameterSource struct {
	From     string // "service.name" or "service.parameters.<key>"; empty for a constant
	Constant string
}

const parametersPrefix = "service.parameters."

// Value looks the source up for a service.
func (p ParameterSource) Value(s incident.Service) (string, error) {
	if p.From == "" {
		return p.Constant, nil
	}
	if p.From == "service.name" {
		return s.Name, nil
	}
	key := strings.TrimPrefix(p.From, parametersPrefix)
	v, ok := s.Parameters[key]
	if !ok {
		return "", fmt.Errorf("service %s has no parameter %s; add it to services/%s.yaml", s.Name, key, s.Name)
	}
	return v, nil
}

// Resolve gives the values that Systems Manager is to be called with for a
// service, each checked against the document's own declaration. The error
// lists everything that does not resolve.
func (r Runbook) Resolve(s incident.Service) (map[string][]string, error) {
	out := make(map[string][]string, len(r.Parameters))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		values, err := r.resolveOne(name, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("parameter %s of runbook %s: %w", name, r.Name, err))
			continue
		}
		out[name] = values
	}
	return out, errors.Join(errs...)
}

func (r Runbook) resolveOne(name string, s incident.Service) ([]string, error) {
	text, err := r.Parameters[name].Value(s)
	if err != nil {
		return nil, err
	}
	p, ok := r.Document.Parameters[name]
	if !ok {
		return nil, errors.New("the automation document does not declare it")
	}
	values := []string{text}
	if p.List {
		values = strings.Split(text, ",")
	}
	for i, v := range values {
		if p.List {
			v = strings.TrimSpace(v)
			values[i] = v
		}
		if err := p.Check(v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// ResolveTargets gives what the runbook touches, for people: the values of the
// parameters that it names as targets, in their order.
func (r Runbook) ResolveTargets(parameters map[string][]string) []string {
	var out []string
	for _, name := range r.Targets {
		for _, v := range parameters[name] {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Resolve gives the check that tells whether the runbook helped a service. The
// reading before the fix is not known here and stays 0.
func (rule VerifyRule) Resolve(s incident.Service) (incident.VerifySpec, error) {
	watched, err := rule.metric(s)
	if err != nil {
		return incident.VerifySpec{}, err
	}
	metric := watched.MetricRef
	spec := incident.VerifySpec{
		Metric: metric, Comparison: rule.Comparison, Threshold: rule.Threshold,
		Samples: rule.Samples, Timeout: incident.Seconds(rule.Timeout),
	}
	if rule.ThresholdFrom != "" {
		text, err := (ParameterSource{From: rule.ThresholdFrom}).Value(s)
		if err != nil {
			return incident.VerifySpec{}, fmt.Errorf("threshold: %w", err)
		}
		if spec.Threshold, err = strconv.ParseFloat(text, 64); err != nil {
			return incident.VerifySpec{}, fmt.Errorf("threshold: %s of service %s is %q, not a number", rule.ThresholdFrom, s.Name, text)
		}
	}
	if rule.Headroom > 0 {
		if watched.Limit == 0 {
			return incident.VerifySpec{}, fmt.Errorf("metric %s of service %s has no limit, which headroom needs", metric.Name, s.Name)
		}
		spec.Limit, spec.Headroom = watched.Limit, incident.Seconds(rule.Headroom)
	}
	if rule.Traffic {
		traffic, err := requests(s, metric)
		if err != nil {
			return incident.VerifySpec{}, err
		}
		spec.Traffic = &traffic
	}
	return spec, nil
}

// RulesFor picks the checks that fit an incident: those that watch one of the
// series in which the trouble was seen, because a check of something that was
// never bad would pass at once. When none does, it is the first of all, and fits
// is false. A runbook of a loaded catalogue has at least one.
func (r Runbook) RulesFor(seen []incident.WatchedMetric) (rules []VerifyRule, fits bool) {
	for _, rule := range r.Verify {
		if slices.ContainsFunc(seen, rule.watches) {
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		return r.Verify[:1], false
	}
	return rules, true
}

func (rule VerifyRule) watches(m incident.WatchedMetric) bool {
	if rule.Name != "" {
		return m.Name == rule.Name
	}
	return m.Role == rule.Role
}

func (rule VerifyRule) metric(s incident.Service) (incident.WatchedMetric, error) {
	for _, m := range s.Metrics {
		if rule.watches(m) {
			return m, nil
		}
	}
	if rule.Name != "" {
		return incident.WatchedMetric{}, fmt.Errorf("service %s has no metric named %s", s.Name, rule.Name)
	}
	return incident.WatchedMetric{}, fmt.Errorf("service %s has no metric of role %s", s.Name, rule.Role)
}

// requests finds the requests series that can be laid beside the metric: one
// of the same period, because a datapoint counts only where the same period
// had traffic.
func requests(s incident.Service, beside incident.MetricRef) (incident.MetricRef, error) {
	for _, m := range s.Metrics {
		if m.Role == incident.RoleRequests && m.Period == beside.Period {
			return m.MetricRef, nil
		}
	}
	return incident.MetricRef{}, fmt.Errorf("service %s has no metric of role requests with a period of %d s, which traffic needs", s.Name, beside.Period)
}
