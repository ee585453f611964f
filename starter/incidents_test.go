package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func TestList(t *testing.T) {
	t.Parallel()
	f := &fake{list: []summary{listed("inc-aaaaaaaaaaaa", false), listed("inc-bbbbbbbbbbbb", true)}}
	out, _, code := call(t, f, "incidents", "list")
	require.Equal(t, exitDone, code)
	require.Contains(t, out, "inc-aaaaaaaaaaaa")
	require.NotContains(t, out, "inc-bbbbbbbbbbbb")
	require.True(t, f.closed)

	out, _, code = call(t, f, "incidents", "list", "--all", "--json", "--status", "resolved", "--service", "checkout", "--origin", "live")
	require.Equal(t, exitDone, code)
	var doc struct{ Incidents []summary }
	require.NoError(t, json.Unmarshal([]byte(out), &doc))
	require.Len(t, doc.Incidents, 2)
	require.Equal(t, filter{Status: incident.StatusResolved, Service: "checkout", Origin: incident.OriginLive, Closed: true}, f.filters[1])

	out, _, _ = call(t, &fake{}, "incidents", "list", "--json")
	require.JSONEq(t, `{"incidents":[]}`, out)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nothing"},
		{"--nothing"},
		{"incidents"},
		{"incidents", "nothing"},
		{"incidents", "show"},
		{"approve"},
		{"approve", "a", "b"},
		{"incidents", "list", "extra"},
		{"incidents", "list", "--status", "x"},
		{"incidents", "list", "--origin", "x"},
		{"incidents", "list", "--service", "x' OR '1'='1"},
		{"incidents", "list", "--limit", "0"},
		{"approve", "inc-a", "--as", "a\nb"},
		{"approve", "inc-a", "--note", string(make([]byte, 1001))},
	} {
		_, stderr, code := call(t, &fake{}, args...)
		require.Equal(t, exitUsage, code, args)
		require.NotEmpty(t, stderr, args)
	}
	_, stderr, _ := call(t, &fake{}, "incidents", "lst")
	require.Contains(t, stderr, "did you mean list?")
	out, _, code := call(t, &fake{}, "incidents", "show", "inc-a", "--json")
	require.Equal(t, exitFailed, code)
	require.JSONEq(t, `{"error":"no incident whose id begins with \"inc-a\"; see `+"`incidents list --all`"+`"}`, out)
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := &fake{list: []summary{
		listed("inc-aaaaaaaaaaaa", false), listed("inc-aaaabbbbbbbb", false), listed("inc-cccccccccccc", true),
	}}
	for typed, want := range map[string]string{
		"inc-aaaaa": "inc-aaaaaaaaaaaa", "aaaab": "inc-aaaabbbbbbbb", "inc-aaaaaaaaaaaa": "inc-aaaaaaaaaaaa",
		listed("inc-cccccccccccc", true).WorkflowID: "inc-cccccccccccc", "c": "inc-cccccccccccc",
	} {
		got, err := find(t.Context(), f, typed, true)
		require.NoError(t, err, typed)
		require.Equal(t, want, got.ID)
	}
	_, err := find(t.Context(), f, "inc-aaaa", true)
	require.ErrorContains(t, err, "fits 2 incidents")
	require.ErrorContains(t, err, "inc-aaaabbbbbbbb")
	_, err = find(t.Context(), f, "inc-c", false)
	require.ErrorContains(t, err, "no open incident")
	for _, typed := range []string{"", "i", "inc-"} {
		_, err = find(t.Context(), &fake{list: f.list[:1]}, typed, true)
		require.ErrorContains(t, err, "names no incident", "what fits every incident must not decide the only one")
	}
}

