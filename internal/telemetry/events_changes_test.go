package telemetry_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// The shapes are those of AWS's guides to the events of each service.
func TestEventsThatChangeSomething(t *testing.T) {
	t.Parallel()
	const call = "AWS API Call via CloudTrail"
	for name, tc := range map[string]struct {
		source, kind, resources, detail string
		class                           telemetry.Class
		owned                           string // the resource of a service file by which the event is found
		says                            string
	}{
		"configuration deployed": {
			"aws.appconfig", "On Deployment Complete", `"arn:aws:appconfig:us-east-1:1:extensionassociation/z"`,
			`{"InvocationId":"i","Type":"OnDeploymentComplete","Application":{"Id":"ba8toh7","Name":"shop"},"Environment":{"Id":"pgil2o7","Name":"prod"},"ConfigurationProfile":{"Id":"ga3tqep","Name":"flags"},"DeploymentNumber":1,"ConfigurationVersion":"7"}`,
			telemetry.ClassChange, "ga3tqep", "AppConfig deployment complete: version 7 of flags for shop in prod",
		},
		"a step of it": {"aws.appconfig", "On Deployment Step", ``, `{"ConfigurationProfile":{"Name":"flags"}}`, telemetry.ClassNotice, "flags", ""},
		"parameter": {
			"aws.ssm", "Parameter Store Change", `"arn:aws:ssm:us-east-1:1:parameter/shop/timeout"`, `{"operation":"Update","name":"/shop/timeout","type":"String"}`,
			telemetry.ClassChange, "/shop/timeout", "Parameter Store: Update of /shop/timeout (String)",
		},
		"configuration item": {
			"aws.config", "Config Configuration Item Change", ``,
			`{"messageType":"ConfigurationItemChangeNotification","configurationItemDiff":{"changedProperties":{"a":{}},"changeType":"UPDATE"},"configurationItem":{"resourceType":"AWS::EC2::SecurityGroup","resourceId":"sg-1","ARN":"arn:aws:ec2:us-east-1:1:security-group/sg-1"}}`,
			telemetry.ClassChange, "sg-1", "Config: update of AWS::EC2::SecurityGroup sg-1, 1 properties",
		},
		"a rule that is not kept": {"aws.config", "Config Rules Compliance Change", ``, `{"configRuleName":"r"}`, telemetry.ClassNotice, "", ""},
		"database parameters": {
			"aws.rds", "RDS DB Parameter Group Event", ``, `{"EventCategories":["configuration change"],"SourceType":"DB_PARAM","SourceArn":"arn:aws:rds:us-east-1:1:pg:shop","SourceIdentifier":"shop","Message":"Updated parameter max_connections to 10 with apply method immediate","EventID":"RDS-EVENT-0037"}`,
			telemetry.ClassChange, "shop", "max_connections to 10",
		},
		"database maintenance": {
			"aws.rds", "RDS DB Instance Event", `"arn:aws:rds:us-east-1:1:db:orders"`, `{"EventCategories":["maintenance"],"SourceIdentifier":"orders","SourceArn":"arn:aws:rds:us-east-1:1:db:orders","Message":"Finished patching"}`,
			telemetry.ClassChange, "orders", "Finished patching",
		},
		"database out of space": {"aws.rds", "RDS DB Instance Event", ``, `{"EventCategories":["low storage"],"SourceIdentifier":"orders"}`, telemetry.ClassTrouble, "orders", ""},
		"database backup":       {"aws.rds", "RDS DB Instance Event", ``, `{"EventCategories":["backup"],"SourceIdentifier":"orders"}`, telemetry.ClassNotice, "orders", ""},
		"stack": {
			"aws.cloudformation", "CloudFormation Stack Status Change", ``, `{"stack-id":"arn:aws:cloudformation:us-west-1:1:stack/shop/uuid","status-details":{"status":"UPDATE_COMPLETE","status-reason":""},"client-request-token":""}`,
			telemetry.ClassChange, "shop", "CloudFormation stack shop: UPDATE_COMPLETE",
		},
		"resource of a stack on its way": {
			"aws.cloudformation", "CloudFormation Resource Status Change", ``, `{"stack-id":"arn:aws:cloudformation:us-west-1:1:stack/shop/uuid","physical-resource-id":"i-1","status-details":{"status":"UPDATE_IN_PROGRESS"}}`,
			telemetry.ClassNotice, "i-1", "",
		},
		"service scaled": {
			"aws.application-autoscaling", "Application Auto Scaling Scaling Activity State Change", ``,
			`{"startTime":"a","endTime":"b","newDesiredCapacity":6,"oldDesiredCapacity":4,"minCapacity":1,"maxCapacity":6,"resourceId":"service/default/checkout","scalableDimension":"ecs:service:DesiredCount","serviceNamespace":"ecs","statusCode":"Successful","scaledToMax":true,"direction":"scale-out"}`,
			telemetry.ClassChange, "checkout", "scale-out of service/default/checkout (ecs:service:DesiredCount) from 4 to 6, Successful; it is at its maximum",
		},
		"tasks wanted": {
			"aws.ecs", "ECS Service Action", `"arn:aws:ecs:us-east-1:1:service/default/checkout"`, `{"eventType":"INFO","eventName":"SERVICE_DESIRED_COUNT_UPDATED","reason":""}`,
			telemetry.ClassChange, "checkout", "SERVICE_DESIRED_COUNT_UPDATED",
		},
		"spot instance": {
			"aws.ec2", "EC2 Spot Instance Interruption Warning", `"arn:aws:ec2:us-east-2a:instance/i-1"`, `{"instance-id":" i-1","instance-action":"terminate"}`,
			telemetry.ClassChange, "i-1", "instance i-1 will be taken away: terminate",
		},
		"instance refresh": {
			"aws.autoscaling", "EC2 Auto Scaling Instance Refresh Started", ``, `{"InstanceRefreshId":"x","AutoScalingGroupName":"shop-asg"}`, telemetry.ClassChange, "shop-asg", "Instance Refresh Started in shop-asg",
		},
		"pipeline": {"aws.codepipeline", "CodePipeline Stage Execution State Change", ``, `{"pipeline":"shop","execution-id":"e","stage":"Deploy","state":"STARTED"}`, telemetry.ClassChange, "shop", "STARTED shop Deploy"},
		"code of a function": {
			"aws.lambda", call, ``, `{"eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2","readOnly":false,"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/Deploy/ana@example.com"},"requestParameters":{"functionName":"charge","s3Key":"secret/place"}}`,
			telemetry.ClassChange, "charge", "UpdateFunctionCode20150331v2 by role Deploy on charge",
		},
		// The reader of EC2's own events would not find an instance id in it.
		"call to EC2": {
			"aws.ec2", call, ``, `{"eventSource":"ec2.amazonaws.com","eventName":"StopInstances","readOnly":false,"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/ana","userName":"ana"},"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"}]}}}`,
			telemetry.ClassChange, "i-1", "StopInstances by an IAM user on i-1",
		},
		"call that was denied": {"aws.ec2", call, ``, `{"eventName":"StopInstances","errorCode":"Client.UnauthorizedOperation","requestParameters":{"instanceId":"i-1"}}`, telemetry.ClassNotice, "i-1", "which failed"},
		"call that reads":      {"aws.ec2", call, ``, `{"eventName":"DescribeInstances","readOnly":true}`, telemetry.ClassNotice, "", ""},
		"sign-in":              {"aws.signin", "AWS Console Sign In via CloudTrail", ``, `{"eventName":"ConsoleLogin","userIdentity":{"type":"Root"}}`, telemetry.ClassNotice, "", "by the root user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := event(t, tc.source, tc.kind, tc.resources, tc.detail)
			require.Equal(t, tc.class, s.Event.Class)
			require.Contains(t, s.Event.Summary, tc.says)
			require.NotContains(t, s.Event.Summary, "ana")
			require.NotContains(t, s.Event.Summary, "secret")
			if tc.owned != "" {
				telemetry.Assign(incident.NewInventory([]incident.Service{{Name: "mine", Resources: []string{tc.owned}}}), &s)
				require.Equal(t, "mine", s.Service)
			}
		})
	}
}

func TestAPICallsAreBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 200) + `"name"` + strings.Repeat(`}`, 200)
	many := `["` + strings.Join(strings.Split(strings.Repeat("x", 500), ""), `","`) + `"]`
	c, err := telemetry.ReadAPICall([]byte(`{"eventName":"` + strings.Repeat("E", 10_000) + `","requestParameters":{"deep":` + deep + `,"many":` + many + `,"id":"i-1","text":"has spaces in it","other":"` + strings.Repeat("y", 10_000) + `"}}`))
	require.NoError(t, err)
	require.Less(t, len(c.Name), 200)
	require.ElementsMatch(t, []string{"i-1", "x"}, c.Names)
	for _, broken := range []string{"", "[]", `{"eventName":1}`, `{"userIdentity":"x"}`} {
		_, err := telemetry.ReadAPICall([]byte(broken))
		require.Error(t, err, broken)
	}
}
