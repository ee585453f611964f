package telemetry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// Source and detail-type of the EventBridge-shaped event that carries feedback.
const (
	FeedbackSource     = "firebreak"
	FeedbackDetailType = "Firebreak Detection Feedback"
)

// Verdict is what a person said of a series.
type Verdict string

// Verdicts.
const (
	FalseAlarm Verdict = "false_alarm" // an episode opened where nothing was wrong
	Missed     Verdict = "missed"      // something was wrong and no episode opened
	Reset      Verdict = "reset"       // what was said of the series before no longer counts
)

// Feedback is what a person said of a series. It travels on the stream like
// any other signal, so that it is kept with it, takes effect at its own event
// time and is there when the stream is replayed.
//
// It is a claim: whoever may write to the stream can make one in any name. As
// JSON it is the detail of its event.
type Feedback struct {
	ID      string    `json:"-"`                    // of the event
	Series  string    `json:"series"`               // key of the series that it is about
	Rule    string    `json:"rule,omitempty"`       // the detector's rule; empty for the usual one of the series
	Verdict Verdict   `json:"verdict"`              //
	Anomaly string    `json:"anomaly_id,omitempty"` // id of the episode, for FalseAlarm
	Reached float64   `json:"reached,omitempty"`    // how far out that episode came, in multiples of the usual threshold; 0 when unknown
	At      time.Time `json:"at"`                   // the event time that it is about: when the episode opened, or when one was missed
	By      string    `json:"by"`                   // who says so, only letters, digits and . _ - @ +; at most maxBy bytes
	Note    string    `json:"note,omitempty"`       // why, raw, at most maxNote bytes
}

// Limits on a feedback event, in bytes.
const (
	maxSeries = 2 << 10 // two names and thirty dimensions are shorter in practice
	maxBy     = 64
	maxNote   = 300
	maxRule   = 64
)

// feedback reads a feedback event.
func (d *decoder) feedback(e envelope) error {
	var f Feedback
	if err := json.Unmarshal(e.Detail, &f); err != nil {
		return fmt.Errorf("feedback event %q: detail: %w", e.ID, err)
	}
	f = f.clean()
	f.ID = e.ID
	s := Signal{Kind: KindFeedback, Time: e.Time, Account: e.Account, Region: e.Region, Feedback: &f, Key: "feedback\x00" + e.ID}
	own := cut(first(s.Account, d.src.Account), maxName) + "/" + cut(first(s.Region, d.src.Region), maxName) + "/"
	if err := f.check(own); err != nil {
		return fmt.Errorf("feedback event %q: %w", e.ID, err)
	}
	d.add(s, f.Series)
	return nil
}

// clean brings the time to UTC, and what a person wrote into its bounds.
func (f Feedback) clean() Feedback {
	f.At, f.By, f.Note = f.At.UTC(), signature(f.By), cut(strings.Join(strings.Fields(f.Note), " "), maxNote)
	return f
}

// check refuses what cannot be meant. own is how every series of the event's
// account and region begins.
func (f Feedback) check(own string) error {
	switch {
	case !strings.HasPrefix(f.Series, own) || len(f.Series) > maxSeries:
		return fmt.Errorf("series is missing, longer than %d bytes, or not of the event's account and region", maxSeries)
	case len(f.Rule) > maxRule:
		return fmt.Errorf("rule is longer than %d bytes", maxRule)
	case f.At.IsZero() || !f.At.Before(latest):
		return errors.New("at is missing or out of range")
	case f.By == "":
		return errors.New("by is missing: feedback that nobody gave does not count")
	case f.Reached < 0 || math.IsNaN(f.Reached) || math.IsInf(f.Reached, 0):
		return errors.New("reached is no multiple of a threshold")
	}
	switch f.Verdict {
	case FalseAlarm:
		// The id is made of the others, so that one episode cannot be given
		// several and be counted several times.
		if f.Anomaly != incident.AnomalyID(f.Rule, f.Series, f.At) {
			return errors.New("anomaly_id is not that of an episode of this rule and series that opened at this time")
		}
	case Missed, Reset:
		if f.Anomaly != "" {
			return fmt.Errorf("verdict %q is about a series and not about an anomaly", f.Verdict)
		}
	default:
		return errors.New(`verdict is none of "false_alarm", "missed" and "reset"`)
	}
	return nil
}

// signature is a person's name as far as it is one: what else could stand in it
// would be read by people and by a model as if it were ours.
func signature(by string) string {
	return cut(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-@+", r):
			return r
		default:
			return '_'
		}
	}, strings.TrimSpace(by)), maxBy)
}

// Encode writes feedback as the event that Decode reads, given at a time in an
// account and region. The event's id is derived from all of it, so that sending
// it again is a repeated delivery. What Decode would refuse is an error.
func (f Feedback) Encode(account, region string, given time.Time) ([]byte, error) {
	f = f.clean()
	if err := f.check(account + "/" + region + "/"); err != nil {
		return nil, fmt.Errorf("write feedback on %q: %w", f.Series, err)
	}
	detail, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write feedback on %q: %w", f.Series, err)
	}
	given = given.UTC().Truncate(time.Millisecond)
	if f.ID == "" {
		sum := sha256.Sum256(append([]byte(given.Format(time.RFC3339Nano)+"\x00"), detail...))
		f.ID = "feedback-" + hex.EncodeToString(sum[:12])
	}
	raw, err := json.Marshal(envelope{
		ID: f.ID, Source: FeedbackSource, DetailType: FeedbackDetailType, Account: account, Region: region, Time: given,
		Resources: []string{}, Detail: detail,
	})
	if err != nil {
		return nil, fmt.Errorf("write feedback on %q: %w", f.Series, err)
	}
	return raw, nil
}
