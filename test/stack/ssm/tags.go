package ssm

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

type tagKey struct {
	kind types.ResourceTypeForTagging
	id   string
}

// maxTags is how many tags a resource can have.
const maxTags = 50

// exists tells whether there is such a resource. The caller holds the lock.
func (s *Service) exists(k tagKey) error {
	switch k.kind {
	case types.ResourceTypeForTaggingDocument:
		if _, ok := s.documents[k.id]; ok {
			return nil
		}
	case types.ResourceTypeForTaggingAutomation:
		if _, err := s.engine.Get(k.id); err == nil {
			return nil
		}
	default:
		return &types.InvalidResourceType{Message: aws.String("The resource type isn't valid here: " + string(k.kind))}
	}
	return &types.InvalidResourceId{Message: aws.String("The resource ID isn't valid: " + k.id)}
}

func (s *Service) addTags(_ context.Context, in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	k := tagKey{in.ResourceType, aws.ToString(in.ResourceId)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.exists(k); err != nil {
		return nil, err
	}
	tags := slices.Clone(s.tags[k])
	for _, t := range in.Tags {
		if i := slices.IndexFunc(tags, func(old types.Tag) bool { return aws.ToString(old.Key) == aws.ToString(t.Key) }); i >= 0 {
			tags[i] = t
			continue
		}
		tags = append(tags, t)
	}
	if len(tags) > maxTags {
		return nil, &types.TooManyTagsError{}
	}
	s.tags[k] = tags
	return &ssm.AddTagsToResourceOutput{}, nil
}

func (s *Service) listTags(_ context.Context, in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	k := tagKey{in.ResourceType, aws.ToString(in.ResourceId)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.exists(k); err != nil {
		return nil, err
	}
	return &ssm.ListTagsForResourceOutput{TagList: s.tags[k]}, nil
}

func (s *Service) tagged(executionID, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.tags[tagKey{types.ResourceTypeForTaggingAutomation, executionID}], func(t types.Tag) bool {
		return aws.ToString(t.Key) == key
	})
}
