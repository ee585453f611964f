package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"golang.org/x/crypto/ssh"

	"firebreak/activities/catalog"
	"firebreak/activities/chat"
	"firebreak/internal/config"
	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/runbook"
)

// catalogueResult hands the catalogue to the checks that ask about its services.
// It is written before the gate of the catalogue's probe closes, and read after.
type catalogueResult struct{ catalog *runbook.Catalog }

// services are those of the catalogue, sorted by name; nil without one.
func (r *catalogueResult) services() []incident.Service {
	if r.catalog == nil {
		return nil
	}
	return r.catalog.Inventory().Services()
}

func (d *doctor) catalogueProbe() probe {
	p := probe{system: "Catalogue", done: newGate()}
	p.skip = d.unusable([]string{config.RoleWorkflows, config.RoleEvidence, config.RoleAutomation, config.RoleStream}, "catalog")
	p.checks = []check{
		{"repository", d.catalogueFetch},
		{"policy", d.cataloguePolicy},
		{"approvers", d.catalogueApprovers},
		{"Slack gateway's key", d.catalogueGateway},
		{"services", d.catalogueServices},
	}
	return p
}

func (d *doctor) catalogueFetch(ctx context.Context) finding {
	store, err := catalog.NewStore(catalogueOptions(d.cfg.Catalog))
	if err != nil {
		return failed(clean(err.Error())).last()
	}
	cat, problem, err := store.Latest(ctx)
	if err != nil {
		return d.catalogueTrouble(ctx, err)
	}
	d.catalogue.catalog = cat
	lint := command("In a checkout, every problem with file, line and field:", "starter runbooks lint DIR")
	if problem != nil {
		return failed(fmt.Sprintf("the newest commit of %s cannot be used, %.10s is instead: %s", d.cfg.Catalog.Branch, cat.Commit, clean(problem.Error())), lint)
	}
	return passed("%.10s on %s: %d services, %d runbooks", cat.Commit, d.cfg.Catalog.Branch, len(cat.Services), len(cat.Runbooks))
}

// catalogueTrouble tells by the kind that the activities give their errors.
func (d *doctor) catalogueTrouble(ctx context.Context, err error) finding {
	kind := ""
	if classified, is := errors.AsType[*temporal.ApplicationError](err); is {
		kind = classified.Type()
	}
	switch {
	case ctx.Err() != nil:
		return unreachable(ctx.Err(), "the git host")
	case kind == incident.ErrorPermission:
		return failed(clean(err.Error()), say("Set FIREBREAK_CATALOG_TOKEN (with GitHub: a fine-grained token with the repository permission Contents: read), and FIREBREAK_CATALOG_USER where the host wants one.")).last()
	case kind == incident.ErrorNotFound:
		return failed(clean(err.Error()), say("Check catalog.url and catalog.branch. GitHub also says not found when the token may not see a private repository.")).last()
	case kind == incident.ErrorValidation:
		return failed(clean(err.Error()), command("No commit can be used. In a checkout, every problem with file, line and field:", "starter runbooks lint DIR"),
			say("Where the catalogue is not at the repository's root, set catalog.path.")).last()
	default:
		return unreachable(err, "the git host")
	}
}

// cataloguePolicy looks for what would keep every plan from running.
func (d *doctor) cataloguePolicy(context.Context) finding {
	p := d.catalogue.catalog.Policy
	switch {
	case len(p.Accounts) > 0 && d.cfg.Account != "" && !slices.Contains(p.Accounts, d.cfg.Account):
		return failed("nothing may run in account "+d.cfg.Account, say("List it under accounts in policy.yaml, or leave the list empty."))
	case len(p.Origins) > 0 && !slices.Contains(p.Origins, incident.OriginLive):
		return warning("no plan of a live incident may run", say("List live under origins in policy.yaml."))
	case len(p.Allow) == 0:
		return warning("no runbook is allowed on any service", say("Allow some under runbooks in policy.yaml; until then every incident is handed to a person."))
	}
	return passed("at most %d attempts, %d remediations an hour", p.MaxAttempts, p.PerHour)
}

func (d *doctor) catalogueApprovers(context.Context) finding {
	p := d.catalogue.catalog.Policy
	var cannot []string
	for _, s := range []incident.Severity{incident.Sev1, incident.Sev2, incident.Sev3, incident.Sev4} {
		for _, why := range policy.Answerable(p, policy.Rule(p, s)) {
			cannot = append(cannot, fmt.Sprintf("%s: %s", s, why))
		}
	}
	switch {
	case len(cannot) > 0:
		return failed("nobody could approve: "+clean(cannot[0]), say("Add approvers with an SSH key or a Slack user to policy.yaml; until then nothing can run."))
	case p.AllowUnverified:
		return warning("decisions count that nobody has signed", say("Set allow_unverified: false in policy.yaml for anything but trying things out."))
	case len(p.Approvers) == 0:
		return warning("none are listed: everybody in these Slack teams may decide: "+listOf(p.Teams), say("List people under approvers in policy.yaml."))
	}
	return passed("%d listed, enough for every severity", len(p.Approvers))
}

// catalogueGateway compares the key that signs presses in Slack with the one
// that the policy believes.
func (d *doctor) catalogueGateway(context.Context) finding {
	if !d.cfg.Serves(config.RoleChat) {
		return skipped("no role of this worker needs it")
	}
	path := d.cfg.Slack.GatewayKey
	if path == "" {
		if d.catalogue.catalog.Policy.AllowUnverified {
			return skipped("slack.gateway_key is not set, and unsigned decisions count")
		}
		return warning("slack.gateway_key is not set: what is pressed in Slack does not count",
			command("Make a key, name its file in slack.gateway_key and put its .pub line under slack_gateway in policy.yaml:", "ssh-keygen -t ed25519 -N '' -C firebreak-gateway -f slack-gateway.key"))
	}
	signer, err := chat.ReadKey(path)
	if err != nil {
		return warning(clean(err.Error()), say("It matters where the worker runs, which may be another machine."))
	}
	believed := slices.ContainsFunc(d.catalogue.catalog.Policy.Gateway, func(k ssh.PublicKey) bool {
		return bytes.Equal(k.Marshal(), signer.PublicKey().Marshal())
	})
	if !believed {
		return failed("policy.yaml does not list the gateway's key, so what is pressed in Slack does not count as proven",
			advice{Text: "Put this line under slack_gateway in policy.yaml:", Line: string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(signer.PublicKey())))})
	}
	return passed("listed in policy.yaml")
}

func (d *doctor) catalogueServices(context.Context) finding {
	services := d.catalogue.services()
	if len(services) == 0 {
		return failed("there are none: every signal is nobody's", say("Describe your services in services/NAME.yaml; runbooks/services has two to start from."))
	}
	var silent, helpless []string
	for _, s := range services {
		if len(s.Alarms)+len(s.Metrics)+len(s.LogGroups)+len(s.Resources) == 0 {
			silent = append(silent, s.Name)
		}
		if len(d.catalogue.catalog.Options(s.Name)) == 0 {
			helpless = append(helpless, s.Name)
		}
	}
	switch {
	case len(silent) > 0:
		return warning(listOf(silent)+" claim no signal", say("List alarms, metrics, log groups or resources in their files."))
	case len(helpless) > 0:
		return warning("no runbook may run for "+listOf(helpless), say("Their incidents are handed to a person; allow runbooks in policy.yaml."))
	}
	return passed("%d, each with signals and runbooks", len(services))
}
