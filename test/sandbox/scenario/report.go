package scenario

import (
	"encoding/json"
	"fmt"
	"os"

	"firebreak/internal/incident"
)

// Report is the JSON document of a scenario. What did not happen is null.
type Report struct {
	Scenario     string              `json:"scenario"`
	Incident     *reportIncident     `json:"incident"`
	Anomalies    []incident.Anomaly  `json:"anomalies"`
	Diagnosis    *reportDiagnosis    `json:"diagnosis"`
	Approval     *reportApproval     `json:"approval"`
	Remediation  *reportRemediation  `json:"remediation"`
	Verification *reportVerification `json:"verification"`
	Slack        *reportSlack        `json:"slack"`
	Jira         *reportJira         `json:"jira"`
	Timeline     []incident.Entry    `json:"timeline"`
}

type reportIncident struct {
	WorkflowID string            `json:"workflow_id"`
	RunID      string            `json:"run_id"`
	ID         string            `json:"id"`
	Status     incident.Status   `json:"status"`
	Outcome    incident.Outcome  `json:"outcome"`
	Service    string            `json:"service"`
	Severity   incident.Severity `json:"severity"`
}

type reportDiagnosis struct {
	Cause      string   `json:"cause"`
	Confidence float64  `json:"confidence"`
	Citations  []string `json:"citations"`
	Model      string   `json:"model"`
}

type reportApproval struct {
	Approver   string `json:"approver"`
	Via        string `json:"via"`
	Verified   bool   `json:"verified"`
	PlanDigest string `json:"plan_digest"`
}

type reportRemediation struct {
	Runbook         string `json:"runbook"`
	Commit          string `json:"commit"`
	DocumentVersion string `json:"document_version"`
	ExecutionID     string `json:"execution_id"`
	Status          string `json:"status"` // of the execution, as Systems Manager calls it
	Attempts        int    `json:"attempts"`
}

type reportVerification struct {
	OK      bool    `json:"ok"`
	Metric  string  `json:"metric"`
	Before  float64 `json:"before"`
	After   float64 `json:"after"`
	Samples int     `json:"samples"`
}

type reportSlack struct {
	Channel  string `json:"channel"`
	ThreadTS string `json:"thread_ts"`
	Messages int    `json:"messages"`
}

type reportJira struct {
	Key    string `json:"key"`
	Status string `json:"status"`
}

// Report tells what happened, from the incident's state alone.
func (r Result) Report() Report {
	st := r.State
	out := Report{Scenario: r.Scenario.Name, Anomalies: st.Anomalies, Timeline: st.Timeline}
	if st.RunID != "" {
		out.Incident = &reportIncident{
			WorkflowID: st.WorkflowID, RunID: st.RunID, ID: st.ID, Status: st.Status, Outcome: st.Outcome,
			Service: st.Service, Severity: st.Severity,
		}
	}
	if st.Diagnosis != nil {
		best := st.Diagnosis.Best()
		out.Diagnosis = &reportDiagnosis{Cause: best.Cause.String(), Confidence: best.Confidence, Citations: best.Citations, Model: st.Diagnosis.Model}
	}
	if n := len(st.Decisions); n > 0 {
		d := st.Decisions[n-1]
		out.Approval = &reportApproval{Approver: d.Decision.Approver, Via: d.Decision.Via, Verified: d.Verified, PlanDigest: d.Decision.PlanDigest}
	}
	if a, ran := lastRun(st); ran {
		out.Remediation = &reportRemediation{
			Runbook: a.Runbook, Commit: st.Catalog, DocumentVersion: a.Result.Execution.DocumentVersion,
			ExecutionID: a.Result.Execution.ID, Status: a.Result.Execution.Status, Attempts: len(st.Attempts),
		}
		if v := a.Result.Verification; v != nil {
			out.Verification = &reportVerification{OK: v.OK, Metric: v.Metric, Before: v.Before, After: v.After, Samples: v.Samples}
		}
	}
	if !st.Thread.IsZero() {
		out.Slack = &reportSlack{Channel: st.Thread.Channel, ThreadTS: st.Thread.TS, Messages: st.Messages}
	}
	if !st.Ticket.IsZero() {
		out.Jira = &reportJira{Key: st.Ticket.Key, Status: st.TicketStatus}
	}
	return out
}

// Write writes the report as indented JSON.
func (r Report) Write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report of %s: %w", r.Scenario, err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report of %s: %w", r.Scenario, err)
	}
	return nil
}
