package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// envelope is what every EventBridge event has.
type envelope struct {
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       time.Time       `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// event reads an EventBridge event. Any source is welcome: what is not known in
// particular becomes a signal with the generic fields.
func (d *decoder) event(raw json.RawMessage) error {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("EventBridge event: %w", err)
	}
	switch {
	case e.ID == "" || e.Source == "" || e.DetailType == "":
		return errors.New("EventBridge event: id, source or detail-type is missing")
	case len(e.ID) > maxName || len(e.Source) > maxName || len(e.DetailType) > maxName:
		return errors.New("EventBridge event: id, source or detail-type is too long")
	case e.Time.IsZero() || !e.Time.Before(latest):
		return fmt.Errorf("EventBridge event %q: time is missing or out of range", e.ID)
	}
	e.Resources = e.Resources[:min(len(e.Resources), 20)]
	for i := range e.Resources {
		e.Resources[i] = cut(e.Resources[i], maxName)
	}
	if e.Source == "aws.cloudwatch" &&
		(e.DetailType == "CloudWatch Alarm State Change" || e.DetailType == "CloudWatch Alarm Contributor State Change") {
		return d.alarm(e, raw)
	}
	if e.Source == FeedbackSource && e.DetailType == FeedbackDetailType {
		return d.feedback(e)
	}
	ev := &Event{ID: e.ID, Source: e.Source, DetailType: e.DetailType, Resources: e.Resources, Class: ClassNotice}
	if len(raw) <= MaxRaw {
		ev.Raw = append(json.RawMessage(nil), raw...)
	}
	// EventBridge delivers at least once, and the same target can fire twice.
	s := Signal{Kind: KindEvent, Time: e.Time, Account: e.Account, Region: e.Region, Event: ev, Key: "event\x00" + e.ID}
	read, known := eventReaders[e.Source]
	switch {
	case strings.HasSuffix(e.DetailType, "via CloudTrail"):
		read = readCall // whichever service was called
	case !known:
		read = readOther
	}
	if err := read(ev, e.Detail, &s); err != nil {
		return fmt.Errorf("EventBridge event %q (%s, %s): detail: %w", e.ID, e.Source, e.DetailType, err)
	}
	ev.Summary = cut(strings.Join(strings.Fields(ev.Summary), " "), maxSummary)
	ev.State = cut(ev.State, 60)
	ev.Service = cut(ev.Service, maxName)
	for i := range ev.Names {
		ev.Names[i] = cut(ev.Names[i], maxName)
	}
	d.add(s, e.Source+"/"+e.DetailType+"/"+subject(ev))
	return nil
}

// subject names what an event is about, so that each thing has its own series.
func subject(ev *Event) string {
	switch {
	case len(ev.Names) > 0:
		return ev.Names[0]
	case len(ev.Resources) > 0:
		return ev.Resources[0]
	default:
		return ev.Service
	}
}

// eventReaders fill in what only the events of one source have. Events of EC2,
// Auto Scaling and Health are best effort: their absence proves nothing.
var eventReaders = map[string]func(ev *Event, detail json.RawMessage, s *Signal) error{
	"aws.ec2":         readEC2,
	"aws.ecs":         readECS,
	"aws.autoscaling": readAutoScaling,
	"aws.codedeploy":  readCodeDeploy,
	"aws.health":      readHealth,

	"aws.appconfig":               readAppConfig,
	"aws.application-autoscaling": readApplicationScaling,
	"aws.cloudformation":          readCloudFormation,
	"aws.codepipeline":            readPipeline,
	"aws.config":                  readConfig,
	"aws.rds":                     readRDS,
	"aws.ssm":                     readSSM,
}

func readEC2(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		InstanceID string `json:"instance-id"`
		State      string `json:"state"`
		Action     string `json:"instance-action"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	// Samples of this event have a space in front of the id.
	id := strings.TrimSpace(det.InstanceID)
	ev.Names, ev.State = names(id), det.State
	ev.Summary = fmt.Sprintf("%s: instance %s %s", ev.DetailType, id, det.State)
	if ev.DetailType == "EC2 Spot Instance Interruption Warning" {
		// Two minutes later the instance is gone, which shows by itself.
		ev.Class, ev.State = ClassChange, det.Action
		ev.Summary = fmt.Sprintf("%s: instance %s will be taken away: %s", ev.DetailType, id, det.Action)
		return nil
	}
	if ev.DetailType != "EC2 Instance State-change Notification" {
		return nil
	}
	switch det.State {
	case "terminated", "stopped":
		// Whether somebody meant it cannot be told from the event. It is
		// trouble only for an instance that the inventory counts on.
		ev.Class = ClassTrouble
	case "pending", "running":
		ev.Class = ClassChange
	}
	return nil
}

