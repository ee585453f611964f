package diagnosis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// maxAnswer bounds what is parsed of an answer, in bytes.
const maxAnswer = 256 << 10

// maxNotes bounds how many corrections are told.
const maxNotes = 20

// claim is a hypothesis as the model said it.
type claim struct {
	Cause      string   `json:"cause"`
	Service    string   `json:"service"`
	Confidence float64  `json:"confidence"`
	Citations  []string `json:"citations"`
	Runbook    string   `json:"runbook"`
	Reasoning  string   `json:"reasoning"`
}

// read takes the claims out of an answer that came to its proper end. An answer
// that was cut, filtered or malformed is not looked into.
func read(out *bedrockruntime.ConverseOutput) ([]claim, error) {
	switch out.StopReason {
	case types.StopReasonEndTurn, types.StopReasonToolUse:
	case types.StopReasonGuardrailIntervened, types.StopReasonContentFiltered, types.StopReasonModelContextWindowExceeded:
		// The same input would meet the same refusal.
		return nil, awserror.Refuse(incident.ErrorValidation, "the model gave no answer: %s", out.StopReason)
	default: // max_tokens, stop_sequence, malformed_model_output, malformed_tool_use, and what is new
		return nil, nonsense("it ended with %s", out.StopReason)
	}
	raw, err := structured(out)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxAnswer {
		return nil, nonsense("it has %d bytes", len(raw))
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, nonsense("it is no JSON: %s", err)
	}
	if err := answerSchema.Validate(value); err != nil {
		return nil, nonsense("it has another shape: %s", err)
	}
	var answer struct {
		Hypotheses []claim `json:"hypotheses"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, nonsense("it cannot be read: %s", err)
	}
	return answer.Hypotheses, nil
}

// structured returns the input of the tool, else the text.
func structured(out *bedrockruntime.ConverseOutput) ([]byte, error) {
	message, ok := out.Output.(*types.ConverseOutputMemberMessage)
	if !ok {
		return nil, nonsense("it has no message")
	}
	var text strings.Builder
	for _, c := range message.Value.Content {
		switch c := c.(type) {
		case *types.ContentBlockMemberToolUse:
			if c.Value.Name == nil || *c.Value.Name != toolName || c.Value.Input == nil {
				continue
			}
			raw, err := c.Value.Input.MarshalSmithyDocument()
			if err != nil {
				return nil, nonsense("the tool's input cannot be read: %s", err)
			}
			return raw, nil
		case *types.ContentBlockMemberText:
			text.WriteString(c.Value)
		}
	}
	if out.StopReason == types.StopReasonToolUse || text.Len() == 0 {
		return nil, nonsense("it does not use the tool %s", toolName)
	}
	return []byte(strings.TrimSpace(text.String())), nil
}

// check keeps of the claims what stands, and notes what it corrected. forbidden
// tells that the likeliest hypothesis wanted a runbook that it may not have, and
// that no other has one: such an answer is no better than none.
func (a *Activities) check(claims []claim, s shown) (out incident.Diagnosis, forbidden bool) {
	out.Notes = s.notes
	denied := map[string]bool{} // causes whose runbook was taken away
	note := func(format string, args ...any) {
		if len(out.Notes) < maxNotes {
			// The model's words are quoted in notes, and no better than the rest of them.
			out.Notes = append(out.Notes, redact.Clean(a.opts.Redactor, fmt.Sprintf(format, args...)).Cut(200).String())
		}
	}
	for i, c := range claims {
		n := i + 1
		h := incident.Hypothesis{
			Cause: a.clean(c.Cause, maxCause), Reasoning: a.clean(c.Reasoning, maxReasoning),
			Service: c.Service, Confidence: c.Confidence,
		}
		for _, id := range c.Citations {
			switch {
			case !slices.Contains(s.evidence, id):
				note("hypothesis %d cited %q, which is no evidence; removed", n, id)
			case !slices.Contains(h.Citations, id) && len(h.Citations) < maxCitations:
				h.Citations = append(h.Citations, id)
			}
		}
		if len(h.Citations) == 0 || h.Cause.IsEmpty() {
			note("hypothesis %d cites no evidence that exists; removed", n)
			continue
		}
		if !slices.Contains(s.services, h.Service) {
			note("hypothesis %d blamed %q, which is no service here; taken for %s", n, h.Service, s.service)
			h.Service = s.service
		}
		if h.Confidence < 0 || h.Confidence > 1 {
			note("hypothesis %d had confidence %g; brought into [0,1]", n, h.Confidence)
			h.Confidence = min(1, max(0, h.Confidence))
		}
		h.Runbook = c.Runbook
		if problem := s.forbidden(&h); problem != "" {
			note("hypothesis %d chose runbook %q, which %s; removed", n, c.Runbook, problem)
			denied[h.Cause.String()] = true
		}
		out.Hypotheses = append(out.Hypotheses, h)
	}
	slices.SortStableFunc(out.Hypotheses, func(x, y incident.Hypothesis) int {
		switch {
		case x.Confidence > y.Confidence:
			return -1
		case x.Confidence < y.Confidence:
			return 1
		default:
			return 0
		}
	})
	if len(out.Hypotheses) > maxHypotheses {
		note("%d hypotheses were given, the likeliest %d are kept", len(out.Hypotheses), maxHypotheses)
		out.Hypotheses = out.Hypotheses[:maxHypotheses]
	}
	return out, len(out.Hypotheses) > 0 && denied[out.Hypotheses[0].Cause.String()] && out.Best().Runbook == ""
}

// forbidden takes a runbook away that is not allowed for the hypothesis' service
// and says why.
func (s shown) forbidden(h *incident.Hypothesis) string {
	if h.Runbook == "" || h.Runbook == None {
		h.Runbook = ""
		return ""
	}
	known := false
	for _, r := range s.runbooks {
		if r.Name == h.Runbook && r.Service == h.Service {
			return ""
		}
		known = known || r.Name == h.Runbook
	}
	h.Runbook = ""
	if known {
		return "is not allowed for " + h.Service
	}
	return "is not allowed"
}

func (a *Activities) clean(raw string, limit int) redact.Text {
	return redact.Clean(a.opts.Redactor, strings.TrimSpace(raw)).Cut(limit)
}
