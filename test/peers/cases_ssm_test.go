//go:build peers

package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var documentCases = []testCase{
	{api: "ssm", name: "a document is created, described, read back and deleted", cli: true, run: documentLife},
	{api: "ssm", name: "versions have numbers and names", run: documentVersions},
	{api: "ssm", name: "versions are listed", run: documentVersionList},
	{api: "ssm", name: "documents are listed by name and owner", run: documentList},
	{api: "ssm", name: "errors of documents have their names", run: documentErrors},
	{api: "ssm", name: "content that is no document is refused", run: documentContent},
}

var automationCases = []testCase{
	{api: "ssm", name: "an automation runs to its end and shows its steps", needs: []string{runs}, run: automationRuns},
	{api: "ssm", name: "a client token starts one execution only", needs: []string{runs}, run: automationToken},
	{api: "ssm", name: "an automation is stopped", needs: []string{runs}, run: automationStops},
	{api: "ssm", name: "an automation waits for a person's approval", cli: true, needs: []string{runs}, run: automationApproval},
	{api: "ssm", name: "errors of automations have their names", needs: []string{runs}, run: automationErrors},
}

// sleeping is a document that sleeps for as long as its parameter says.
const sleeping = `description: Sleep for a while.
schemaVersion: '0.3'
parameters:
  Duration:
    type: String
    allowedPattern: '^PT[0-9]+S$'
mainSteps:
  - name: rest
    action: aws:sleep
    inputs:
      Duration: '{{ Duration }}'
`

func (t *trial) document(content string) string {
	name := t.name("Document")
	out := t.ok("ssm", "CreateDocument", object{"Name": name, "Content": content, "DocumentType": "Automation", "DocumentFormat": "YAML", "VersionName": "first"})
	require.Equal(t, "1", t.text(out, "DocumentDescription.DocumentVersion"))
	return name
}

func documentLife(t *trial) {
	name := t.document(sleeping)
	out := t.ok("ssm", "DescribeDocument", object{"Name": name})
	sum := sha256.Sum256([]byte(sleeping))
	require.Equal(t, hex.EncodeToString(sum[:]), t.text(out, "Document.Hash"))
	require.Equal(t, "Sha256", t.text(out, "Document.HashType"))
	require.Equal(t, "Active", t.text(out, "Document.Status"))
	require.Equal(t, "Automation", t.text(out, "Document.DocumentType"))
	require.Equal(t, "0.3", t.text(out, "Document.SchemaVersion"))
	require.Equal(t, "Duration", t.text(out, "Document.Parameters.0.Name"))
	require.WithinDuration(t, time.Now(), t.time(out, "Document.CreatedDate"), time.Minute)
	out = t.ok("ssm", "GetDocument", object{"Name": name, "DocumentVersion": "1", "DocumentFormat": "YAML"})
	require.Equal(t, sleeping, t.text(out, "Content"), "what is read back is byte by byte what was written")
	require.Equal(t, "first", t.text(out, "VersionName"))
	t.ok("ssm", "DeleteDocument", object{"Name": name})
	t.refused("InvalidDocument", "ssm", "GetDocument", object{"Name": name})
}

func documentVersions(t *trial) {
	name := t.document(sleeping)
	second := strings.Replace(sleeping, "a while", "long", 1)
	update := func(content, version string) object {
		return object{"Name": name, "Content": content, "DocumentVersion": "$LATEST", "DocumentFormat": "YAML", "VersionName": version}
	}
	out := t.ok("ssm", "UpdateDocument", update(second, "second"))
	require.Equal(t, "2", t.text(out, "DocumentDescription.DocumentVersion"))
	t.refused("DuplicateDocumentContent", "ssm", "UpdateDocument", update(second, "third"))
	t.refused("DuplicateDocumentVersionName", "ssm", "UpdateDocument", update(second+"# more\n", "second"))
	require.Equal(t, sleeping, t.text(t.ok("ssm", "GetDocument", object{"Name": name, "DocumentFormat": "YAML"}), "Content"), "an update does not change the default version")
	out = t.ok("ssm", "GetDocument", object{"Name": name, "VersionName": "second", "DocumentFormat": "YAML"})
	require.Equal(t, "2", t.text(out, "DocumentVersion"))
	require.Equal(t, second, t.text(out, "Content"))
	out = t.ok("ssm", "UpdateDocumentDefaultVersion", object{"Name": name, "DocumentVersion": "2"})
	require.Equal(t, "2", t.text(out, "Description.DefaultVersion"))
}

func documentVersionList(t *trial) {
	name := t.document(sleeping)
	t.ok("ssm", "UpdateDocument", object{"Name": name, "Content": sleeping + "# more\n", "DocumentVersion": "$LATEST", "DocumentFormat": "YAML"})
	t.ok("ssm", "UpdateDocumentDefaultVersion", object{"Name": name, "DocumentVersion": "2"})
	out := t.ok("ssm", "ListDocumentVersions", object{"Name": name})
	require.ElementsMatch(t, []string{"1", "2"}, t.texts(out, "DocumentVersions", "DocumentVersion"))
	for _, v := range t.list(out, "DocumentVersions") {
		require.Equal(t, t.text(v, "DocumentVersion") == "2", t.get(v, "IsDefaultVersion"))
	}
}

func documentList(t *trial) {
	name := t.document(sleeping)
	out := t.ok("ssm", "ListDocuments", object{"Filters": []object{{"Key": "Owner", "Values": []any{"Self"}}, {"Key": "Name", "Values": []any{name}}}})
	require.Len(t, t.list(out, "DocumentIdentifiers"), 1)
	require.Equal(t, "YAML", t.text(out, "DocumentIdentifiers.0.DocumentFormat"))
	require.Equal(t, "1", t.text(out, "DocumentIdentifiers.0.DocumentVersion"))
}

