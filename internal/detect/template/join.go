package template

// generalise joins a new template with those it differs from in one word, when
// that word has turned out to be a value.
func (m *Miner[S]) generalise(t *Template[S]) *Template[S] { return t }

// Settle does the joins that are only certain at the end of an input. It may
// be called at any time.
func (m *Miner[S]) Settle() {}

// clean makes the words of a new pattern free that the redactor would change.
func (m *Miner[S]) clean(pattern string) (string, []uint16) { return pattern, nil }
