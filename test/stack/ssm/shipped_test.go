package ssm_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/runbooks"
	"firebreak/test/stack/ssm"
)

// systemctl stands in for systemd: it notes what it is asked.
const systemctl = "#!/bin/sh\necho \"$@\" >> \"$UNITS/asked\"\n"

// The shipped runbook for a bad configuration really puts the good one back and
// restarts the unit.
func TestShippedRestartRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(systemctl), 0o700)) //nolint:gosec // A script has to be executable.
	require.NoError(t, b.RegisterInstance(ssm.Instance{ID: instance, Dir: b.dir, Path: bin + ":/usr/bin:/bin", Env: map[string]string{"UNITS": bin}}))
	config := filepath.Join(b.dir, "config")
	require.NoError(t, os.Mkdir(config, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(config, "shop.json"), []byte("bad"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(config, "shop.last-good.json"), []byte("good"), 0o600))

	content, err := fs.ReadFile(runbooks.FS, "runbooks/restart-service/automation.yaml")
	require.NoError(t, err)
	b.create(t, "firebreak-restart", string(content), types.DocumentFormatYaml)
	id, err := b.start(t.Context(), "firebreak-restart", token, map[string][]string{"InstanceId": {instance}, "Unit": {"shop"}, "Home": {"."}})
	require.NoError(t, err)
	x := b.finish(t, id)
	require.Equal(t, types.AutomationExecutionStatusSuccess, x.AutomationExecutionStatus, aws.ToString(x.FailureMessage))

	now, err := os.ReadFile(filepath.Join(config, "shop.json"))
	require.NoError(t, err)
	require.Equal(t, "good", string(now))
	asked, err := os.ReadFile(filepath.Join(bin, "asked"))
	require.NoError(t, err)
	require.Equal(t, "restart shop\nis-active shop\n", string(asked))
}
