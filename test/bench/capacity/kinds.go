package capacity

// Kinds lists every kind: first what reaches its limit, then what must stay
// silent.
func Kinds() []Kind {
	return []Kind{
		{Name: "fast leak", What: "flat, then to the limit in 60 to 150 points, then restarted", Reaches: true, make: leaks(60, 150)},
		{Name: "leak", What: "the same in 150 to 900 points", Reaches: true, make: leaks(150, 900)},
		{Name: "slow leak", What: "the same in 900 to 3,000 points", Reaches: true, make: leaks(900, 3000)},
		{Name: "leak under a collector", What: "a leak with a garbage collector's sawtooth on top", Reaches: true, make: leakUnderCollector},
		{Name: "queue that nobody works off", What: "linear with noise, after bursts that were worked off", Reaches: true, make: stuckConsumer},
		{Name: "disk that fills steadily", What: "by the same every day, over the whole series", Reaches: true, make: slowDisk},
		{Name: "disk that is not cleaned any more", What: "cleaned every night for half of the days, then not", Reaches: true, make: notCleaned},
		{Name: "days that grow", What: "a daily swing whose peaks reach the limit in the end", Reaches: true, make: growingDays},
		{Name: "quota of a busy hour", What: "used up over every hour; one hour in six is too busy", Reaches: true, make: busyQuota},
		{Name: "jumps", What: "over the limit from one point to the next", Reaches: true, Sudden: true, make: jumps},
		{Name: "collector", What: "a sawtooth that ends 4 to 20 % below the limit", make: collector},
		{Name: "days", What: "a daily swing, no two days alike", make: daily},
		{Name: "disk that is cleaned nightly", What: "fills over the day", make: cleaned},
		{Name: "queue with bursts", What: "builds up to at most 55 % and is worked off", make: bursts},
		{Name: "walk", What: "by chance up and down, at most 3 % below the limit", make: walk},
		{Name: "steps", What: "levels that change at once, below 90 %", make: steps},
		{Name: "quota", What: "used up over every hour to at most 92 %", make: quota},
		{Name: "cache", What: "fills ever slower after each start", make: cache},
	}
}
