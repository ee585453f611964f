package cloudwatch

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// maxHistory bounds the items that are kept of all alarms together.
const maxHistory = 10_000

// historyItem is one entry; it outlives its alarm.
type historyItem struct {
	name, summary, data string
	at                  time.Time
	kind                types.HistoryItemType
}

// record adds an item; the caller holds the lock.
func (s *Service) record(i historyItem) {
	if i.data == "" {
		i.data = `{"version":"1.0"}`
	}
	s.history = append(s.history, i)
	if len(s.history) > maxHistory {
		s.history = slices.Clone(s.history[len(s.history)-maxHistory:])
	}
}

type historyState struct {
	StateValue      string          `json:"stateValue"`
	StateReason     string          `json:"stateReason"`
	StateReasonData json.RawMessage `json:"stateReasonData,omitempty"`
}

func stateHistory(previous, current state) string {
	side := func(st state) historyState {
		h := historyState{StateValue: st.Value, StateReason: st.Reason}
		if st.ReasonData != nil {
			h.StateReasonData = json.RawMessage(*st.ReasonData)
		}
		return h
	}
	return string(encode(struct {
		Version  string       `json:"version"`
		OldState historyState `json:"oldState"`
		NewState historyState `json:"newState"`
	}{"1.0", side(previous), side(current)}))
}

func (s *Service) describeAlarmHistory(_ context.Context, in *cloudwatch.DescribeAlarmHistoryInput) (*cloudwatch.DescribeAlarmHistoryOutput, error) {
	limit := maxDescribed
	if in.MaxRecords != nil {
		limit = int(*in.MaxRecords)
	}
	if limit < 1 || limit > maxDescribed {
		return nil, invalid("The value %d for parameter MaxRecords is invalid.", limit)
	}
	skip, err := openToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudwatch.DescribeAlarmHistoryOutput{AlarmHistoryItems: []types.AlarmHistoryItem{}}
	// Without types it is about metric alarms, which are all that there are here.
	if in.AlarmTypes != nil && !slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm) {
		return out, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []historyItem
	for _, i := range s.history {
		switch {
		case in.AlarmName != nil && i.name != *in.AlarmName:
		case in.HistoryItemType != "" && i.kind != in.HistoryItemType:
		case in.StartDate != nil && i.at.Before(*in.StartDate):
		case in.EndDate != nil && i.at.After(*in.EndDate):
		default:
			found = append(found, i)
		}
	}
	if in.ScanBy != types.ScanByTimestampAscending {
		slices.Reverse(found) // The default is newest first.
	}
	for position, i := range found {
		if position < skip {
			continue
		}
		if position == skip+limit {
			out.NextToken = sealToken(position)
			break
		}
		out.AlarmHistoryItems = append(out.AlarmHistoryItems, types.AlarmHistoryItem{
			AlarmName: aws.String(i.name), AlarmType: types.AlarmTypeMetricAlarm, HistoryItemType: i.kind,
			HistorySummary: aws.String(i.summary), HistoryData: aws.String(i.data), Timestamp: aws.Time(i.at),
		})
	}
	return out, nil
}
