package ssm

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// describeInstances lists the registered instances. All of them are online: an
// instance here is a folder that is there.
func (s *Service) describeInstances(_ context.Context, in *ssm.DescribeInstanceInformationInput) (*ssm.DescribeInstanceInformationOutput, error) {
	if len(in.Filters) > 0 && len(in.InstanceInformationFilterList) > 0 {
		return nil, &types.InvalidInstanceInformationFilterValue{Message: aws.String("Use either Filters or InstanceInformationFilterList.")}
	}
	var found []types.InstanceInformation
	for _, id := range s.engine.Instances() {
		ok, err := instanceMatches(id, in.Filters)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		kind := types.ResourceTypeEc2Instance
		if id[0] == 'm' { // mi-, activated by hand
			kind = types.ResourceTypeManagedInstance
		}
		now := s.opts.Now()
		found = append(found, types.InstanceInformation{
			InstanceId: aws.String(id), PingStatus: types.PingStatusOnline, LastPingDateTime: &now,
			PlatformType: types.PlatformTypeLinux, PlatformName: aws.String("Linux"), ResourceType: kind, AgentVersion: aws.String("3.3.0.0"),
		})
	}
	shown, next, err := page(found, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: shown, NextToken: next}, nil
}

// instanceMatches applies the filters that make sense here: of one filter any
// value, of several filters all.
func instanceMatches(id string, filters []types.InstanceInformationStringFilter) (bool, error) {
	for _, f := range filters {
		value := ""
		switch aws.ToString(f.Key) {
		case "InstanceIds":
			value = id
		case "PingStatus":
			value = string(types.PingStatusOnline)
		case "PlatformTypes":
			value = string(types.PlatformTypeLinux)
		default:
			return false, &types.InvalidFilterKey{}
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}
