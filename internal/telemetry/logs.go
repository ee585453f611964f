package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
)

// logs reads one document of a CloudWatch Logs subscription. Account and region
// are those of the system fields @aws.account and @aws.region when the
// subscription emits them.
func (d *decoder) logs(raw json.RawMessage) error {
	var doc struct {
		MessageType string            `json:"messageType"`
		Owner       string            `json:"owner"`
		LogGroup    string            `json:"logGroup"`
		LogStream   string            `json:"logStream"`
		Account     string            `json:"@aws.account"`
		Region      string            `json:"@aws.region"`
		LogEvents   []json.RawMessage `json:"logEvents"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("log subscription: %w", err)
	}
	switch {
	case doc.MessageType == "CONTROL_MESSAGE":
		// Sent to probe whether the destination can be reached.
		return nil
	case doc.MessageType != "DATA_MESSAGE":
		return fmt.Errorf("log subscription: messageType %q is unknown", cut(doc.MessageType, 40))
	case doc.LogGroup == "" || len(doc.LogGroup) > maxName || len(doc.LogStream) > maxName:
		return errors.New("log subscription: logGroup is missing, or a name is too long")
	}
	for i, rawEvent := range doc.LogEvents {
		var ev struct {
			ID        string            `json:"id"`
			Timestamp int64             `json:"timestamp"`
			Message   *string           `json:"message"`
			Extracted map[string]string `json:"extractedFields"`
		}
		if err := json.Unmarshal(rawEvent, &ev); err != nil {
			d.fail(fmt.Errorf("log subscription %q: event %d: %w", doc.LogGroup, i+1, err))
			continue
		}
		at, err := millis(ev.Timestamp)
		switch {
		case err != nil:
			d.fail(fmt.Errorf("log subscription %q: event %d: %w", doc.LogGroup, i+1, err))
			continue
		case ev.Message == nil || ev.ID == "" || len(ev.ID) > maxName:
			d.fail(fmt.Errorf("log subscription %q: event %d: id or message is missing", doc.LogGroup, i+1))
			continue
		}
		line := &LogLine{Group: doc.LogGroup, Stream: doc.LogStream, ID: ev.ID, Message: *ev.Message}
		line.Read()
		d.add(Signal{
			Kind: KindLog, Time: at, Log: line,
			Account: first(ev.Extracted["@aws.account"], doc.Account, doc.Owner),
			Region:  first(ev.Extracted["@aws.region"], doc.Region),
			// Delivery is tried again for 24 hours, so the same event can come twice.
			Key: "log\x00" + doc.Owner + "\x00" + doc.LogGroup + "\x00" + doc.LogStream + "\x00" + ev.ID,
		}, doc.LogGroup)
	}
	return nil
}
