package template

// makeRoom forgets templates until the limit is kept. The newest stays.
func (m *Miner[S]) makeRoom(newest *Template[S]) {
	for len(m.templates) > m.options.Limit {
		var victim *Template[S]
		for _, t := range m.templates {
			if t != newest && (victim == nil || t.Last.Before(victim.Last) || t.Last.Equal(victim.Last) && t.id < victim.id) {
				victim = t
			}
		}
		m.unlink(victim)
		m.stats.Evicted++
		if m.options.Gone != nil {
			m.options.Gone(victim)
		}
	}
}
