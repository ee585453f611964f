package template

// What makes templates one is weighed in points. Each value that was seen in
// the place of a word adds some, by what it looks like; the fewer words the
// templates share besides, the more are needed.
const (
	gainWord  = 1 // a word as in prose
	gainName  = 2 // a name by its shape: file.go, some_table, NodeManager
	gainPart  = 3 // a name part of which is certainly a value: node-<*>
	gainField = 4 // what stands after "="
	gainValue = 5 // certainly a value
)

// looks weighs a word of a pattern that stands after a separator.
func looks(word string, after byte) int {
	name, lower, upper := false, false, false
	for i := range len(word) {
		switch c := word[i]; {
		case c == mark:
			return max(gainPart, 1)
		case c >= 'a' && c <= 'z' || c >= 0x80:
			lower = true
		case c >= 'A' && c <= 'Z':
			upper = true
			if lower {
				name = true // a capital inside
			}
		case i > 0 && i < len(word)-1 && (c == '.' || c == '_' || c == '$' || c == '/' || c == '\\'):
			name = true
		}
	}
	switch {
	case after == '=':
		return gainField
	case name && (lower || !upper):
		return gainName
	}
	return gainWord
}

// enough tells whether the values seen in one place outweigh the doubt that
// these are different statements: it falls with the words that they share.
func enough(gain, shared int, first bool) bool {
	if shared == 0 {
		return false
	}
	if first {
		// Most statements begin with a word of their own.
		gain /= 2
	}
	return (gain-4)*shared >= 12
}

// said tells whether a word is one that somebody wrote into the statement:
// it has a letter in it and no value.
func said(word string) bool {
	has := false
	for i := range len(word) {
		if word[i] == mark {
			return false
		}
		has = has || isLetter(word[i])
	}
	return has
}

// stem is the hash of a word without its digits; own is its own hash.
func digitless(word string) (string, bool) {
	n := 0
	for i := range len(word) {
		if isDigit(word[i]) {
			n++
		}
	}
	if n == 0 || n == len(word) {
		return word, false
	}
	out := make([]byte, 0, len(word))
	for i := range len(word) {
		if !isDigit(word[i]) {
			out = append(out, word[i])
		}
	}
	return string(out), true
}