func documentErrors(t *trial) {
	name := t.document(sleeping)
	create := func(name, content string) object {
		return object{"Name": name, "Content": content, "DocumentType": "Automation", "DocumentFormat": "YAML"}
	}
	r := t.refused("DocumentAlreadyExists", "ssm", "CreateDocument", create(name, sleeping))
	if r.Status != 0 {
		require.Equal(t, 400, r.Status)
	}
	t.refused("InvalidDocumentVersion", "ssm", "GetDocument", object{"Name": name, "DocumentVersion": "9"})
	t.refused("InvalidDocument", "ssm", "DescribeDocument", object{"Name": t.name("Missing")})
	t.refused("InvalidDocument", "ssm", "UpdateDocument", object{"Name": t.name("Missing"), "Content": sleeping, "DocumentFormat": "YAML", "DocumentVersion": "$LATEST"})
}

func documentContent(t *trial) {
	for format, content := range map[string]string{"YAML": "- no\n- document\n", "JSON": "{"} {
		t.refused("InvalidDocumentContent", "ssm", "CreateDocument", object{"Name": t.name("Other"), "Content": content, "DocumentType": "Automation", "DocumentFormat": format})
	}
}

func (t *trial) start(name, duration string, more object) string {
	in := object{"DocumentName": name, "DocumentVersion": "1", "Parameters": object{"Duration": []any{duration}}}
	maps.Copy(in, more)
	return t.text(t.ok("ssm", "StartAutomationExecution", in), "AutomationExecutionId")
}

// ends waits until an execution has a status.
func (t *trial) becomes(id, status string) object {
	var out object
	t.eventually(20*time.Second, "execution "+id+" is "+status, func() bool {
		out = t.ok("ssm", "GetAutomationExecution", object{"AutomationExecutionId": id})
		return t.text(out, "AutomationExecution.AutomationExecutionStatus") == status
	})
	return out
}

func automationRuns(t *trial) {
	name := t.document(sleeping)
	id := t.start(name, "PT1S", nil)
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, id)
	out := t.becomes(id, "Success")
	require.Equal(t, "1", t.text(out, "AutomationExecution.DocumentVersion"))
	require.Equal(t, []any{"PT1S"}, t.list(out, "AutomationExecution.Parameters.Duration"))
	require.False(t, t.time(out, "AutomationExecution.ExecutionEndTime").Before(t.time(out, "AutomationExecution.ExecutionStartTime")))
	steps := t.ok("ssm", "DescribeAutomationStepExecutions", object{"AutomationExecutionId": id})
	require.Equal(t, []string{"rest"}, t.texts(steps, "StepExecutions", "StepName"))
	require.Equal(t, "aws:sleep", t.text(steps, "StepExecutions.0.Action"))
	require.Equal(t, "Success", t.text(steps, "StepExecutions.0.StepStatus"))
	list := t.ok("ssm", "DescribeAutomationExecutions", object{"Filters": []object{{"Key": "DocumentNamePrefix", "Values": []any{name}}}})
	require.Equal(t, []string{id}, t.texts(list, "AutomationExecutionMetadataList", "AutomationExecutionId"))
}

func automationToken(t *trial) {
	name := t.document(sleeping)
	token := object{"ClientToken": uuid.NewString()}
	id := t.start(name, "PT1S", token)
	require.Equal(t, id, t.start(name, "PT1S", token))
	t.refused("IdempotentParameterMismatch", "ssm", "StartAutomationExecution", object{
		"DocumentName": name, "DocumentVersion": "1", "Parameters": object{"Duration": []any{"PT2S"}}, "ClientToken": token["ClientToken"],
	})
	t.becomes(id, "Success")
}

func automationStops(t *trial) {
	id := t.start(t.document(sleeping), "PT600S", nil)
	t.becomes(id, "InProgress")
	t.ok("ssm", "StopAutomationExecution", object{"AutomationExecutionId": id, "Type": "Cancel"})
	out := t.becomes(id, "Cancelled")
	require.True(t, has(out, "AutomationExecution.ExecutionEndTime"))
}

func automationApproval(t *trial) {
	name := t.document(`schemaVersion: '0.3'
mainSteps:
  - name: ask
    action: aws:approve
    inputs:
      Message: May I?
      Approvers: ['arn:aws:iam::123456789012:user/stand-in']
`)
	id := t.text(t.ok("ssm", "StartAutomationExecution", object{"DocumentName": name}), "AutomationExecutionId")
	t.becomes(id, "Waiting")
	t.ok("ssm", "SendAutomationSignal", object{"AutomationExecutionId": id, "SignalType": "Approve", "Payload": object{"Comment": []any{"go on"}}})
	t.becomes(id, "Success")
}

func automationErrors(t *trial) {
	name := t.document(sleeping)
	start := func(more object) object {
		in := object{"DocumentName": name, "Parameters": object{"Duration": []any{"PT1S"}}}
		maps.Copy(in, more)
		return in
	}
	t.refused("AutomationDefinitionNotFoundException", "ssm", "StartAutomationExecution", start(object{"DocumentName": t.name("Missing")}))
	t.refused("AutomationDefinitionVersionNotFoundException", "ssm", "StartAutomationExecution", start(object{"DocumentVersion": "7"}))
	t.refused("InvalidAutomationExecutionParametersException", "ssm", "StartAutomationExecution", start(object{"Parameters": object{"Duration": []any{"$(rm -rf /)"}}}))
	missing := uuid.NewString()
	t.refused("AutomationExecutionNotFoundException", "ssm", "GetAutomationExecution", object{"AutomationExecutionId": missing})
	t.refused("AutomationExecutionNotFoundException", "ssm", "StopAutomationExecution", object{"AutomationExecutionId": missing})
}
