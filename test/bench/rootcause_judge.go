package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"firebreak/internal/rootcause"
)

// judged is a case with what came of it.
type judged struct {
	labelled
	rank    int // of the first right service, counted from 1; 0 when it is not listed
	scored  []scoredService
	outside float64
	took    time.Duration
}

// scoredService is a service with its score, the first time that it is listed.
type scoredService struct {
	score float64
	right bool
}

// judge ranks a case. Services count in the order of their first mention, as the
// scorer counts them.
func judge(c labelled) judged {
	begin := time.Now()
	ranking := rootcause.Rank(c.given)
	j := judged{labelled: c, outside: ranking.Outside, took: time.Since(begin)}
	seen := map[string]bool{}
	for _, s := range ranking.Suspects {
		if seen[s.Service] {
			continue
		}
		seen[s.Service] = true
		right := slices.Contains(c.services, s.Service)
		j.scored = append(j.scored, scoredService{s.Score, right})
		if right && j.rank == 0 {
			j.rank = len(j.scored)
		}
	}
	return j
}

// recall is the share of cases whose cause is among the first 1, 3 and 5, to four
// digits.
type recall [3]float64

func recallOf(cases []judged) recall {
	var r recall
	for i, top := range []int{1, 3, 5} {
		hits := 0
		for _, c := range cases {
			if c.rank > 0 && c.rank <= top {
				hits++
			}
		}
		r[i] = math.Round(float64(hits)/float64(len(cases))*1e4) / 1e4
	}
	return r
}

func (r recall) cells() []string {
	return []string{fmt.Sprintf("%.3f", r[0]), fmt.Sprintf("%.3f", r[1]), fmt.Sprintf("%.3f", r[2])}
}

// meanRecall of several recalls.
func meanRecall(all []recall) recall {
	var m recall
	for _, r := range all {
		for i := range m {
			m[i] += r[i] / float64(len(all))
		}
	}
	return m
}

// recallReport is what the scorer prints.
type recallReport struct {
	Total     recallGroup            `json:"total"`
	ByFault   map[string]recallGroup `json:"by_fault"`
	BySymptom map[string]recallGroup `json:"by_symptom"`
}

type recallGroup struct {
	Cases   int          `json:"cases"`
	Service recallScores `json:"service"`
}

type recallScores struct {
	Top1, Top3, Top5 float64
}

func (s recallScores) recall() recall { return recall{s.Top1, s.Top3, s.Top5} }
