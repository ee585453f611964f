package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

const (
	// leastRetention is for how long closed workflows should be kept at least. A
	// workflow id is unique only for that long, and with it an incident.
	leastRetention = 7 * 24 * time.Hour
	// polledWithin is how recently a worker that runs has polled: a poll takes a
	// minute when there is nothing to do.
	polledWithin = 2 * time.Minute
)

// temporalProbe asks Temporal for the namespace, its search attributes, the
// workers on each task queue and the correlator.
func (d *doctor) temporalProbe() probe {
	p := probe{system: "Temporal"}
	c, err := client.NewLazyClient(d.temporal)
	if err != nil {
		p.checks = []check{{"settings", func(context.Context) finding {
			return failed(clean(err.Error()), say("Mend the TEMPORAL_* variables or the profile of Temporal's configuration file."))
		}}}
		return p
	}
	t := temporalChecks{client: c, namespace: d.temporal.Namespace, address: d.temporal.HostPort}
	t.scope = incident.Scope{Account: d.cfg.Account, Region: d.cfg.Region}
	p.checks = []check{{"server", t.server}, {"namespace", t.exists}, {"search attributes", t.attributes}, {"incidents", t.incidents}}
	for _, q := range []struct {
		queue, role string
		workflows   bool
	}{
		{incident.QueueWorkflows, config.RoleWorkflows, true},
		{incident.QueueEvidence, config.RoleEvidence, false},
		{incident.QueueDiagnosis, config.RoleDiagnosis, false},
		{incident.QueueAutomation, config.RoleAutomation, false},
		{incident.QueueChat, config.RoleChat, false},
		{incident.QueueTickets, config.RoleTickets, false},
	} {
		p.checks = append(p.checks, check{q.queue, func(ctx context.Context) finding { return t.pollers(ctx, q.queue, q.role, q.workflows) }})
	}
	if d.unusable(config.AllRoles(), "account", "region") == "" {
		p.checks = append(p.checks, check{"correlator", t.correlates}, check{"guard", t.guards})
	}
	return p
}

// temporalChecks call the services behind the client, whose own methods would
// try again until the limit.
type temporalChecks struct {
	client             client.Client
	namespace, address string
	scope              incident.Scope
}

func (t temporalChecks) server(ctx context.Context) finding {
	info, err := t.client.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return t.trouble(err, "")
	}
	return passed("%s answers, version %s", t.address, info.GetServerVersion())
}

// trouble is the finding for an error of Temporal's; right names what a denied
// caller would need.
func (t temporalChecks) trouble(err error, right string) finding {
	var (
		denied  *serviceerror.PermissionDenied
		gone    *serviceerror.Unavailable
		slow    *serviceerror.DeadlineExceeded
		unknown *serviceerror.NamespaceNotFound
		without *serviceerror.Unimplemented
	)
	switch {
	case errors.As(err, &denied) || strings.Contains(strings.ToLower(err.Error()), "unauthenticated") || strings.Contains(err.Error(), "Request unauthorized"):
		f := failed("denied: "+clean(err.Error()), say("Check TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH."))
		if right != "" {
			f.Advice = append(f.Advice, say("Give the key's account %s in namespace %s.", right, t.namespace))
			return f
		}
		return f.last()
	case errors.As(err, &unknown):
		return failed("there is no namespace "+t.namespace,
			command("Create it, or name the one that the workers use with --namespace or TEMPORAL_NAMESPACE:",
				"temporal operator namespace create --namespace "+t.namespace+" --retention 30d")).last()
	case errors.As(err, &without):
		return skipped("this server does not offer the call: %s", clean(err.Error()))
	case errors.As(err, &gone) && !strings.Contains(err.Error(), "connection"):
		return failed("fails: "+clean(err.Error()), say("The server answers, but a part behind it does not; see its log."))
	case errors.As(err, &gone), errors.As(err, &slow), errors.Is(err, context.DeadlineExceeded):
		if errors.As(err, &slow) {
			err = context.DeadlineExceeded
		}
		return unreachable(err, t.address, say("Say where it is with --address or TEMPORAL_ADDRESS."))
	default:
		return failed(clean(err.Error()))
	}
}

