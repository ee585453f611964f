package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/activities/evidence/store"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "evidence")
	kept, err := store.Open("file:"+dir, nil)
	require.NoError(t, err)
	whole, err := kept.Put(t.Context(), []byte(`{"patterns":[{"text":"order <*> failed"}]}`))
	require.NoError(t, err)
	s := listed("inc-aaaaaaaaaaaa", true)
	f := &fake{list: []summary{s}, states: map[string][]incident.State{s.WorkflowID: {{
		ID: s.ID,
		Evidence: []incident.Evidence{
			{ID: "ev-1a000000", Kind: incident.EvidenceLogs, Service: "checkout", Title: redact.Literal("new log pattern"), Query: "aws logs filter-log-events", Whole: &whole},
			{ID: "ev-1b000000", Kind: incident.EvidenceMetric, Service: "checkout", Title: redact.Literal("errors above their band")},
		},
		Gaps: []incident.Gap{{What: redact.Literal("alarms"), Reason: redact.Literal("throttled"), Kind: incident.GapThrottled}},
	}}}}

	out, _, code := call(t, f, "incidents", "evidence", "a")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "all of it, 42 bytes: starter incidents evidence inc-aaaaaaaaaaaa ev-1a000000")
	require.Contains(t, out, "missing: alarms: throttled")
	out, _, code = call(t, f, "incidents", "evidence", "a", "--json")
	require.Equal(t, exitDone, code)
	var all struct {
		Evidence []incident.Evidence
		Gaps     []incident.Gap
	}
	require.NoError(t, json.Unmarshal([]byte(out), &all))
	require.Equal(t, f.states[s.WorkflowID][0].Evidence, all.Evidence)
	require.Equal(t, incident.GapThrottled, all.Gaps[0].Kind)

	out, _, code = call(t, f, "incidents", "evidence", "a", "1a", "--store", "file:"+dir)
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "$ aws logs filter-log-events")
	require.Contains(t, out, `"text": "order <*> failed"`)
	require.Contains(t, out, whole.SHA256)
	out, _, code = call(t, f, "incidents", "evidence", "a", "ev-1a000000", "--store", "file:"+dir, "--json")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, `"order <*> failed"`)
	_, stderr, code := call(t, f, "incidents", "evidence", "a", "1b", "--store", "file:"+dir)
	require.Equal(t, exitDone, code)
	require.Contains(t, stderr, "This is all that was kept of it.")

	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitFailed, `"1" fits 2 pieces`, []string{"a", "1"}},
		{exitFailed, "no piece of evidence", []string{"a", "ff"}},
		{exitUsage, "neither s3://BUCKET/PREFIX nor file:FOLDER", []string{"a", "1a", "--store", "/tmp"}},
		{exitUsage, "say where that is with --store", []string{"a", "1a"}},
		{exitUsage, "at most one PIECE", []string{"a", "1a", "1b"}},
		{exitFailed, "there is no such object", []string{"a", "1a", "--store", "file:" + t.TempDir()}},
	} {
		_, stderr, code := call(t, f, append([]string{"incidents", "evidence"}, c.args...)...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, stderr, c.says)
	}

	require.NoError(t, os.WriteFile(filepath.Join(dir, whole.Key), []byte(`{"patterns":[]}`), 0o600))
	_, stderr, code = call(t, f, "incidents", "evidence", "a", "1a", "--store", "file:"+dir)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "its content was changed")
}
