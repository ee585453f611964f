package offline

import (
	"fmt"
	"strings"

	"firebreak/internal/incident"
)

// numbers says the most telling numbers of a mechanism's evidence.
func numbers(p *profile, m mechanism) string {
	var parts []string
	for _, s := range p.citations(m) {
		if n := telling(s.evidence); n != "" && len(parts) < 3 {
			parts = append(parts, n)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func telling(e *incident.Evidence) string {
	f := e.Facts
	count, counted := f[incident.FactCountAfter]
	switch {
	case e.Kind == incident.EvidenceChange:
		return fmt.Sprintf("a change %.0f s before the onset", f[incident.FactSecondsBefore])
	case f[incident.FactNew] > 0:
		return fmt.Sprintf("a log pattern that was never seen before, %.0f times", count)
	case e.Kind == incident.EvidenceLogs:
		return fmt.Sprintf("a log pattern %.0f times, %.0f before", count, f[incident.FactCountBefore])
	case counted:
		return fmt.Sprintf("%.3g lines of a log pattern, at most %.3g expected", f[incident.FactAfter], f[incident.FactHigh])
	case e.Kind == incident.EvidenceAlarm || deviations(f) == 0:
		return ""
	}
	what := measured(e.Role)
	if before, ok := f[incident.FactBefore]; ok {
		return fmt.Sprintf("%s from %.3g to %.3g (%.1f deviations)", what, before, f[incident.FactAfter], deviations(f))
	}
	return fmt.Sprintf("%s at %.3g (%.1f deviations)", what, f[incident.FactAfter], deviations(f))
}

func measured(r incident.MetricRole) string {
	if r == "" {
		return "a series"
	}
	return string(r)
}

// reasoning says what spoke for the hypothesis and why this runbook.
func reasoning(cited []support, o chosen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pieces of evidence agree", len(cited))
	for i, s := range cited {
		if i == 4 {
			break
		}
		about := "it is in alarm"
		if s.concept != "" {
			about = "it speaks for " + string(s.concept)
		}
		fmt.Fprintf(&b, "; %s: %s with weight %.2f", s.evidence.ID, about, s.weight)
	}
	switch {
	case o.name != None:
		fmt.Fprintf(&b, ". Runbook %s is declared for %q, which fits by %.2f.", o.name, o.fixes, o.match)
	case o.failed:
		b.WriteString(". The runbook that fits was tried already.")
	default:
		b.WriteString(". No allowed runbook is declared for this.")
	}
	return b.String()
}
