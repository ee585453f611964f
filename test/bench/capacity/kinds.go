package capacity

// Kinds lists every kind: first what reaches its limit, then what must stay
// silent.
func Kinds() []Kind {
	return []Kind{
		{Name: "fast leak", Reaches: true, make: leaks(60, 150)},                     // flat, then to the limit in 60 to 150 points, then restarted
		{Name: "leak", Reaches: true, make: leaks(150, 900)},                         // the same in 150 to 900 points
		{Name: "slow leak", Reaches: true, make: leaks(900, 3000)},                   // the same in 900 to 3,000 points
		{Name: "leak under a collector", Reaches: true, make: leakUnderCollector},    // a leak with a garbage collector's sawtooth on top
		{Name: "queue that nobody works off", Reaches: true, make: stuckConsumer},    // linear with noise, after bursts that were worked off
		{Name: "disk that fills steadily", Reaches: true, make: slowDisk},            // by the same every day, over the whole series
		{Name: "disk that is not cleaned any more", Reaches: true, make: notCleaned}, // cleaned every night for half of the days, then not
		{Name: "days that grow", Reaches: true, make: growingDays},                   // a daily swing whose peaks reach the limit in the end
		{Name: "quota of a busy hour", Reaches: true, make: busyQuota},               // used up over every hour; one hour in six is too busy
		{Name: "jumps", Reaches: true, Sudden: true, make: jumps},                    // over the limit from one point to the next
		{Name: "collector", make: collector},                                         // a sawtooth that ends 4 to 20 % below the limit
		{Name: "days", make: daily},                                                  // a daily swing, no two days alike
		{Name: "disk that is cleaned nightly", make: cleaned},                        // fills over the day
		{Name: "queue with bursts", make: bursts},                                    // builds up to at most 55 % and is worked off
		{Name: "walk", make: walk},                                                   // by chance up and down, at most 3 % below the limit
		{Name: "steps", make: steps},                                                 // levels that change at once, below 90 %
		{Name: "quota", make: quota},                                                 // used up over every hour to at most 92 %
		{Name: "cache", make: cache},                                                 // fills ever slower after each start
	}
}
