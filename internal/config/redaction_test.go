package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/config"
)

func TestMarkKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("0123456789abcdef\n"), 0o600))
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("topsecret\n"), 0o600))
	for name, c := range map[string]struct {
		have config.Redaction
		want string
		fail string
	}{
		"none":        {},
		"by variable": {have: config.Redaction{Key: "abcdefghijklmnop"}, want: "abcdefghijklmnop"},
		"by file":     {have: config.Redaction{KeyFile: file}, want: "0123456789abcdef"},
		"too short":   {have: config.Redaction{KeyFile: short}, fail: "9 bytes where 16 are the least"},
		"missing":     {have: config.Redaction{KeyFile: file + "x"}, fail: "read redaction.key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := c.have.MarkKey()
			if c.fail != "" {
				require.ErrorContains(t, err, c.fail)
				require.NotContains(t, err.Error(), "topsecret")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, string(key))
		})
	}
}

func TestRedactionIsValidated(t *testing.T) {
	t.Parallel()
	_, err := config.Load("", []string{
		"FIREBREAK_REDACTION_KEY=tooshort", "FIREBREAK_REDACTION_KEY_FILE=x", "FIREBREAK_REDACTION_ADDRESSES=some", "FIREBREAK_REDACTION_HOSTS=all",
	})
	for _, want := range []string{"redaction.key: has 8 bytes", "redaction.key_file: goes without", `redaction.addresses: "some" is none of`, `redaction.hosts: "all" is none of`} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "tooshort")
}
