package runbook

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// Runbook is one folder runbooks/<name> of a catalogue.
type Runbook struct {
	Name       string                     // the folder's name
	Summary    string                     // one line
	Impact     string                     // what it does to users while it runs
	Services   []string                   // that it is written for
	Fixes      []string                   // symptoms that it is for, in words
	Parameters map[string]ParameterSource // of every parameter of the document that has no default, and others
	Targets    []string                   // parameters whose values tell what it touches
	Undo       string                     // runbook that takes it back; empty for none
	NoUndo     string                     // why there is none
	UndoOnly   bool                       // only ever run to take another runbook back
	Verify     []VerifyRule               // when it has helped: the first that fits the symptom, else the first
	Automation []byte                     // automation.yaml, byte for byte
	SHA256     string                     // of Automation, 64 hex digits
	Document   Document                   // what Automation says
	Cases      []Case                     // from test.yaml
	fields     map[string]value           // where things stand, for checks across files
	services   []value                    // the same of Services, one each
}

// VerifyRule says when a runbook has helped, for any service.
type VerifyRule struct {
	Role          incident.MetricRole // the first metric of this role is watched, or
	Name          string              // the metric of this name
	Comparison    string              // "<=" or ">="
	Threshold     float64             // in the metric's unit
	ThresholdFrom string              // "service.parameters.<key>", in place of Threshold
	Samples       int                 // consecutive good datapoints
	Timeout       time.Duration       // how long to wait for them
	Traffic       bool                // whether only datapoints with traffic count
	Headroom      time.Duration       // within which the trend must not reach the metric's limit; 0: it may
}

var (
	// runbookName is narrower than what Systems Manager takes as a document's
	// name ([a-zA-Z0-9_.-]{3,128}), so that it is also a folder and a word.
	runbookName    = regexp.MustCompile(`^[a-z][a-z0-9-]{2,62}$`)
	parameterPath  = regexp.MustCompile(`^service\.(name|parameters\.[a-z][a-z0-9_]{0,62})$`)
	thresholdPath  = regexp.MustCompile(`^service\.parameters\.[a-z][a-z0-9_]{0,62}$`)
	reservedPrefix = []string{"aws", "amazon", "amzn"} // refused by CreateDocument
)

// maxFixes keeps 32 options well below the limit of a payload.
const maxFixes = 10

const whatRunbookName = "lower-case letters, digits and dashes, beginning with a letter, 3 to 63"

// validName tells whether the name can also be that of a Systems Manager document.
func validName(name string) bool {
	return runbookName.MatchString(name) &&
		!slices.ContainsFunc(reservedPrefix, func(p string) bool { return strings.HasPrefix(name, p) })
}

// readRunbook reads runbooks/<name>/runbook.yaml.
func readRunbook(v value, name string) Runbook {
	f := v.fields("name", "summary", "impact", "services", "fixes", "parameters", "targets", "undo", "undo_only", "verify")
	v.required(f, "name", "summary", "impact", "services", "fixes", "targets", "undo", "verify")
	rb := Runbook{
		Name:       name,
		Summary:    oneLine(f["summary"], 200),
		Impact:     oneLine(f["impact"], 300),
		Services:   f["services"].texts(serviceName, "the name of a service"),
		Targets:    f["targets"].texts(documentParameterName, "the name of a parameter"),
		UndoOnly:   f["undo_only"].boolean(),
		Parameters: map[string]ParameterSource{},
		fields:     f,
		services:   f["services"].list(),
	}
	if s := f["name"].match(runbookName, whatRunbookName); s != "" && s != name {
		f["name"].problem("the runbook is called %q but its folder %q; the two must agree", s, name)
	}
	if f["services"].present() && len(rb.services) == 0 {
		f["services"].problem("a runbook is for at least one service")
	}
	fixes := f["fixes"].list()
	if len(fixes) > maxFixes {
		f["fixes"].problem("%d symptoms are too many; at most %d are allowed", len(fixes), maxFixes)
	}
	for _, e := range fixes {
		rb.Fixes = append(rb.Fixes, oneLine(e, 80))
	}
	for _, e := range f["parameters"].entries() {
		rb.Parameters[e.key] = readSource(e.value)
	}
	rb.readUndo(f["undo"])
	verify := f["verify"].list()
	if f["verify"].present() && len(verify) == 0 {
		f["verify"].problem("expected at least one check that tells whether the runbook helped")
	}
	for _, e := range verify {
		rb.Verify = append(rb.Verify, readVerify(e))
	}
	return rb
}

func oneLine(v value, limit int) string {
	s := strings.TrimSpace(v.text(limit))
	if strings.ContainsAny(s, "\r\n") {
		v.problem("the text must fit on one line")
	}
	return s
}

func readSource(v value) ParameterSource {
	f := v.fields("from", "constant")
	if f["from"].present() == f["constant"].present() {
		if v.present() {
			v.problem("expected either from, such as service.parameters.instance_id, or constant")
		}
		return ParameterSource{}
	}
	if f["from"].present() {
		return ParameterSource{From: f["from"].match(parameterPath, "service.name or service.parameters.KEY; a parameter comes from the inventory and from nowhere else")}
	}
	text, ok := f["constant"].scalar()
	if ok {
		if err := CheckParameterValue(text); err != nil {
			f["constant"].problem("%s", err)
		}
	}
	return ParameterSource{Constant: text}
}

func (r *Runbook) readUndo(v value) {
	f := v.fields("runbook", "none")
	if v.present() && f["runbook"].present() == f["none"].present() {
		v.problem("expected either runbook, with the name of the one that takes this back, or none, with the reason")
		return
	}
	r.Undo = f["runbook"].match(runbookName, whatRunbookName)
	r.NoUndo = oneLine(f["none"], 300)
}

func readVerify(v value) VerifyRule {
	f := v.fields("role", "metric", "comparison", "threshold", "samples", "timeout", "traffic", "headroom")
	v.required(f, "comparison", "threshold", "samples", "timeout", "traffic")
	if v.present() && f["role"].present() == f["metric"].present() {
		v.problem("expected either role, such as errors, or metric, with a metric's name")
	}
	rule := VerifyRule{
		Role:       incident.MetricRole(f["role"].oneOf(roles...)),
		Name:       f["metric"].match(metricText, "a CloudWatch metric name"),
		Comparison: f["comparison"].oneOf("<=", ">="),
		Samples:    f["samples"].integer(1, 60),
		Timeout:    f["timeout"].duration(5*time.Second, time.Hour),
		Traffic:    f["traffic"].oneOf("required", "ignored") == "required",
	}
	if h := f["headroom"]; h.present() {
		rule.Headroom = h.duration(time.Second, 24*time.Hour)
		if rule.Comparison == ">=" {
			h.problem("headroom is below a limit, so the comparison has to be <=")
		}
	}
	if t := f["threshold"]; t.present() && len(t.node.Content) > 0 {
		tf := t.fields("from")
		t.required(tf, "from")
		rule.ThresholdFrom = tf["from"].match(thresholdPath, "service.parameters.KEY")
	} else {
		rule.Threshold = t.number()
	}
	return rule
}
