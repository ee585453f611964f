package incident

// Service is one entry of the inventory: what a service file in the catalogue
// declares. Runbook parameters resolve from it and from nothing else.
type Service struct {
	Name       string            `json:"name"`                 // lower-case, digits and dashes
	Team       string            `json:"team"`                 // who is on call
	Severity   Severity          `json:"severity"`             // of trouble that its signals do not grade themselves
	DependsOn  []string          `json:"depends_on,omitempty"` // services that it calls
	LogGroups  []string          `json:"log_groups,omitempty"` // CloudWatch Logs groups
	Metrics    []WatchedMetric   `json:"metrics,omitempty"`    // the series that tell how it is
	Alarms     []string          `json:"alarms,omitempty"`     // alarm names, a trailing * matches any ending
	Resources  []string          `json:"resources,omitempty"`  // ARNs or ids that events name: instances, ECS services, Auto Scaling groups
	XRay       []string          `json:"xray,omitempty"`       // names under which it sends segments to X-Ray; none: its own name
	Parameters map[string]string `json:"parameters,omitempty"` // what runbook parameters resolve from, e.g. "instance_id"
}

// WatchedMetric is a CloudWatch series that a service file names.
type WatchedMetric struct {
	MetricRef

	Role MetricRole `json:"role"` // what it measures, which gives its direction
	// Limit is what a series of role saturation must not reach, in its unit: an
	// alarm's threshold, the size of a disk. 0 when there is none.
	Limit float64 `json:"limit,omitempty"`
}

// MetricRole says what a series measures, and so which direction is trouble.
type MetricRole string

// Roles. Requests has no bad direction of its own.
const (
	RoleErrors     MetricRole = "errors"     // up is trouble
	RoleLatency    MetricRole = "latency"    // up is trouble
	RoleRequests   MetricRole = "requests"   // neither by itself
	RoleSaturation MetricRole = "saturation" // up is trouble: CPU, memory, disk, queue depth
	RoleHealth     MetricRole = "health"     // down is trouble: healthy hosts, success ratio
)

// RunbookOption is a runbook that the catalogue allows for a service: what the
// model may choose from, and nothing else.
type RunbookOption struct {
	Name    string   `json:"name"`             // the runbook's name, an enum value for the model
	Service string   `json:"service"`          // the service that it acts on
	Summary string   `json:"summary"`          // one line from the runbook file
	Fixes   []string `json:"fixes,omitempty"`  // symptoms that it is for, in words: "errors after reload", "memory growth"
	Impact  string   `json:"impact,omitempty"` // what it does to users while it runs
}

// PinCatalogInput asks for the catalogue as it is now.
type PinCatalogInput struct {
	Service string `json:"service"`
}

// PinCatalogResult fixes the commit that the incident uses from here on.
type PinCatalogResult struct {
	Commit   string          `json:"commit"`            // 40 hex digits
	Service  Service         `json:"service"`           // the service's entry; only Name is set when it has no file
	Known    bool            `json:"known"`             // whether the service has a file
	Runbooks []RunbookOption `json:"runbooks"`          // allowed for the service and for what it depends on; at most 32
	Problem  string          `json:"problem,omitempty"` // why the newest commit could not be used, when an older one is pinned instead
}
