package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"firebreak/test/faultsim/cases"
)

// Made-up cases of the table. No rule or constant of the ranking was chosen on
// their seed.
const (
	madeSeed    = 77_000
	madeInside  = 13 * 4 * 10 // ten of every fault and set
	madeOutside = 4 * 4 * 10
	madeSturdy  = 13 * 4 * 2
)

// made is what came of made-up cases.
type made struct {
	judged []judged // of causes inside and outside
	sets   []cases.Set
	sigma  []judged // the same by a plain method
	sturdy [][]string
}

func madeUp(ctx context.Context) (made, error) {
	var m made
	var inside []labelled
	for _, c := range append(cases.Several(madeSeed, madeInside, cases.Faults()), cases.Several(madeSeed, madeOutside, cases.OutsideFaults())...) {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		l := labelled{name: c.Name, fault: string(c.Fault), services: c.Services, given: c.Case}
		m.judged = append(m.judged, judge(l))
		m.sets = append(m.sets, c.Set)
		m.sigma = append(m.sigma, judgeSigma(l))
		if !c.Outside && len(inside) < madeSturdy {
			inside = append(inside, l)
		}
	}
	var err error
	m.sturdy, _, err = sturdiness(ctx, inside, true)
	return m, err
}

// judgeSigma ranks by how many deviations the worst metric of a service is out.
func judgeSigma(c labelled) judged {
	worst := map[string]float64{}
	for _, s := range c.given.Series {
		var sum, squares, n float64
		for _, p := range s.Points {
			if p.At.Before(c.given.Symptom.Start) {
				sum, squares, n = sum+p.Value, squares+p.Value*p.Value, n+1
			}
		}
		if n < 2 {
			continue
		}
		mean := sum / n
		spread := math.Sqrt(max(squares/n-mean*mean, 0)) + 1e-9*math.Abs(mean) + 1e-9
		for _, p := range s.Points {
			if !p.At.Before(c.given.Symptom.Start) {
				worst[s.Service] = max(worst[s.Service], math.Abs(p.Value-mean)/spread)
			}
		}
	}
	names := servicesOf(c.given)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(worst[b], worst[a]) })
	j := judged{labelled: c}
	for i, name := range names {
		if slices.Contains(c.services, name) {
			j.rank = i + 1
			break
		}
	}
	return j
}

// tables of made-up cases.
func (m made) tables() string {
	var text strings.Builder
	head := []string{"made-up faults", "cases", "top-1", "top-3", "top-5", "n sigma of every metric: top-1", "top-3"}
	rows := [][]string{head}
	add := func(name string, keep func(i int) bool) {
		var ours, plain []judged
		for i, j := range m.judged {
			if len(j.services) > 0 && keep(i) {
				ours, plain = append(ours, j), append(plain, m.sigma[i])
			}
		}
		sigma := recallOf(plain).cells()
		rows = append(rows, append(append([]string{name, fmt.Sprint(len(ours))}, recallOf(ours).cells()...), sigma[0], sigma[1]))
	}
	add("**all**", func(int) bool { return true })
	for _, set := range cases.Sets() {
		add("metrics: "+string(set), func(i int) bool { return m.sets[i] == set })
	}
	for _, fault := range cases.Faults() {
		add(string(fault), func(i int) bool { return m.judged[i].fault == string(fault) })
	}
	text.WriteString(table(rows))
	fmt.Fprintf(&text, "\nWith something wrong, the first %d of them:\n\n%s", madeSturdy, table(append([][]string{{"made-up faults", "top-1", "top-3", "top-5"}}, m.sturdy...)))
	text.WriteString("\n" + m.outsideTable() + "\n")
	return text.String()
}

// outsideTable says whether causes elsewhere are told from those inside.
func (m made) outsideTable() string {
	rows := [][]string{{"cause", "cases", "outside: middle", "lowest tenth", "highest tenth", "first suspect's score: middle"}}
	add := func(name string, keep func(j judged) bool) {
		var outside, first []float64
		for _, j := range m.judged {
			if !keep(j) {
				continue
			}
			outside = append(outside, j.outside)
			score := 0.0
			if len(j.scored) > 0 {
				score = j.scored[0].score
			}
			first = append(first, score)
		}
		rows = append(rows, []string{name, fmt.Sprint(len(outside)), digits(quantile(outside, 0.5)), digits(quantile(outside, 0.1)), digits(quantile(outside, 0.9)), digits(quantile(first, 0.5))})
	}
	add("inside", func(j judged) bool { return len(j.services) > 0 })
	for _, f := range cases.OutsideFaults() {
		add("outside: "+string(f), func(j judged) bool { return j.fault == string(f) })
	}
	return table(rows)
}

func digits(v float64) string { return fmt.Sprintf("%.2f", v) }

// quantile of values, NaN when there are none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	return v[int(math.Round(q*float64(len(v)-1)))]
}

// buckets of scores, by their upper ends.
var buckets = []float64{0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0000001}

// calibrationTable compares scores with how often they were right.
func calibrationTable(recorded, made []judged) string {
	rows := [][]string{{"score", "recorded: suspects", "mean score", "right", "made up: suspects", "mean score", "right"}}
	low := 0.0
	for _, high := range buckets {
		row := []string{fmt.Sprintf("%.2f to %.2f", low, min(high, 1))}
		for _, group := range [][]judged{recorded, made} {
			row = append(row, bucketCells(group, low, high)...)
		}
		rows = append(rows, row)
		low = high
	}
	return "\nScores as probabilities, all suspects of all cases, recorded ones with both histories:\n\n" + table(rows)
}

func bucketCells(group []judged, low, high float64) []string {
	n, right, sum := 0, 0, 0.0
	for _, j := range group {
		for _, s := range j.scored {
			if s.score < low || s.score >= high {
				continue
			}
			n, sum = n+1, sum+s.score
			if s.right {
				right++
			}
		}
	}
	if n == 0 {
		return []string{"0", "-", "-"}
	}
	return []string{fmt.Sprint(n), digits(sum / float64(n)), digits(float64(right) / float64(n))}
}
