package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"firebreak/internal/incident"
)

// PolicyFile is policy.yaml: who may approve, what may run, when and how often.
// internal/policy decides by it.
type PolicyFile struct {
	Approvers       []Approver                          // who may decide; empty: anyone whose decision counts at all
	Gateway         []ssh.PublicKey                     // keys with which the Slack gateway vouches for a click
	Teams           []string                            // Slack teams whose members count where Approvers is empty; guests of shared channels have others
	Approvals       map[incident.Severity]ApprovalCount // by severity, all four
	AllowUnverified bool                                // whether an unsigned decision counts
	MaxAttempts     int                                 // plans tried for one incident
	PerHour         int                                 // remediations for incidents of one service in any hour
	Allow           map[string][]string                 // service -> runbooks that may run on it
	Deny            []string                            // runbooks that may not run anywhere, whatever Allow says
	Windows         []Window                            // when something may run; empty: always
	WindowsExempt   []incident.Severity                 // severities that need no window
	Accounts        []string                            // AWS accounts in which something may run; empty: all
	Origins         []incident.Origin                   // origins whose incidents may change something; empty: live
	at              map[string]value
}

// Approver is a person who may decide.
type Approver struct {
	Identity string          // how the person is called everywhere, such as an e-mail address
	Keys     []ssh.PublicKey // that sign decisions on the command line
	Slack    []string        // "TEAM:USER" ids; names and channels prove nothing
}

// ApprovalCount is how many different people must say yes, and how long the
// question stands.
type ApprovalCount struct {
	Count   int           // 0 runs without asking
	Expires time.Duration // from the moment the question is asked
}

// Window is a time of the week, in UTC, in which something may run. One whose
// To is before its From ends on the next day; equal ones are a whole day.
type Window struct {
	Days []time.Weekday
	From time.Duration // since midnight
	To   time.Duration
}

// Contains tells whether the window is open at t.
func (w Window) Contains(t time.Time) bool {
	t = t.UTC()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	since := t.Sub(midnight)
	today, yesterday := slices.Contains(w.Days, t.Weekday()), slices.Contains(w.Days, (t.Weekday()+6)%7)
	if w.From < w.To {
		return today && since >= w.From && since < w.To
	}
	return (today && since >= w.From) || (yesterday && since < w.To)
}

// Allows tells whether the policy lists a runbook for a service and does not
// deny it.
func (p PolicyFile) Allows(runbook, service string) bool {
	return slices.Contains(p.Allow[service], runbook) && !slices.Contains(p.Deny, runbook)
}

