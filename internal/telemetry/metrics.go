package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"firebreak/internal/incident"
)

// metric reads one line of a CloudWatch metric stream in JSON format. Metric
// streams cannot write to Kinesis Data Streams themselves: an HTTP endpoint for
// Firehose or a transform puts the lines there.
func (d *decoder) metric(raw json.RawMessage) error {
	var p struct {
		Account    string                     `json:"account_id"`
		Region     string                     `json:"region"`
		Namespace  string                     `json:"namespace"`
		Name       string                     `json:"metric_name"`
		Dimensions map[string]string          `json:"dimensions"`
		Timestamp  int64                      `json:"timestamp"`
		Value      map[string]json.RawMessage `json:"value"`
		Unit       string                     `json:"unit"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("metric stream point: %w", err)
	}
	at, err := millis(p.Timestamp)
	if err != nil {
		return fmt.Errorf("metric stream point %s: %w", describeMetric(p.Namespace, p.Name), err)
	}
	point, err := statistics(p.Value)
	if err != nil {
		return fmt.Errorf("metric stream point %s: value: %w", describeMetric(p.Namespace, p.Name), err)
	}
	if p.Namespace == "" || p.Name == "" || len(p.Namespace)+len(p.Name) > maxName || len(p.Dimensions) > 30 {
		return errors.New("metric stream point: namespace or metric_name is missing or too long, or there are more than 30 dimensions")
	}
	point.Namespace, point.Name, point.Dimensions = p.Namespace, p.Name, p.Dimensions
	if p.Unit != "None" {
		point.Unit = p.Unit
	}
	ref := incident.MetricRef{Namespace: p.Namespace, Name: p.Name, Dimensions: p.Dimensions}
	d.add(Signal{Kind: KindMetric, Time: at, Account: p.Account, Region: p.Region, Metric: &point}, ref.SourceKey())
	return nil
}

// maxValue keeps sums and squares of values finite. CloudWatch itself takes
// values up to 2^360, about 2.3e108.
const maxValue = 1e108

// statistics reads {"count","sum","max","min"} and whatever percentiles stand
// beside them.
func statistics(value map[string]json.RawMessage) (MetricPoint, error) {
	var p MetricPoint
	seen := 0
	for key, raw := range value {
		var v float64
		if err := json.Unmarshal(raw, &v); err != nil {
			return p, fmt.Errorf("%s: %w", cut(key, 40), err)
		}
		if math.Abs(v) > maxValue {
			return p, fmt.Errorf("%s: %g is beyond what is counted with", cut(key, 40), v)
		}
		switch key {
		case "count":
			p.Count = v
		case "sum":
			p.Sum = v
		case "max":
			p.Max = v
		case "min":
			p.Min = v
		default:
			if len(p.Percentiles) >= 20 {
				return p, errors.New("more than 20 extra statistics")
			}
			if p.Percentiles == nil {
				p.Percentiles = map[string]float64{}
			}
			p.Percentiles[strings.Clone(cut(key, 40))] = v
			continue
		}
		seen++
	}
	switch {
	case seen != 4:
		return p, errors.New("count, sum, max and min must all be there")
	case p.Count < 0:
		return p, fmt.Errorf("count is %g", p.Count)
	case p.Count > 0 && math.Abs(p.Sum/p.Count) > maxValue:
		// An infinite mean would make the detectors' state one that cannot be
		// written, and the record one that no restart gets past.
		return p, fmt.Errorf("average: %g of %g is beyond what is counted with", p.Sum, p.Count)
	case p.Min > p.Max:
		return p, fmt.Errorf("min %g is above max %g", p.Min, p.Max)
	}
	return p, nil
}

func describeMetric(namespace, name string) string {
	return fmt.Sprintf("%q", cut(namespace+"/"+name, 100))
}
