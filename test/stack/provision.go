package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	kin "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"firebreak/test/stack/victim"
)

// deliveryRole is what a real account would let services write to the stream with.
const deliveryRole = "arn:aws:iam::" + Account + ":role/firebreak-delivery"

// provision makes the resources of the account, with the same calls that make
// them in a real one.
func (s *Stack) provision(ctx context.Context) error {
	config := s.AWS()
	if _, err := kin.NewFromConfig(config).CreateStream(ctx, &kin.CreateStreamInput{StreamName: aws.String(Stream), ShardCount: aws.Int32(shards)}); err != nil {
		return fmt.Errorf("create the stream: %w", err)
	}
	if err := s.provisionRules(ctx, eb.NewFromConfig(config)); err != nil {
		return err
	}
	for _, service := range []string{victim.Checkout, victim.Payments} {
		if err := s.provisionLogs(ctx, cwl.NewFromConfig(config), service); err != nil {
			return err
		}
		if err := provisionAlarms(ctx, cw.NewFromConfig(config), service); err != nil {
			return err
		}
	}
	return nil
}

// provisionRules sends alarm state changes and the shop's changes of
// configuration and deployments to the stream. Without a path for the partition
// key it would be the event's id, and two events of one alarm could change places.
func (s *Stack) provisionRules(ctx context.Context, client *eb.Client) error {
	rules := []struct{ name, pattern, key string }{
		{AlarmRule, `{"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}`, "$.detail.alarmName"},
		{"firebreak-changes", `{"source": ["shop.config", "shop.deploy"]}`, "$.detail.service"},
	}
	for _, r := range rules {
		if _, err := client.PutRule(ctx, &eb.PutRuleInput{Name: &r.name, EventPattern: &r.pattern}); err != nil {
			return fmt.Errorf("create rule %s: %w", r.name, err)
		}
		out, err := client.PutTargets(ctx, &eb.PutTargetsInput{Rule: &r.name, Targets: []ebtypes.Target{{
			Id: aws.String("stream"), Arn: aws.String(s.Kinesis.ARN(Stream)), RoleArn: aws.String(deliveryRole),
			KinesisParameters: &ebtypes.KinesisParameters{PartitionKeyPath: &r.key},
		}}})
		if err != nil {
			return fmt.Errorf("add the stream to rule %s: %w", r.name, err)
		}
		if out.FailedEntryCount > 0 {
			return fmt.Errorf("add the stream to rule %s: %s", r.name, aws.ToString(out.FailedEntries[0].ErrorMessage))
		}
	}
	return nil
}

func (s *Stack) provisionLogs(ctx context.Context, client *cwl.Client, service string) error {
	group := aws.String(victim.LogGroup(service))
	if _, err := client.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group}); err != nil {
		return fmt.Errorf("create log group %s: %w", *group, err)
	}
	return s.Subscribe(ctx, service)
}

// Subscribe sends a service's logs to the stream, by LogSubscription of its log
// group.
func (s *Stack) Subscribe(ctx context.Context, service string) error {
	group := aws.String(victim.LogGroup(service))
	_, err := cwl.NewFromConfig(s.AWS()).PutSubscriptionFilter(ctx, &cwl.PutSubscriptionFilterInput{
		LogGroupName: group, FilterName: aws.String(LogSubscription), FilterPattern: aws.String(""),
		DestinationArn: aws.String(s.Kinesis.ARN(Stream)), RoleArn: aws.String(deliveryRole), Distribution: cwltypes.DistributionByLogStream,
	})
	if err != nil {
		return fmt.Errorf("subscribe the stream to log group %s: %w", *group, err)
	}
	return nil
}

// provisionAlarms creates the alarms that the shipped service files name.
func provisionAlarms(ctx context.Context, client *cw.Client, service string) error {
	alarm := func(name, metric string, threshold float64, unit cwtypes.StandardUnit) *cw.PutMetricAlarmInput {
		return &cw.PutMetricAlarmInput{
			AlarmName: aws.String(service + "-" + name), Namespace: aws.String("Shop"), MetricName: &metric,
			Dimensions: []cwtypes.Dimension{{Name: aws.String("service"), Value: &service}},
			Period:     aws.Int32(10), EvaluationPeriods: aws.Int32(1), DatapointsToAlarm: aws.Int32(1),
			Threshold: &threshold, ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
			TreatMissingData: aws.String("notBreaching"), Unit: unit,
		}
	}
	failing := alarm("errors", "Errors", 5, cwtypes.StandardUnitCount)
	failing.Statistic = cwtypes.StatisticSum
	failing.AlarmDescription = aws.String(service + " answers with more than 5 errors in 10 seconds.")
	slow := alarm("latency", "Latency", 1000, cwtypes.StandardUnitMilliseconds)
	slow.ExtendedStatistic = aws.String("p99")
	slow.AlarmDescription = aws.String("One request in a hundred to " + service + " takes longer than a second.")
	// The limit that the service files name: whoever foresees it is earlier.
	full := alarm("memory", "MemoryUsed", 110, cwtypes.StandardUnitMegabytes)
	full.Statistic = cwtypes.StatisticMaximum
	full.AlarmDescription = aws.String(service + " uses more than 110 megabytes of memory.")
	for _, in := range []*cw.PutMetricAlarmInput{failing, slow, full} {
		if _, err := client.PutMetricAlarm(ctx, in); err != nil {
			return fmt.Errorf("create alarm %s: %w", *in.AlarmName, err)
		}
	}
	return nil
}
