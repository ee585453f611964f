package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

// tracesBack is how far back a service that is traced has a node.
const tracesBack = time.Hour

// maxGraphPages bounds what is read of a large service graph.
const maxGraphPages = 20

func (d *doctor) xrayProbe() probe {
	c := xrayChecks{client: xray.NewFromConfig(d.aws), region: d.cfg.Region, services: d.catalogue.services}
	return probe{
		system: "X-Ray", skip: d.switchedOff(d.cfg.Evidence.XRay, "evidence.xray"),
		checks: []check{{"service graph", c.graph}, {"trace summaries", c.summaries}},
	}
}

func (d *doctor) cloudTrailProbe() probe {
	c := cloudTrailChecks{client: cloudtrail.NewFromConfig(d.aws)}
	return probe{
		system: "CloudTrail", skip: d.switchedOff(d.cfg.Evidence.CloudTrail, "evidence.cloudtrail"),
		checks: []check{{"event history", c.history}},
	}
}

// switchedOff is why a source of evidence is not asked, or empty.
func (d *doctor) switchedOff(on bool, key string) string {
	if !on {
		return key + " is off, so that incidents are analysed without it"
	}
	return d.unusable([]string{config.RoleEvidence}, "region", "evidence")
}

type xrayChecks struct {
	client   *xray.Client
	region   string
	services func() []incident.Service
}

// need is a right on X-Ray, which knows no resources for reading. The region is
// where the checks ask.
func (c xrayChecks) need(action string) right { return right{"xray:" + action, "*"} }

// graph reads the service graph, and looks which services are in it.
func (c xrayChecks) graph(ctx context.Context) finding {
	in := &xray.GetServiceGraphInput{StartTime: aws.Time(time.Now().Add(-tracesBack)), EndTime: aws.Time(time.Now())}
	sends := map[string]bool{}
	for range maxGraphPages {
		page, err := c.client.GetServiceGraph(ctx, in)
		if err != nil {
			return awsTrouble(err, "X-Ray", c.need("GetServiceGraph"))
		}
		for _, s := range page.Services {
			for _, n := range append(s.Names, aws.ToString(s.Name)) {
				sends[n] = true
			}
		}
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	if len(sends) == 0 {
		return warning("it can be read, but nothing in "+c.region+" has sent a trace for an hour", say("Have the services send segments, or switch evidence.xray off."))
	}
	var silent []string
	all := c.services()
	for _, s := range all {
		names := s.XRay
		if len(names) == 0 {
			names = []string{s.Name}
		}
		if !slices.ContainsFunc(names, func(n string) bool { return sends[n] }) {
			silent = append(silent, s.Name)
		}
	}
	switch {
	case len(all) == 0:
		return passed("%s in it", incident.Count(len(sends), "node", "nodes"))
	case len(silent) == len(all):
		return warning("none of the services has a node in it: "+listOf(silent), say("Name in `xray:` of the service files what their segments are called."))
	case len(silent) > 0:
		return passed("%d of %d services have a node in it, not %s", len(all)-len(silent), len(all), strings.Join(silent[:min(len(silent), 5)], ", "))
	default:
		return passed("all %d services have a node in it", len(all))
	}
}

func (c xrayChecks) summaries(ctx context.Context) finding {
	_, err := c.client.GetTraceSummaries(ctx, &xray.GetTraceSummariesInput{
		StartTime: aws.Time(time.Now().Add(-time.Minute)), EndTime: aws.Time(time.Now()), FilterExpression: aws.String("fault = true"),
	})
	if err != nil {
		return awsTrouble(err, "X-Ray", c.need("GetTraceSummaries"))
	}
	return passed("can be read")
}

type cloudTrailChecks struct{ client *cloudtrail.Client }

// history looks one event up. An account and region has two lookups a second, so
// that being throttled says little.
func (c cloudTrailChecks) history(ctx context.Context) finding {
	_, err := c.client.LookupEvents(ctx, &cloudtrail.LookupEventsInput{
		StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now()), MaxResults: aws.Int32(1),
		LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: trailtypes.LookupAttributeKeyReadOnly, AttributeValue: aws.String("false")}},
	})
	if err != nil {
		return awsTrouble(err, "CloudTrail", right{"cloudtrail:LookupEvents", "*"})
	}
	return passed("can be looked up")
}
