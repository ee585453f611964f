package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// readMetricFile reads a series in timestamp,value rows. An empty value is a
// missing one.
func readMetricFile(rec *recording, file string, in io.Reader, o backfillOptions) error {
	base := strings.TrimSuffix(filepath.Base(file), ".csv")
	service, metric, ok := strings.Cut(base, "__")
	if !ok || service == "" || metric == "" {
		rec.problems = append(rec.problems, badRow{file, 0, "the name is not <service>__<metric>.csv"})
		_, err := io.Copy(io.Discard, in) // for the digest
		return err
	}
	watched := rec.watch(service, metric)
	series := telemetry.SeriesKey(o.account, o.region, telemetry.KindMetric, watched.SourceKey())
	problem := func(line int, reason string) { rec.problems = append(rec.problems, badRow{file, line, reason}) }
	return eachMetricRow(in, rec.reading(file), problem, func(row metricRow) {
		rec.rows++
		switch {
		case row.err != nil:
			problem(row.line, row.err.Error())
		case row.missing:
			rec.missing++
		default:
			rec.signals = append(rec.signals, telemetry.Signal{
				Kind: telemetry.KindMetric, Series: series, Time: row.at, Arrival: row.at, Account: o.account, Region: o.region, Partition: base,
				Metric: &telemetry.MetricPoint{
					Namespace: watched.Namespace, Name: watched.Name, Dimensions: watched.Dimensions, Unit: watched.Unit,
					Count: 1, Sum: row.value, Min: row.value, Max: row.value, Percentiles: map[string]float64{watched.Stat: row.value},
				},
			})
		}
	})
}

// watch returns how a service's metric is judged: as its service file says, or,
// where none names it, by its name.
func (rec *recording) watch(service, metric string) incident.WatchedMetric {
	i := slices.IndexFunc(rec.services, func(s incident.Service) bool { return s.Name == service })
	if i < 0 {
		rec.services = append(rec.services, incident.Service{Name: service})
		i = len(rec.services) - 1
	}
	s := &rec.services[i]
	for _, w := range s.Metrics {
		if strings.EqualFold(w.Name, metric) {
			return w
		}
	}
	w := fileMetric(service, metric, guessRole(metric))
	s.Metrics = append(slices.Clone(s.Metrics), w)
	return w
}

// fileMetric describes a series that stands in a file of its own.
func fileMetric(service, metric string, role incident.MetricRole) incident.WatchedMetric {
	w := incident.WatchedMetric{Role: role, MetricRef: incident.MetricRef{
		Namespace: "file", Name: metric, Dimensions: map[string]string{"service": service}, Stat: "Average",
	}}
	if role == incident.RoleErrors || role == incident.RoleRequests {
		w.Stat = "Sum"
	}
	return w
}

// roleWords are looked for in the names of metrics in this order.
var roleWords = []struct {
	role  incident.MetricRole
	words []string
}{
	{incident.RoleErrors, []string{"error", "fail", "5xx", "fault", "exception", "crash"}},
	{incident.RoleLatency, []string{"latency", "duration", "responsetime", "response_time"}},
	{incident.RoleHealth, []string{"healthy", "success", "availab"}},
	{incident.RoleSaturation, []string{"cpu", "memory", "disk", "queue", "utilization"}},
	{incident.RoleRequests, []string{"request", "rps", "invocation", "traffic"}},
}

// guessRole takes a metric's role from its name. What says nothing has no bad
// direction of its own.
func guessRole(metric string) incident.MetricRole {
	name := strings.ToLower(metric)
	for _, r := range roleWords {
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(name, w) }) {
			return r.role
		}
	}
	return ""
}
