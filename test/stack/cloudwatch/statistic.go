package cloudwatch

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// statistic takes one number out of a period; it is false where there is none.
type statistic func(b *bucket) (float64, bool)

// parseStatistic knows Average, Sum, Minimum, Maximum, SampleCount and
// percentiles from p0 to p100 with up to ten decimal places.
func parseStatistic(name string) (statistic, error) {
	switch types.Statistic(name) {
	case types.StatisticAverage:
		return func(b *bucket) (float64, bool) { return b.sum / b.count, true }, nil
	case types.StatisticSum:
		return func(b *bucket) (float64, bool) { return b.sum, true }, nil
	case types.StatisticMinimum:
		return func(b *bucket) (float64, bool) { return b.min, true }, nil
	case types.StatisticMaximum:
		return func(b *bucket) (float64, bool) { return b.max, true }, nil
	case types.StatisticSampleCount:
		return func(b *bucket) (float64, bool) { return b.count, true }, nil
	}
	number, ok := strings.CutPrefix(strings.ToLower(name), "p")
	p, err := strconv.ParseFloat(number, 64)
	if _, decimals, _ := strings.Cut(number, "."); !ok || err != nil || !(p >= 0 && p <= 100) || len(decimals) > 10 {
		return nil, invalid("The value %s for parameter Stat is invalid: it is a statistic or a percentile such as p99.9.", name)
	}
	return func(b *bucket) (float64, bool) { return b.percentile(p) }, nil
}

// checkPeriod refuses what is neither a high-resolution period nor a multiple
// of a minute, in seconds.
func checkPeriod(period int32) error {
	switch {
	case period == 1, period == 5, period == 10, period == 20, period == 30:
		return nil
	case period > 0 && period%60 == 0 && period <= 86400*7:
		return nil
	default:
		return invalid("The period %d is invalid: it is 1, 5, 10, 20, 30 or a multiple of 60 seconds.", period)
	}
}
