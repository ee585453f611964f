package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// maxSummary is the length of a summary in the Temporal UI, in bytes; the
// server refuses more than 400.
const maxSummary = 200

// perform runs an activity by its name. The summary is what the Temporal UI
// shows beside it.
func perform[R any](ctx workflow.Context, o workflow.ActivityOptions, name string, summary redact.Text, in any) (R, error) {
	o.Summary, o.HeartbeatTimeout = summary.Cut(maxSummary).String(), lostAfter(ctx)
	var out R
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), name, in).Get(ctx, &out)
	return out, err
}

// performOnly runs an activity whose result does not matter, or that has none.
func performOnly(ctx workflow.Context, o workflow.ActivityOptions, name string, summary redact.Text, in any) error {
	o.Summary, o.HeartbeatTimeout = summary.Cut(maxSummary).String(), lostAfter(ctx)
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), name, in).Get(ctx, nil)
}

func pinCatalog(ctx workflow.Context, in incident.PinCatalogInput) (incident.PinCatalogResult, error) {
	return perform[incident.PinCatalogResult](ctx, catalogOptions(), incident.ActivityPinCatalog,
		redact.Format("Pin the catalogue for %s", redact.Name(in.Service)), in)
}

func gatherEvidence(ctx workflow.Context, in incident.GatherEvidenceInput) (incident.GatherEvidenceResult, error) {
	return perform[incident.GatherEvidenceResult](ctx, evidenceOptions(), incident.ActivityGatherEvidence,
		redact.Format("Evidence around %s", clock(in.Onset)), in)
}

func diagnose(ctx workflow.Context, within time.Duration, in incident.DiagnoseInput) (incident.Diagnosis, error) {
	return perform[incident.Diagnosis](ctx, diagnosisOptions(within), incident.ActivityDiagnose,
		redact.Format("Diagnose from %d pieces of evidence, %d runbooks allowed", len(in.Evidence), len(in.Runbooks)), in)
}

func rankSuspects(ctx workflow.Context, in incident.RankSuspectsInput) (incident.Diagnosis, error) {
	return perform[incident.Diagnosis](ctx, rankingOptions(), incident.ActivityRankSuspects,
		redact.Format("No model answered: rank suspects by rule from %d pieces of evidence", len(in.Case.Evidence)), in)
}

func compilePlan(ctx workflow.Context, in incident.CompilePlanInput) (incident.CompilePlanResult, error) {
	return perform[incident.CompilePlanResult](ctx, catalogOptions(), incident.ActivityCompilePlan,
		redact.Format("Plan %d: %s", in.Attempt, redact.Name(in.Hypothesis.Runbook)), in)
}

func verifyDecision(ctx workflow.Context, in incident.VerifyDecisionInput) (incident.Verdict, error) {
	return perform[incident.Verdict](ctx, catalogOptions(), incident.ActivityVerifyDecision,
		redact.Format("Who is %s", redact.Name(in.Decision.Approver).Cut(80)), in)
}

func recheck(ctx workflow.Context, in incident.RecheckInput) (incident.RecheckResult, error) {
	return perform[incident.RecheckResult](ctx, catalogOptions(), incident.ActivityRecheck,
		redact.Format("May %s start now", redact.Name(in.Plan.Runbook)), in)
}

func readSymptom(ctx workflow.Context, in incident.ReadSymptomInput) (incident.SymptomReading, error) {
	return perform[incident.SymptomReading](ctx, symptomOptions(), incident.ActivityReadSymptom,
		redact.Format("Is %s still bad", metricName(in.Verify.Metric)), in)
}

func verifyRecovery(ctx workflow.Context, in incident.VerifyRecoveryInput) (incident.Verification, error) {
	return perform[incident.Verification](ctx, verifyOptions(in.Verify.Timeout.Std()), incident.ActivityVerifyRecovery,
		redact.Format("Wait for %d good samples of %s", in.Verify.Samples, metricName(in.Verify.Metric)), in)
}

func publishDocument(ctx workflow.Context, in incident.PublishDocumentInput) (incident.Document, error) {
	return perform[incident.Document](ctx, automationOptions(), incident.ActivityPublishDocument,
		redact.Format("Publish %s", redact.Name(in.Runbook)), in)
}

func startAutomation(ctx workflow.Context, in incident.StartAutomationInput) (incident.Execution, error) {
	return perform[incident.Execution](ctx, automationOptions(), incident.ActivityStartAutomation,
		redact.Format("Start %s version %s (%s)", redact.Name(in.Document.Name), redact.Name(in.Document.Version), redact.Name(in.Step)), in)
}

func watchAutomation(ctx workflow.Context, in incident.WatchAutomationInput) (incident.Execution, error) {
	return perform[incident.Execution](ctx, watchOptions(), incident.ActivityWatchAutomation,
		redact.Format("Watch the automation after %d steps", in.SeenSteps), in)
}

func stopAutomation(ctx workflow.Context, in incident.StopAutomationInput) (incident.Execution, error) {
	return perform[incident.Execution](ctx, stopOptions(), incident.ActivityStopAutomation,
		redact.Format("Stop the automation %s", redact.Name(in.ExecutionID)), in)
}

// failure says in our own words why an activity failed for good. The error's
// message comes from outside and stays in the workflow's history, where the
// payload codec guards it.
func failure(err error) redact.Text {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case temporal.IsCanceledError(err):
		return redact.Literal("it was cancelled")
	case errors.As(err, &app):
		return errorClass(app.Type())
	case errors.As(err, &timeout):
		return redact.Literal("there was no answer in time")
	default:
		return redact.Literal("it failed")
	}
}

func errorClass(kind string) redact.Text {
	switch kind {
	case incident.ErrorValidation:
		return redact.Literal("the request or the answer was not valid")
	case incident.ErrorPermission:
		return redact.Literal("permission was denied")
	case incident.ErrorNotFound:
		return redact.Literal("something that it needs does not exist")
	case incident.ErrorMismatch:
		return redact.Literal("what is there is not what was approved")
	case incident.ErrorThrottled:
		return redact.Literal("it was throttled every time")
	case incident.ErrorUnavailable:
		return redact.Literal("the service stayed unavailable")
	case "Nonsense":
		return redact.Literal("its answers could not be used")
	case "Late":
		return redact.Literal("it took too long and was stopped")
	case "Stuck":
		return redact.Literal("it did not get on and was stopped")
	default:
		return redact.Literal("it failed every time")
	}
}

// hopelessError tells whether trying again cannot help, and whether it is
// certain that nothing was done.
func hopelessError(err error) bool {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return false
	}
	for _, kind := range hopeless {
		if app.Type() == kind {
			return true
		}
	}
	return app.NonRetryable()
}