func (t temporalChecks) exists(ctx context.Context) finding {
	described, err := t.client.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: t.namespace})
	if err != nil {
		return t.trouble(err, "the role \"read\"")
	}
	if state := described.GetNamespaceInfo().GetState(); state != enums.NAMESPACE_STATE_REGISTERED {
		return warning(fmt.Sprintf("namespace %s is %s", t.namespace, strings.ToLower(state.String())), say("Start nothing new in it; use another namespace."))
	}
	retention := described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	if retention < leastRetention {
		return warning(fmt.Sprintf("namespace %s keeps closed workflows for %s only", t.namespace, days(retention)),
			command("An incident is unique only for as long. Keep them for 30 days:", t.retentionCommand()))
	}
	return passed("%s, keeps closed workflows for %s", t.namespace, days(retention))
}

// cloud tells whether this is Temporal Cloud, whose namespaces are administered
// by another command.
func (t temporalChecks) cloud() bool {
	host, _, _ := strings.Cut(t.address, ":")
	return strings.HasSuffix(host, ".tmprl.cloud") || strings.HasSuffix(host, ".temporal.io")
}

func (t temporalChecks) retentionCommand() string {
	if t.cloud() {
		return "tcld namespace retention set --namespace " + t.namespace + " --retention-days 30"
	}
	return "temporal operator namespace update --namespace " + t.namespace + " --retention 30d"
}

func days(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return d.String()
}

func (t temporalChecks) attributes(ctx context.Context) finding {
	listed, err := t.client.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: t.namespace})
	if err != nil {
		return t.trouble(err, "the right to list search attributes")
	}
	missing, wrong := map[string]string{}, map[string]string{}
	for name, kind := range incident.SearchAttributes() {
		switch have, known := listed.GetCustomAttributes()[name]; {
		case !known:
			missing[name] = kind
		case have.String() != kind:
			wrong[name] = fmt.Sprintf("%s is of type %s and has to be %s", name, have, kind)
		}
	}
	var detail []string
	var what []advice
	if len(wrong) > 0 {
		names := slices.Sorted(maps.Keys(wrong))
		for _, n := range names {
			detail = append(detail, wrong[n])
			if !t.cloud() {
				what = append(what, command("", fmt.Sprintf("temporal operator search-attribute remove --namespace %s --name %s --yes", t.namespace, n)))
			}
			missing[n] = incident.SearchAttributes()[n]
		}
		what = append([]advice{say("A type cannot be changed. Use another namespace, or remove the attribute (whoever else uses it loses it) and add it anew:")}, what...)
	}
	if only := slices.DeleteFunc(slices.Sorted(maps.Keys(missing)), func(n string) bool { return wrong[n] != "" }); len(only) > 0 {
		detail = append(detail, "missing: "+strings.Join(only, ", "))
		what = append(what, say("A worker adds what is missing when it starts, where it may; else have an administrator run:"))
	}
	if len(detail) == 0 {
		return passed("all %d, of the right types", len(incident.SearchAttributes()))
	}
	return failed(strings.Join(detail, "; "), append(what, command("", t.addCommand(missing)))...)
}

func (t temporalChecks) addCommand(missing map[string]string) string {
	if !t.cloud() {
		return incident.AddAttributesCommand(t.namespace, missing)
	}
	var b strings.Builder
	b.WriteString("tcld namespace search-attributes add --namespace " + t.namespace)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		b.WriteString(" --search-attribute " + name + "=" + missing[name])
	}
	return b.String()
}