func readECS(ev *Event, detail json.RawMessage, s *Signal) error {
	var det struct {
		ClusterARN    string `json:"clusterArn"`
		TaskARN       string `json:"taskArn"`
		Group         string `json:"group"` // "service:<name>"
		LastStatus    string `json:"lastStatus"`
		StopCode      string `json:"stopCode"`
		StoppedReason string `json:"stoppedReason"`
		EventType     string `json:"eventType"`
		EventName     string `json:"eventName"`
		Reason        string `json:"reason"`
		Version       int64  `json:"version"`
		Containers    []struct {
			Name     string `json:"name"`
			ExitCode *int   `json:"exitCode"`
		} `json:"containers"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Names = names(strings.TrimPrefix(det.Group, "service:"), tail(det.TaskARN), tail(det.ClusterARN))
	if det.Group == "" && len(ev.Resources) > 0 {
		ev.Names = names(tail(ev.Resources[0]))
	}
	ev.Version, ev.State = det.Version, first(det.LastStatus, det.EventName)
	if det.Version > 0 && len(ev.Resources) > 0 {
		// ECS says to order and to tell repeats by version, per resource.
		s.Key = "ecs\x00" + ev.Resources[0] + "\x00" + strconv.FormatInt(det.Version, 10)
	}
	switch ev.DetailType {
	case "ECS Task State Change":
		exit := 0
		for _, c := range det.Containers {
			if c.ExitCode != nil && *c.ExitCode != 0 {
				exit = *c.ExitCode
			}
		}
		ev.Summary = fmt.Sprintf("ECS task %s %s %s", det.Group, det.LastStatus, det.StoppedReason)
		failed := det.StopCode == "TaskFailedToStart" ||
			det.StopCode == "EssentialContainerExited" && exit != 0 ||
			strings.Contains(det.StoppedReason, "health check")
		if det.LastStatus == "STOPPED" && failed {
			ev.Class = ClassTrouble
			ev.Summary = fmt.Sprintf("ECS task of %s stopped (%s, exit code %d): %s", det.Group, det.StopCode, exit, det.StoppedReason)
		}
	case "ECS Deployment State Change":
		ev.Class = ClassChange
		ev.Summary = fmt.Sprintf("ECS deployment %s: %s", det.EventName, det.Reason)
		if det.EventName == "SERVICE_DEPLOYMENT_FAILED" {
			ev.Class = ClassTrouble
		}
	case "ECS Service Action":
		ev.Summary = fmt.Sprintf("ECS service action %s: %s", det.EventName, det.Reason)
		switch {
		case det.EventType == "ERROR" || det.EventType == "WARN":
			ev.Class = ClassTrouble
		case det.EventName == "SERVICE_DESIRED_COUNT_UPDATED":
			ev.Class = ClassChange
		}
	default:
		ev.Summary = ev.DetailType
	}
	return nil
}

func readAutoScaling(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Group      string `json:"AutoScalingGroupName"`
		InstanceID string `json:"EC2InstanceId"`
		Status     string `json:"StatusCode"`
		Message    string `json:"StatusMessage"`
		Cause      string `json:"Cause"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Names, ev.State = names(det.Group, strings.TrimSpace(det.InstanceID)), det.Status
	ev.Summary = fmt.Sprintf("%s in %s: %s", ev.DetailType, det.Group, first(det.Message, det.Cause))
	switch {
	case strings.HasSuffix(ev.DetailType, "Unsuccessful"):
		ev.Class = ClassTrouble
	case strings.HasSuffix(ev.DetailType, "Successful"), strings.HasPrefix(ev.DetailType, "EC2 Auto Scaling Instance Refresh"):
		ev.Class = ClassChange
	}
	return nil
}

func readCodeDeploy(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Application string `json:"application"`
		Group       string `json:"deploymentGroup"`
		Deployment  string `json:"deploymentId"`
		InstanceID  string `json:"instanceId"`
		State       string `json:"state"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	// A failed deployment may have left the service as it was: it is a change
	// that explains trouble, and the trouble shows by itself.
	ev.Class, ev.State = ClassChange, det.State
	ev.Names = names(det.Group, det.Application, tail(det.InstanceID))
	ev.Summary = fmt.Sprintf("CodeDeploy deployment %s of %s to %s: %s", det.Deployment, det.Application, det.Group, det.State)
	return nil
}

func readHealth(ev *Event, detail json.RawMessage, s *Signal) error {
	var det struct {
		EventRegion   string `json:"eventRegion"`
		TypeCode      string `json:"eventTypeCode"`
		Category      string `json:"eventTypeCategory"`
		Status        string `json:"statusCode"`
		Communication string `json:"communicationId"`
		Account       string `json:"affectedAccount"`
		Description   []struct {
			Text string `json:"latestDescription"`
		} `json:"eventDescription"`
		Entities []struct {
			Value string `json:"entityValue"`
		} `json:"affectedEntities"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	// The envelope's region is where the event was delivered, not where it happened.
	s.Region = first(det.EventRegion, s.Region)
	s.Account = first(det.Account, s.Account)
	if det.Communication != "" {
		s.Key = "health\x00" + det.Communication + "\x00" + s.Account
	}
	for _, e := range det.Entities[:min(len(det.Entities), 20)] {
		ev.Names = append(ev.Names, names(e.Value, tail(e.Value))...)
	}
	ev.State = det.Status
	ev.Summary = det.TypeCode
	if len(det.Description) > 0 {
		ev.Summary += ": " + det.Description[0].Text
	}
	switch {
	case det.Category == "issue" && det.Status != "closed":
		ev.Class = ClassTrouble
	case det.Category == "scheduledChange":
		ev.Class = ClassChange
	}
	return nil
}

// names drops what is empty or said twice.
func names(candidates ...string) []string {
	var out []string
	for _, c := range candidates {
		if c != "" && (len(out) == 0 || out[len(out)-1] != c) {
			out = append(out, c)
		}
	}
	return out
}

// tail is the id at the end of an ARN.
func tail(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] }
