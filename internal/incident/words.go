package incident

import (
	"fmt"
	"strings"
	"time"

	"firebreak/internal/redact"
)

// Words is the status as a sentence has it: "awaiting approval".
func (s Status) Words() redact.Text { return spaced(string(s)) }

// Words is the outcome as a sentence has it: "self healed".
func (o Outcome) Words() redact.Text { return spaced(string(o)) }

func spaced(s string) redact.Text { return redact.Name(strings.ReplaceAll(s, "_", " ")) }

// Count is a number with what it counts: "1 anomaly", "3 anomalies".
func Count(n int, one, many string) redact.Text {
	if n == 1 {
		return redact.Format("1 %s", redact.Name(one))
	}
	return redact.Format("%d %s", n, redact.Name(many))
}

// Span is a duration as people say it, in at most two units: "24 h",
// "1 min 30 s", "4.2 s". Below ten seconds it has a tenth, unless that is zero.
func Span(d time.Duration) redact.Text {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	if d < 10*time.Second {
		text := strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0")
		return redact.Name(sign + text + " s")
	}
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	var parts []string
	take := func(size time.Duration, name string) {
		if n := d / size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
			d %= size
		}
	}
	if d >= 48*time.Hour { // until then people count in hours
		take(24*time.Hour, "days")
	}
	take(time.Hour, "h")
	take(time.Minute, "min")
	take(time.Second, "s")
	return redact.Name(sign + strings.Join(parts[:min(len(parts), 2)], " "))
}

// Who is the person who decided, as people know them. The name goes unsigned
// beside the identity that was verified, so it only stands in for one that was.
func (a Accepted) Who() redact.Text {
	if a.Verified && a.Decision.Name != "" {
		return redact.Name(a.Decision.Name).Cut(80)
	}
	return redact.Name(a.Decision.Approver).Cut(80)
}
