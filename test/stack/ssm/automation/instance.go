package automation

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
)

// Instance is a managed instance: the one place where a shell script may run.
type Instance struct {
	ID   string            // as runbooks name it, e.g. "i-0123456789abcdef0"
	Dir  string            // absolute path; scripts start there
	Env  map[string]string // all that a script sees beside PATH and its parameters
	Path string            // PATH of a script; empty means /usr/bin:/bin
}

var instanceID = regexp.MustCompile(`^(i|mi)-[0-9a-zA-Z_-]{1,64}$`)

// RegisterInstance lets aws:runCommand reach an instance. Registering an id
// again replaces the instance.
func (e *Engine) RegisterInstance(in Instance) error {
	if !instanceID.MatchString(in.ID) {
		return fmt.Errorf("register instance %q: an id starts with i- or mi-", in.ID)
	}
	if !filepath.IsAbs(in.Dir) {
		return fmt.Errorf("register instance %s: %q is no absolute path", in.ID, in.Dir)
	}
	if in.Path == "" {
		in.Path = "/usr/bin:/bin"
	}
	in.Env = maps.Clone(in.Env)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.instances[in.ID] = in
	return nil
}

// Instances returns the ids of the registered instances, sorted.
func (e *Engine) Instances() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.instances))
}

// find returns the registered instances of the given ids. An id that is not
// registered fails all of them, so that no script runs on half of a fleet.
func (e *Engine) find(ids []string) ([]Instance, error) {
	if len(ids) == 0 {
		return nil, errors.New("InstanceIds is empty")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	found := make([]Instance, 0, len(ids))
	for _, id := range ids {
		in, ok := e.instances[id]
		if !ok {
			return nil, fmt.Errorf("InvalidInstanceId: instance %s is not managed by Systems Manager", id)
		}
		found = append(found, in)
	}
	return found, nil
}
