package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/uuid"
)

// Limits of PutEvents.
const (
	maxEntries    = 10
	maxEntryBytes = 1 << 20 // All entries of a request together.
)

// Envelope is an event as EventBridge delivers it, in AWS's order of fields.
type Envelope struct {
	Version    string          `json:"version"` // Always "0".
	ID         string          `json:"id"`      // UUID; the default partition key.
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"` // RFC 3339 in UTC, whole seconds.
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"` // A JSON object.
}

func (s *Service) putEvents(_ context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	if n := len(in.Entries); n < 1 || n > maxEntries {
		return nil, invalid("PutEvents takes 1 to %d entries, not %d", maxEntries, n)
	}
	size := 0
	for _, e := range in.Entries {
		size += len(aws.ToString(e.Detail)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Source))
	}
	if size > maxEntryBytes {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &eventbridge.PutEventsOutput{}
	for _, e := range in.Entries {
		envelope, code, message := s.envelope(e)
		if code != "" {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message})
			continue
		}
		if err := s.dispatch(envelope); err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: &envelope.ID})
	}
	return out, nil
}

// envelope makes a caller's event, or gives the entry's error code.
func (s *Service) envelope(e types.PutEventsRequestEntry) (v Envelope, code, message string) {
	source := aws.ToString(e.Source)
	switch {
	case source == "":
		return v, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."
	case aws.ToString(e.DetailType) == "":
		return v, "InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument."
	case e.Detail == nil:
		return v, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."
	case strings.HasPrefix(source, "aws."):
		// Only AWS's own services may speak for themselves.
		return v, "NotAuthorizedForSourceException", "Not authorized for the source."
	case !isObject([]byte(*e.Detail)):
		return v, "MalformedDetail", "Detail is malformed."
	case s.bus(e.EventBusName) != nil:
		return v, "InvalidArgument", "Event bus " + *e.EventBusName + " does not exist."
	}
	at := s.o.Now()
	if e.Time != nil {
		at = *e.Time
	}
	var detail bytes.Buffer
	if err := json.Compact(&detail, []byte(*e.Detail)); err != nil {
		return v, "MalformedDetail", "Detail is malformed."
	}
	return Envelope{
		Version: "0", ID: uuid.NewString(), DetailType: *e.DetailType, Source: source, Account: s.o.Account,
		Time: at.UTC().Format(time.RFC3339), Region: s.o.Region, Resources: append([]string{}, e.Resources...), Detail: detail.Bytes(),
	}, "", ""
}

// PutEvent takes a whole event from a neighbour in the same process that stands
// in for an AWS service: its source begins with "aws." and nothing is missing.
func (s *Service) PutEvent(event []byte) error {
	var v Envelope
	if err := json.Unmarshal(event, &v); err != nil {
		return fmt.Errorf("put an event of an AWS service: %w", err)
	}
	if err := v.check(); err != nil {
		return fmt.Errorf("put an event of an AWS service: %w", err)
	}
	return s.dispatch(v)
}

func (v Envelope) check() error {
	if !strings.HasPrefix(v.Source, "aws.") {
		return fmt.Errorf("source %q does not begin with aws", v.Source)
	}
	if _, err := time.Parse(time.RFC3339, v.Time); err != nil {
		return fmt.Errorf("time %q: %w", v.Time, err)
	}
	if v.Version != "0" || v.ID == "" || v.DetailType == "" || v.Account == "" || v.Region == "" || v.Resources == nil || !isObject(v.Detail) {
		return errors.New("a field of the envelope is missing")
	}
	return nil
}

// dispatch sends an event to the targets of all rules that match.
func (s *Service) dispatch(v Envelope) error {
	var whole bytes.Buffer
	encoder := json.NewEncoder(&whole)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode event %s: %w", v.ID, err)
	}
	raw := bytes.TrimSpace(whole.Bytes())
	document, err := decodeNumbers(raw)
	if err != nil {
		return fmt.Errorf("read event %s: %w", v.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.names() {
		r := s.rules[name]
		if r.State == types.RuleStateDisabled || !r.pattern.Match(document) {
			continue
		}
		for _, t := range r.targets {
			s.feed.Put(streamOf(*t.Arn), partitionKey(t, v.ID, document), payload(t, raw, document))
		}
	}
	return nil
}

// partitionKey is the text at the target's path, else the event's id.
func partitionKey(t types.Target, id string, document any) string {
	if t.KinesisParameters == nil || t.KinesisParameters.PartitionKeyPath == nil {
		return id
	}
	switch v := at(document, *t.KinesisParameters.PartitionKeyPath).(type) {
	case string:
		if r := []rune(v); len(r) > 256 {
			v = string(r[:256])
		}
		if v != "" {
			return v
		}
	case json.Number:
		return v.String()
	}
	return id
}

func payload(t types.Target, raw []byte, document any) []byte {
	switch {
	case t.Input != nil:
		return []byte(*t.Input)
	case t.InputPath != nil:
		part, err := json.Marshal(at(document, *t.InputPath))
		if err != nil {
			return raw // What came from JSON always goes back to it.
		}
		return part
	default:
		return slices.Clone(raw)
	}
}

// parsePath splits `$.detail.items[0].name`.
func parsePath(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok || rest != "" && rest[0] != '.' {
		return nil, fmt.Errorf("JSON path %q begins neither with $ nor with a member of it", path)
	}
	rest = strings.NewReplacer("[", ".", "]", "").Replace(strings.TrimPrefix(rest, "."))
	if rest == "" {
		return nil, nil
	}
	steps := strings.Split(rest, ".")
	if slices.Contains(steps, "") {
		return nil, fmt.Errorf("JSON path %q has an empty step", path)
	}
	return steps, nil
}

func at(document any, path string) any {
	steps, err := parsePath(path)
	if err != nil {
		return nil
	}
	for _, step := range steps {
		switch d := document.(type) {
		case map[string]any:
			document = d[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(d) {
				return nil
			}
			document = d[i]
		default:
			return nil
		}
	}
	return document
}

func isObject(b []byte) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(b, &m) == nil && m != nil
}

// decodeNumbers keeps numbers as they are written.
func decodeNumbers(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}