func (t temporalChecks) incidents(ctx context.Context) finding {
	counted, err := t.client.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: t.namespace, Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", incident.WorkflowIncident),
	})
	if err != nil {
		return t.trouble(err, "the right to list workflows")
	}
	return passed("%d open", counted.GetCount())
}

// pollers tells whether a worker serves a queue. A queue that nobody serves is
// no error to Temporal: what is put there waits.
func (t temporalChecks) pollers(ctx context.Context, queue, role string, workflows bool) finding {
	kinds := []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_ACTIVITY}
	if workflows {
		kinds = append(kinds, enums.TASK_QUEUE_TYPE_WORKFLOW)
	}
	workers := map[string]bool{}
	for _, kind := range kinds {
		described, err := t.client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: t.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: kind,
		})
		if err != nil {
			return t.trouble(err, "the right to describe task queues")
		}
		var newest time.Time
		for _, p := range described.GetPollers() {
			seen := p.GetLastAccessTime().AsTime()
			if seen.After(newest) {
				newest = seen
			}
			if time.Since(seen) < polledWithin {
				workers[p.GetIdentity()] = true
			}
		}
		start := say("Start a worker that serves the role %q (FIREBREAK_ROLES unset serves all).", role)
		what := strings.ToLower(kind.String())
		switch {
		case newest.IsZero():
			return failed(fmt.Sprintf("no worker polls for %s tasks", what), start)
		case time.Since(newest) >= polledWithin:
			return failed(fmt.Sprintf("the last worker polled for %s tasks %s ago", what, time.Since(newest).Round(time.Second)), start)
		}
	}
	return passed("%s polling", incident.Count(len(workers), "worker", "workers"))
}

// correlates looks at the workflow that turns anomalies into incidents.
func (t temporalChecks) correlates(ctx context.Context) finding {
	described, err := t.client.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: t.namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: t.scope.CorrelatorWorkflowID()},
	})
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return skipped("there is none yet; the first anomaly on the stream starts it")
	}
	if err != nil {
		return t.trouble(err, "the right to describe workflows")
	}
	if status := described.GetWorkflowExecutionInfo().GetStatus(); status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return warning(fmt.Sprintf("its last run is %s; the next anomaly starts another", strings.ToLower(status.String())),
			command("See why it ended:", fmt.Sprintf("temporal workflow show --namespace %s --workflow-id %s", t.namespace, t.scope.CorrelatorWorkflowID())))
	}
	if task := described.GetPendingWorkflowTask(); task.GetAttempt() > 1 {
		return failed(fmt.Sprintf("its workflow task fails, attempt %d: no anomaly becomes an incident", task.GetAttempt()),
			command("Its history says why. After a deploy it often means that the new code does not replay the old history:",
				fmt.Sprintf("temporal workflow show --namespace %s --workflow-id %s", t.namespace, t.scope.CorrelatorWorkflowID())))
	}
	return passed("runs: %s", t.scope.CorrelatorWorkflowID())
}

// guards looks at the schedule that finds what terminated incidents leave
// behind.
func (t temporalChecks) guards(ctx context.Context) finding {
	described, err := t.client.WorkflowService().DescribeSchedule(ctx, &workflowservice.DescribeScheduleRequest{Namespace: t.namespace, ScheduleId: t.scope.GuardID()})
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return warning("there is no schedule "+t.scope.GuardID()+": nobody looks for automations that run on after their incident was terminated",
			say("A worker that serves the role %q makes it when it starts.", config.RoleWorkflows))
	}
	if err != nil {
		return t.trouble(err, "the right to describe schedules")
	}
	if state := described.GetSchedule().GetState(); state.GetPaused() {
		return warning("it is paused: "+clean(state.GetNotes()),
			command("Go on with it:", fmt.Sprintf("temporal schedule toggle --namespace %s --schedule-id %s --unpause --reason checked", t.namespace, t.scope.GuardID())))
	}
	return passed("its rounds are scheduled")
}
