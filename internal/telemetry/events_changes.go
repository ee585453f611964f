package telemetry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// readAppConfig reads the deployment of a configuration: "On Deployment Start",
// "... Complete" and "... Rolled Back" come from the extension that an
// application has for it. Steps and baking say nothing new.
func readAppConfig(ev *Event, detail json.RawMessage, _ *Signal) error {
	type named struct {
		ID   string `json:"Id"`
		Name string `json:"Name"`
	}
	var det struct {
		Application, Environment, ConfigurationProfile named
		DeploymentNumber                               json.Number
		ConfigurationVersion                           string
		Description                                    string
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Names = names(det.ConfigurationProfile.Name, det.Application.Name, det.Environment.Name, det.ConfigurationProfile.ID, det.Application.ID, det.Environment.ID)
	ev.State = ev.DetailType
	ev.Summary = fmt.Sprintf("AppConfig %s: version %s of %s for %s in %s. %s", strings.ToLower(strings.TrimPrefix(ev.DetailType, "On ")), det.ConfigurationVersion,
		first(det.ConfigurationProfile.Name, det.ConfigurationProfile.ID), first(det.Application.Name, det.Application.ID), first(det.Environment.Name, det.Environment.ID), det.Description)
	if !strings.HasSuffix(ev.DetailType, "Step") && !strings.HasSuffix(ev.DetailType, "Baking") {
		ev.Class = ClassChange
	}
	return nil
}

// readSSM reads Systems Manager: changes of the Parameter Store by the
// parameter, everything else by its name.
func readSSM(ev *Event, detail json.RawMessage, s *Signal) error {
	if ev.DetailType != "Parameter Store Change" {
		return readOther(ev, detail, s)
	}
	var det struct {
		Operation string `json:"operation"`
		Name      string `json:"name"`
		Type      string `json:"type"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Class, ev.State = ClassChange, det.Operation
	ev.Names = names(det.Name, strings.TrimPrefix(det.Name, "/"))
	ev.Summary = fmt.Sprintf("Parameter Store: %s of %s (%s)", first(det.Operation, "change"), det.Name, det.Type)
	return nil
}

// readConfig reads AWS Config. It notices changes late and tells of rules, too,
// which say what somebody wishes and not what happened.
func readConfig(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Diff struct {
			Type    string                     `json:"changeType"`
			Changed map[string]json.RawMessage `json:"changedProperties"`
		} `json:"configurationItemDiff"`
		Item struct {
			Type string `json:"resourceType"`
			ID   string `json:"resourceId"`
			Name string `json:"resourceName"`
			ARN  string `json:"ARN"`
		} `json:"configurationItem"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Names = names(det.Item.ARN, det.Item.ID, det.Item.Name)
	ev.State = det.Diff.Type
	ev.Summary = fmt.Sprintf("Config: %s of %s %s, %d properties", strings.ToLower(first(det.Diff.Type, "change")), det.Item.Type, first(det.Item.Name, det.Item.ID), len(det.Diff.Changed))
	if ev.DetailType == "Config Configuration Item Change" && det.Diff.Type != "" && det.Diff.Type != "NONE" {
		ev.Class = ClassChange
	}
	return nil
}

// Categories of RDS events, in the service's words.
var (
	rdsChanges = []string{"configuration change", "maintenance", "creation", "deletion", "failover", "restoration", "recovery", "backtrack", "global failover", "serverless"}
	rdsTrouble = []string{"failure", "low storage"}
)

// readRDS reads events of instances, clusters, parameter groups and snapshots.
// They are best effort.
func readRDS(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Categories []string `json:"EventCategories"`
		ARN        string   `json:"SourceArn"`
		ID         string   `json:"SourceIdentifier"`
		Message    string   `json:"Message"`
		EventID    string   `json:"EventID"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Names = names(det.ID, det.ARN)
	ev.State = strings.Join(det.Categories, ", ")
	ev.Summary = strings.TrimSpace(fmt.Sprintf("%s: %s %s", ev.DetailType, det.Message, det.EventID))
	has := func(words []string) bool {
		return slices.ContainsFunc(det.Categories, func(c string) bool { return slices.Contains(words, c) })
	}
	switch {
	case has(rdsTrouble):
		ev.Class = ClassTrouble
	case has(rdsChanges):
		ev.Class = ClassChange
	}
	return nil
}

// readCloudFormation reads what becomes of stacks. Of their single resources
// each failure and success is told, too, which adds nothing to the stack's.
func readCloudFormation(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Stack  string `json:"stack-id"`
		Status struct {
			Status string `json:"status"`
			Reason string `json:"status-reason"`
		} `json:"status-details"`
		Resource string `json:"physical-resource-id"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	// arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
	stack := det.Stack
	if parts := strings.Split(det.Stack, "/"); len(parts) == 3 {
		stack = parts[1]
	}
	ev.Names, ev.State = names(det.Resource, stack, det.Stack), det.Status.Status
	ev.Summary = fmt.Sprintf("CloudFormation stack %s: %s. %s", stack, det.Status.Status, det.Status.Reason)
	switch ev.DetailType {
	case "CloudFormation Stack Status Change":
		ev.Class = ClassChange
	case "CloudFormation Resource Status Change":
		if strings.HasSuffix(det.Status.Status, "_COMPLETE") {
			ev.Class = ClassChange
		}
	}
	return nil
}

// readApplicationScaling reads the scaling of ECS services, tables and the like.
func readApplicationScaling(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Resource  string      `json:"resourceId"` // e.g. service/CLUSTER/NAME
		Namespace string      `json:"serviceNamespace"`
		Dimension string      `json:"scalableDimension"`
		Status    string      `json:"statusCode"`
		Direction string      `json:"direction"`
		Old       json.Number `json:"oldDesiredCapacity"`
		New       json.Number `json:"newDesiredCapacity"`
		AtMost    bool        `json:"scaledToMax"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Class, ev.State = ClassChange, det.Status
	ev.Names = names(tail(det.Resource), det.Resource)
	ev.Summary = fmt.Sprintf("Application Auto Scaling: %s of %s (%s) from %s to %s, %s", first(det.Direction, "scaling"), det.Resource, det.Dimension, det.Old, det.New, det.Status)
	if det.AtMost {
		ev.Summary += "; it is at its maximum"
	}
	return nil
}

// readPipeline reads CodePipeline.
func readPipeline(ev *Event, detail json.RawMessage, _ *Signal) error {
	var det struct {
		Pipeline string `json:"pipeline"`
		Stage    string `json:"stage"`
		Action   string `json:"action"`
		State    string `json:"state"`
	}
	if err := json.Unmarshal(detail, &det); err != nil {
		return err
	}
	ev.Class, ev.State, ev.Names = ClassChange, det.State, names(det.Pipeline)
	ev.Summary = strings.Join(strings.Fields(fmt.Sprintf("%s: %s %s %s %s", ev.DetailType, det.State, det.Pipeline, det.Stage, det.Action)), " ")
	return nil
}
