package main

// part is something of the detector that can be left out or be done otherwise.
type part struct {
	name  string
	edits []edit
}

const (
	modelFile    = "internal/detect/series/model.go"
	tailFile     = "internal/detect/series/tail.go"
	decideFile   = "internal/detect/series/decide.go"
	shapeFile    = "internal/detect/series/shape.go"
	evidenceFile = "internal/detect/evidence.go"
)

// without leaves channels out: a condition on c, the channel.
func without(name, condition string) part {
	return part{name, []edit{{file: modelFile, old: "if ready[c] {", new: "if ready[c] && " + condition + " {"}}}
}

// instead is a part of one edit.
func instead(name, file, old, new string) part {
	return part{name, []edit{{file: file, old: old, new: new}}}
}

// parts of the detector. What a part's edits say is tested against the sources.
func parts() []part {
	var all []part
	for _, channel := range []string{"Step", "Swing", "Level", "Shift", "Stuck", "Hour", "Day", "Shape", "Drift", "Stairs", "Band"} {
		all = append(all, without("channel "+channel, "c != "+channel))
	}
	const (
		evidence = "m.Evidence = m.Total.add(m.Sum+m.Use, evidenceMemory)"
		units    = "units = m.Tails[c].add(raw[c], channelMemory)"
		sum      = "m.Sum += max(units-usualUnits, 0)"
		told     = "since > evidencePoints || since > evidenceLeast && at.Sub(e.Told) > evidenceQuiet"
	)
	return append(all,
		without("all daily channels: Hour, Day, Band", "c != Hour && c != Day && c != Band"),
		without("all level channels: Swing, Level, Shift", "c != Swing && c != Level && c != Shift"),
		without("all of longer stretches: Stuck, Day, Shape, Drift, Stairs, Band", "(c <= Shift || c == Hour)"),
		without("all but Step, Swing, Level, Shift", "c <= Shift"),

		// How channels become units.
		instead("cap of a channel's units (1,000 for 14)", modelFile, "limit: 14}", "limit: 1000}"),
		instead("channels in mean deviations, not tail units", modelFile, units, `t := &m.Tails[c]
			if t.Spread > 0 {
				units = max(0, min(channelMemory.limit, (raw[c]-t.Quantile)/t.Spread))
			}
			follow(&t.Spread, math.Abs(raw[c]-t.Quantile), n, 1/channelMemory.rate)
			follow(&t.Quantile, raw[c], n, 1/channelMemory.rate)`),
		instead("channels' tails forget excess as quickly as the quantile", modelFile, "rate: 0.006, excess: 0.0003", "rate: 0.006, excess: 0.006"),
		instead("mean exceedance without its prior", tailFile, "prior = 20.0", "prior = 0.001"),
		part{"bounds on one score in a tail", []edit{
			{file: tailFile, old: "apart = min(apart, clipDistance*t.Spread)", new: "apart = min(apart, 1e9*t.Spread)"},
			{file: tailFile, old: "over = min(over, clipExcess*t.Excess)", new: "over = min(over, 1e9*t.Excess)"},
		}},
		instead("squashing of residuals", modelFile, "return y / (1 + math.Abs(y)/2)", "return max(-1e6, min(1e6, y))"),
		part{"bounds on one point in level and spread", []edit{
			{file: modelFile, old: "residual = max(-clipLevel*m.Spread, min(clipLevel*m.Spread, residual))", new: ""},
			{file: modelFile, old: "apart = min(apart, clipSpread*m.Spread)", new: ""},
		}},
		instead("learning of shapes after the first 24", shapeFile, "p[j] += shapeRate * (s.Latest[j] - p[j])", "p[j] += 0 * shapeRate * (s.Latest[j] - p[j])"),

		// How units become evidence.
		instead("usual units taken off", modelFile, sum, "m.Sum += units"),
		instead("2-norm of the channels for their sum", modelFile, sum, "m.Sum = math.Hypot(m.Sum, max(units-usualUnits, 0))"),
		instead("the strongest channel for the sum", modelFile, sum, "m.Sum = max(m.Sum, units-usualUnits)"),
		instead("mean of the evidence over the latest points", modelFile, evidence, "m.Evidence = m.Total.add(m.Sum, evidenceMemory)"),
		instead("a running mean for the final tail, 2.5 to a unit", modelFile, evidence, `m.Evidence = (m.Sum + m.Use) / max(m.Total.Quantile, 0.1) / 2.5
	follow(&m.Total.Quantile, m.Sum+m.Use, n, 1000)
	m.Total.Spread = 0.01`),
		instead("no final tail: 8 of the sum to a unit", modelFile, evidence, `m.Evidence = (m.Sum + m.Use) / 8
	m.Total.Spread = 0.01`),
		instead("a slow final quantile (rate 0.006 for 0.05)", modelFile, "rate: 0.05, excess: 0.0045", "rate: 0.006, excess: 0.0045"),
		instead("final tail forgets excess as quickly as the quantile", modelFile, "rate: 0.05, excess: 0.0045", "rate: 0.05, excess: 0.05"),
		instead("final tail hardly forgets excess", modelFile, "rate: 0.05, excess: 0.0045", "rate: 0.05, excess: 0.0003"),

		// How evidence becomes an alert.
		instead("logarithm in the bar (its value at 1,000 points)", decideFile, "barSlope*math.Log(points/barPoints)", "0*barSlope*math.Log(points/barPoints)"),
		instead("bar by the horizon, in points, where it is longer than the history", decideFile, "max(min(n, barLimit), horizon)", "max(min(n, barLimit), 0*horizon)"),
		instead("higher bar for a young series", decideFile, "(1 + barYoung/max(n, 1))", "(1 + 0*barYoung/max(n, 1))"),
		instead("greatest bar", evidenceFile, "*model.Bar(points), model.Most())", "*model.Bar(points), max(1e9, model.Most()))"),
		instead("quiet for 30 points, however long they are", evidenceFile, told, "since > evidencePoints"),
		instead("quiet for 20 points, however long they are", evidenceFile, told, "since > 20"),
		instead("quiet for 90 points, however long they are", evidenceFile, told, "since > 90"),
		instead("quiet period", evidenceFile, told, "since > 0"),
		instead("habit", evidenceFile, "rules.Evidence*m.Signs.habit(m.Last, rules.Horizon)*model.Bar(points)", "rules.Evidence*model.Bar(points)"),
		instead("hysteresis", evidenceFile, "if strong < 0.5 && m.Out == 0 {", "if strong < 1 && m.Out == 0 {"),
	)
}
