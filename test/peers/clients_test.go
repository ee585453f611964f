//go:build peers

package peers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// awsCases are the cases of all AWS services.
func awsCases() []testCase {
	return slices.Concat(kinesisCases, cloudwatchCases, logsCases, eventsCases, documentCases, automationCases, converseCases)
}

func without(cases []testCase, leave func(c testCase) bool) []testCase {
	return slices.DeleteFunc(slices.Clone(cases), leave)
}

// The client that production uses: the measure for all others.
func TestAWSSDKForGo(t *testing.T) {
	t.Parallel()
	s := ours(t)
	r := results.add("aws-sdk-go-v2", "as in go.mod", "client of our stand-ins")
	cases := without(awsCases(), func(c testCase) bool { return c.api == "bedrock-runtime" })
	r.check(t, cases, newGoSDK(s), s, nil)
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	python, version, absent := pythonModule(t, "boto3")
	r := results.add("boto3", version, "client of our stand-ins")
	if absent != "" {
		r.leftOut(t, len(awsCases()), absent)
		return
	}
	s := ours(t)
	script := filepath.Join(t.TempDir(), "driver.py")
	require.NoError(t, os.WriteFile(script, pythonDriver, 0o600))
	r.check(t, awsCases(), startDriver(t, "", s.environment(), python, script), s, nil)
}

func TestAWSSDKForJavaScript(t *testing.T) {
	t.Parallel()
	n := nodePackages()
	r := results.add("@aws-sdk/client-*", wanted(t, "@aws-sdk/client-kinesis")+" to "+wanted(t, "@aws-sdk/client-ssm"), "client of our stand-ins")
	if n.absent != "" {
		r.leftOut(t, len(awsCases()), n.absent)
		return
	}
	s := ours(t)
	r.check(t, awsCases(), n.driver(t, s.environment()), s, nil)
}

func TestAWSCommandLine(t *testing.T) {
	t.Parallel()
	path, version, absent := program(t, "aws", "--version")
	r := results.add("aws command line", strings.TrimPrefix(firstWord(version), "aws-cli/"), "client of our stand-ins")
	cases := without(awsCases(), func(c testCase) bool { return !c.cli })
	r.left = len(awsCases()) - len(cases)
	r.note("%d cases are left to boto3, which the command line is made of: a process a call takes seconds", r.left)
	if absent != "" {
		r.leftOut(t, len(cases), absent)
		return
	}
	if !strings.HasPrefix(version, "aws-cli/1.") {
		r.leftOut(t, len(cases), "the tests speak to version 1, this is "+version)
		return
	}
	s := ours(t)
	env := append(s.environment(), "AWS_ENDPOINT_URL="+s.endpoint)
	r.check(t, cases, awsCLI{path: path, env: env}, s, nil)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
