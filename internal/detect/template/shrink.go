package template

// Shrink forgets the least interesting templates until at most so many are left,
// once: the limit of the options stays. It returns how many went.
func (m *Miner[S]) Shrink(limit int) int64 {
	usual, before := m.options.Limit, m.stats.Evicted
	m.options.Limit = max(1, min(limit, usual))
	m.makeRoom(nil)
	m.options.Limit = usual
	return m.stats.Evicted - before
}
