package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

// doctorReport is the JSON document of doctor.
type doctorReport struct {
	OK       bool      `json:"ok"` // nothing failed
	Deep     bool      `json:"deep"`
	Passed   int       `json:"passed"`
	Warnings int       `json:"warnings"`
	Failed   int       `json:"failed"`
	Skipped  int       `json:"skipped"`
	Checks   []finding `json:"checks"`
}

func newReport(deep bool) *doctorReport {
	return &doctorReport{OK: true, Deep: deep, Checks: []finding{}}
}

func (r *doctorReport) add(findings []finding) {
	for _, f := range findings {
		switch f.Result {
		case verdictOK:
			r.Passed++
		case verdictWarning:
			r.Warnings++
		case verdictFailed:
			r.Failed++
			r.OK = false
		case verdictSkipped:
			r.Skipped++
		}
	}
	r.Checks = append(r.Checks, findings...)
}

// Columns of the table, in runes.
const (
	doctorWidth  = 80
	verdictWidth = 8
	nameWidth    = 20
	detailIndent = 2 + verdictWidth + 1 + nameWidth + 1
	adviceIndent = 2 + verdictWidth + 1
)

// doctorPrinter writes the table, a system as soon as it is through, or the
// JSON document at the end.
type doctorPrinter struct {
	cmd *cobra.Command
	err error // of the first write that failed
}

func newDoctorPrinter(cmd *cobra.Command) *doctorPrinter { return &doctorPrinter{cmd: cmd} }

func (p *doctorPrinter) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.cmd.OutOrStdout(), format, args...)
	}
}

func (p *doctorPrinter) system(findings []finding) {
	if len(findings) == 0 || wantsJSON(p.cmd) {
		return
	}
	p.printf("%s\n", findings[0].System)
	unasked := 0
	for _, f := range findings {
		if f.unasked {
			unasked++
			continue
		}
		p.finding(f)
	}
	if unasked > 0 {
		f := findings[len(findings)-1]
		f.Check = fmt.Sprintf("%d more", unasked)
		p.finding(f)
	}
}

func (p *doctorPrinter) finding(f finding) {
	lines := wrap(safe(f.Detail), doctorWidth-detailIndent)
	if len(lines) == 0 {
		lines = []string{""}
	}
	name := safe(f.Check)
	if len([]rune(name)) > nameWidth { // a key of the configuration may be longer
		p.printf("  %-*s %s\n", verdictWidth, f.Result, name)
	} else {
		p.printf("  %-*s %-*s %s\n", verdictWidth, f.Result, nameWidth, name, lines[0])
		lines = lines[1:]
	}
	for _, l := range lines {
		p.printf("%*s%s\n", detailIndent, "", l)
	}
	for _, a := range f.Advice {
		for i, l := range wrap(safe(a.Text), doctorWidth-adviceIndent-2) {
			mark := "> "
			if i > 0 {
				mark = "  "
			}
			p.printf("%*s%s%s\n", adviceIndent, "", mark, l)
		}
		for _, l := range shellLines(safe(a.Command), doctorWidth-adviceIndent-4) {
			p.printf("%*s%s\n", adviceIndent+4, "", l)
		}
		if a.Line != "" {
			p.printf("%*s%s\n", adviceIndent+4, "", safe(a.Line))
		}
	}
}

// shellLines breaks a command at spaces into lines that a shell joins again.
func shellLines(command string, width int) []string {
	lines := wrap(command, width-2)
	for i := range len(lines) - 1 {
		lines[i] += ` \`
	}
	return lines
}

// end writes the sum, or the document.
func (p *doctorPrinter) end(r *doctorReport) error {
	if wantsJSON(p.cmd) {
		return printJSON(p.cmd.OutOrStdout(), r)
	}
	p.printf("\n%d ok, %s, %d failed, %d skipped. Nothing was changed.\n", r.Passed, incident.Count(r.Warnings, "warning", "warnings"), r.Failed, r.Skipped)
	if p.err != nil {
		return fmt.Errorf("print the checks: %w", p.err)
	}
	return nil
}

// listOf joins names for a sentence, cut after a few.
func listOf(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
