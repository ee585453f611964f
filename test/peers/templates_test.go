//go:build peers

package peers

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// deployFolder holds what is set up on the AWS side.
const deployFolder = "../../deploy"

var resources = regexp.MustCompile(`(?m)^(Resources:|\s*"Resources"\s*:)`)

// templates are the CloudFormation templates in deploy/.
func templates(t *testing.T) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(deployFolder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json", ".template":
			text, err := os.ReadFile(path)
			if err == nil && resources.Match(text) {
				found = append(found, path)
			}
			return err
		}
		return nil
	}))
	return found
}

func TestCFNLint(t *testing.T) {
	t.Parallel()
	path, version, absent := program(t, "cfn-lint", "--version")
	r := results.add("cfn-lint", strings.TrimPrefix(version, "cfn-lint "), "linter of the templates in deploy/")
	all := templates(t)
	if absent != "" {
		r.leftOut(t, len(all)+1, absent)
		return
	}
	lint := func(file string) error {
		_, err := output(t.Context(), []string{"AWS_DEFAULT_REGION=" + region}, path, "--regions", region, "--non-zero-exit-code", "warning", "--", file)
		return err
	}
	r.one(t, "the linter refuses what is wrong", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "wrong.yaml")
		require.NoError(t, os.WriteFile(file, []byte("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Stream:\n    Type: AWS::Kinesis::Stream\n    Properties:\n      ShardCount: many\n"), 0o600))
		require.Error(t, lint(file))
	})
	if len(all) == 0 {
		r.note("there is no CloudFormation template in deploy/ yet")
	}
	for _, file := range all {
		r.one(t, filepath.Base(file), func(t *testing.T) { require.NoError(t, lint(file)) })
	}
}
