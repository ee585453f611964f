package detect

import (
	"fmt"

	"firebreak/internal/detect/logs"
)

// The templates of a log group are too many for one record. They follow in parts,
// each under the key of the group's series.

// templatePart is some of the templates of a group.
type templatePart struct {
	Part  int        `json:"part"` // from 0
	Parts int        `json:"parts"`
	Saved logs.Saved `json:"saved"`
}

// templateSection is the templates of all groups.
type templateSection struct {
	of *state
}

// write adds records in the order of the groups' keys.
func (t templateSection) write(w *snapshotWriter) error {
	for _, key := range sortedKeys(t.of.Logs) {
		parts := t.of.Logs[key].Group.Save(typicalPart)
		for i, saved := range parts {
			if err := w.record(recordTemplates, key, templatePart{i, len(parts), saved}); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordTemplates is the letter of these records, and typicalPart about how many
// bytes one has.
const (
	recordTemplates = 't'
	typicalPart     = 128 << 10
)

// read keeps a part until all of a snapshot is there.
func (t templateSection) read(key string, raw []byte, _ int) error {
	var p templatePart
	if err := decodeRecord(raw, &p); err != nil {
		return err
	}
	have := t.of.parts[key]
	switch {
	case p.Part == 0:
		t.of.parts[key] = append(have, p)
	case len(have) == 0 || have[len(have)-1].Part != p.Part-1 || have[len(have)-1].Parts != p.Parts:
		return fmt.Errorf("%w: part %d of %d of templates, without the one before it", errBroken, p.Part, p.Parts)
	default:
		last := &have[len(have)-1]
		last.Part = p.Part
		last.Saved.Add(p.Saved)
	}
	return nil
}

// equipLogs gives the groups of a union of snapshots their templates.
func (d *Detector) equipLogs(s *state) error {
	for key, l := range s.Logs {
		d.equip(l)
		var saved []logs.Saved
		for _, p := range s.parts[key] {
			if p.Part != p.Parts-1 {
				return fmt.Errorf("series %q: %w: %d of %d parts of templates", key, errBroken, p.Part+1, p.Parts)
			}
			saved = append(saved, p.Saved)
		}
		if err := l.Group.Load(saved...); err != nil {
			return fmt.Errorf("series %q: %w", key, err)
		}
	}
	s.parts = nil
	return nil
}

// equip makes a group ready, also one that was read back.
func (d *Detector) equip(l *logState) {
	if l.Group == nil {
		l.Group = logs.New(groupTemplates, d.redactor)
		return
	}
	l.Group.Use(groupTemplates, d.redactor)
}

// groupTemplates is how many templates a group has at most.
const groupTemplates = 2000
