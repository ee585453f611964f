//go:build peers

package peers

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var reportFile = flag.String("report", "", "write the table of the run to this file")

func TestMain(m *testing.M) {
	flag.Parse()
	began := time.Now()
	status := m.Run()
	text := results.text(began)
	fmt.Print(text)
	if *reportFile != "" {
		if err := os.WriteFile(*reportFile, []byte(text), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "write the report:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// results are what all tests of the run found.
var results book

type book struct {
	mu   sync.Mutex
	rows []*row
}

// row is one peer in one part: a client of ours, or a server that answers the
// cases as ours does.
type row struct {
	peer, version, part          string
	passed, theirs, failed, left int
	absent                       string // why the peer was left out altogether
	notes                        []string
}

func (b *book) add(peer, version, part string) *row {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &row{peer: peer, version: version, part: part}
	b.rows = append(b.rows, r)
	return r
}

// note keeps a remark once.
func (r *row) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}

// leftOut says that a peer is not here and how many cases that leaves out.
func (r *row) leftOut(t *testing.T, cases int, reason string) {
	t.Helper()
	r.absent, r.left, r.notes = reason, cases, nil
	t.Logf("left out: %s: %s", r.peer, reason)
}

// difference is what a peer does otherwise than AWS.
type difference struct {
	why  string // what it does, and who says that AWS does not
	seen string // what the case's failure says, so that no other failure passes for this one
}

// check runs the cases with a client against a server. A case that differs must
// go on failing: once it passes, the difference has to be taken off the list.
func (r *row) check(t *testing.T, cases []testCase, client caller, s *server, differs map[string]difference) {
	t.Helper()
	for name := range differs {
		require.True(t, slices.ContainsFunc(cases, func(c testCase) bool { return c.key() == name }), "a difference names case %q, which there is not", name)
	}
	for _, c := range cases {
		if missing := slices.DeleteFunc(slices.Clone(c.needs), func(n string) bool { return slices.Contains(s.features, n) }); len(missing) > 0 {
			r.left++
			r.note("%s: left out, %s has not %s", c.key(), s.name, strings.Join(missing, ", "))
			continue
		}
		t.Run(c.key(), func(t *testing.T) {
			problems := try(t.Context(), c, client, s)
			known, listed := differs[c.key()]
			seen := strings.Contains(strings.Join(problems, "\n"), known.seen)
			switch {
			case len(problems) == 0 && !listed:
				r.passed++
			case len(problems) > 0 && listed && seen:
				r.theirs++
				r.note("%s: %s", c.key(), known.why)
				t.Logf("differs as known (%s): %s", known.why, strings.Join(problems, "\n"))
			case len(problems) == 0:
				r.failed++
				t.Errorf("no longer differs from what AWS does: take it off the list of differences (%s)", known.why)
			default:
				r.failed++
				t.Error(strings.Join(problems, "\n"))
			}
		})
	}
}

// key is the case's name with its API.
func (c testCase) key() string { return c.api + ": " + c.name }

// one runs a single test of its own within a row.
func (r *row) one(t *testing.T, name string, run func(t *testing.T)) {
	t.Helper()
	if t.Run(name, run) {
		r.passed++
	} else {
		r.failed++
	}
}

// text is the table in Markdown, with the differences and reasons below it.
func (b *book) text(began time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := slices.SortedStableFunc(slices.Values(b.rows), func(x, y *row) int { return cmp.Or(cmp.Compare(x.peer, y.peer), cmp.Compare(x.part, y.part)) })
	var out strings.Builder
	fmt.Fprintf(&out, "Run of %s, %d seconds.\n\n", began.UTC().Format("2006-01-02 15:04 UTC"), int(time.Since(began).Seconds()))
	out.WriteString("| peer | version | as | passed | differs | failed | left out |\n|---|---|---|---:|---:|---:|---:|\n")
	for _, r := range rows {
		fmt.Fprintf(&out, "| %s | %s | %s | %d | %d | %d | %d |\n", r.peer, cmp.Or(r.version, "-"), r.part, r.passed, r.theirs, r.failed, r.left)
	}
	out.WriteString("\nDifferences that are theirs, and what was left out:\n\n")
	for _, r := range rows {
		if r.absent != "" {
			fmt.Fprintf(&out, "- %s, %s: not here: %s\n", r.peer, r.part, r.absent)
		}
		for _, n := range r.notes {
			fmt.Fprintf(&out, "- %s, %s: %s\n", r.peer, r.part, n)
		}
	}
	return out.String()
}
