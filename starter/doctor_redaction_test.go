package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/config"
)

func TestDoctorSaysWhetherMarksAreEqualEverywhere(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	f := (&doctor{cfg: cfg}).redaction(t.Context())
	require.Equal(t, verdictWarning, f.Result)
	require.Contains(t, f.Advice[0].Command, "openssl rand")
	cfg.Redaction.KeyFile = "/run/secrets/marks"
	f = (&doctor{cfg: cfg}).redaction(t.Context())
	require.Equal(t, verdictOK, f.Result)
	require.Contains(t, f.Detail, "addresses: public, hosts: keep")
}
