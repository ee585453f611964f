// Package bedrock stands in for Amazon Bedrock's Converse. It answers with the
// offline model, a deterministic reasoner over nothing but the request, and
// speaks the real wire protocol through awswire.
package bedrock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/schemas"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/bedrock/offline"
)

// Options configure a Service; the zero value works.
type Options struct {
	Now    func() time.Time // time.Now when nil
	Logger *slog.Logger     // discarded when nil
}

// Service is the stand-in.
type Service struct {
	now func() time.Time
	log *slog.Logger

	mu       sync.Mutex
	nonsense int // answers of nonsense still to give, -1 for ever
	said     int // answers of nonsense given
	rewrite  func(answer string) string
}

// New makes a stand-in.
func New(opts Options) *Service {
	s := &Service{now: opts.Now, log: opts.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Rewrite has every answer changed by f before it is given; nil ends it. What f
// makes of the JSON of a structured answer has to be JSON.
func (s *Service) Rewrite(f func(answer string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewrite = f
}

// Register offers Converse on a server.
func (s *Service) Register(server *awswire.Server) {
	server.Register(awswire.Service{
		Name: "bedrock", SigningName: "bedrock", Schema: schemas.AmazonBedrockFrontendService, Errors: bedrockruntime.TypeRegistry,
		Unions: []smithy.Deserializable{&types.SystemContentBlockMemberText{}, &types.SystemContentBlockMemberGuardContent{}, &types.SystemContentBlockMemberCachePoint{}},
		Operations: []awswire.Operation{
			awswire.Handle(schemas.Converse, schemas.ConverseRequest, schemas.ConverseResponse, s.converse),
		},
	})
}

var (
	offlineModel = regexp.MustCompile(`^` + offline.Name + `(:\d+)?$`)
	// modelID is what Bedrock takes for a model or an inference profile.
	modelID = regexp.MustCompile(`^(arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(foundation-model|inference-profile)/)?[a-z0-9-]+(\.[a-zA-Z0-9-]+)+(:\d+)*$`)
)

// knownModel refuses every model but the offline one.
func knownModel(id string) error {
	switch {
	case offlineModel.MatchString(id):
		return nil
	case modelID.MatchString(id):
		return &types.ResourceNotFoundException{Message: aws.String("Could not resolve the foundation model from the provided model identifier: only " + offline.Name + " is served here.")}
	default:
		return &types.ValidationException{Message: aws.String("The provided model identifier is invalid.")}
	}
}

func (s *Service) converse(ctx context.Context, in *bedrockruntime.ConverseInput) (*bedrockruntime.ConverseOutput, error) {
	began := s.now()
	if err := knownModel(aws.ToString(in.ModelId)); err != nil {
		return nil, err
	}
	req, err := readRequest(in)
	if err != nil {
		return nil, &types.ValidationException{Message: aws.String(err.Error())}
	}
	reply := req.reply()
	if reply.refusal != nil {
		s.log.WarnContext(ctx, "the offline model cannot answer", "error", reply.refusal)
	}
	if n, ok := s.takeNonsense(); ok {
		reply = nonsense(n, req)
	}
	s.mu.Lock()
	rewrite := s.rewrite
	s.mu.Unlock()
	if rewrite != nil {
		reply.text = rewrite(reply.text)
	}
	reply.limit(req.maxTokens)

	content, err := reply.content(req)
	if err != nil {
		return nil, err
	}
	used := usage(len(awswire.Body(ctx)), len(reply.text))
	return &bedrockruntime.ConverseOutput{
		Output: &types.ConverseOutputMemberMessage{Value: types.Message{
			Role: types.ConversationRoleAssistant, Content: []types.ContentBlock{content},
		}},
		StopReason: reply.stop,
		Usage:      used,
		Metrics:    &types.ConverseMetrics{LatencyMs: aws.Int64(s.now().Sub(began).Milliseconds())},
		Trace:      &types.ConverseTrace{PromptRouter: &types.PromptRouterTrace{InvokedModelId: aws.String(offline.Name)}},
	}, nil
}

// reply is what the model says: prose, or JSON by the request's schema.
type reply struct {
	text    string
	stop    types.StopReason
	tool    bool  // the text is the input of the forced tool
	refusal error // why the model could not do as asked
}

// reply answers the request, or says plainly why it cannot.
func (r request) reply() *reply {
	out, err := []byte(nil), errors.New("the request asks for no structured output")
	if r.schema != nil {
		out, err = offline.Respond(r.blocks, r.schema)
	}
	switch {
	case err != nil:
		return &reply{
			text: fmt.Sprintf("I am %s. I can only diagnose incidents by a schema of hypotheses, and cannot answer this: %s.", offline.Name, err),
			stop: types.StopReasonEndTurn, refusal: err,
		}
	case r.tool != "":
		return &reply{text: string(out), stop: types.StopReasonToolUse, tool: true}
	default:
		return &reply{text: string(out), stop: types.StopReasonEndTurn}
	}
}

// limit cuts an answer that is longer than the request allows.
func (r *reply) limit(maxTokens int) {
	if maxTokens > 0 && tokens(len(r.text)) > maxTokens {
		r.text = strings.ToValidUTF8(r.text[:maxTokens*bytesPerToken], "")
		r.stop, r.tool = types.StopReasonMaxTokens, false
	}
}

func (r *reply) content(req request) (types.ContentBlock, error) {
	if !r.tool {
		return &types.ContentBlockMemberText{Value: r.text}, nil
	}
	var input any
	if err := json.Unmarshal([]byte(r.text), &input); err != nil {
		return nil, fmt.Errorf("read the model's own answer: %w", err)
	}
	return &types.ContentBlockMemberToolUse{Value: types.ToolUseBlock{
		Name: aws.String(req.tool), ToolUseId: aws.String("tooluse_" + uuid.NewString()), Input: document.NewLazyDocument(input),
	}}, nil
}

// bytesPerToken is roughly what English and JSON have.
const bytesPerToken = 4

func tokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

func usage(in, out int) *types.TokenUsage {
	i, o := int32(tokens(in)), int32(tokens(out))
	return &types.TokenUsage{InputTokens: aws.Int32(i), OutputTokens: aws.Int32(o), TotalTokens: aws.Int32(i + o)}
}
