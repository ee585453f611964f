package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// Template masks what changes from one line to the next: numbers and words
// with digits in them, quoted strings, values after "=", and long tokens such
// as keys and identifiers. Lines that say the same thing have the same
// template. The result is bounded to 40 words.
func Template(line string) string {
	line = maskQuoted(line)
	words := strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
	words = words[:min(len(words), 40)]
	for i, w := range words {
		if key, _, ok := strings.Cut(w, "="); ok && key != "" {
			words[i] = key + "=<*>"
			continue
		}
		if len(w) > 48 || strings.ContainsFunc(w, unicode.IsDigit) {
			words[i] = "<*>"
		}
	}
	return strings.Join(words, " ")
}

// maskQuoted replaces text between double quotes, and between single quotes
// that are no apostrophes.
func maskQuoted(line string) string {
	var b strings.Builder
	for line != "" {
		i := strings.IndexAny(line, `"'`)
		if i < 0 {
			break
		}
		quote := line[i : i+1]
		end := strings.Index(line[i+1:], quote)
		apostrophe := quote == "'" && i > 0 && line[i-1] != ' ' && line[i-1] != '=' && line[i-1] != '('
		if end < 0 || apostrophe {
			b.WriteString(line[:i+1])
			line = line[i+1:]
			continue
		}
		b.WriteString(line[:i] + "<*>")
		line = line[i+end+2:]
	}
	return b.String() + line
}

func templateHash(line string) string {
	return fmt.Sprintf("%016x", hashOf(Template(line)))
}

// template looks whether an error line says something new, once the group has
// been watched for a while.
func (l *logState) template(d *Detector, s telemetry.Signal, hash string) []incident.Anomaly {
	if l.New != nil && hash == l.NewHash {
		a := &l.New.Anomaly
		a.Count++
		a.Observed = float64(a.Count)
		if s.Time.After(a.LastSeen) {
			a.LastSeen = s.Time
		}
		if !l.New.grow(float64(a.Count), a.Severity, 10*time.Second) {
			return nil
		}
		return []incident.Anomaly{l.New.tell(d, incident.EpisodeGrowing, float64(a.Count))}
	}
	if _, known := l.Seen[hash]; known {
		l.Seen[hash] = later(l.Seen[hash], s.Time)
		return nil
	}
	if s.Time.Sub(l.Began) < warmTime || l.Lines < warmLines {
		l.know(hash, s.Time)
		return nil
	}
	f, ok := l.Fresh[hash]
	if !ok {
		if len(l.Fresh) >= maxFresh {
			l.dropStale(s.Time)
		}
		f = &fresh{First: s.Time}
		l.Fresh[hash] = f
	}
	f.Count++
	if s.Time.Sub(f.First) > freshTime {
		// Too seldom to be trouble; from now on it is known.
		l.know(hash, s.Time)
		return nil
	}
	// The shorter the group has been watched, the more must come: a line that
	// is written once a minute is news to whoever has listened for a minute.
	needed := float64(d.rules.Lines) * (1 + learnTime.Seconds()/s.Time.Sub(l.Began).Seconds())
	if float64(f.Count) < needed*l.feedback.factor(RuleLogNew, s.Time) || l.New != nil {
		return nil
	}
	l.know(hash, s.Time)
	service, _ := d.inv.Service(s.Service)
	l.NewHash = hash
	l.New = d.begin(incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindLog,
		// The template is part of the rule: several new ones in one group are
		// different anomalies even when they start in the same millisecond.
		Rule: RuleLogNew + "/" + hash, Series: s.Series, LogGroup: s.Log.Group,
		Severity: grade(service, true, d.rules.Tail*2, d.rules.Tail), Opened: f.First, LastSeen: s.Time, Count: f.Count,
		Observed: float64(f.Count), Reached: float64(f.Count) / needed, Unsure: s.Time.Sub(l.Began) < sureWindows*logWindow,
		Why: redact.Format("%d error lines in %s say something that was not said in the %s before", f.Count,
			redact.Name(s.Log.Group), f.First.Sub(l.Began).Round(time.Second)),
		Samples: []redact.Text{d.sample(s.Log.Message)},
	}, float64(f.Count))
	return []incident.Anomaly{l.New.Anomaly}
}

// know remembers a template, forgetting the one not seen for the longest time
// when there are too many.
func (l *logState) know(hash string, at time.Time) {
	delete(l.Fresh, hash)
	if _, known := l.Seen[hash]; !known && len(l.Seen) >= maxTemplates {
		oldest := ""
		for h, t := range l.Seen {
			if oldest == "" || t.Before(l.Seen[oldest]) || t.Equal(l.Seen[oldest]) && h < oldest {
				oldest = h
			}
		}
		delete(l.Seen, oldest)
	}
	l.Seen[hash] = later(l.Seen[hash], at)
}

// dropStale makes room for new templates: those whose time is over are known
// from now on, and if none is, the newest are given up.
func (l *logState) dropStale(now time.Time) {
	for _, hash := range sortedKeys(l.Fresh) {
		if now.Sub(l.Fresh[hash].First) > freshTime {
			l.know(hash, l.Fresh[hash].First)
		}
	}
	for _, hash := range sortedKeys(l.Fresh) {
		if len(l.Fresh) < maxFresh {
			return
		}
		delete(l.Fresh, hash)
	}
}

// sample keeps the latest error line of each of the two latest templates.
func (l *logState) sample(d *Detector, line, hash string) {
	if slices.Contains(l.Hashes, hash) {
		return
	}
	l.Hashes = append(l.Hashes, hash)
	l.Samples = append(l.Samples, d.sample(line))
	if len(l.Hashes) > 2 {
		l.Hashes, l.Samples = l.Hashes[1:], l.Samples[1:]
	}
}

func (l *logState) samples() []redact.Text { return slices.Clone(l.Samples) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// splitSeries takes a series' key apart: account, region and what follows the
// kind.
func splitSeries(key string) (account, region, what string) {
	parts := strings.SplitN(key, "/", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	return parts[0], parts[1], parts[3]
}
