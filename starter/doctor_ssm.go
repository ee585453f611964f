package main

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

const (
	// documentPrefix begins the names of Firebreak's documents.
	documentPrefix = "Firebreak-"
	// noExecution is the id of an automation that there never is.
	noExecution = "00000000-0000-4000-8000-000000000000"
)

// instanceID is what a service file says about a managed instance.
var instanceID = regexp.MustCompile(`^m?i-[0-9a-f]{8,17}$`)

func (d *doctor) ssmProbe() probe {
	s := ssmChecks{
		client: ssm.NewFromConfig(d.aws), services: d.catalogue.services,
		documents: d.arn("ssm", "document/"+documentPrefix+"*"), executions: d.arn("ssm", "automation-execution/*"),
	}
	return probe{
		system: "Systems Manager", skip: d.unusable([]string{config.RoleAutomation}, "region"),
		checks: []check{{"documents", s.list}, {"read a document", s.read}, {"executions", s.execution}, {"orphans", s.running}, {"instances", s.instances}, {"changing calls", s.changing}},
	}
}

type ssmChecks struct {
	client                *ssm.Client
	services              func() []incident.Service
	documents, executions string // ARNs
}

func (s ssmChecks) list(ctx context.Context) finding {
	in := &ssm.ListDocumentsInput{Filters: []types.DocumentKeyValuesFilter{
		{Key: aws.String("Owner"), Values: []string{"Self"}},
		{Key: aws.String("DocumentType"), Values: []string{string(types.DocumentTypeAutomation)}},
	}}
	count := 0
	for {
		out, err := s.client.ListDocuments(ctx, in)
		if err != nil {
			return unneeded(err, "Systems Manager", right{"ssm:ListDocuments", "*"})
		}
		for _, doc := range out.DocumentIdentifiers {
			if strings.HasPrefix(aws.ToString(doc.Name), documentPrefix) {
				count++
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	if count == 0 {
		return passed("none yet; the first approved plan publishes one")
	}
	return passed("%d named %s*", count, documentPrefix)
}

// read asks for a document that may not exist: that it does not is an answer
// that only who may read gets.
func (s ssmChecks) read(ctx context.Context) finding {
	_, err := s.client.GetDocument(ctx, &ssm.GetDocumentInput{Name: aws.String(documentPrefix + "doctor")})
	if absent := (*types.InvalidDocument)(nil); err == nil || errors.As(err, &absent) {
		return passed("allowed")
	}
	return awsTrouble(err, "Systems Manager", right{"ssm:GetDocument", s.documents})
}

// execution does the same for an automation.
func (s ssmChecks) execution(ctx context.Context) finding {
	_, err := s.client.GetAutomationExecution(ctx, &ssm.GetAutomationExecutionInput{AutomationExecutionId: aws.String(noExecution)})
	if absent := (*types.AutomationExecutionNotFoundException)(nil); err == nil || errors.As(err, &absent) {
		return passed("can be watched")
	}
	return awsTrouble(err, "Systems Manager", right{"ssm:GetAutomationExecution", s.executions})
}

// running lists what runs of Firebreak's documents, with the call by which the
// guard looks for orphans.
func (s ssmChecks) running(ctx context.Context) finding {
	out, err := s.client.DescribeAutomationExecutions(ctx, &ssm.DescribeAutomationExecutionsInput{
		MaxResults: aws.Int32(50),
		Filters: []types.AutomationExecutionFilter{
			{Key: types.AutomationExecutionFilterKeyDocumentNamePrefix, Values: []string{documentPrefix}},
			{Key: types.AutomationExecutionFilterKeyExecutionStatus, Values: []string{string(types.AutomationExecutionStatusInprogress)}},
		},
	})
	if err != nil {
		return awsTrouble(err, "Systems Manager", right{"ssm:DescribeAutomationExecutions", "*"})
	}
	// Whose an automation is stands in its tags.
	_, err = s.client.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingAutomation, ResourceId: aws.String(noExecution)})
	if absent := (*types.InvalidResourceId)(nil); err != nil && !errors.As(err, &absent) {
		return awsTrouble(err, "Systems Manager", right{"ssm:ListTagsForResource", s.executions})
	}
	return passed("can be looked for; %s in progress", incident.Count(len(out.AutomationExecutionMetadataList), "automation", "automations"))
}

// instances looks for the agents of the instances that the service files name.
func (s ssmChecks) instances(ctx context.Context) finding {
	var ids []string
	for _, svc := range s.services() {
		ids = append(ids, svc.Resources...)
		for _, v := range svc.Parameters {
			ids = append(ids, v)
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !instanceID.MatchString(id) })
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return skipped("the catalogue names none")
	}
	online := map[string]types.PingStatus{}
	for page := range slices.Chunk(ids, 50) {
		in := &ssm.DescribeInstanceInformationInput{
			Filters:    []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: page}},
			MaxResults: aws.Int32(50),
		}
		out, err := s.client.DescribeInstanceInformation(ctx, in)
		if err != nil {
			return unneeded(err, "Systems Manager", right{"ssm:DescribeInstanceInformation", "*"})
		}
		for _, i := range out.InstanceInformationList {
			online[aws.ToString(i.InstanceId)] = i.PingStatus
		}
	}
	var unknown, silent []string
	for _, id := range ids {
		switch status, known := online[id]; {
		case !known:
			unknown = append(unknown, id)
		case status != types.PingStatusOnline:
			silent = append(silent, id)
		}
	}
	switch {
	case len(unknown) > 0:
		return failed("not managed by Systems Manager: "+listOf(unknown),
			say("Run the SSM agent on them with an instance profile that has AmazonSSMManagedInstanceCore, or mend the service files."))
	case len(silent) > 0:
		return failed("no connection to the agent of "+listOf(silent),
			command("See that the agent runs and reaches the endpoints ssm, ssmmessages and ec2messages:", "sudo systemctl status amazon-ssm-agent"))
	}
	return passed("all %d that services name are online", len(ids))
}

// changing says what only doing it would show.
func (s ssmChecks) changing(context.Context) finding {
	f := skipped("whether they are allowed only doing would show")
	f.Advice = []advice{
		say("The worker's role needs these, and whatever the documents themselves call:"),
		{Line: "ssm:CreateDocument, UpdateDocument, AddTagsToResource,"},
		{Line: "StartAutomationExecution, StopAutomationExecution on"},
		{Line: s.documents},
	}
	return f
}
