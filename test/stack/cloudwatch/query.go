package cloudwatch

import (
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

const maxQueries = 500

var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// query is a checked MetricDataQuery: a metric's statistic or an expression.
type query struct {
	types.MetricDataQuery
	stat       statistic
	expression *expression
	returned   bool
}

// queries are checked and in an order in which every expression comes after
// what it is made of.
type queries []*query

func parseQueries(in []types.MetricDataQuery) (queries, error) {
	if len(in) < 1 || len(in) > maxQueries {
		return nil, invalid("There are 1 to %d queries, not %d.", maxQueries, len(in))
	}
	byID := map[string]*query{}
	var all queries
	for _, d := range in {
		q, err := parseQuery(d)
		if err != nil {
			return nil, err
		}
		if byID[*d.Id] != nil {
			return nil, invalid("The query id %s comes twice.", *d.Id)
		}
		byID[*d.Id] = q
		all = append(all, q)
	}
	// Depth first; a query that is still being visited depends on itself.
	var ordered queries
	state := map[*query]int{}
	var visit func(q *query) error
	visit = func(q *query) error {
		if state[q] == 1 {
			return invalid("The expression of query %s depends on itself.", *q.Id)
		}
		if state[q] == 2 {
			return nil
		}
		state[q] = 1
		if q.expression != nil {
			for _, id := range q.expression.ids {
				if byID[id] == nil {
					return invalid("The expression of query %s refers to %s, which is no query.", *q.Id, id)
				}
				if err := visit(byID[id]); err != nil {
					return err
				}
			}
		}
		state[q] = 2
		ordered = append(ordered, q)
		return nil
	}
	for _, q := range all {
		if err := visit(q); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

func parseQuery(d types.MetricDataQuery) (*query, error) {
	if !queryID.MatchString(aws.ToString(d.Id)) {
		return nil, invalid("The value %q for a query's Id is invalid: it begins with a small letter.", aws.ToString(d.Id))
	}
	q := &query{MetricDataQuery: d, returned: d.ReturnData == nil || *d.ReturnData}
	if (d.MetricStat == nil) == (d.Expression == nil) {
		return nil, combination("The query %s needs exactly one of MetricStat and Expression.", *d.Id)
	}
	if d.Expression != nil {
		e, err := parseExpression(*d.Expression)
		if err != nil {
			return nil, invalid("Error in expression '%s' [%s]: it %s.", *d.Id, *d.Expression, err)
		}
		if len(e.ids) == 0 {
			return nil, invalid("The expression of query %s must have a time series.", *d.Id)
		}
		q.expression = &e
		return q, nil
	}
	m := d.MetricStat
	if m.Metric == nil || aws.ToString(m.Metric.Namespace) == "" || aws.ToString(m.Metric.MetricName) == "" || m.Period == nil {
		return nil, &types.MissingRequiredParameterException{Message: aws.String("The query " + *d.Id + " needs a Metric with Namespace and MetricName, and a Period.")}
	}
	if err := checkPeriod(*m.Period); err != nil {
		return nil, err
	}
	var err error
	q.stat, err = parseStatistic(aws.ToString(m.Stat))
	return q, err
}

// run answers all queries; the caller holds the lock.
func (s *Service) run(qs queries, start, end time.Time) map[string]values {
	results := map[string]values{}
	for _, q := range qs {
		if q.expression != nil {
			results[*q.Id] = q.expression.eval(func(id string) values { return results[id] }).series
			continue
		}
		found := values{}
		m := q.MetricStat
		for _, p := range s.aggregate(*m.Metric, m.Unit, start, end, int64(*m.Period)) {
			if v, ok := q.stat(p.bucket); ok {
				found[p.at.Unix()] = v
			}
		}
		results[*q.Id] = found
	}
	return results
}
