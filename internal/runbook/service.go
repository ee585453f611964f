package runbook

import (
	"encoding/json"
	"regexp"

	"firebreak/internal/incident"
)

var (
	serviceName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	teamName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$`)
	logGroupName = regexp.MustCompile(`^[A-Za-z0-9._/#-]{1,512}$`)                  // CloudWatch Logs' own rule
	alarmName    = regexp.MustCompile(`^[^*\x00-\x1f]{1,255}\*?$`)                  // printable; a trailing * matches any ending
	resourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:/._+=,@-]{0,999}$`)   // an ARN or an id
	traceName    = regexp.MustCompile(`^[\p{L}\p{N} _.:/%&#=+@-]{1,200}$`)          // X-Ray's own rule
	metricText   = regexp.MustCompile(`^[^:\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,254}$`) // CloudWatch: 1-255 characters, not beginning with a colon
	statName     = regexp.MustCompile(`^(Average|Sum|Minimum|Maximum|SampleCount|p(100|\d{1,2}(\.\d{1,2})?))$`)
	unitName     = regexp.MustCompile(`^[A-Za-z]+(/Second)?$`)
	parameterKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
)

var severities = []string{string(incident.Sev1), string(incident.Sev2), string(incident.Sev3), string(incident.Sev4)}

var roles = []string{
	string(incident.RoleErrors), string(incident.RoleLatency), string(incident.RoleRequests),
	string(incident.RoleSaturation), string(incident.RoleHealth),
}

const (
	maxMetrics = 50       // of one service
	maxService = 16 << 10 // bytes of one entry as JSON
)

const whatServiceName = "lower-case letters, digits and dashes, beginning with a letter, at most 63"

// readService reads services/<name>.yaml.
func readService(v value, name string) incident.Service {
	f := v.fields("name", "team", "severity", "depends_on", "log_groups", "metrics", "alarms", "resources", "xray", "parameters")
	v.required(f, "name", "team", "severity")
	s := incident.Service{
		Name:      f["name"].match(serviceName, whatServiceName),
		Team:      f["team"].match(teamName, "a short name"),
		Severity:  incident.Severity(f["severity"].oneOf(severities...)),
		DependsOn: f["depends_on"].texts(serviceName, "the name of a service"),
		LogGroups: f["log_groups"].texts(logGroupName, "the name of a log group"),
		Alarms:    f["alarms"].texts(alarmName, "an alarm name; only the last character may be *"),
		Resources: f["resources"].texts(resourceName, "an ARN or a resource id"),
		XRay:      f["xray"].texts(traceName, "the name of a segment: letters, digits, spaces and _.:/%&#=+-@, at most 200"),
	}
	if s.Name != "" && s.Name != name {
		f["name"].problem("the service is called %q but its file is %s.yaml; the two must agree", s.Name, name)
	}
	if s.Name == incident.Unassigned {
		f["name"].problem("%q is the name of signals that nobody owns", s.Name)
	}
	metrics := f["metrics"].list()
	if n := len(metrics); n > maxMetrics {
		f["metrics"].problem("%d metrics are too many; at most %d are allowed", n, maxMetrics)
	}
	for _, m := range metrics {
		s.Metrics = append(s.Metrics, readMetric(m))
	}
	for _, e := range f["parameters"].entries() {
		if !parameterKey.MatchString(e.key) {
			e.value.problem("a parameter's name has lower-case letters, digits and underscores")
			continue
		}
		text, ok := e.value.scalar()
		if !ok {
			continue
		}
		if err := CheckParameterValue(text); err != nil {
			e.value.problem("%s", err)
			continue
		}
		if s.Parameters == nil {
			s.Parameters = map[string]string{}
		}
		s.Parameters[e.key] = text
	}
	// The entry travels in workflow payloads, together with much else.
	if size, err := json.Marshal(s); err == nil && len(size) > maxService {
		v.problem("the entry takes %d bytes; at most %d are allowed", len(size), maxService)
	}
	return s
}

func readMetric(v value) incident.WatchedMetric {
	f := v.fields("role", "namespace", "name", "dimensions", "stat", "period", "unit", "limit")
	v.required(f, "role", "namespace", "name", "stat", "period")
	m := incident.WatchedMetric{
		Role: incident.MetricRole(f["role"].oneOf(roles...)),
		MetricRef: incident.MetricRef{
			Namespace: f["namespace"].match(metricText, "a CloudWatch namespace"),
			Name:      f["name"].match(metricText, "a CloudWatch metric name"),
			Stat:      f["stat"].match(statName, "Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99"),
			Period:    f["period"].integer(1, 86400),
			Unit:      f["unit"].match(unitName, "a CloudWatch unit"),
		},
	}
	if l := f["limit"]; l.present() {
		m.Limit = l.number()
		switch {
		case m.Role != "" && m.Role != incident.RoleSaturation:
			l.problem("only a metric of role saturation has a limit that its forecasts go by")
		case m.Limit <= 0:
			l.problem("a limit is above 0")
		}
	}
	// CloudWatch stores high-resolution series at these periods and rolls
	// everything else up to whole minutes.
	if p := m.Period; p != 0 && p != 1 && p != 5 && p != 10 && p != 30 && p%60 != 0 {
		f["period"].problem("%d seconds is no CloudWatch period; use 1, 5, 10, 30 or a multiple of 60", p)
	}
	for i, e := range f["dimensions"].entries() {
		if i == 30 { // CloudWatch's limit of dimensions a metric
			f["dimensions"].problem("a metric has at most 30 dimensions")
			break
		}
		text := e.value.match(metricText, "a dimension's value")
		if m.Dimensions == nil {
			m.Dimensions = map[string]string{}
		}
		m.Dimensions[e.key] = text
	}
	return m
}
