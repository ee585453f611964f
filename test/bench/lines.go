package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
	"firebreak/internal/telemetry"
)

const (
	linesARun   = 2_000_000 // about
	lineRate    = 1_000     // lines a second of event time
	distinct    = 100_000   // templates that are offered for the memory
	linesSettle = 3         // times that all lines are seen before repeated ones are measured
)

// linesBlock measures the engine on log lines, on one core: everything that it
// does with a line, mining and rates.
func linesBlock(ctx context.Context, o options) (string, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var text strings.Builder
	text.WriteString(machine())
	fmt.Fprintf(&text, " Middle one of %d runs of about %d lines each (cold: %d), in processor time, %d lines a second of event time.\n\n", speedRuns, linesARun, linesARun/10, lineRate)

	systems, err := logSystems(o.data)
	if err != nil {
		return "", err
	}
	var all lineLoad
	for _, s := range systems {
		raw, err := os.ReadFile(messagesOf(o.data, s))
		if err != nil {
			return "", fmt.Errorf("read the lines of %s: %w", s, err)
		}
		for line := range strings.Lines(string(raw)) {
			all = append(all, groupLine{s, strings.TrimRight(line, "\r\n")})
		}
	}
	if len(all) == 0 {
		fmt.Fprintf(&text, "Left out: %s.\n\n", missingLogs())
	} else {
		rows := [][]string{{fmt.Sprintf("the %d lines of %d systems, a log group each", len(all), len(systems)), "lines a second", "us a line", "allocations a line"}}
		for _, c := range []struct {
			what    string
			measure func(lineLoad) (took, allocations float64)
		}{
			{"cold: an engine that has seen nothing gets every line once", lineLoad.cold},
			{"repeated: an engine that knows the lines gets them again", lineLoad.repeated},
			{"repeated, and each line is taken apart first (format, level, fields)", lineLoad.parsed},
		} {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			took, allocations := c.measure(all)
			rows = append(rows, []string{c.what, fmt.Sprintf("%.0f", 1e9/took), fmt.Sprintf("%.2f", took/1e3), fmt.Sprintf("%.3f", allocations)})
		}
		text.WriteString(table(rows) + "\n")
	}
	size, err := differentLines(distinct).size()
	if err != nil {
		return "", err
	}
	text.WriteString(size)
	if busy := load(); busy != "" {
		text.WriteString("\n" + busy + "\n")
	}
	return text.String(), nil
}

// groupLine is one line of a log group.
type groupLine struct{ group, text string }

// lineLoad is a load for the engine.
type lineLoad []groupLine

// logPlayer plays a load over and over.
type logPlayer struct {
	inventory *incident.Inventory
	engine    *detect.Detector
	signals   []telemetry.Signal
	now       time.Time
	n         int
}

func (l lineLoad) start() *logPlayer {
	p := &logPlayer{}
	var services []incident.Service
	known := map[string]bool{}
	for _, line := range l {
		if !known[line.group] {
			known[line.group] = true
			services = append(services, incident.Service{Name: line.group, Severity: incident.Sev3, LogGroups: []string{line.group}})
		}
		s := telemetry.Signal{
			Kind: telemetry.KindLog, Service: line.group, Account: "123456789012", Region: "eu-central-1",
			Series: telemetry.SeriesKey("123456789012", "eu-central-1", telemetry.KindLog, line.group),
			Log:    &telemetry.LogLine{Group: line.group, Stream: "bench", Message: line.text},
		}
		s.Log.Read()
		p.signals = append(p.signals, s)
	}
	p.inventory = incident.NewInventory(services)
	p.forget()
	return p
}

// forget begins anew with an engine that has seen nothing.
func (p *logPlayer) forget() {
	p.engine = detect.New(detect.Options{Inventory: p.inventory, Redactor: rules.Default()})
	p.now, p.n = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), 0
}

// round plays every line once, with a watermark now and then.
func (p *logPlayer) round(parse bool) {
	for i := range p.signals {
		s := p.signals[i]
		if parse {
			s.Log.Read()
		}
		s.Time, s.Arrival = p.now, p.now
		p.engine.Observe(s)
		p.now = p.now.Add(time.Second / lineRate)
		if p.n++; p.n%batch == 0 {
			p.engine.Advance(p.now.Add(-2 * time.Second))
		}
	}
}

// cold measures engines that have seen nothing.
func (l lineLoad) cold() (took, allocations float64) {
	p := l.start()
	return medians(func(watch func(work func())) int {
		rounds := max(linesARun/10/len(l), 1)
		for range rounds {
			p.forget()
			runtime.GC() // what the one before left
			watch(func() { p.round(false) })
		}
		return rounds * len(l)
	})
}

// repeated measures an engine that knows the lines.
func (l lineLoad) repeated() (took, allocations float64) { return l.again(false) }

// parsed is repeated with the reading of the line.
func (l lineLoad) parsed() (took, allocations float64) { return l.again(true) }

func (l lineLoad) again(parse bool) (took, allocations float64) {
	p := l.start()
	for range linesSettle {
		p.round(false)
	}
	return medians(func(watch func(work func())) int {
		rounds := max(linesARun/len(l), 1)
		watch(func() {
			for range rounds {
				p.round(parse)
			}
		})
		return rounds * len(l)
	})
}

// differentLines are lines of which no two have the same words, and that hold
// nothing that is a value by its looks.
func differentLines(n int) lineLoad {
	r := rand.New(rand.NewPCG(3, 5))
	words := make([]string, 3_000)
	for i := range words {
		words[i] = syllables(r)
	}
	seen := map[string]bool{}
	lines := make(lineLoad, 0, n)
	for len(lines) < n {
		line := make([]string, 4+r.IntN(9))
		for i := range line {
			line[i] = words[r.IntN(len(words))]
		}
		if text := strings.Join(line, " "); !seen[text] {
			seen[text] = true
			lines = append(lines, groupLine{"different", text})
		}
	}
	return lines
}

func syllables(r *rand.Rand) string {
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteByte("bdfgklmnprstvz"[r.IntN(14)])
		b.WriteByte("aeiou"[r.IntN(5)])
	}
	return b.String()
}

// size tells what an engine weighs that was offered all of a load's templates.
func (l lineLoad) size() (string, error) {
	p := l.start()
	before := inUse()
	began := cpuTime()
	p.round(false)
	took := cpuTime() - began
	heap := int64(inUse()) - int64(before)
	snapshot, err := p.engine.Snapshot()
	if err != nil {
		return "", fmt.Errorf("take a snapshot: %w", err)
	}
	runtime.KeepAlive(p)
	const mib = 1 << 20
	return table([][]string{
		{fmt.Sprintf("%d lines of as many templates, in one log group", len(l)), ""},
		{"heap of the engine afterwards", fmt.Sprintf("%.1f MiB", float64(heap)/mib)},
		{"snapshot", fmt.Sprintf("%.1f MiB", float64(len(snapshot))/mib)},
		{"lines a second meanwhile", fmt.Sprintf("%.0f", float64(len(l))/took.Seconds())},
	}), nil
}
