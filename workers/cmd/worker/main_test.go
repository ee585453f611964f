package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsageAndConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	good := file("good.env", "# roles\n\nFIREBREAK_ACCOUNT=123456789012\nFIREBREAK_REGION=eu-central-1\nFIREBREAK_ROLES=diagnosis\nFIREBREAK_DIAGNOSIS_MODEL=m\n")
	// Set here so that the test's end takes them back; the file sets them too.
	for _, key := range []string{"FIREBREAK_ACCOUNT", "FIREBREAK_REGION", "FIREBREAK_ROLES", "FIREBREAK_DIAGNOSIS_MODEL"} {
		t.Setenv(key, "")
		require.NoError(t, os.Unsetenv(key))
	}
	for _, tc := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"help", []string{"--help"}, 0, "--env-file FILE", ""},
		{"unknown flag", []string{"--bogus"}, 2, "", "flag provided but not defined: -bogus"},
		{"argument", []string{"now"}, 2, "", `unexpected argument "now"`},
		{"level", []string{"--log-level", "loud"}, 2, "", "log-level"},
		{"nothing set", nil, 2, "", "account: "},
		{"no file", []string{"--config", filepath.Join(dir, "none.yaml")}, 2, "", "read configuration"},
		{"bad line", []string{"--env-file", file("bad.env", "A=1\nsecret-without-key\n")}, 2, "", "bad.env:2: no KEY=value line"},
		{"check", []string{"--env-file", good, "--check"}, 0, "would serve diagnosis", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, tc.code, run(tc.args, &stdout, &stderr), stderr.String())
			require.Contains(t, stdout.String(), tc.stdout)
			require.Contains(t, stderr.String(), tc.stderr)
			require.NotContains(t, stderr.String(), "secret-without-key")
		})
	}
}