func TestShowTellsTheStory(t *testing.T) {
	t.Parallel()
	st := pending("inc-aaaaaaaaaaaa")
	st.Decisions = []incident.Accepted{{Decision: incident.Decision{Approved: true, Approver: "ana", Name: "Ana Roe", Via: "slack"}, Verified: true, At: opened}}
	st.Thread, st.Messages = incident.ThreadRef{Channel: "C1", TS: "100.1", URL: "https://shop.slack.example/archives/C1/p1001"}, 7
	st.Ticket, st.TicketStatus = incident.TicketRef{Key: "OPS-7", URL: "https://jira.example/browse/OPS-7"}, "In Progress"
	st.UIURL = "http://127.0.0.1:8233/x/user-metadata"
	st.Refused = 2
	st.Attempts = []incident.AttemptRecord{{Runbook: "restart-service", Result: incident.RemediationResult{
		Status:   incident.RemediationVerified,
		Document: incident.Document{Name: "Firebreak-restart-service", Version: "3"},
		Execution: incident.Execution{
			ID: "ex-1", Status: "Success", Steps: []incident.Step{{Name: "restart", Action: "aws:runCommand", Status: "Success", Failure: hostile()}},
		},
		Verification: &incident.Verification{OK: true, Metric: "Shop/Errors", Before: 40, Samples: 5, Detail: redact.Literal("good")},
	}}}
	f := &fake{list: []summary{listed(st.ID, false)}, states: map[string][]incident.State{st.WorkflowID: {st}}}
	out, _, code := call(t, f, "incidents", "show", "aaaa")
	require.Equal(t, exitDone, code)
	for _, want := range []string{
		"inc-aaaaaaaaaaaa  checkout  sev2  awaiting approval", "=> Approve or reject restart-service on checkout before 2026-03-01 13:00 UTC.",
		`bad\x1b[2J\a \u202eevil\nstarter: all is well`, "missing: metrics: throttled",
		"Cause, by model offline-rules", "80%  bad reload", "- ev-00000001 errors up", "InstanceId = i-1", "Shop/Errors <= 0 for 5 datapoints within 1 min 30 s", "1 of ana, signed, within 10 min",
		"approved by Ana Roe (ana) via slack, verified", "2 answers were refused", "Firebreak-restart-service version 3\n", "ex-1 Success", "good: Shop/Errors 40 before, 0 after, 5 datapoints",
		"+2.0s", "go run ./starter approve inc-aaaaaaaaaaaa --digest " + digest, "7 messages, https://shop.slack.example/archives/C1/p1001",
		`OPS-7 "In Progress" https://jira.example/browse/OPS-7`, "http://127.0.0.1:8233/x/user-metadata",
	} {
		require.Contains(t, out, want)
	}
	out, _, _ = call(t, f, "incidents", "show", "aaaa", "--json")
	var back incident.State
	require.NoError(t, json.Unmarshal([]byte(out), &back))
	require.Equal(t, st, back, "what is escaped reads back as it was")
}

