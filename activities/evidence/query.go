package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// command is an aws command line that anyone can run again.
func command(region string, args ...string) string {
	if region != "" {
		args = append(args, "--region", region)
	}
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = shellQuote(a)
	}
	return "aws " + strings.Join(quoted, " ")
}

// shellQuote makes one word of a POSIX shell. Names come from service files and
// events: none may leave its quotes in somebody's terminal.
func shellQuote(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@+", r)
	})
	if plain {
		return s
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return "'" + strings.ReplaceAll(clean, "'", `'\''`) + "'"
}

func metricQuery(r incident.MetricRef, from, to time.Time, region string) string {
	var dims []string
	for _, k := range slices.Sorted(maps.Keys(r.Dimensions)) {
		dims = append(dims, fmt.Sprintf(`{"Name":%s,"Value":%s}`, strconv.Quote(k), strconv.Quote(r.Dimensions[k])))
	}
	query := fmt.Sprintf(`[{"Id":"m0","MetricStat":{"Metric":{"Namespace":%s,"MetricName":%s,"Dimensions":[%s]},"Period":%d,"Stat":%s}}]`,
		strconv.Quote(r.Namespace), strconv.Quote(r.Name), strings.Join(dims, ","), r.Period, strconv.Quote(r.Stat))
	return command(region, "cloudwatch", "get-metric-data", "--metric-data-queries", query, "--start-time", rfc(from), "--end-time", rfc(to))
}

func alarmQuery(name, region string) string {
	return command(region, "cloudwatch", "describe-alarms", "--alarm-names", name, "--alarm-types", "MetricAlarm", "CompositeAlarm")
}

// logQuery finds lines that have all the words.
func logQuery(group string, words []string, from, to time.Time, region string) string {
	args := []string{
		"logs", "filter-log-events", "--log-group-name", group,
		"--start-time", strconv.FormatInt(from.UnixMilli(), 10), "--end-time", strconv.FormatInt(to.UnixMilli(), 10),
	}
	if len(words) > 0 {
		args = append(args, "--filter-pattern", strings.Join(words, " "))
	}
	return command(region, args...)
}

// changeQuery finds a change again: calls to AWS are in CloudTrail, events of
// our own only on the stream.
func (a *Activities) changeQuery(c incident.Change, region string) string {
	source, _, _ := strings.Cut(c.Kind, "/")
	if service, ok := strings.CutPrefix(source, "aws."); ok {
		return command(region, "cloudtrail", "lookup-events",
			"--lookup-attributes", "AttributeKey=EventSource,AttributeValue="+service+".amazonaws.com",
			"--start-time", rfc(c.At.Add(-time.Minute)), "--end-time", rfc(c.At.Add(time.Minute)))
	}
	stream, at := shellQuote(a.opts.Stream), rfc(c.At.Add(-time.Second))
	where := ""
	if region != "" {
		where = " --region " + shellQuote(region)
	}
	return fmt.Sprintf(`for s in $(aws kinesis list-shards --stream-name %[1]s --query 'Shards[].ShardId' --output text%[3]s); do `+
		`aws kinesis get-records --limit 100 --shard-iterator "$(aws kinesis get-shard-iterator --stream-name %[1]s --shard-id "$s" `+
		`--shard-iterator-type AT_TIMESTAMP --timestamp %[2]s --query ShardIterator --output text%[3]s)"%[3]s; done`, stream, at, where)
}

func rfc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
