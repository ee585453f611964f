package offline_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/bedrock/offline"
)

var lines = []string{
	"ERROR request failed with 500", "WARN slow answer from %s", "ERROR connection to %s refused", "INFO configuration of %s reloaded",
	"ERROR out of memory", "INFO request done", "FATAL disk full", "ERROR certificate of %s expired",
}

var changes = []string{"deployment of %s", "configuration change", "scaled to 3 tasks", "release 42 of %s rolled out"}

var roles = []incident.MetricRole{
	incident.RoleErrors, incident.RoleLatency, incident.RoleRequests, incident.RoleSaturation, incident.RoleHealth, "",
}

// world is a random case over the given names.
type world struct {
	caseOf
	head map[string]any
}

func randomWorld(r *rand.Rand) world {
	services := []string{"alpha", "bravo", "charlie"}[:1+r.IntN(3)]
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	text := func(of []string) string {
		s := pick(of)
		if strings.Contains(s, "%s") {
			s = fmt.Sprintf(s, pick(services))
		}
		return s
	}
	w := world{head: map[string]any{
		"service": "alpha", "severity": "sev2", "depends_on": services[1:min(2, len(services))],
		"anomalies": []incident.Anomaly{{ID: "a-1", Service: "alpha", Opened: onset}},
	}}
	for i := range r.IntN(14) {
		e := incident.Evidence{ID: fmt.Sprintf("ev-%02d", i), Service: pick(services), From: onset.Add(-10 * time.Minute), To: onset.Add(time.Minute)}
		switch r.IntN(5) {
		case 0:
			// Without a number of its own an alarm could not be told from another,
			// and the two would be cited in any order.
			e.Kind, e.Facts = incident.EvidenceAlarm, facts{incident.FactInAlarm: float64(r.IntN(2)), incident.FactThreshold: r.Float64()}
		case 1:
			e.Kind, e.Facts = incident.EvidenceChange, facts{incident.FactSecondsBefore: r.Float64()*900 - 60}
			e.Detail = redact.Name(text(changes))
		case 2:
			e.Kind = incident.EvidenceLogs
			e.Facts = facts{incident.FactCountBefore: float64(r.IntN(50)), incident.FactCountAfter: float64(r.IntN(300)), incident.FactShareAfter: r.Float64(), incident.FactNew: float64(r.IntN(2))}
			e.Samples = []redact.Text{redact.Name(text(lines))}
		default:
			e.Kind, e.Role = incident.EvidenceMetric, roles[r.IntN(len(roles))]
			e.Metric = &incident.MetricRef{Namespace: "Space", Name: fmt.Sprintf("Metric%d", i), Dimensions: map[string]string{"Service": e.Service}}
			e.Title = redact.Name(e.Metric.Name + " of " + e.Service)
			e.Facts = facts{incident.FactBefore: r.Float64(), incident.FactAfter: 10 * r.Float64(), incident.FactDeviations: 40*r.Float64() - 8, incident.FactSlope: 6 * r.Float64()}
		}
		w.evidence = append(w.evidence, e)
	}
	for i, fix := range []string{"errors after a configuration reload", "latency after a deployment", "memory growth", "errors that began without a deployment"} {
		for _, s := range services {
			w.runbooks = append(w.runbooks, incident.RunbookOption{Name: fmt.Sprintf("runbook-%d-%s", i, s), Service: s, Summary: "Mends " + s + ".", Fixes: []string{fix}})
		}
	}
	if r.IntN(3) == 0 {
		w.tried = []incident.Tried{{Runbook: w.runbooks[r.IntN(len(w.runbooks))].Name}}
	}
	return w
}

func (w world) respond(t *testing.T, r *rand.Rand, rename func(string) string) []offline.Hypothesis {
	t.Helper()
	evidence := append([]incident.Evidence(nil), w.evidence...)
	options := append([]incident.RunbookOption(nil), w.runbooks...)
	c := caseOf{evidence: evidence, runbooks: options, tried: w.tried}
	blocks := c.blocks(t)
	for i, b := range blocks {
		if strings.HasPrefix(b, "INCIDENT") {
			blocks[i] = block(t, "INCIDENT", w.head)
		}
		if r != nil && strings.HasPrefix(b, "RUNBOOKS") {
			r.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
			blocks[i] = block(t, "RUNBOOKS", options)
		}
	}
	if r != nil {
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	}
	for i := range blocks {
		blocks[i] = rename(blocks[i])
	}
	raw, err := offline.Respond(blocks, []byte(rename(string(c.schema(t)))))
	require.NoError(t, err)
	var a offline.Answer
	require.NoError(t, json.Unmarshal(raw, &a))
	return a.Hypotheses
}

// Renaming every service, metric and piece of evidence at random and shuffling
// everything gives the same diagnosis, renamed.
func TestRenamingChangesNothing(t *testing.T) {
	t.Parallel()
	explained := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := randomWorld(r)
		var pairs []string
		for i, n := range r.Perm(40) {
			fresh := fmt.Sprintf("zq%c%cx", 'a'+n%26, 'a'+n/26)
			switch {
			case i < 3:
				pairs = append(pairs, []string{"alpha", "bravo", "charlie"}[i], fresh)
			case i < 18:
				pairs = append(pairs, fmt.Sprintf("ev-%02d", i-3), "ev-"+fresh)
			case i < 34:
				pairs = append(pairs, fmt.Sprintf(`Metric%d"`, i-18), fresh+`"`)
			}
		}
		rename := strings.NewReplacer(pairs...).Replace
		plain := w.respond(t, nil, func(s string) string { return s })
		other := w.respond(t, r, rename)

		want, err := json.Marshal(plain)
		require.NoError(t, err)
		got, err := json.Marshal(other)
		require.NoError(t, err)
		require.JSONEq(t, rename(string(want)), string(got), "seed %d", seed)
		if plain[0].Runbook != offline.None {
			explained++
		}
	}
	require.Greater(t, explained, 50, "the cases are not all trivial")
}
