//go:build !unix

package temporal

import "context"

// lockPorts does nothing where the system has no flock: of two sandboxes that
// start at the same moment, one may end because its port is taken.
func lockPorts(context.Context) (unlock func(), err error) { return func() {}, nil }
