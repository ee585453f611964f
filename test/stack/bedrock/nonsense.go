package bedrock

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
)

// Nonsense makes the next answers, -1 for all of them, such as a model gives on
// a bad day: prose, another shape, things that do not exist, a malformed or a
// cut answer, in turn. 0 ends it.
func (s *Service) Nonsense(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nonsense = times
}

func (s *Service) takeNonsense() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonsense == 0 {
		return 0, false
	}
	if s.nonsense > 0 {
		s.nonsense--
	}
	s.said++
	return s.said - 1, true
}

const invented = `{"hypotheses":[{"cause":"Solar wind.","service":"the-moon","confidence":7,` +
	`"citations":["ev-ffffffff"],"runbook":"delete-everything","reasoning":"Trust me."}]}`

// nonsense is the n-th bad answer.
func nonsense(n int, req request) *reply {
	structured := types.StopReasonEndTurn
	if req.tool != "" {
		structured = types.StopReasonToolUse
	}
	switch n % 5 {
	case 0: // prose instead of structure
		return &reply{text: "I would restart everything.", stop: types.StopReasonEndTurn}
	case 1: // another shape
		return &reply{text: `{"diagnosis":"bad"}`, stop: structured, tool: req.tool != ""}
	case 2: // what does not exist: a service, an evidence, a runbook, a confidence
		return &reply{text: invented, stop: structured, tool: req.tool != ""}
	case 3:
		stop := types.StopReasonMalformedModelOutput
		if req.tool != "" {
			stop = types.StopReasonMalformedToolUse
		}
		return &reply{text: strings.Replace(invented, "}]}", "", 1), stop: stop}
	default: // cut in the middle
		return &reply{text: invented[:40], stop: types.StopReasonMaxTokens}
	}
}
