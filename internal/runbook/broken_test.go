package runbook_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"firebreak/internal/runbook"
	"firebreak/runbooks"
)

// shippedFiles is the shipped catalogue as files that a test may change.
func shippedFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(runbooks.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(runbooks.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	return files
}

const (
	checkout   = "services/checkout.yaml"
	restart    = "runbooks/restart-service/runbook.yaml"
	automation = "runbooks/restart-service/automation.yaml"
	cases      = "runbooks/restart-service/test.yaml"
	recycle    = "runbooks/recycle-process/runbook.yaml"
	policyFile = "policy.yaml"
)

// mistake is one edit of the shipped catalogue and the problem that it causes.
type mistake struct {
	name     string
	file     string
	old, new string // first occurrence; an empty old puts new in the place of the whole file
	at       string // where the problem is: a text whose line in the edited file is meant; empty: no line
	in       string // file of the problem; empty: file
	field    string
	want     string // part of the message
	others   int    // problems that follow from it beside the one described
}

var mistakes = []mistake{
	{name: "unknown field", file: checkout, old: "team: shop", new: "team: shop\nowner: me", at: "owner:", field: "owner", want: "unknown field; known here are name, team"},
	{name: "field twice", file: checkout, old: "team: shop", new: "team: shop\nteam: other", at: "team: other", field: "team", want: "given twice, first in line"},
	{name: "missing field", file: checkout, old: "team: shop\n", new: "", at: "name: checkout", field: "team", want: "missing"},
	{name: "name and file disagree", file: checkout, old: "name: checkout", new: "name: checkouts", at: "name: checkouts", field: "name", want: "its file is checkout.yaml"},
	{name: "name with capitals", file: checkout, old: "name: checkout", new: "name: Checkout", at: "name: Checkout", field: "name", want: "expected lower-case letters"},
	{name: "name of segments", file: checkout, old: "team: shop", new: "team: shop\nxray: ['a\"b']", at: "xray:", field: "xray[0]", want: "expected the name of a segment"},
	{name: "name of segments twice", file: "services/payments.yaml", old: "team: shop", new: "team: shop\nxray: [shop, shop]", at: "xray:", field: "xray[1]", want: "X-Ray name shop already belongs to service payments", others: 1},
	{name: "severity", file: checkout, old: "severity: sev2", new: "severity: high", at: "severity:", field: "severity", want: "expected one of sev1, sev2"},
	{name: "role", file: checkout, old: "role: errors", new: "role: error", at: "role: error", field: "metrics[1].role", want: "expected one of errors", others: 2},
	{name: "statistic", file: checkout, old: "stat: Average", new: "stat: Avg", at: "stat: Avg", field: "metrics[2].stat", want: "expected Average, Sum"},
	{name: "period", file: checkout, old: "period: 1\n    unit: Megabytes", new: "period: 45\n    unit: Megabytes", at: "period: 45", field: "metrics[3].period", want: "no CloudWatch period", others: 1},
	{name: "limit of what has none", file: checkout, old: "unit: Milliseconds", new: "unit: Milliseconds\n    limit: 500", at: "limit: 500", field: "metrics[2].limit", want: "only a metric of role saturation"},
	{name: "limit of nothing", file: checkout, old: "limit: 110", new: "limit: 0", at: "limit: 0", field: "metrics[3].limit", want: "a limit is above 0", others: 1},
	{name: "headroom without a limit", file: recycle, old: "role: saturation", new: "role: latency", at: "- role: latency", field: "verify[0]", want: "has no limit, which headroom needs", others: 999},
	{name: "headroom below a floor", file: recycle, old: "\"<=\"", new: "\">=\"", at: "headroom:", field: "verify[0].headroom", want: "comparison has to be <="},
	{name: "period in words", file: checkout, old: "period: 1", new: "period: 1m", at: "period: 1m", field: "metrics[0].period", want: "expected a whole number", others: 5},
	{name: "list where a value belongs", file: checkout, old: "team: shop", new: "team: [shop]", at: "team:", field: "team", want: "expected a value, found a list"},
	{name: "value where a list belongs", file: checkout, old: "log_groups: [/shop/checkout]", new: "log_groups: /shop/checkout", at: "log_groups:", field: "log_groups", want: `expected a list, found "/shop/checkout"`},
	{name: "null", file: checkout, old: "team: shop", new: "team:", at: "team:", field: "team", want: "expected a value, found nothing"},
	{name: "listed twice", file: checkout, old: "[/shop/checkout]", new: "[/shop/checkout, /shop/checkout]", at: "log_groups:", field: "log_groups[1]", want: "listed twice", others: 1},
	{name: "unknown dependency", file: checkout, old: "[payments]", new: "[payment]", at: "depends_on:", field: "depends_on[0]", want: `no service called "payment"`},
	{name: "depends on itself", file: checkout, old: "[payments]", new: "[checkout]", at: "depends_on:", field: "depends_on[0]", want: "depend on itself"},
	{name: "another service's log group", file: checkout, old: "[/shop/checkout]", new: "[/shop/payments]", in: "services/payments.yaml", at: "log_groups:", field: "log_groups[0]", want: "log group /shop/payments already belongs to service checkout"},
	{name: "another service's metric", file: checkout, old: "name: Errors\n    dimensions: {service: checkout}", new: "name: Errors\n    dimensions: {service: payments}", in: "services/payments.yaml", at: "role: errors", field: "metrics[1]", want: "already belongs to service checkout"},
	{name: "interpolation in a parameter", file: checkout, old: "unit: checkout", new: `unit: "{{ global:REGION }}"`, at: "unit: \"{{", field: "parameters.unit", want: "would be interpolated", others: 4},
	{name: "line break in a parameter", file: checkout, old: "unit: checkout", new: `unit: "a\nb"`, at: "unit: \"a", field: "parameters.unit", want: "printable text", others: 4},
	{name: "long parameter", file: checkout, old: "unit: checkout", new: "unit: " + strings.Repeat("x", 513), at: "unit: xx", field: "parameters.unit", want: "1 to 512 characters, this one 513", others: 4},
	{name: "anchor", file: checkout, old: "team: shop", new: "team: &a shop", at: "team:", want: "anchors and aliases are not allowed", others: 999},
	{name: "two documents", file: checkout, old: "", new: "name: checkout\nteam: a\nseverity: sev1\n---\nname: x\n", at: "---", want: "more than one YAML document", others: 999},
	{name: "not YAML", file: checkout, old: "team: shop", new: "team: [shop", at: "team:", want: "not YAML", others: 999},
	{name: "empty file", file: checkout, old: "", new: "# nothing\n", at: "# nothing", want: "the file is empty", others: 999},
	{name: "a list as a file", file: checkout, old: "", new: "- name: checkout\n", at: "- name", want: "expected fields with values, found a list", others: 999},
	{name: "wrong ending", file: "services/other.yml", old: "", new: "name: other\n", want: "only <service>.yaml files belong here"},

	{name: "runbook and folder disagree", file: restart, old: "name: restart-service", new: "name: restart", at: "name: restart", field: "name", want: `its folder "restart-service"`},
	{name: "reserved name", file: "runbooks/aws-thing/runbook.yaml", old: "", new: "name: aws-thing\n", in: "runbooks/aws-thing", want: "not beginning with aws"},
	{name: "name no document can have", file: "runbooks/Über/runbook.yaml", old: "", new: "name: x\n", in: "runbooks/Über", want: "not valid as a runbook's name"},
	{name: "unknown file", file: "runbooks/restart-service/extra.yaml", old: "", new: "a: 1\n", want: "unknown file"},
	{name: "unknown service", file: restart, old: "services: [checkout, payments]", new: "services: [checkout, payment]", at: "services:", field: "services[1]", want: `no service called "payment"`, others: 3},
	{name: "parameter from elsewhere", file: restart, old: "{from: service.parameters.unit}", new: "{from: anomaly.why}", at: "anomaly.why", field: "parameters.Unit.from", want: "from the inventory and from nowhere else"},
	{name: "parameter without a source", file: restart, old: "{from: service.parameters.unit}", new: "{}", at: "Unit: {}", field: "parameters.Unit", want: "expected either from"},
	{name: "parameter with two sources", file: restart, old: "{from: service.parameters.unit}", new: "{from: service.name, constant: x}", at: "constant: x", field: "parameters.Unit", want: "expected either from"},
	{name: "parameter that the service lacks", file: restart, old: "service.parameters.unit", new: "service.parameters.units", at: "parameters.units", field: "parameters.Unit", want: "for service checkout: service checkout has no parameter units", others: 1},
	{name: "parameter that the document lacks", file: restart, old: "  Home:", new: "  House:", at: "  House:", field: "parameters.House", want: "declares no parameter called", others: 1},
	{name: "constant with interpolation", file: restart, old: "{from: service.parameters.unit}", new: `{constant: "{{ x }}"}`, at: "constant:", field: "parameters.Unit.constant", want: "would be interpolated", others: 3},
	{name: "constant that the pattern refuses", file: restart, old: "{from: service.parameters.unit}", new: "{constant: A B}", at: "constant:", field: "parameters.Unit", want: "does not match allowedPattern", others: 2},
	{name: "unknown target", file: restart, old: "targets: [InstanceId, Unit]", new: "targets: [InstanceId, Units]", at: "targets:", field: "targets[1]", want: "not one of the runbook's parameters", others: 2},
	{name: "undo that is missing", file: restart, old: "  none: A restart", new: "  runbook: put-back\n  # none: A restart", at: "runbook: put-back", field: "undo.runbook", want: `no runbook called "put-back"`},
	{name: "undo by itself", file: restart, old: "  none: A restart", new: "  runbook: restart-service\n  # none: A restart", at: "runbook: restart-service", field: "undo.runbook", want: "cannot take itself back"},
	{name: "undo for other services", file: "runbooks/restore-release/runbook.yaml", old: "services: [checkout, payments]", new: "services: [checkout]", in: "runbooks/rollback-release/runbook.yaml", at: "runbook: restore-release", field: "undo.runbook", want: "not for service payments", others: 2},
	{name: "neither undo nor reason", file: restart, old: "  none: A restart", new: "  # none: A restart", at: "undo:", field: "undo", want: "found nothing", others: 1},
	{name: "verify without a series", file: restart, old: "- role: errors", new: "- metric: Failures", at: "metric: Failures", field: "verify[0]", want: "no metric named Failures", others: 1},
	{name: "verify with role and metric", file: restart, old: "- role: errors", new: "- role: errors\n    metric: Errors", at: "- role: errors", field: "verify[0]", want: "expected either role"},
	{name: "comparison", file: restart, old: `comparison: "<="`, new: `comparison: "<"`, at: `comparison: "<"`, field: "verify[0].comparison", want: "expected one of <=, >="},
	{name: "threshold", file: restart, old: "threshold: 0", new: "threshold: none", at: "threshold: none", field: "verify[0].threshold", want: "not a number"},
	{name: "threshold that is no number", file: checkout, old: `latency_limit_ms: "250"`, new: "latency_limit_ms: low", in: restart, at: "- role: latency", field: "verify[1]", want: `is "low", not a number`, others: 1},
	{name: "timeout", file: restart, old: "timeout: 90s", new: "timeout: 90", at: "timeout: 90\n", field: "verify[0].timeout", want: "expected a duration such as 90s"},
	{name: "traffic", file: restart, old: "traffic: required", new: "traffic: yes", at: "traffic: yes", field: "verify[0].traffic", want: "expected one of required, ignored"},
	{name: "two lines where one belongs", file: restart, old: "impact: Requests in flight", new: "impact: |\n  Requests\n  in flight", at: "impact:", field: "impact", want: "must fit on one line"},

	{name: "schema", file: automation, old: `schemaVersion: "0.3"`, new: `schemaVersion: "2.2"`, at: "schemaVersion:", field: "schemaVersion", want: "expected one of 0.3"},
	{name: "forbidden action", file: automation, old: "action: aws:runCommand", new: "action: aws:executeScript", at: "aws:executeScript", field: "mainSteps[0].action", want: "not allowed in a runbook"},
	{name: "role from the caller", file: automation, old: "parameters:\n", new: "assumeRole: \"{{ AutomationAssumeRole }}\"\nparameters:\n  AutomationAssumeRole: {type: String, allowedPattern: \"^x$\", default: x}\n", at: "assumeRole:", field: "assumeRole", want: "never a parameter", others: 1},
	{name: "role as a parameter", file: automation, old: "parameters:\n", new: "parameters:\n  AutomationAssumeRole: {type: String, allowedPattern: \"^x$\", default: x}\n", at: "AutomationAssumeRole:", field: "parameters.AutomationAssumeRole", want: "must not choose the rights"},
	{name: "no pattern", file: automation, old: "    allowedPattern: \"^[a-z][a-z0-9-]{0,62}$\"\n", new: "", at: "type: String\n    description: The systemd", field: "parameters.Unit.allowedPattern", want: "every String parameter says what it admits", others: 3},
	{name: "open pattern", file: automation, old: "^[a-z][a-z0-9-]{0,62}$", new: "[a-z][a-z0-9-]{0,62}", at: "[a-z][a-z0-9-]{0,62}", field: "parameters.Unit.allowedPattern", want: "begin with ^ and end with $", others: 3},
	{name: "broken pattern", file: automation, old: "^[a-z][a-z0-9-]{0,62}$", new: "^[a-z$", at: "^[a-z$", field: "parameters.Unit.allowedPattern", want: "not a regular expression", others: 3},
	{name: "pattern that lets a shell in", file: automation, old: "^[a-z][a-z0-9-]{0,62}$", new: "^[a-z ;]+$", at: "{{ Unit }}", field: "mainSteps[0].inputs.Parameters.commands[0]", want: "characters that mean something to a shell", others: 2},
	{name: "parameter pasted into a command", file: automation, old: "    interpolationType: ENV_VAR\n", new: "", at: "{{ Unit }}", field: "mainSteps[0].inputs.Parameters.commands[0]", want: `use "$SSM_Unit"`, others: 2},
	{name: "output pasted into a command", file: automation, old: `systemctl restart "$SSM_Unit"`, new: `systemctl restart {{ RestoreConfiguration.Output }}`, at: "systemctl restart {{", field: "mainSteps[1].inputs.Parameters.commands[0]", want: "paste the output of a step"},
	{name: "unknown reference", file: automation, old: "{{ InstanceId }}", new: "{{ Instance }}", at: "{{ Instance }}", field: "mainSteps[0].inputs.InstanceIds[0]", want: "neither a parameter, nor a step's output"},
	{name: "unknown parameter type", file: automation, old: "type: String", new: "type: Text", at: "type: Text", field: "parameters.InstanceId.type", want: "expected one of String"},
	{name: "step twice", file: automation, old: "name: RestartUnit", new: "name: WaitUntilActive", at: "name: WaitUntilActive\n    action: aws:runCommand\n    description: Waits", field: "mainSteps[2].name", want: "two steps called"},
	{name: "step's name", file: automation, old: "name: RestartUnit", new: "name: Restart Unit", at: "name: Restart Unit", field: "mainSteps[1].name", want: "letters, digits and underscores"},
	{name: "unknown step", file: automation, old: "onFailure: Abort", new: "onFailure: step:Nowhere", at: "step:Nowhere", field: "mainSteps[0].onFailure", want: `no step "Nowhere"`},
	{name: "nextStep and isEnd", file: automation, old: "isEnd: true", new: "isEnd: true\n    nextStep: RestartUnit", at: "nextStep:", field: "mainSteps[2].nextStep", want: "exclude each other"},
	{name: "command without a bound", file: automation, old: "    timeoutSeconds: 60\n", new: "", at: "- name: RestoreConfiguration", field: "mainSteps[0].timeoutSeconds", want: "needs a bound"},
	{name: "another command document", file: automation, old: "DocumentName: AWS-RunShellScript", new: "DocumentName: AWS-RunRemoteScript", at: "AWS-RunRemoteScript", field: "mainSteps[0].inputs.DocumentName", want: "expected one of AWS-RunShellScript"},
	{name: "unknown field of a step", file: automation, old: "isEnd: true", new: "isTheEnd: true", at: "isTheEnd:", field: "mainSteps[2].isTheEnd", want: "unknown field"},
	{name: "no instances", file: automation, old: `      InstanceIds: ["{{ InstanceId }}"]` + "\n", new: "", at: "DocumentName:", field: "mainSteps[0].inputs.InstanceIds", want: "InstanceIds or Targets"},

	{name: "expected parameter", file: cases, old: "Unit: [checkout]", new: "Unit: [payments]", at: "InstanceId: [i-0c0ffee0000000001]", field: "cases[0].expect.parameters", want: "but the runbook resolves to {Home=. InstanceId=i-0c0ffee0000000001 Unit=checkout}"},
	{name: "expected target", file: cases, old: "targets: [i-0c0ffee0000000001, checkout]", new: "targets: [checkout]", at: "targets: [checkout]", field: "cases[0].expect.targets", want: "but the runbook resolves to [i-0c0ffee0000000001 checkout]"},
	{name: "expected metric", file: cases, old: "Shop/Errors", new: "Shop/Latency", at: "Shop/Latency", field: "cases[0].expect.verify.metric", want: "watches Shop/Errors"},
	{name: "expected threshold", file: cases, old: "threshold: 0", new: "threshold: 3", at: "threshold: 3", field: "cases[0].expect.verify.threshold", want: "resolves to 0"},
	{name: "case of another service", file: cases, old: "service: checkout", new: "service: billing", at: "service: billing", field: "cases[0].service", want: `not for a service called "billing"`, others: 1},
	{name: "inventory moved", file: checkout, old: "instance_id: i-0c0ffee0000000001", new: "instance_id: i-0c0ffee0000000009", in: cases, at: "InstanceId: [i-0c0ffee0000000001]", field: "cases[0].expect.parameters", want: "i-0c0ffee0000000009", others: 7},

	{name: "severity left out", file: policyFile, old: "  sev4: {count: 1, expires: 8h}\n", new: "", at: "  sev1:", field: "approvals.sev4", want: "missing"},
	{name: "count", file: policyFile, old: "sev1: {count: 1", new: "sev1: {count: -1", at: "sev1:", field: "approvals.sev1.count", want: "from 0 to 5"},
	{name: "expiry", file: policyFile, old: "expires: 30m", new: "expires: never", at: "sev1:", field: "approvals.sev1.expires", want: "expected a duration"},
	{name: "unverified", file: policyFile, old: "allow_unverified: false", new: "allow_unverified: no", at: "allow_unverified: no", field: "allow_unverified", want: "expected true or false"},
	{name: "allowed for an unknown service", file: policyFile, old: "    payments: [restart", new: "    billing: [restart", at: "    billing:", field: "runbooks.allow.billing", want: "no service called", others: 4},
	{name: "allowed unknown runbook", file: policyFile, old: "checkout: [restart-service", new: "checkout: [restart-servic", at: "    checkout:", field: "runbooks.allow.checkout[0]", want: `no runbook called "restart-servic"`},
	{name: "denied unknown runbook", file: policyFile, old: "deny: []", new: "deny: [x-y-z]", at: "deny:", field: "runbooks.deny[0]", want: "no runbook called"},
	{name: "a key that is none", file: policyFile, old: "\napprovers: []", new: "\napprovers: [{identity: a, ssh_keys: [ssh-ed25519 AAAA]}]", at: "\napprovers:", field: "approvers[0].ssh_keys[0]", want: "not an SSH public key"},
	{name: "a key with options", file: policyFile, old: "\napprovers: []", new: "\napprovers: [{identity: a, ssh_keys: ['command=\"x\" " + someKey + "']}]", at: "\napprovers:", field: "approvers[0].ssh_keys[0]", want: "one SSH public key and nothing else"},
	{name: "one key for two people", file: policyFile, old: "\napprovers: []", new: "\napprovers: [{identity: a, ssh_keys: ['" + someKey + "']}, {identity: b, ssh_keys: ['" + someKey + "']}]", at: "\napprovers:", field: "approvers[1]", want: "this SSH key is listed for a already"},
	{name: "a Slack team by its name", file: policyFile, old: "\napprovers: []", new: "\napprovers: []\nslack_gateway: {ssh_keys: [], teams: [shop]}", at: "\nslack_gateway:", field: "slack_gateway.teams[0]", want: "a Slack team id such as"},
	{name: "a Slack name", file: policyFile, old: "\napprovers: []", new: "\napprovers: [{identity: a, slack: ['@alice']}]", at: "\napprovers:", field: "approvers[0].slack[0]", want: "expected TEAM:USER"},
	{name: "day", file: policyFile, old: "change_windows: []", new: "change_windows: [{days: [monday], from: '06:00', to: '07:00'}]", at: "\nchange_windows:", field: "change_windows[0].days[0]", want: "expected one of mon"},
	{name: "time", file: policyFile, old: "change_windows: []", new: "change_windows: [{days: [mon], from: '6', to: '24:00'}]", at: "\nchange_windows:", field: "change_windows[0].from", want: "a time of day in UTC", others: 1},
	{name: "account", file: policyFile, old: "accounts: []", new: "accounts: [12]", at: "\naccounts:", field: "accounts[0]", want: "12 digits"},
	{name: "origin", file: policyFile, old: "origins: [live]", new: "origins: [lively]", at: "\norigins:", field: "origins[0]", want: "expected one of live"},
}

const someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

func TestBrokenCatalogues(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			files := shippedFiles(t)
			if m.old == "" {
				files[m.file] = &fstest.MapFile{Data: []byte(m.new)}
			} else {
				data := files[m.file].Data
				require.Contains(t, string(data), m.old)
				files[m.file] = &fstest.MapFile{Data: bytes.Replace(data, []byte(m.old), []byte(m.new), 1)}
			}
			in := m.in
			if in == "" {
				in = m.file
			}
			line := 0
			if m.at != "" {
				before, _, found := strings.Cut(string(files[in].Data), m.at)
				require.True(t, found, "the edited file has no %q", m.at)
				line = 1 + strings.Count(before, "\n") + len(m.at) - len(strings.TrimLeft(m.at, "\n"))
			}
			_, err := runbook.Load(files)
			var problems runbook.Problems
			require.ErrorAs(t, err, &problems)
			found := false
			for _, p := range problems {
				found = found || (p.File == in && p.Line == line && p.Field == m.field && strings.Contains(p.Message, m.want))
			}
			require.True(t, found, "expected %s:%d: %s: ...%s...; got\n%v", in, line, m.field, m.want, err)
			if m.others < 999 {
				require.Len(t, problems, 1+m.others, "%v", err)
			}
		})
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	files := shippedFiles(t)
	for _, m := range []string{"team: shop", "severity: sev2"} {
		files[checkout] = &fstest.MapFile{Data: bytes.Replace(files[checkout].Data, []byte(m), []byte("x"+m), 1)}
	}
	files[policyFile] = &fstest.MapFile{Data: []byte("a: 1\n")}
	delete(files, automation)
	_, err := runbook.Load(files)
	var problems runbook.Problems
	require.ErrorAs(t, err, &problems)
	perFile := map[string]int{}
	for _, p := range problems {
		perFile[p.File]++
	}
	require.Equal(t, 4, perFile[checkout], "%v", err)
	require.Equal(t, 7, perFile[policyFile], "%v", err)
	require.Equal(t, 1, perFile[automation], "%v", err)
	var one runbook.Problem
	require.ErrorAs(t, err, &one, "single problems can be picked out")
	require.Contains(t, err.Error(), fmt.Sprintf("%s: the file is missing", automation))
}

func TestLoadAnEmptyFolder(t *testing.T) {
	t.Parallel()
	_, err := runbook.Load(fstest.MapFS{})
	require.ErrorContains(t, err, "policy.yaml: the file is missing")
	require.ErrorContains(t, err, "services: cannot read the folder")
	require.ErrorContains(t, err, "runbooks: cannot read the folder")
}

func TestLoadRefusesLargeFiles(t *testing.T) {
	t.Parallel()
	files := shippedFiles(t)
	files[automation] = &fstest.MapFile{Data: append(files[automation].Data, bytes.Repeat([]byte("# padding\n"), 7000)...)}
	_, err := runbook.Load(files)
	require.ErrorContains(t, err, "automation.yaml: 7")
	require.ErrorContains(t, err, "at most 65536 are allowed")
}
