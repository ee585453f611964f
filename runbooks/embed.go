// Package runbooks holds the shipped catalogue: services, runbooks and policy
// as they would stand in a repository of one's own.
package runbooks

import "embed"

// FS is the catalogue: services/*.yaml, runbooks/<name>/*.yaml and policy.yaml.
//
//go:embed services runbooks policy.yaml
var FS embed.FS