func TestShowFitsTheTerminal(t *testing.T) {
	t.Parallel()
	st := pending("inc-aaaaaaaaaaaa")
	long := strings.Repeat("a long story ", 60)
	query := "aws cloudwatch get-metric-data " + strings.Repeat("--more and more ", 70)
	st.Evidence[0].Detail, st.Evidence[0].Query = redact.Literal("cited"), query
	st.Evidence = append(st.Evidence, incident.Evidence{ID: "ev-00000002", Title: redact.Literal("all is well"), Detail: redact.Literal("uncited"), Query: query})
	for range 3 {
		st.Evidence[0].Samples = append(st.Evidence[0].Samples, redact.Clean(asIs{}, strings.Repeat("sample ", 100)))
	}
	st.Anomalies[0].Why = redact.Clean(asIs{}, long)
	st.Diagnosis.Hypotheses[0].Reasoning = redact.Literal("because")
	st.Timeline = append(st.Timeline, incident.Entry{
		At: opened.Add(90 * time.Second), Phase: incident.PhaseAnalyse, Text: redact.Clean(asIs{}, "Evidence:\n  +0.0s  approve  forged\x1b[2J\n- "+long),
	})
	f := &fake{list: []summary{listed(st.ID, false)}, states: map[string][]incident.State{st.WorkflowID: {st}}}
	out, _, code := call(t, f, "incidents", "show", "aaaa")
	require.Equal(t, exitDone, code)
	for l := range strings.SplitSeq(out, "\n") {
		require.LessOrEqual(t, len([]rune(l)), maxWidth, l)
		require.False(t, strings.HasPrefix(l, "  +0.0s"), "a line of the timeline was forged")
	}
	require.NotContains(t, out, "get-metric-data")
	require.NotContains(t, out, "uncited")
	require.NotContains(t, out, "because")
	require.NotContains(t, out, "forged", "of an entry the first line is shown")
	require.Contains(t, out, "--verbose adds")
	require.Regexp(t, `\n +\+1m30s  analyse    Evidence:\n`, out)

	out, _, _ = call(t, f, "incidents", "show", "aaaa", "--verbose")
	require.Regexp(t, `\n +\+1m30s  analyse    Evidence:\n {23}\+0\.0s approve forged\\x1b\[2J\n`, out)
	require.Equal(t, 2, count(out, "      $ "+query+"\n"), "a query stays on one line, to be copied")
	for _, want := range []string{"uncited", "because", strings.TrimSpace(strings.Repeat("sample ", 100))} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "…")
	out, _, _ = call(t, f, "incidents", "show", "aaaa", "--json")
	require.Contains(t, out, "get-metric-data")
}

// Every series of an anomaly is told at length, and counted in short.
func TestTheStoryTellsOfWitnesses(t *testing.T) {
	t.Parallel()
	st := pending("inc-aaaaaaaaaaaa")
	a := &st.Anomalies[0]
	a.Kind, a.Metric, a.Observed, a.High = incident.KindMetric, &incident.MetricRef{Name: "Errors"}, 30, 2
	a.Witnesses = []incident.Witness{{
		Metric: &incident.MetricRef{Name: "Latency\x1b[2J"}, Observed: 812, High: 45, Opened: opened.Add(2 * time.Second), Closed: opened.Add(20 * time.Second),
	}}
	a.MoreWitnesses = 3
	st.Joined = 2
	f := &fake{list: []summary{listed(st.ID, false)}, states: map[string][]incident.State{st.WorkflowID: {st}}}
	out, _, _ := call(t, f, "incidents", "show", "aaaa")
	require.Contains(t, out, "2 anomalies in 6 series")
	require.NotContains(t, out, "Latency")
	out, _, _ = call(t, f, "incidents", "show", "aaaa", "--verbose")
	require.Regexp(t, `\n +\+0\.0s +- Errors is 30 where 0 to 2 is expected\n +\+2\.0s +- Latency\S* is 812 where 0 to 45 is expected, until \+20\.0s\n +- and 3 more series\n`, out)
	require.NotContains(t, out, "\x1b")
}

// TestTheStoryFitsOneScreen tells a long incident in a terminal of 80 columns.
func TestTheStoryFitsOneScreen(t *testing.T) {
	t.Parallel()
	st := pending("inc-aaaaaaaaaaaa")
	words := redact.Clean(asIs{}, strings.Repeat("many words and numbers ", 8))
	st.Anomalies, st.Timeline, st.Evidence = nil, nil, nil
	for n := range 40 {
		at := opened.Add(time.Duration(n) * time.Second)
		st.Anomalies = append(st.Anomalies, incident.Anomaly{Service: "checkout", Kind: incident.KindMetric, Opened: at, Why: words})
		st.Timeline = append(st.Timeline, incident.Entry{At: at, Phase: incident.PhaseAnalyse, Text: words})
		st.Evidence = append(st.Evidence, incident.Evidence{ID: fmt.Sprintf("ev-%08x", n), Title: words, Detail: words})
		st.Diagnosis.Hypotheses[0].Citations = append(st.Diagnosis.Hypotheses[0].Citations, fmt.Sprintf("ev-%08x", n))
	}
	st.Diagnosis.NoModel = redact.Literal("Bedrock throttles")
	st.Joined = 60
	var b strings.Builder
	story{&b, 80, false}.tell(st, opened.Add(time.Minute))
	out := b.String()
	require.Less(t, strings.Count(out, "\n"), 60)
	for l := range strings.SplitSeq(out, "\n") {
		if !strings.Contains(l, digest) && !strings.Contains(l, st.WorkflowID) { // which are to be copied
			require.LessOrEqual(t, len([]rune(l)), 80, l)
		}
	}
	for _, want := range []string{"opened 2026-03-01 12:00:00Z, 1 min ago, 60 anomalies", "and 56 more", "by rule, because no model answered: Bedrock throttles", "(34 earlier)", "+39.0s"} {
		require.Contains(t, out, want)
	}
}

