//go:build e2e && unix

package e2e

import (
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"

	"firebreak/test/stack"
)

// shelf is the folder of a machine's catalogue in the repository. Each machine
// has a service and a runbook of its own, and with it a document of its own in
// Systems Manager.
func (m machine) shelf() string { return "machines/" + m.service }

func (m machine) runbook() string { return "restart-" + m.service }

// catalogues adds the machines' catalogues to the repository. Their runbook is
// the shipped restart-service under another name.
func catalogues(machines ...machine) stack.Edit {
	return func(files map[string][]byte) error {
		added := map[string][]byte{}
		for _, m := range machines {
			policy, err := m.policy(files["policy.yaml"])
			if err != nil {
				return err
			}
			shipped := func(name string) string { return string(files["runbooks/restart-service/"+name]) }
			runbook := strings.Replace(shipped("runbook.yaml"), "name: restart-service", "name: "+m.runbook(), 1)
			runbook = strings.Replace(runbook, "services: [checkout, payments]", "services: ["+m.service+"]", 1)
			for path, content := range map[string]string{
				"policy.yaml":                                  policy,
				"services/" + m.service + ".yaml":              m.serviceFile(),
				"runbooks/" + m.runbook() + "/runbook.yaml":    runbook,
				"runbooks/" + m.runbook() + "/automation.yaml": shipped("automation.yaml"),
				"runbooks/" + m.runbook() + "/test.yaml":       m.testFile(),
			} {
				added[m.shelf()+"/"+path] = []byte(content)
			}
		}
		maps.Copy(files, added)
		return nil
	}
}

// policy is the stack's, for one service and its runbook.
func (m machine) policy(stacks []byte) (string, error) {
	var policy map[string]any
	if err := yaml.Unmarshal(stacks, &policy); err != nil {
		return "", fmt.Errorf("read the policy: %w", err)
	}
	policy["runbooks"] = map[string]any{"allow": map[string]any{m.service: []string{m.runbook()}}, "deny": []string{}}
	out, err := yaml.Marshal(policy)
	return string(out), err
}

func (m machine) serviceFile() string {
	var metrics strings.Builder
	for _, s := range [][3]string{{"requests", "Requests", "Sum"}, {"errors", "Errors", "Sum"}, {"latency", "Latency", "Average"}} {
		fmt.Fprintf(&metrics, "  - {role: %s, namespace: Shop, name: %s, dimensions: {service: %s}, stat: %s, period: 1}\n", s[0], s[1], m.service, s[2])
	}
	return fmt.Sprintf(`name: %s
team: shop
severity: sev2
metrics:
%sparameters: {instance_id: %s, unit: %s, home: ".", latency_limit_ms: "250"}
`, m.service, &metrics, m.id, m.service)
}

func (m machine) testFile() string {
	return fmt.Sprintf(`cases:
  - name: runs on its own instance
    service: %[1]s
    expect:
      parameters: {InstanceId: [%[2]s], Unit: [%[1]s], Home: ["."]}
      targets: [%[2]s, %[1]s]
      verify: {metric: Shop/Errors, threshold: 0}
`, m.service, m.id)
}
