package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemplatesKeepNoSecrets(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rows := filepath.Join(folder, "rows.csv")
	for _, secret := range []string{
		"AKIAIOSFODNN7EXAMPLE", "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl", "anna@example.com",
	} {
		code, stdout, stderr := logsRun(t, shopLog(40)+"login with "+secret+" was refused\n"+"login with password="+secret+" was refused\n", "--in", "-", "--out", rows, "--json")
		require.Equal(t, exitDone, code, stderr)
		require.NotContains(t, stdout, secret)
		require.NotContains(t, file(t, rows), secret)
	}
}
