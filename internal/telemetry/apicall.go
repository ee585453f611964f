package telemetry

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// APICall is a call to AWS as CloudTrail records it: the detail of an event of
// type "AWS API Call via CloudTrail", and what LookupEvents returns as text.
type APICall struct {
	Source   string   // e.g. "lambda.amazonaws.com"
	Name     string   // e.g. "UpdateFunctionCode20150331v2"
	By       string   // what sort of principal, and the name of a role or a service; never that of a person
	On       []string // names of what was called upon, by how their parameters are called, at most 3
	Names    []string // everything among the parameters and the resources that may be a name, at most 40: to be looked up, never to be told
	ReadOnly bool
	Failed   string // error code, empty for a call that worked
}

// Changes tells whether the call changed something that a service may depend on.
// Machines write much that changes nothing: their heartbeats, log streams and
// temporary credentials.
func (c APICall) Changes() bool {
	return !c.ReadOnly && c.Failed == "" && c.Name != "" && !slices.Contains(routineCalls, c.Name)
}

var routineCalls = []string{
	"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "ConsoleLogin", "SwitchRole", "GetSessionToken", "CredentialChallenge", "CredentialVerification",
	"CreateLogStream", "CreateLogGroup", "StartQuery", "StopQuery", "UpdateInstanceInformation", "PutInventory", "PutComplianceItems", "UpdateInstanceAssociationStatus",
	"RegisterContainerInstance", "DiscoverPollEndpoint", "SubmitTaskStateChange", "SubmitContainerStateChange", "SubmitAttachmentStateChanges", "Poll",
	"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant", "RetireGrant", "OpenDataChannel", "OpenControlChannel", "CreateDataChannel", "CreateControlChannel",
	"BatchGetImage", "GetAuthorizationToken", "BatchCheckLayerAvailability", "PutRecordings",
}

// Limits on the names that are taken from a call.
const (
	maxCallNames = 40
	maxCallDepth = 4
	maxOn        = 3
)

// ReadAPICall reads CloudTrail's record of a call.
func ReadAPICall(record json.RawMessage) (APICall, error) {
	var r struct {
		Source   string          `json:"eventSource"`
		Name     string          `json:"eventName"`
		ReadOnly json.RawMessage `json:"readOnly"` // a boolean, or absent in old versions
		Error    string          `json:"errorCode"`
		Identity struct {
			Type      string `json:"type"`
			ARN       string `json:"arn"`
			InvokedBy string `json:"invokedBy"`
		} `json:"userIdentity"`
		Parameters any `json:"requestParameters"`
		Resources  []struct {
			ARN string `json:"ARN"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return APICall{}, err
	}
	c := APICall{Source: cut(r.Source, maxName), Name: cut(r.Name, 120), Failed: cut(r.Error, 120), ReadOnly: string(r.ReadOnly) == "true"}
	c.By = principal(r.Identity.Type, r.Identity.ARN, r.Identity.InvokedBy)
	for _, res := range r.Resources {
		c.name("ARN", res.ARN)
	}
	c.collect("", r.Parameters, 0)
	return c, nil
}

// principal is who called without saying whose: the session of a role and the
// name of a user are often somebody's address.
func principal(kind, arn, invokedBy string) string {
	switch {
	case kind == "AWSService" || (invokedBy != "" && kind == ""):
		return "service " + cut(invokedBy, 80)
	case kind == "AssumedRole" || strings.Contains(arn, ":assumed-role/"):
		if _, rest, ok := strings.Cut(arn, ":assumed-role/"); ok {
			role, _, _ := strings.Cut(rest, "/")
			return "role " + cut(role, 80)
		}
		return "a role"
	case kind == "IAMUser":
		return "an IAM user"
	case kind == "Root":
		return "the root user"
	case kind == "FederatedUser", kind == "SAMLUser", kind == "WebIdentityUser", kind == "IdentityCenterUser":
		return "a federated user"
	default:
		return "somebody"
	}
}

// collect takes every text among the parameters for a name: which of them tells
// what was changed differs by call, and only those that a service file has count.
func (c *APICall) collect(key string, v any, depth int) {
	if depth > maxCallDepth {
		return
	}
	switch v := v.(type) {
	case string:
		c.name(key, v)
	case []any:
		for _, item := range v {
			c.collect(key, item, depth+1)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.collect(key, v[key], depth+1)
		}
	}
}

// naming are the endings of parameters whose value is the name of something.
var naming = []string{"name", "id", "ids", "arn", "identifier", "service", "cluster", "resource"}

func (c *APICall) name(key, text string) {
	if text == "" || len(text) > maxName || strings.ContainsAny(text, " \n\t{}") {
		return
	}
	if len(c.On) < maxOn && slices.ContainsFunc(naming, func(end string) bool { return strings.HasSuffix(strings.ToLower(key), end) }) && !slices.Contains(c.On, text) {
		c.On = append(c.On, text)
	}
	for _, n := range names(text, arnTail(text)) {
		if len(c.Names) < maxCallNames && !slices.Contains(c.Names, n) {
			c.Names = append(c.Names, n)
		}
	}
}

// arnTail is the id at the end of an ARN, or nothing for what is none.
func arnTail(text string) string {
	if !strings.HasPrefix(text, "arn:") {
		return ""
	}
	return tail(text)
}

// readCall reads the event of a call that CloudTrail saw.
func readCall(ev *Event, detail json.RawMessage, _ *Signal) error {
	c, err := ReadAPICall(detail)
	if err != nil {
		return err
	}
	ev.Names = c.Names
	ev.Summary = fmt.Sprintf("%s by %s", first(c.Name, ev.DetailType), c.By)
	if len(c.On) > 0 {
		ev.Summary += " on " + strings.Join(c.On, ", ")
	}
	if c.Failed != "" {
		ev.State = c.Failed
		ev.Summary += ", which failed: " + c.Failed
	}
	if c.Changes() {
		ev.Class = ClassChange
	}
	return nil
}
