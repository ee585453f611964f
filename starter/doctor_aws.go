package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"firebreak/activities/awserror"
	"firebreak/internal/config"
	"firebreak/internal/incident"
)

// right is what the worker's role has to be allowed.
type right struct{ action, resource string }

// refusedCredentials are error codes that say that nothing can be asked with
// these credentials, whatever they are allowed.
var refusedCredentials = []string{
	"UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException",
	"IncompleteSignature", "MissingAuthenticationToken", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "OptInRequired",
}

// awsTrouble is the finding for an error of an AWS client. need is the right
// that the call takes.
func awsTrouble(err error, service string, need right) finding {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return unreachable(err, service, say("An endpoint other than AWS's own is set by AWS_ENDPOINT_URL_*; the region is %s.", need.region()))
	}
	code := api.ErrorCode()
	switch {
	case slices.Contains(refusedCredentials, code):
		return failed("the credentials are refused: "+code,
			command("Fetch new ones, and see whose they are:", "aws sts get-caller-identity"), say("A clock that is minutes wrong has the same effect.")).last()
	case kindOf(err) == incident.ErrorPermission:
		return failed("denied: "+clean(api.ErrorMessage()), need.advice())
	case kindOf(err) == incident.ErrorThrottled:
		return warning("answers, but throttles: "+code, say("Whoever else uses the same quota leaves too little of it; see Service Quotas."))
	case kindOf(err) == incident.ErrorUnavailable:
		return failed("fails: "+clean(code+": "+api.ErrorMessage()), say("Try again; see the AWS Health dashboard when it stays so."))
	default:
		return failed(clean(code + ": " + api.ErrorMessage()))
	}
}

// unneeded is the finding for an error of a call that only the doctor makes:
// without the right to it nothing is amiss.
func unneeded(err error, service string, need right) finding {
	f := awsTrouble(err, service, need)
	if kindOf(err) == incident.ErrorPermission && !f.stop {
		return skipped("%s is denied, which the worker itself does not need", need.action)
	}
	return f
}

// kindOf is what the activities would make of an error.
func kindOf(err error) string {
	var classified interface{ Type() string }
	if errors.As(awserror.Classify("", err), &classified) {
		return classified.Type()
	}
	return ""
}

func (r right) advice() advice {
	return say("Allow %s on %s in the policy of the worker's role.", r.action, r.resource)
}

// region is that of the resource's ARN.
func (r right) region() string {
	if parts := strings.SplitN(r.resource, ":", 5); len(parts) == 5 && parts[3] != "" {
		return parts[3]
	}
	return "as configured"
}

// arn names a resource in the configured account and region.
func (d *doctor) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, d.cfg.Region, d.cfg.Account, resource)
}

// awsRoles are the roles of which one at least talks to AWS.
func awsRoles() []string {
	return []string{config.RoleStream, config.RoleEvidence, config.RoleDiagnosis, config.RoleAutomation}
}

func (d *doctor) credentialsProbe() probe {
	return probe{
		system: "AWS credentials", done: newGate(), skip: d.unusable(awsRoles(), "region"),
		checks: []check{{"credentials", d.credentials}},
	}
}

func (d *doctor) credentials(ctx context.Context) finding {
	what := say("Run this with the worker's role, or set AWS_PROFILE or the AWS_* variables; `aws configure list` shows what is found.")
	if d.awsErr != nil {
		return failed(clean(d.awsErr.Error()), what)
	}
	if d.aws.Credentials == nil {
		return failed("there are none", what)
	}
	c, err := d.aws.Credentials.Retrieve(ctx)
	switch {
	case err != nil:
		return failed("there are none that can be used: "+clean(cause(err)), what)
	case c.Expired():
		return failed("they have expired", what)
	case c.CanExpire:
		return passed("from %s, good for %s", c.Source, time.Until(c.Expires).Round(time.Minute))
	default:
		return passed("from %s", c.Source)
	}
}

