// Package cases makes up applications, breaks them, and writes down what their
// monitoring would have shown: cases for root-cause ranking whose answer is
// known. Everything follows from a seed.
//
// An application is a graph of services, databases, caches and queues. Load that
// swings with the day enters at one or two of them and flows along the calls;
// latency adds up along those that are waited for, errors travel up with
// retries and timeouts, what is refused never reaches the callees, pools fill,
// queues grow. A fault changes one service's own behaviour and nothing else:
// whatever shows elsewhere got there through the calls. Formulas are textbook
// ones (a queue's wait by its utilisation, Little's law for requests in flight)
// and claim no more than that causes and effects stand in a plausible relation.
package cases

import (
	"time"

	"firebreak/internal/rootcause"
)

// Set is which metrics an application's monitoring has.
type Set string

// Sets.
const (
	Requests Set = "requests" // latency, requests and errors as of a load balancer or traces, points of 5 minutes
	Pods     Set = "pods"     // processor, memory, network, disk and restarts, points of a minute; no latency
	Both     Set = "both"     // both of them, points of a minute
	Nameless Set = "nameless" // as Both, but the metrics' names say nothing
)

// Sets lists all sets.
func Sets() []Set { return []Set{Requests, Pods, Both, Nameless} }

// Fault is what goes wrong.
type Fault string

// Faults in one service of the application.
const (
	CPUHog        Fault = "cpu hog"
	MemoryLeak    Fault = "memory leak"
	SlowDisk      Fault = "slow disk"
	FullDisk      Fault = "full disk"
	NetworkDelay  Fault = "network delay"
	PacketLoss    Fault = "packet loss"
	Exception     Fault = "exception"
	ThirdParty    Fault = "third party" // that a service calls; in the graph without metrics, or not at all
	BadChange     Fault = "bad change"
	Lock          Fault = "database lock"
	CrashLoop     Fault = "crash loop"
	NoResolution  Fault = "names do not resolve" // for what one service calls
	PartialOutage Fault = "partial outage"       // most replicas of a service are gone
)

// Faults whose cause is none of the application's services.
const (
	Surge     Fault = "traffic surge"       // more requests than ever arrive at the entry
	LostUsers Fault = "users stay away"     // fewer than ever do
	Platform  Fault = "platform slow"       // everything slows down at one moment
	ClientEnd Fault = "only clients see it" // nothing moves in the application
)

// Faults lists what has its cause in the application.
func Faults() []Fault {
	return []Fault{CPUHog, MemoryLeak, SlowDisk, FullDisk, NetworkDelay, PacketLoss, Exception, ThirdParty, BadChange, Lock, CrashLoop, NoResolution, PartialOutage}
}

// OutsideFaults lists what has its cause elsewhere.
func OutsideFaults() []Fault { return []Fault{Surge, LostUsers, Platform, ClientEnd} }

// Case is one broken application.
type Case struct {
	Name string // letters, digits and dashes
	Truth
	rootcause.Case
}

// Truth is what really happened.
type Truth struct {
	Set      Set
	Fault    Fault
	Services []string // any of them is right; none when the cause is outside
	Metrics  []string // in which the fault shows by itself; none where there is no such
	Outside  bool
	Onset    time.Time
}
