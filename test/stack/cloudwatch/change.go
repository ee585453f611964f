package cloudwatch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/uuid"
)

// innerTime is how CloudWatch writes times inside an alarm's event; the outer
// time is RFC 3339.
const innerTime = "2006-01-02T15:04:05.000-0700"

// stateEvent is a "CloudWatch Alarm State Change", in AWS's order of fields.
type stateEvent struct {
	Version    string      `json:"version"`
	ID         string      `json:"id"`
	DetailType string      `json:"detail-type"`
	Source     string      `json:"source"`
	Account    string      `json:"account"`
	Time       string      `json:"time"`
	Region     string      `json:"region"`
	Resources  []string    `json:"resources"`
	Detail     stateDetail `json:"detail"`
}

type stateDetail struct {
	AlarmName     string        `json:"alarmName"`
	Configuration configuration `json:"configuration"`
	PreviousState state         `json:"previousState"`
	State         state         `json:"state"`
}

type configuration struct {
	Description string        `json:"description,omitempty"`
	Metrics     []eventMetric `json:"metrics"`
}

type eventMetric struct {
	Expression string     `json:"expression,omitempty"`
	ID         string     `json:"id"`
	Label      string     `json:"label,omitempty"`
	MetricStat *eventStat `json:"metricStat,omitempty"`
	ReturnData bool       `json:"returnData"`
}

type eventStat struct {
	Metric struct {
		Dimensions map[string]string `json:"dimensions"`
		Name       string            `json:"name"`
		Namespace  string            `json:"namespace"`
	} `json:"metric"`
	Period int32  `json:"period"`
	Stat   string `json:"stat"`
	Unit   string `json:"unit,omitempty"`
}

type state struct {
	Reason     string  `json:"reason"`
	ReasonData *string `json:"reasonData,omitempty"` // JSON in a string; absent at creation.
	Timestamp  string  `json:"timestamp"`
	Value      string  `json:"value"`
}

func stateOf(a *alarm) state {
	return state{Reason: aws.ToString(a.StateReason), ReasonData: a.StateReasonData, Timestamp: a.StateUpdatedTimestamp.UTC().Format(innerTime), Value: string(a.StateValue)}
}

// change takes the alarm into its new state and gives the event for it; the
// caller holds the lock, and emits the event without it.
func (s *Service) change(a *alarm, v verdict, now time.Time) []byte {
	previous := stateOf(a)
	if a.StateValue != v.state {
		a.StateTransitionedTimestamp = &now
	}
	a.StateValue, a.StateReason, a.StateReasonData, a.StateUpdatedTimestamp = v.state, &v.reason, v.data, &now
	current := stateOf(a)
	if previous.Value == current.Value {
		return nil // SetAlarmState to the state that it has.
	}
	s.record(historyItem{
		name: *a.AlarmName, at: now, kind: types.HistoryItemTypeStateUpdate,
		summary: fmt.Sprintf("Alarm updated from %s to %s", previous.Value, current.Value), data: stateHistory(previous, current),
	})
	return encode(stateEvent{
		Version: "0", ID: uuid.NewString(), DetailType: "CloudWatch Alarm State Change", Source: "aws.cloudwatch",
		Account: s.o.Account, Time: now.UTC().Format(time.RFC3339), Region: s.o.Region, Resources: []string{*a.AlarmArn},
		Detail: stateDetail{
			AlarmName:     *a.AlarmName,
			Configuration: configuration{Description: aws.ToString(a.AlarmDescription), Metrics: a.eventMetrics()},
			PreviousState: previous,
			State:         current,
		},
	})
}

func (a *alarm) eventMetrics() []eventMetric {
	var all []eventMetric
	asked := a.Metrics
	if len(asked) == 0 {
		single := a.queries[0].MetricDataQuery
		single.Id = &a.metricID
		asked = []types.MetricDataQuery{single}
	}
	for _, q := range asked {
		m := eventMetric{ID: *q.Id, Expression: aws.ToString(q.Expression), Label: aws.ToString(q.Label), ReturnData: q.ReturnData == nil || *q.ReturnData}
		if q.MetricStat != nil {
			m.MetricStat = &eventStat{Period: *q.MetricStat.Period, Stat: *q.MetricStat.Stat, Unit: string(q.MetricStat.Unit)}
			m.MetricStat.Metric.Name, m.MetricStat.Metric.Namespace = *q.MetricStat.Metric.MetricName, *q.MetricStat.Metric.Namespace
			m.MetricStat.Metric.Dimensions = map[string]string{}
			for _, d := range q.MetricStat.Metric.Dimensions {
				m.MetricStat.Metric.Dimensions[*d.Name] = *d.Value
			}
		}
		all = append(all, m)
	}
	return all
}

// emit sends an event; the caller holds s.emitting.
func (s *Service) emit(event []byte) {
	if event == nil || s.o.Events == nil {
		return
	}
	if err := s.o.Events.PutEvent(event); err != nil {
		s.o.Logger.Error("the bus refused an alarm's state change", "error", err)
	}
}