func (d *doctor) kinesisProbe() probe {
	k := &kinesisChecks{
		client: kinesis.NewFromConfig(d.aws), stream: d.cfg.Stream.Name, account: d.cfg.Account, region: d.cfg.Region,
		arn: d.arn("kinesis", "stream/"+d.cfg.Stream.Name),
	}
	return probe{
		system: "Kinesis", skip: d.unusable([]string{config.RoleStream}, "stream.name", "region"),
		checks: []check{{"shards", k.shards}, {"records", k.records}, {"stream", k.summary}},
	}
}

type kinesisChecks struct {
	client                       *kinesis.Client
	stream, account, region, arn string
	shard                        string // an open one, once shards has found it
}

func (k *kinesisChecks) shards(ctx context.Context) finding {
	open, closed := 0, 0
	in := &kinesis.ListShardsInput{StreamName: &k.stream}
	for {
		page, err := k.client.ListShards(ctx, in)
		if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
			return failed(fmt.Sprintf("there is no stream %s in %s", k.stream, k.region),
				command("Create it, or name another in stream.name:", fmt.Sprintf("aws kinesis create-stream --region %s --stream-name %s --stream-mode-details StreamMode=ON_DEMAND", k.region, k.stream))).last()
		}
		if err != nil {
			return awsTrouble(err, "Kinesis", right{"kinesis:ListShards", k.arn})
		}
		for _, s := range page.Shards {
			if s.SequenceNumberRange != nil && s.SequenceNumberRange.EndingSequenceNumber != nil {
				closed++
				continue
			}
			open++
			k.shard = aws.ToString(s.ShardId)
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: page.NextToken}
	}
	if open == 0 {
		return failed("there is no open shard", say("The stream is being created, resharded or deleted; look again in a minute."))
	}
	return passed("%s: %d open, %d closed", k.stream, open, closed)
}

// records reads at the tip of one shard, as the worker does of each.
func (k *kinesisChecks) records(ctx context.Context) finding {
	if k.shard == "" {
		return skipped("no open shard is known")
	}
	it, err := k.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &k.stream, ShardId: &k.shard, ShardIteratorType: types.ShardIteratorTypeLatest,
	})
	if err != nil {
		return awsTrouble(err, "Kinesis", right{"kinesis:GetShardIterator", k.arn})
	}
	_, err = k.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator, Limit: aws.Int32(1)})
	var encrypted *types.KMSAccessDeniedException
	var busy *types.ProvisionedThroughputExceededException
	switch {
	case errors.As(err, &encrypted):
		return failed("denied: "+clean(encrypted.ErrorMessage()), say("Allow kms:Decrypt on the key of the stream in the policy of the worker's role."))
	case errors.As(err, &busy):
		// Five reads a second and shard, for all readers together.
		return warning("the shard is read as often as it may be", say("Somebody else reads it too; give each reader enhanced fan-out or a longer stream.poll."))
	case err != nil:
		return awsTrouble(err, "Kinesis", right{"kinesis:GetRecords", k.arn})
	}
	return passed("can be read (at the tip of %s)", k.shard)
}

// summary tells what the worker can do without: whose stream it is and for how
// long it keeps records.
func (k *kinesisChecks) summary(ctx context.Context) finding {
	out, err := k.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &k.stream})
	if err != nil {
		return unneeded(err, "Kinesis", right{"kinesis:DescribeStreamSummary", k.arn})
	}
	s := out.StreamDescriptionSummary
	if parts := strings.Split(aws.ToString(s.StreamARN), ":"); len(parts) == 6 && parts[4] != k.account && k.account != "" {
		return failed(fmt.Sprintf("it is in account %s, but account is set to %s", parts[4], k.account),
			say("Set account (FIREBREAK_ACCOUNT) to the account of the credentials, or use credentials of the other account."))
	}
	if s.StreamStatus != types.StreamStatusActive && s.StreamStatus != types.StreamStatusUpdating {
		return failed("it is "+strings.ToLower(string(s.StreamStatus)), say("Wait until it is active."))
	}
	return passed("%s, keeps records for %d hours", strings.ToLower(string(s.StreamStatus)), aws.ToInt32(s.RetentionPeriodHours))
}
