package evidence

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
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
	of := map[string][]happened{}
	for page := 0; ; page++ {
		if page == maxHistoryPages {
			out.gap(incident.GapCut, h.name(), redact.Format("only the latest %d of the account were read", page*historyItems))
			break
		}
		got, err := h.a.opts.Metrics.DescribeAlarmHistory(ctx, in)
		if err != nil {
			h.pieces(of, from, q, &out)
			return out, err
		}
		for _, item := range got.AlarmHistoryItems {
			name := aws.ToString(item.AlarmName)
			if service := inventory.ByAlarm(name); item.Timestamp != nil && service != incident.Unassigned {
				of[service] = append(of[service], h.a.happened(name, item))
			}
		}
		if in.NextToken = got.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	h.pieces(of, from, q, &out)
	return out, nil
}

// pieces are one for each service whose alarms have a history.
func (h alarmHistory) pieces(of map[string][]happened, from time.Time, q *question, out *answer) {
	for _, service := range slices.Sorted(maps.Keys(of)) {
		items := of[service]
		slices.SortStableFunc(items, func(x, y happened) int {
			return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Alarm, y.Alarm))
		})
		alarms := map[string]bool{}
		weight, all := float64(weightCalm), items
		if h.kind == types.HistoryItemTypeStateUpdate {
			// What began to get data, or no longer does, has said nothing of trouble.
			items = slices.DeleteFunc(slices.Clone(items), func(i happened) bool { return !i.alarming })
		}
		if len(items) == 0 {
			continue
		}
		var told []redact.Text
		for _, i := range items {
			alarms[i.Alarm] = true
			told = append(told, redact.Format("%s %s: %s", redact.Name(stamp(i.At)), redact.Name(i.Alarm), i.What.Cut(110)))
			if ahead := q.onset.Sub(i.At); i.changed && ahead > 0 && ahead < settingsAreClose {
				weight = weightAlarm - 1
			}
		}
		latest := items[len(items)-1]
		ahead := q.onset.Sub(latest.At)
		title := redact.Format("%s of %s changed %s, at last %s", h.subject(alarms, latest), redact.Name(service), incident.Count(len(items), "time", "times"), beside(ahead))
		out.addWhole(incident.Evidence{
			Kind: incident.EvidenceAlarm, Service: service, From: from, To: q.until, Title: title,
			Detail: redact.Join(told[max(0, len(told)-shownHistory):], "; "),
			Query:  h.query(alarms, from, q),
			Facts:  map[string]float64{incident.FactSecondsBefore: ahead.Seconds()},
		}, weight, all)
	}
}

// subject names what changed: of one alarm, or of how many.
func (h alarmHistory) subject(alarms map[string]bool, one happened) redact.Text {
	what := redact.Literal("settings")
	if h.kind == types.HistoryItemTypeStateUpdate {
		what = redact.Literal("state")
	}
	if len(alarms) == 1 {
		return redact.Format("%s of alarm %s", what, redact.Name(one.Alarm))
	}
	return redact.Format("%s of %d alarms", what, len(alarms))
}

// happened is one entry of an alarm's history, as the store keeps it.
type happened struct {
	At    time.Time   `json:"at"`
	Alarm string      `json:"alarm"`
	What  redact.Text `json:"what"`

	alarming bool // it went into ALARM or left it
	changed  bool // somebody changed its settings
}

// happened tells what an item is about: from which state to which, and why, as
// far as its data says, else its summary.
func (a *Activities) happened(alarm string, item types.AlarmHistoryItem) happened {
	out := happened{At: item.Timestamp.UTC(), Alarm: alarm, What: a.clean(aws.ToString(item.HistorySummary)), alarming: true}
	var data struct {
		Old struct {
			Value string `json:"stateValue"`
		} `json:"oldState"`
		New struct {
			Value  string `json:"stateValue"`
			Reason string `json:"stateReason"`
		} `json:"newState"`
	}
	// An alarm that was created a while ago explains nothing, one whose threshold
	// was moved may explain all: summaries say "Alarm "x" updated".
	out.changed = strings.HasSuffix(aws.ToString(item.HistorySummary), "updated")
	raw := aws.ToString(item.HistoryData)
	if err := json.Unmarshal([]byte(raw), &data); err == nil && data.New.Value != "" {
		out.What = redact.Format("%s to %s, %s", redact.Name(data.Old.Value), redact.Name(data.New.Value), a.clean(data.New.Reason))
		out.alarming = data.Old.Value == string(types.StateValueAlarm) || data.New.Value == string(types.StateValueAlarm)
	}
	return out
}

func (h alarmHistory) query(alarms map[string]bool, from time.Time, q *question) string {
	args := []string{"cloudwatch", "describe-alarm-history"}
	if len(alarms) == 1 {
		args = slices.AppendSeq(append(args, "--alarm-name"), maps.Keys(alarms))
	}
	return command(q.region, append(args, "--alarm-types", "MetricAlarm", "CompositeAlarm",
		"--history-item-type", string(h.kind), "--start-date", rfc(from), "--end-date", rfc(q.until))...)
}

// beside puts a time beside the onset.
func beside(ahead time.Duration) redact.Text {
	if ahead < 0 {
		return redact.Format("%.0f s after the onset", -ahead.Seconds())
	}
	return redact.Format("%.0f s before the onset", ahead.Seconds())
}