// reasonData is the JSON behind a state's reason.
type reasonData struct {
	Version             string               `json:"version"`
	QueryDate           string               `json:"queryDate"`
	StartDate           string               `json:"startDate,omitempty"`
	Unit                string               `json:"unit,omitempty"`
	Statistic           string               `json:"statistic,omitempty"`
	Period              int64                `json:"period"`
	RecentDatapoints    []javaDouble         `json:"recentDatapoints"` // Oldest first.
	Threshold           javaDouble           `json:"threshold"`
	EvaluatedDatapoints []evaluatedDatapoint `json:"evaluatedDatapoints,omitempty"`
}

type evaluatedDatapoint struct {
	Timestamp   string      `json:"timestamp"`
	SampleCount *javaDouble `json:"sampleCount,omitempty"`
	Value       *javaDouble `json:"value,omitempty"`
}

// javaDouble is a number as CloudWatch writes it: 50.0 and 1.0E7.
type javaDouble float64

// MarshalJSON implements json.Marshaler.
func (d javaDouble) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// String implements fmt.Stringer.
func (d javaDouble) String() string {
	f := float64(d)
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent) // FormatFloat writes a whole number.
		return mantissa + "E" + strconv.Itoa(n)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// explain writes the reason of a change in CloudWatch's words, and the data
// behind it.
func explain(points []period, a *alarm, v verdict, now time.Time) (string, *string) {
	d := reasonData{
		Version: "1.0", QueryDate: now.UTC().Format(innerTime), Period: a.period, Threshold: javaDouble(*a.Threshold),
		RecentDatapoints: []javaDouble{}, Unit: string(a.Unit), Statistic: string(a.Statistic),
	}
	if a.ExtendedStatistic != nil {
		d.Statistic = *a.ExtendedStatistic
	}
	for _, p := range v.used {
		d.RecentDatapoints = append(d.RecentDatapoints, javaDouble(p.value))
		e := evaluatedDatapoint{Timestamp: p.at.Format(innerTime), Value: new(javaDouble(p.value))}
		if p.samples > 0 {
			e.SampleCount = new(javaDouble(p.samples))
		}
		d.EvaluatedDatapoints = append(d.EvaluatedDatapoints, e)
		d.StartDate = e.Timestamp
	}
	slices.Reverse(d.RecentDatapoints)
	if len(v.used) == 0 && len(points) > 0 {
		d.EvaluatedDatapoints = []evaluatedDatapoint{{Timestamp: points[0].at.Format(innerTime)}}
	}
	return reason(a, v), aws.String(string(encode(d)))
}

func reason(a *alarm, v verdict) string {
	if v.state == types.StateValueInsufficientData {
		return fmt.Sprintf("Insufficient Data: %s unknown.", plural(v.filled, "datapoint was", "datapoints were"))
	}
	treated := "NonBreaching"
	if aws.ToString(a.TreatMissingData) == treatBreaching {
		treated = "Breaching"
	}
	missing := plural(v.filled, "missing datapoint was", "missing datapoints were") + " treated as [" + treated + "]"
	if len(v.used) == 0 {
		return fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s.", plural(v.filled, "period", "periods"), missing)
	}
	var shown []string
	met := 0
	for _, p := range v.used {
		if p.breaches == (v.state == types.StateValueAlarm) {
			met++
			shown = append(shown, fmt.Sprintf("%s (%s)", javaDouble(p.value), p.at.Format("02/01/06 15:04:05")))
		}
	}
	verb, not := "was", ""
	if met != 1 {
		verb = "were"
	}
	if v.state != types.StateValueAlarm {
		not = "not "
	}
	m := int(*a.EvaluationPeriods)
	if a.DatapointsToAlarm != nil {
		m = int(*a.DatapointsToAlarm)
	}
	least := m // Datapoints that the change takes.
	if v.state == types.StateValueOk {
		least = int(*a.EvaluationPeriods) - m + 1
	}
	text := fmt.Sprintf("Threshold Crossed: %d out of the last %s [%s] %s %s%s the threshold (%s) (minimum %s for %s -> %s transition).",
		met, plural(len(v.used), "datapoint", "datapoints"), strings.Join(shown, ", "), verb, not, words[a.ComparisonOperator], javaDouble(*a.Threshold),
		plural(least, "datapoint", "datapoints"), a.StateValue, v.state)
	text = strings.Replace(text, "the last 1 datapoint ", "the last 1 datapoints ", 1) // As CloudWatch has it.
	if treat := aws.ToString(a.TreatMissingData); v.filled > 0 && (treat == treatBreaching || treat == treatNotBreaching) {
		text = strings.TrimSuffix(text, ".") + " and " + missing + "."
	}
	return text
}

var words = map[types.ComparisonOperator]string{
	types.ComparisonOperatorGreaterThanThreshold:          "greater than",
	types.ComparisonOperatorGreaterThanOrEqualToThreshold: "greater than or equal to",
	types.ComparisonOperatorLessThanThreshold:             "less than",
	types.ComparisonOperatorLessThanOrEqualToThreshold:    "less than or equal to",
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // Reasons hold "->", and AWS leaves that as it is.
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("encode a document of text and finite numbers: %v", err))
	}
	return bytes.TrimSpace(b.Bytes())
}

func validJSON(text string) bool { return json.Valid([]byte(text)) }
