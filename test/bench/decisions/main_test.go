package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
)

func TestAnAlertIsWrittenWhereItIsSent(t *testing.T) {
	t.Parallel()
	const jump = 400
	r := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 500 {
		value := 50 + r.NormFloat64()
		if i >= jump {
			value += 60
		}
		fmt.Fprintf(&text, "%s,%.3f\n", at.Add(time.Duration(i)*5*time.Minute).Format(time.DateTime), value)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "load.csv")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	require.NoError(t, decide(path, filepath.Join(dir, "out"), "load.csv"))
	for _, sensitivity := range detect.Sensitivities() {
		f, err := os.Open(filepath.Join(dir, "out", sensitivity, "load.csv"))
		require.NoError(t, err)
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 501)
		require.Equal(t, "anomaly", rows[0][3])
		var alerts []int
		for i, row := range rows[1:] {
			require.Equal(t, row[3], row[2])
			if row[3] == "1" {
				alerts = append(alerts, i)
			}
		}
		require.Contains(t, alerts, jump, sensitivity)
	}
}

func TestWhatIsNoSeriesIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty.csv": "", "head.csv": "timestamp,value\n", "value.csv": "timestamp,value\n2026-03-01 00:00:00,x\n", "time.csv": "timestamp,value\nnoon,1\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.Error(t, decide(path, filepath.Join(dir, "out"), name), name)
	}
}
