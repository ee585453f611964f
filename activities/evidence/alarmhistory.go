package evidence

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Limits of DescribeAlarmHistory. The history of all alarms is read in one go:
// a question for each of them would be throttled in a storm.
const (
	historyItems     = 100 // of one page, its own limit
	maxHistoryPages  = 10
	shownHistory     = 5             // items that one piece tells of
	statesBefore     = time.Hour     // how far before the onset states are looked at, to tell a flapping alarm
	settingsBefore   = 6 * time.Hour // and settings, which explain alarms that have nothing to do with the service
	settingsAreClose = time.Hour     // before the onset; older ones hardly explain it
)

// alarmHistory asks what became of alarms around the onset: of their states or
// of their settings.
type alarmHistory struct {
	a    *Activities
	kind types.HistoryItemType
	back time.Duration // how far before the onset
}

// alarmHistorySources are both, where there are alarms at all.
func (a *Activities) alarmHistorySources(q *question) []source {
	if !slices.ContainsFunc(q.services, func(s incident.Service) bool { return len(s.Alarms) > 0 }) {
		return nil
	}
	return []source{
		alarmHistory{a, types.HistoryItemTypeStateUpdate, statesBefore},
		alarmHistory{a, types.HistoryItemTypeConfigurationUpdate, settingsBefore},
	}
}

func (h alarmHistory) name() redact.Text {
	if h.kind == types.HistoryItemTypeStateUpdate {
		return redact.Literal("states that alarms had")
	}
	return redact.Literal("changes of alarms' settings")
}

// needs names the right to read histories; for composite alarms the right has to be on all resources.
func (alarmHistory) needs() []string { return []string{"cloudwatch:DescribeAlarmHistory"} }

// gather reads the history of all alarms and keeps that of the services'.
func (h alarmHistory) gather(ctx context.Context, q *question) (answer, error) {
	var out answer
	from := q.onset.Add(-h.back)
	in := &cloudwatch.DescribeAlarmHistoryInput{
		// Without types only metric alarms are told of.
		AlarmTypes:      []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		HistoryItemType: h.kind, StartDate: &from, EndDate: &q.until, MaxRecords: aws.Int32(historyItems),
		ScanBy: types.ScanByTimestampDescending,
	}
	inventory := incident.NewInventory(q.services)
	of := map[string][]types.AlarmHistoryItem{}
	for page := 0; ; page++ {
		if page == maxHistoryPages {
			out.gap(incident.GapCut, h.name(), redact.Format("only the latest %d of the account were read", page*historyItems))
			break
		}
		got, err := h.a.opts.Metrics.DescribeAlarmHistory(ctx, in)
		if err != nil {
			h.pieces(of, inventory, from, q, &out)
			return out, err
		}
		for _, item := range got.AlarmHistoryItems {
			if name := aws.ToString(item.AlarmName); item.Timestamp != nil && inventory.ByAlarm(name) != incident.Unassigned {
				of[name] = append(of[name], item)
			}
		}
		if in.NextToken = got.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	h.pieces(of, inventory, from, q, &out)
	return out, nil
}

// pieces are one for each alarm that has a history.
func (h alarmHistory) pieces(of map[string][]types.AlarmHistoryItem, inventory *incident.Inventory, from time.Time, q *question, out *answer) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		items := of[name]
		slices.SortStableFunc(items, func(x, y types.AlarmHistoryItem) int { return x.Timestamp.Compare(*y.Timestamp) })
		service := inventory.ByAlarm(name)
		whole := make([]wholeItem, len(items))
		var told []redact.Text
		for i, item := range items {
			whole[i] = wholeItem{item.Timestamp.UTC(), h.a.happened(item)}
			told = append(told, redact.Format("%s: %s", redact.Name(stamp(*item.Timestamp)), whole[i].What.Cut(110)))
		}
		latest := items[len(items)-1]
		ahead := q.onset.Sub(*latest.Timestamp)
		e := incident.Evidence{
			Kind: incident.EvidenceAlarm, Service: service, From: from, To: q.until,
			Title: redact.Format("alarm %s of %s changed its state %s, at last %s", redact.Name(name), redact.Name(service),
				incident.Count(len(items), "time", "times"), beside(ahead)),
			Detail: redact.Join(told[max(0, len(told)-shownHistory):], "; "),
			Query:  h.query(name, from, q),
			Facts:  map[string]float64{incident.FactSecondsBefore: ahead.Seconds()},
		}
		weight := float64(weightCalm)
		if h.kind == types.HistoryItemTypeConfigurationUpdate {
			e.Title = redact.Format("settings of alarm %s of %s changed %s", redact.Name(name), redact.Name(service), beside(ahead))
			if ahead > 0 && ahead < settingsAreClose {
				weight = weightAlarm - 1
			}
		}
		out.addWhole(e, weight, whole)
	}
}

// wholeItem is one entry of an alarm's history, for the store.
type wholeItem struct {
	At   time.Time   `json:"at"`
	What redact.Text `json:"what"`
}

// happened tells what an item is about: from which state to which, and why, as
// far as its data says, else its summary.
func (a *Activities) happened(item types.AlarmHistoryItem) redact.Text {
	var data struct {
		Old struct {
			Value string `json:"stateValue"`
		} `json:"oldState"`
		New struct {
			Value  string `json:"stateValue"`
			Reason string `json:"stateReason"`
		} `json:"newState"`
	}
	raw := aws.ToString(item.HistoryData)
	if err := json.Unmarshal([]byte(raw), &data); err == nil && data.New.Value != "" {
		return redact.Format("%s to %s, %s", redact.Name(data.Old.Value), redact.Name(data.New.Value), a.clean(data.New.Reason))
	}
	return a.clean(aws.ToString(item.HistorySummary))
}

func (h alarmHistory) query(name string, from time.Time, q *question) string {
	return command(q.region, "cloudwatch", "describe-alarm-history", "--alarm-name", name, "--alarm-types", "MetricAlarm", "CompositeAlarm",
		"--history-item-type", string(h.kind), "--start-date", rfc(from), "--end-date", rfc(q.until))
}

// beside puts a time beside the onset.
func beside(ahead time.Duration) redact.Text {
	if ahead < 0 {
		return redact.Format("%.0f s after the onset", -ahead.Seconds())
	}
	return redact.Format("%.0f s before the onset", ahead.Seconds())
}
