//go:build e2e && unix

package e2e

import (
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"

	"firebreak/test/stack"
)

// runbook is the machine's own, and with it a document of its own in Systems
// Manager.
func (m machine) runbook() string { return "restart-" + m.service }

// catalogues adds the machines' catalogues to the repository, one in each
// folder, with a service and a runbook for each machine. The runbook is the
// shipped restart-service under another name.
func catalogues(machines ...machine) stack.Edit {
	return func(files map[string][]byte) error {
		added := map[string][]byte{}
		allowed := map[string]map[string][]string{} // by folder, by service
		for _, m := range machines {
			if allowed[m.catalogue] == nil {
				allowed[m.catalogue] = map[string][]string{}
			}
			allowed[m.catalogue][m.service] = []string{m.runbook()}
			shipped := func(name string) string { return string(files["runbooks/restart-service/"+name]) }
			runbook := strings.Replace(shipped("runbook.yaml"), "name: restart-service", "name: "+m.runbook(), 1)
			runbook = strings.Replace(runbook, "services: [checkout, payments]", "services: ["+m.service+"]", 1)
			runbook = strings.ReplaceAll(runbook, "timeout: 90s", "timeout: 10m") // a busy machine takes its time
			for path, content := range map[string]string{
				"services/" + m.service + ".yaml":              m.serviceFile(),
				"runbooks/" + m.runbook() + "/runbook.yaml":    runbook,
				"runbooks/" + m.runbook() + "/automation.yaml": shipped("automation.yaml"),
				"runbooks/" + m.runbook() + "/test.yaml":       m.testFile(),
			} {
				added[m.catalogue+"/"+path] = []byte(content)
			}
		}
		for folder, services := range allowed {
			policy, err := policyThatAllows(files["policy.yaml"], services)
			if err != nil {
				return err
			}
			added[folder+"/policy.yaml"] = policy
		}
		maps.Copy(files, added)
		return nil
	}
}

// policyThatAllows is the stack's policy with other services and runbooks.
func policyThatAllows(stacks []byte, services map[string][]string) ([]byte, error) {
	var policy map[string]any
	if err := yaml.Unmarshal(stacks, &policy); err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	policy["runbooks"] = map[string]any{"allow": services, "deny": []string{}}
	return yaml.Marshal(policy)
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
