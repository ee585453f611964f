package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"firebreak/internal/incident"
)

// Digest identifies a plan with everything that a person approves: "v1:" and 64
// hex digits of the SHA-256 over the plan's canonical JSON (keys sorted, no
// white space, numbers as they are written) without the digest itself.
func Digest(p incident.Plan) (string, error) {
	p.Digest = ""
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write plan %s as JSON: %w", p.Runbook, err)
	}
	// Reading it back sorts the keys, so that the order of fields in the source
	// does not matter, and makes a plan that went through a payload the same.
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var tree map[string]any
	if err := dec.Decode(&tree); err != nil {
		return "", fmt.Errorf("read plan %s back: %w", p.Runbook, err)
	}
	delete(tree, "digest")
	canonical, err := json.Marshal(tree)
	if err != nil {
		return "", fmt.Errorf("write plan %s as canonical JSON: %w", p.Runbook, err)
	}
	sum := sha256.Sum256(canonical)
	return "v1:" + hex.EncodeToString(sum[:]), nil
}
