package template

// Shrink forgets the least interesting templates until at most so many are left,
// once: the limit of the options stays. It returns how many went.
func (m *Miner[S]) Shrink(limit int) int64 {
	before := m.stats.Evicted
	m.makeRoom(nil, max(1, min(limit, m.options.Limit)))
	return m.stats.Evicted - before
}