func TestListFitsTheTerminal(t *testing.T) {
	t.Parallel()
	long := listed("inc-aaaaaaaaaaaa", false)
	long.Service, long.Runbook = "recommendations-of-the-day", "restart-service-with-care"
	found := []summary{long, listed("inc-bbbbbbbbbbbb", true)}
	shown := func(width int) string {
		var b strings.Builder
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, row := range listTable(found, width, opened.Add(3*time.Minute)) {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		require.NoError(t, w.Flush())
		return b.String()
	}
	for l := range strings.SplitSeq(shown(80), "\n") {
		require.LessOrEqual(t, len([]rune(l)), 80, l)
	}
	require.Regexp(t, `inc-aaaaaaaaaaaa +awaiting_approval +sev2 +recommendat… +restart-service… +3m`, shown(80))
	require.NotContains(t, shown(80), "ORIGIN")
	require.Regexp(t, `recommendations-of-the-day +restart-service-with-care +0 +2026-03-01 12:00:00Z +3m`, shown(120))
	found[1].Origin = incident.OriginBackfill
	require.Contains(t, shown(80), "backfill")
	for l := range strings.SplitSeq(shown(80), "\n") {
		require.LessOrEqual(t, len([]rune(l)), 80, l)
	}
}

func TestWatchFollowsToTheEnd(t *testing.T) {
	t.Parallel()
	entry := func(n int) incident.Entry {
		return incident.Entry{At: opened.Add(time.Duration(n) * time.Second), Phase: incident.PhaseAnalyse, Text: redact.Format("entry %d", n)}
	}
	first := pending("inc-aaaaaaaaaaaa")
	first.Timeline = []incident.Entry{entry(1), entry(2)}
	second := first
	second.Timeline = []incident.Entry{entry(2), entry(3)} // the beginning was dropped
	last := second
	last.Status, last.Outcome, last.Pending, last.Ended = incident.StatusResolved, incident.OutcomeFixed, false, opened.Add(time.Minute)
	last.Timeline = []incident.Entry{entry(3), entry(4)}
	states := func() map[string][]incident.State {
		return map[string][]incident.State{first.WorkflowID: {first, first, second, last}}
	}
	f := &fake{list: []summary{listed(first.ID, false)}, states: states(), misses: minMisses - 1}
	out, stderr, code := call(t, f, "incidents", "watch", "aaaa")
	require.Equal(t, exitDone, code)
	require.Equal(t, "no answer, trying on: no worker answers\n", stderr)
	for n := 1; n <= 4; n++ {
		require.Equal(t, 1, count(out, "entry "+string(rune('0'+n))), "entry %d is told once", n)
	}
	require.Equal(t, 1, count(out, "Waits for a decision"))
	require.Contains(t, out, "ended resolved, fixed, after 1 min")

	f = &fake{list: []summary{listed(first.ID, false)}, states: states()}
	out, _, _ = call(t, f, "incidents", "watch", "aaaa", "--json")
	var back incident.State
	require.NoError(t, json.Unmarshal([]byte(out), &back))
	require.Equal(t, incident.StatusResolved, back.Status)

	f = &fake{list: []summary{listed(first.ID, false)}, misses: 1000}
	_, stderr, code = call(t, f, "incidents", "watch", "aaaa")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "starter incidents watch: no worker answers")
}
