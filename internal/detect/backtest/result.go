package backtest

import (
	"math"
	"slices"
	"time"
)

// Result is what a back-test found in one series.
type Result struct {
	Service   string     `json:"service"`
	Metric    string     `json:"metric"`
	Limit     float64    `json:"limit"`
	Points    int        `json:"points"`
	Late      int        `json:"late"` // values that were not newer than the last
	First     time.Time  `json:"first,omitzero"`
	Last      time.Time  `json:"last,omitzero"`
	Crossings []Crossing `json:"crossings"`
	Forecasts []Forecast `json:"forecasts"`
}

// Summary is what results say in numbers. Times are seconds; what is a middle of
// nothing is absent.
type Summary struct {
	Series    int     `json:"series"`
	Points    int     `json:"points"`
	Weeks     float64 `json:"weeks"`     // of all series together
	Crossings int     `json:"crossings"` // without repeated ones
	Foreseen  int     `json:"foreseen"`
	Repeated  int     `json:"repeated"`

	LeadMedian *float64 `json:"lead_median_seconds,omitempty"` // of the foreseen ones
	LeadLeast  *float64 `json:"lead_least_seconds,omitempty"`
	// ErrorMedian is how far the told time was from the real one, as a share of
	// the real one; Within counts the true forecasts whose soonest and latest time
	// the real one lay between.
	ErrorMedian *float64 `json:"error_median_share,omitempty"`
	Within      int      `json:"within"`

	Forecasts int      `json:"forecasts"`
	True      int      `json:"true"`
	False     int      `json:"false"`
	Undecided int      `json:"undecided"`
	PerWeek   *float64 `json:"forecasts_per_week,omitempty"` // and series
	FalseWeek *float64 `json:"false_per_week,omitempty"`     // and series
}

const week = 7 * 24 * time.Hour

// Summarise puts results of any number of series together.
func Summarise(results ...Result) Summary {
	s := Summary{Series: len(results)}
	var leads, errs []float64
	for _, r := range results {
		s.Points += r.Points
		s.Weeks += float64(r.Last.Sub(r.First)) / float64(week)
		for _, c := range r.Crossings {
			switch c.Outcome {
			case Repeated:
				s.Repeated++
				continue
			case Foreseen:
				s.Foreseen++
				leads = append(leads, c.Lead)
			}
			s.Crossings++
		}
		for _, f := range r.Forecasts {
			s.Forecasts++
			switch f.Outcome {
			case True:
				s.True++
				took := f.Reached.Sub(f.Told).Seconds()
				errs = append(errs, math.Abs(f.Seconds-took)/took)
				if f.Soonest <= took && took <= f.Latest {
					s.Within++
				}
			case False:
				s.False++
			default:
				s.Undecided++
			}
		}
	}
	s.LeadMedian, s.ErrorMedian = median(leads), median(errs)
	if len(leads) > 0 {
		least := slices.Min(leads)
		s.LeadLeast = &least
	}
	if s.Weeks > 0 {
		all, wrong := float64(s.Forecasts)/s.Weeks, float64(s.False)/s.Weeks
		s.PerWeek, s.FalseWeek = &all, &wrong
	}
	return s
}

func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	m := values[len(values)/2]
	if len(values)%2 == 0 {
		m = (values[len(values)/2-1] + m) / 2
	}
	return &m
}
