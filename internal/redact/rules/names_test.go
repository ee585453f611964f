package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact"
)

func TestNamesOfThingsStay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/checkout/73e2d6bc24d8a067",
		"arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/checkout/db-AbCdEf",
		"arn:aws:states:eu-central-1:123456789012:execution:orders:4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
		"incident/123456789012/eu-central-1/checkout/inc-0c0ffee00000", "backfill/march/correlator/123456789012/eu-central-1",
		"0123456789abcdef0123456789abcdef01234567", "v1:" + strings.Repeat("0123456789abcdef", 4), "sha256-0123456789abcdef", "a-0123456789abcdef",
		"AWS/ApplicationELB/HTTPCode_Target_5XX_Count{LoadBalancer=app/shop/50dc6c495c0c9188,TargetGroup=targetgroup/x/73e2d6bc24d8a067}",
		"i-0c0ffee0000000001", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "slack:T012ABCDEF:U012ABCDEF", "2026-03-02 12:30:00", "24 h 1 min", "10.0.0.12:8080", "8.8.8.8",
		"/aws/lambda/token-refresh", "eu.anthropic.claude-sonnet-4-20250514-v1:0", "aws.codedeploy/CodeDeploy Deployment State-change Notification",
		"shardId-000000000001", "GET /api/orders/{id}", "awaiting approval", "1767225600123", "ip-10-0-3-17.eu-central-1.compute.internal", "ev-0a1b2c3d", "ana@example.com",
	} {
		require.Equal(t, name, redact.Name(name).String())
	}
}

func TestNamesWithSecretsDoNot(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"login of ana@example.com":        "login of [redacted:email]",
		"import password=hunter2":         "import password=[redacted:secret]",
		"/logs/" + awsKey:                 "/logs/[redacted:aws-key]",
		"x {card=4111111111111111}":       "x {card=[redacted:card]}",
		"https://a:hunter2@db.internal/x": "https://a:[redacted:credentials]@db.internal/x",
		awsKey + "/" + awsSecret[:19]:     "[redacted:aws-key]/" + awsSecret[:19], // as long as a secret key of AWS that stands alone, which names keep
	} {
		got := redact.Name(name).String()
		require.Equal(t, want, got)
		require.Equal(t, want, redact.Name(got).String())
	}
}
