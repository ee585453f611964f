package evidence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"firebreak/internal/incident"
)

// Limits of GetMetricData.
const (
	maxQueries     = 500     // MetricDataQueries of one call
	maxMetricPages = 20      // pages that are followed, each of at most 100,800 datapoints
	maxDatapoints  = 100_800 // of one page
)

// Retention of CloudWatch metrics by age: datapoints below a minute are kept
// for 3 hours, of 1 minute for 15 days, of 5 minutes for 63 days, of an hour for
// 455 days. Older data can only be read in the longer period.
var retention = []struct {
	age    time.Duration
	period int // seconds
}{
	{3 * time.Hour, 1},
	{15 * 24 * time.Hour, 60},
	{63 * 24 * time.Hour, 300},
}

// periodAt is the period in seconds, at least the wanted one, in which data
// that begins at from can still be read.
func periodAt(wanted int, from, now time.Time) int {
	shortest := 3600
	for _, r := range retention {
		// A margin, since the data grows older while it is asked for.
		if now.Sub(from) < r.age-time.Minute {
			shortest = r.period
			break
		}
	}
	if wanted <= shortest {
		return shortest
	}
	return (wanted + shortest - 1) / shortest * shortest
}

// pastFrom is where to begin reading n series of a period in seconds, so that
// their history is as long as is cheap, and no longer than it is kept in that
// period.
func pastFrom(period, n int, q *question) time.Time {
	points := max(leastPoints, min(historyPoints, manyPoints/max(n, 1)))
	past := q.until.Add(-min(longestPast, time.Duration(points*period)*time.Second))
	for _, r := range slices.Backward(retention) {
		if r.period <= period && period < 3600 {
			if kept := q.now.Add(-r.age + 2*time.Minute); past.Before(kept) {
				past = kept
			}
			break
		}
	}
	if past.After(q.from) {
		past = q.from
	}
	return past
}

// read fetches series between two times, points in order of time. A series
// without data is an empty slice; one that could not be read fails all.
func (a *Activities) read(ctx context.Context, refs []incident.MetricRef, from, to time.Time) ([][]point, error) {
	points, failed, err := a.readEach(ctx, refs, from, to)
	return points, errors.Join(append(failed, err)...)
}

// readEach is read where a series may fail by itself: failed has an error or nil
// for each, err is about all of them.
func (a *Activities) readEach(ctx context.Context, refs []incident.MetricRef, from, to time.Time) (out [][]point, failed []error, err error) {
	out, failed = make([][]point, len(refs)), make([]error, len(refs))
	if len(refs) > maxQueries {
		return nil, nil, fmt.Errorf("%d series are too many for one question, at most %d", len(refs), maxQueries)
	}
	longest := 1
	queries := make([]types.MetricDataQuery, len(refs))
	for i, r := range refs {
		longest = max(longest, r.Period)
		queries[i] = types.MetricDataQuery{Id: aws.String("m" + strconv.Itoa(i)), MetricStat: metricStat(r), ReturnData: aws.Bool(true)}
	}
	// Aligned to the period, so that the first datapoint is a whole one.
	from = from.Truncate(time.Duration(longest) * time.Second)
	in := &cloudwatch.GetMetricDataInput{
		StartTime: &from, EndTime: &to, MetricDataQueries: queries,
		ScanBy: types.ScanByTimestampAscending, MaxDatapoints: aws.Int32(maxDatapoints),
	}
	for range maxMetricPages {
		page, err := a.opts.Metrics.GetMetricData(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range page.MetricDataResults {
			i, bad := strconv.Atoi(strings.TrimPrefix(aws.ToString(r.Id), "m"))
			if bad != nil || i < 0 || i >= len(out) {
				continue
			}
			for j := range min(len(r.Timestamps), len(r.Values)) {
				out[i] = append(out[i], point{r.Timestamps[j].UTC(), r.Values[j]})
			}
			// PartialData only says that more follows on the next page. The latest
			// page has the last word: an error may be mended by it.
			failed[i] = unread[r.StatusCode]
		}
		if aws.ToString(page.NextToken) == "" {
			for _, points := range out {
				slices.SortFunc(points, func(x, y point) int { return x.at.Compare(y.at) })
			}
			return out, failed, nil
		}
		in.NextToken = page.NextToken
	}
	return nil, nil, fmt.Errorf("GetMetricData has more than %d pages", maxMetricPages)
}

// unread are the failures that GetMetricData reports of single series.
var unread = map[types.StatusCode]error{
	types.StatusCodeInternalError: &smithy.GenericAPIError{Code: string(types.StatusCodeInternalError), Message: "CloudWatch could not read the series", Fault: smithy.FaultServer},
	types.StatusCodeForbidden:     &smithy.GenericAPIError{Code: "AccessDenied", Message: "CloudWatch may not show the series", Fault: smithy.FaultClient},
}

func metricStat(r incident.MetricRef) *types.MetricStat {
	stat := &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(r.Namespace), MetricName: aws.String(r.Name)},
		Period: aws.Int32(int32(r.Period)), Stat: aws.String(r.Stat),
	}
	for _, k := range slices.Sorted(maps.Keys(r.Dimensions)) {
		stat.Metric.Dimensions = append(stat.Metric.Dimensions, types.Dimension{Name: aws.String(k), Value: aws.String(r.Dimensions[k])})
	}
	return stat
}
