package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
)

// Classes of errors that trying again cannot help. Activities return them as
// non-retryable already; naming them here keeps it so if one forgets.
var hopeless = []string{incident.ErrorValidation, incident.ErrorPermission, incident.ErrorNotFound, incident.ErrorMismatch}

// persistent tries until the activity's total time is up: for what an incident
// cannot go on without.
func persistent() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		NonRetryableErrorTypes: hopeless,
	}
}

// brief tries a few times: for what an incident can go on without, and makes up
// for later.
func brief() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second, MaximumAttempts: 4,
		NonRetryableErrorTypes: hopeless,
	}
}

// Options by what is done. StartToClose bounds one try, ScheduleToClose all of
// them, the time in which no worker serves the queue included. The heartbeat
// timeout is the same for all and set where they are used: workers heartbeat
// for every activity, so that a worker that dies is noticed long before a try
// would have taken too long.

// defaultLostAfter is how long a try may be silent when the incident's settings
// do not say.
const defaultLostAfter = 30 * time.Second

// withLostAfter has every activity under the context tried again once its
// worker has been silent for that long.
func withLostAfter(ctx workflow.Context, d incident.Duration) workflow.Context {
	return workflow.WithHeartbeatTimeout(ctx, d.Std())
}

// lostAfter is the heartbeat timeout of activities under the context.
func lostAfter(ctx workflow.Context) time.Duration {
	if d := workflow.GetActivityOptions(ctx).HeartbeatTimeout; d > 0 {
		return d
	}
	return defaultLostAfter
}

// catalogOptions read the catalogue and evaluate policy: a git fetch at most.
func catalogOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueWorkflows, RetryPolicy: persistent(),
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 10 * time.Minute,
	}
}

// evidenceOptions read CloudWatch over the range around an onset.
func evidenceOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueEvidence, RetryPolicy: persistent(),
		StartToCloseTimeout: 3 * time.Minute, ScheduleToCloseTimeout: 15 * time.Minute,
	}
}

// symptomOptions read one metric once. A reading that is minutes late answers
// another question, so it fails early.
func symptomOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueEvidence, RetryPolicy: persistent(),
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 2 * time.Minute,
	}
}

// verifyOptions watch a metric for as long as the plan says, and try again
// after a worker is lost. What counts is decided by the fix's end, not by when
// the watching began, so that a second try loses nothing.
func verifyOptions(watch time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueEvidence, RetryPolicy: persistent(),
		StartToCloseTimeout: watch + 2*time.Minute, ScheduleToCloseTimeout: 2*watch + 15*time.Minute,
	}
}

// diagnosisOptions ask the model, which may take a minute and has quotas that
// take minutes to recover. One question may take half of the time, so that a
// model that hangs is asked a second time.
func diagnosisOptions(within time.Duration) workflow.ActivityOptions {
	retries := persistent()
	retries.InitialInterval, retries.MaximumInterval = min(2*time.Second, within/8), time.Minute
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueDiagnosis, RetryPolicy: retries,
		StartToCloseTimeout: within / 2, ScheduleToCloseTimeout: within,
	}
}

// rankingOptions rank by rule, which takes milliseconds and needs no network.
func rankingOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueEvidence, RetryPolicy: persistent(),
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 10 * time.Minute,
	}
}

// automationOptions publish and start. Starting is idempotent by its token, so
// that it is tried for as long as a start still makes sense.
func automationOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueAutomation, RetryPolicy: persistent(),
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 10 * time.Minute,
	}
}

// watchOptions follow a running automation. A cancelled watch is waited for,
// because it is what stops the automation.
func watchOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueAutomation, RetryPolicy: persistent(),
		StartToCloseTimeout: watchLimit + 10*time.Minute, WaitForCancellation: true,
	}
}

// stopOptions stop an automation and see it end. They try for as long as an
// automation may run: one that could not be stopped would run on unwatched.
func stopOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueAutomation, RetryPolicy: persistent(),
		StartToCloseTimeout: 10 * time.Minute, ScheduleToCloseTimeout: watchLimit,
	}
}

// chatOptions and ticketOptions tell people. Outages there never stop an
// incident: what could not be said is tried again after a pause.
func chatOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueChat, RetryPolicy: brief(),
		StartToCloseTimeout: 30 * time.Second, ScheduleToCloseTimeout: 2 * time.Minute,
	}
}

func ticketOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: incident.QueueTickets, RetryPolicy: brief(),
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 3 * time.Minute,
	}
}

// Limits of an incident's story.
const (
	defaultAttempts = 2                // plans tried when Settings do not say
	defaultDiagnose = 3 * time.Minute  // that a model is tried when Settings do not say
	defaultExpiry   = 30 * time.Minute // of a question whose rule does not say
	maxRounds       = 4                // times that a resolved incident may be reopened, the first round included
	watchLimit      = 2 * time.Hour    // that one automation may run before it is stopped
	maxWatches      = 250              // looks at one automation; a document has at most 100 steps
	maxAnomalies    = 24               // kept in the state, more are counted; so many series are kept, as anomalies or as witnesses
	maxTimeline     = 200              // entries; the state travels as one payload
	maxEntry        = 600              // bytes of an entry
	maxFull         = 4                // anomalies that are kept with their samples and changes
	maxAnnounced    = 5                // anomalies whose joining is told one by one, and how often it is told that one shows in more series
	stormStep       = 20               // after every so many further ones their number is told
	maxRefusals     = 100              // decisions on one question that are looked at and refused
)