var (
	identityName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$`)
	slackTeam    = regexp.MustCompile(`^[TE][A-Z0-9]{2,20}$`)
	slackID      = regexp.MustCompile(`^[TE][A-Z0-9]{2,20}:[UW][A-Z0-9]{2,20}$`)
	accountID    = regexp.MustCompile(`^\d{12}$`)
	clock        = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	weekdays     = map[string]time.Weekday{
		"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
		"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
	}
)

// readPolicy reads policy.yaml.
func readPolicy(v value) PolicyFile {
	f := v.fields("approvers", "slack_gateway", "approvals", "allow_unverified", "max_attempts", "max_per_hour",
		"runbooks", "change_windows", "change_windows_exempt", "accounts", "origins")
	v.required(f, "approvers", "approvals", "allow_unverified", "max_attempts", "max_per_hour", "runbooks")
	p := PolicyFile{
		AllowUnverified: f["allow_unverified"].boolean(),
		MaxAttempts:     f["max_attempts"].integer(1, 10),
		PerHour:         f["max_per_hour"].integer(1, 1000),
		Accounts:        f["accounts"].texts(accountID, "12 digits"),
		Approvals:       map[incident.Severity]ApprovalCount{},
		Allow:           map[string][]string{},
		at:              map[string]value{},
	}
	for _, o := range f["origins"].list() {
		p.Origins = append(p.Origins, incident.Origin(o.oneOf(string(incident.OriginLive), string(incident.OriginBackfill), string(incident.OriginDrill))))
	}
	for _, a := range f["approvers"].list() {
		p.Approvers = append(p.Approvers, readApprover(a))
	}
	p.checkApprovers(f["approvers"])
	gateway := f["slack_gateway"].fields("ssh_keys", "teams")
	f["slack_gateway"].required(gateway, "ssh_keys")
	p.Gateway = readKeys(gateway["ssh_keys"])
	p.Teams = gateway["teams"].texts(slackTeam, "a Slack team id such as T0123ABC")
	p.readApprovals(f["approvals"])
	p.readRunbooks(f["runbooks"])
	for _, w := range f["change_windows"].list() {
		p.Windows = append(p.Windows, readWindow(w))
	}
	for _, s := range f["change_windows_exempt"].list() {
		p.WindowsExempt = append(p.WindowsExempt, incident.Severity(s.oneOf(severities...)))
	}
	return p
}

func readApprover(v value) Approver {
	f := v.fields("identity", "ssh_keys", "slack")
	v.required(f, "identity")
	return Approver{
		Identity: f["identity"].match(identityName, "a name such as alice@example.com"),
		Keys:     readKeys(f["ssh_keys"]),
		Slack:    f["slack"].texts(slackID, "TEAM:USER, both Slack ids, such as T0123ABC:U0456DEF"),
	}
}

func readKeys(v value) []ssh.PublicKey {
	var keys []ssh.PublicKey
	for _, e := range v.list() {
		text := e.text(4096)
		if text == "" {
			continue
		}
		key, err := parseKey(text)
		if err != nil {
			e.problem("%s", err)
			continue
		}
		keys = append(keys, key)
	}
	return keys
}

func parseKey(text string) (ssh.PublicKey, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("this is not an SSH public key as it stands in a .pub file: %w", err)
	case len(options) > 0 || strings.TrimSpace(string(rest)) != "":
		return nil, fmt.Errorf("expected one SSH public key and nothing else")
	}
	// Certificates would need an authority and a validity to be checked.
	allowed := []string{ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSA}
	if !slices.Contains(allowed, key.Type()) {
		return nil, fmt.Errorf("keys of type %s are not accepted; use ssh-ed25519, ecdsa or rsa", key.Type())
	}
	return key, nil
}

// checkApprovers makes sure that a key or a Slack user stands for one person,
// else one person could be counted as two.
func (p PolicyFile) checkApprovers(v value) {
	seen := map[string]string{}
	claim := func(at value, kind, key, who string) {
		if first, taken := seen[kind+key]; taken {
			at.problem("this %s is listed for %s already", kind, first)
			return
		}
		seen[kind+key] = who
	}
	list := v.listQuietly()
	for i, a := range p.Approvers {
		if a.Identity != "" {
			claim(list[i], "identity", a.Identity, a.Identity)
		}
		for _, k := range a.Keys {
			claim(list[i], "SSH key", ssh.FingerprintSHA256(k), a.Identity)
		}
		for _, s := range a.Slack {
			claim(list[i], "Slack user", s, a.Identity)
		}
	}
}

func (p *PolicyFile) readApprovals(v value) {
	f := v.fields(severities...)
	v.required(f, severities...)
	for _, s := range severities {
		g := f[s].fields("count", "expires")
		f[s].required(g, "count", "expires")
		p.Approvals[incident.Severity(s)] = ApprovalCount{
			Count:   g["count"].integer(0, 5),
			Expires: g["expires"].duration(10*time.Second, 7*24*time.Hour),
		}
	}
}

func (p *PolicyFile) readRunbooks(v value) {
	f := v.fields("allow", "deny")
	v.required(f, "allow")
	for _, e := range f["allow"].entries() {
		p.Allow[e.key] = e.value.texts(runbookName, "the name of a runbook")
	}
	p.Deny = f["deny"].texts(runbookName, "the name of a runbook")
	p.at["allow"], p.at["deny"] = f["allow"], f["deny"]
}

func readWindow(v value) Window {
	f := v.fields("days", "from", "to")
	v.required(f, "days", "from", "to")
	var w Window
	for _, d := range f["days"].list() {
		s, _ := d.scalar()
		day, ok := weekdays[s]
		if !ok {
			d.problem("%q is not valid here; expected one of mon, tue, wed, thu, fri, sat, sun", s)
			continue
		}
		w.Days = append(w.Days, day)
	}
	w.From, w.To = timeOfDay(f["from"]), timeOfDay(f["to"])
	return w
}

func timeOfDay(v value) time.Duration {
	s := v.match(clock, "a time of day in UTC such as 06:30, in quotes")
	if s == "" {
		return 0
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		v.problem("%q is not a time of day", s)
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// check compares the policy with the rest of the catalogue.
func (p PolicyFile) check(c *Catalog) {
	for _, e := range p.at["allow"].entriesQuietly() {
		if _, ok := c.Services[e.key]; !ok {
			e.value.problem("there is no service called %q", e.key)
		}
		for _, n := range e.value.listQuietly() {
			r, ok := c.Runbooks[n.node.Value]
			switch {
			case !ok:
				n.problem("there is no runbook called %q", n.node.Value)
			case !slices.Contains(r.Services, e.key):
				n.problem("runbook %s is not for service %s", r.Name, e.key)
			}
		}
	}
	for _, n := range p.at["deny"].listQuietly() {
		if _, ok := c.Runbooks[n.node.Value]; !ok {
			n.problem("there is no runbook called %q", n.node.Value)
		}
	}
}
