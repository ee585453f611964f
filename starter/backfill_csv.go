package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

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
	series := o.account + "/" + o.region + "/metric/" + watched.SourceKey()
	problem := func(line int, reason string) { rec.problems = append(rec.problems, badRow{file, line, reason}) }
	header := true
	return eachLine(in, rec.reading(file), func(line int, raw []byte, err error) {
		if err != nil {
			rec.rows++
			problem(line, err.Error())
			return
		}
		row, err := splitRow(string(raw))
		if header {
			header = false
			if len(row) >= 2 && strings.TrimSpace(strings.TrimPrefix(row[0], byteOrderMark)) == "timestamp" && strings.TrimSpace(row[1]) == "value" {
				return
			}
			problem(line, "the header is not timestamp,value; the row is read as data")
		}
		rec.rows++
		var (
			at      time.Time
			value   float64
			missing bool
		)
		if err == nil {
			at, value, missing, err = metricRow(row)
		}
		switch {
		case err != nil:
			problem(line, err.Error())
		case missing:
			rec.missing++
		default:
			rec.signals = append(rec.signals, telemetry.Signal{
				Kind: telemetry.KindMetric, Series: series, Time: at, Arrival: at, Account: o.account, Region: o.region, Partition: base,
				Metric: &telemetry.MetricPoint{
					Namespace: watched.Namespace, Name: watched.Name, Dimensions: watched.Dimensions, Unit: watched.Unit,
					Count: 1, Sum: value, Min: value, Max: value, Percentiles: map[string]float64{watched.Stat: value},
				},
			})
		}
	})
}

// byteOrderMark is what spreadsheets begin a file with.
const byteOrderMark = "\uFEFF"

// splitRow splits one line. A row of a metric file never spans lines, so that a
// quote that is not closed spoils one row and not the rest of the file.
func splitRow(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	row, err := csv.NewReader(strings.NewReader(line)).Read()
	if malformed, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, malformed.Err
	}
	return row, err
}

func metricRow(row []string) (at time.Time, value float64, missing bool, err error) {
	if len(row) < 2 {
		return at, 0, false, errors.New("fewer than two columns")
	}
	if at, err = parseTime(strings.TrimSpace(row[0])); err != nil {
		return at, 0, false, err
	}
	text := strings.TrimSpace(row[1])
	if text == "" {
		return at, 0, true, nil
	}
	value, err = strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) > 1e108 {
		return at, 0, false, fmt.Errorf("value %q is no number that can be used", text)
	}
	return at, value, false, nil
}

// parseTime reads YYYY-MM-DD HH:MM:SS in UTC, RFC 3339 or seconds since 1970.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil && sec > 0 && sec < 253e9 {
		whole, part := math.Modf(sec)
		return time.Unix(int64(whole), int64(math.Round(part*1e3))*1e6).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("timestamp %q is neither YYYY-MM-DD HH:MM:SS, RFC 3339 nor seconds since 1970", s)
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
	w := incident.WatchedMetric{Role: guessRole(metric), MetricRef: incident.MetricRef{
		Namespace: "file", Name: metric, Dimensions: map[string]string{"service": service}, Stat: "Average",
	}}
	if w.Role == incident.RoleErrors || w.Role == incident.RoleRequests {
		w.Stat = "Sum"
	}
	s.Metrics = append(slices.Clone(s.Metrics), w)
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
