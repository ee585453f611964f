package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/config"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// maxStates bounds how many incidents are asked for an anomaly that was typed.
const maxStates = 100

func newFalseAlarmCommand(open opener) *cobra.Command {
	var f feedbackFlags
	var only []string
	cmd := &cobra.Command{
		Use:   "false-alarm ID",
		Short: "Say that an incident, or one anomaly of it, was no trouble",
		Long: "false-alarm raises the threshold of every series in which the incident's anomalies were found, as far as they\n" +
			"are judged by a threshold of Firebreak's own. Alarms are judged by CloudWatch: change the alarm there.\n\n" +
			"ID is an incident or an anomaly (a-...). " + whatID,
		Example: "  starter feedback false-alarm inc-4f --note \"the nightly import\"\n" +
			"  starter feedback false-alarm inc-4f --anomaly a-90 --as ana@example.com",
		Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.fill(); err != nil {
				return err
			}
			cfg, err := f.read("account", "region", "stream.name")
			if err != nil {
				return err
			}
			out, err := falseAlarm(cmd, open, cfg, args[0], only)
			if err != nil {
				return err
			}
			return f.send(cmd, cfg, out)
		},
	}
	f.worker.flags(cmd)
	f.personFlags(cmd)
	cmd.Flags().StringSliceVar(&only, "anomaly", nil, "only these anomalies of the incident, by the beginning of their ids")
	return cmd
}

// falseAlarm finds what is to be said of an incident or an anomaly.
func falseAlarm(cmd *cobra.Command, open opener, cfg config.Config, typed string, only []string) (sentFeedback, error) {
	out := sentFeedback{Verdict: telemetry.FalseAlarm}
	c, err := open(cmd)
	if err != nil {
		return out, err
	}
	defer c.Close()
	var st incident.State
	if strings.HasPrefix(typed, "a-") {
		only = append(only, typed)
		st, err = incidentOf(cmd.Context(), c, typed)
	} else {
		var found summary
		if found, err = find(cmd.Context(), c, typed, true); err == nil {
			st, err = c.State(cmd.Context(), ref{found.WorkflowID, found.RunID})
		}
	}
	if err != nil {
		return out, err
	}
	out.IncidentID = st.ID
	if st.Origin != incident.OriginLive {
		return out, fmt.Errorf("incident %s is a %s: what is said of it would move the thresholds of live operation", st.ID, st.Origin)
	}
	for _, a := range st.Anomalies {
		if len(only) > 0 && !slices.ContainsFunc(only, func(id string) bool { return strings.HasPrefix(a.ID, id) }) {
			continue
		}
		if a.Account != cfg.Account || a.Region != cfg.Region {
			return out, fmt.Errorf("incident %s is of account %s in %s, but the configuration is of %s in %s: use that of its worker",
				st.ID, a.Account, a.Region, cfg.Account, cfg.Region)
		}
		out.add(a)
	}
	switch {
	case len(out.Said) > 0:
		return out, nil
	case len(out.Unmoved) == 0:
		return out, fmt.Errorf("incident %s has no anomaly that begins with %s; see `incidents show %s --json`", st.ID, strings.Join(only, " or "), st.ID)
	default:
		return out, fmt.Errorf("nothing of incident %s has a threshold that feedback moves: %s, %s", st.ID, out.Unmoved[0].Name, out.Unmoved[0].Reason)
	}
}

// add takes every series in which an anomaly was seen.
func (o *sentFeedback) add(a incident.Anomaly) {
	for _, w := range a.Sightings() {
		name := sightingName(a, w.Metric)
		if !detect.IsAdjustable(w.Rule) {
			reason := "it is trouble by itself and has no threshold"
			if a.Kind == incident.KindAlarm {
				reason = "CloudWatch judges it: change the alarm's threshold there"
			}
			o.Unmoved = append(o.Unmoved, unmoved{name, w.Rule, reason})
			continue
		}
		id := incident.AnomalyID(w.Rule, w.Series, w.Opened)
		if !slices.ContainsFunc(o.Said, func(s saidFeedback) bool { return s.Anomaly == id }) {
			o.Said = append(o.Said, saidFeedback{Series: w.Series, Rule: w.Rule, Name: name, Anomaly: id, At: w.Opened, Reached: w.Reached})
		}
	}
}

// sightingName is what people call the series of an anomaly.
func sightingName(a incident.Anomaly, metric *incident.MetricRef) string {
	switch {
	case a.Kind == incident.KindAlarm:
		return "alarm " + a.Alarm
	case a.LogGroup != "":
		return "log group " + a.LogGroup
	case metric != nil:
		return metric.Name + " of " + a.Service
	default:
		return a.Series
	}
}

// incidentOf looks through the latest incidents for an anomaly.
func incidentOf(ctx context.Context, c incidentClient, anomaly string) (incident.State, error) {
	all, err := c.List(ctx, filter{Closed: true, Origin: incident.OriginLive}, maxStates)
	if err != nil {
		return incident.State{}, err
	}
	// Most incidents have the name of their first anomaly.
	first := incident.IDFromAnomaly(anomaly)
	slices.SortStableFunc(all, func(a, b summary) int {
		switch {
		case a.ID == first && b.ID != first:
			return -1
		case b.ID == first && a.ID != first:
			return 1
		}
		return 0
	})
	silent := 0
	var found []incident.State
	for _, s := range all {
		st, err := c.State(ctx, ref{s.WorkflowID, s.RunID})
		if err != nil {
			if ctx.Err() != nil {
				return incident.State{}, err
			}
			silent++
			continue
		}
		if i := slices.IndexFunc(st.Anomalies, func(a incident.Anomaly) bool { return strings.HasPrefix(a.ID, anomaly) }); i >= 0 {
			if st.Anomalies[i].ID == anomaly {
				return st, nil
			}
			found = append(found, st)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return incident.State{}, usagef("%q fits anomalies of %s and %s, type more of it", anomaly, found[0].ID, found[1].ID)
	case silent > 0:
		return incident.State{}, fmt.Errorf("no anomaly whose id begins with %q in the latest incidents, of which %d could not be asked", anomaly, silent)
	default:
		return incident.State{}, fmt.Errorf("no anomaly whose id begins with %q in the latest %d incidents; name its incident", anomaly, len(all))
	}
}
