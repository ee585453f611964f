//go:build e2e && unix

package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/interpose"
)

// killedIn is the specification: every activity of an incident, the incident in
// which it is reached, and the call by which it changes something outside. Each
// is struck by each of the strikes below, and whatever strikes, nothing is
// lost, nothing happens twice, and the incident reaches its end.
var killedIn = []killRow{
	{incident.ActivityPinCatalog, fixed, onlyReads},
	{incident.ActivityGatherEvidence, fixed, onlyReads},
	{incident.ActivityDiagnose, fixed, onlyReads},
	{incident.ActivityRankSuspects, withoutModel, onlyReads},
	{incident.ActivityCompilePlan, fixed, onlyReads},
	{incident.ActivityVerifyDecision, fixed, onlyReads},
	{incident.ActivityRecheck, fixed, onlyReads},
	{incident.ActivityPublishDocument, fixed, outside{"ssm", "CreateDocument"}},
	{incident.ActivityStartAutomation, fixed, outside{"ssm", "StartAutomationExecution"}},
	{incident.ActivityWatchAutomation, fixed, onlyReads},
	{incident.ActivityStopAutomation, cancelledUnwatched, outside{"ssm", "StopAutomationExecution"}},
	{incident.ActivityReadSymptom, fixed, onlyReads},
	{incident.ActivityVerifyRecovery, fixed, onlyReads},
	{incident.ActivityPostIncident, fixed, outside{"slack", "chat.postMessage"}},
	{incident.ActivityPostReply, fixed, outside{"slack", "chat.postMessage"}},
	{incident.ActivityAskApproval, fixed, outside{"slack", "chat.postMessage"}},
	{incident.ActivityCloseApproval, fixed, outside{"slack", "chat.update"}},
	{incident.ActivityOpenTicket, fixed, outside{"jira", "issue.create"}},
	{incident.ActivityCommentTicket, fixed, outside{"jira", "comments.add"}},
	{incident.ActivityTransitionTicket, fixed, outside{"jira", "transitions.do"}},
}

// strikes are what can happen to a try of an activity. Each happens once, to
// the first try.
var strikes = []struct {
	name string
	arm  func(k *killCase)
}{
	{"killed before the effect", func(k *killCase) {
		k.proxy.Arm(interpose.Strike{Activity: k.activity, Moment: interpose.Handed, Do: k.crew.kill, Fate: interpose.Lose})
	}},
	{"killed after the effect", func(k *killCase) {
		k.proxy.Arm(interpose.Strike{Activity: k.activity, Moment: interpose.Reported, Do: k.crew.kill, Fate: interpose.Lose})
	}},
	{"answer lost", func(k *killCase) {
		if k.writes == onlyReads {
			k.proxy.Arm(interpose.Strike{Activity: k.activity, Moment: interpose.Reported, Fate: interpose.LoseAnswer})
			return
		}
		k.proxy.Arm(interpose.Strike{Activity: k.activity, Moment: interpose.Handed, Fate: interpose.Deliver, Do: func() {
			k.world.Faults.Set(fault.Rule{Service: k.writes.service, Operation: k.writes.operation, Kind: fault.LoseResponse})
		}})
	}},
}

type killRow struct {
	activity string
	in       story
	writes   outside
}

// outside is a call that changes something outside, by the names that fault
// rules have for it.
type outside struct{ service, operation string }

// onlyReads is of an activity that changes nothing outside. The answer that it
// loses is Temporal's, to the report of its completion.
var onlyReads = outside{}

// atOnce is how many incidents are under way at the same time. Each waits most
// of the time: for a dead worker to be noticed, for the turn of a channel.
const atOnce = 8

// TestKilledAnywhere kills the worker, a process of its own, at every activity
// of an incident, before and after what it does, and loses every answer.
func TestKilledAnywhere(t *testing.T) {
	cases := killCases()
	w := startForKills(t, cases)
	began := time.Now()
	var running errgroup.Group
	running.SetLimit(atOnce)
	for _, k := range cases {
		running.Go(func() error {
			t.Run(k.activity+"/"+k.strike, func(t *testing.T) { w.play(t, k) })
			return nil
		})
	}
	_ = running.Wait() // failures are the subtests'
	t.Logf("%d incidents in %s, %d at once", w.played.Load(), time.Since(began).Round(time.Second), atOnce)
}

// killCases is the table multiplied out.
func killCases() []*killCase {
	var cases []*killCase
	for _, row := range killedIn {
		for _, s := range strikes {
			cases = append(cases, newKillCase(row, s.name, s.arm, len(cases)+1))
		}
	}
	return cases
}

// TestEveryActivityIsKilled fails when an activity was added and nobody thought
// of what happens to it when its worker dies.
func TestEveryActivityIsKilled(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../internal/incident/names.go", nil, 0)
	require.NoError(t, err)
	var declared, killed []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Activity") {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		declared = append(declared, name)
		return false
	})
	require.NotEmpty(t, declared)
	for _, row := range killedIn {
		killed = append(killed, row.activity)
	}
	require.ElementsMatch(t, declared, killed, "killedIn has to name every activity of internal/incident/names.go")
}
