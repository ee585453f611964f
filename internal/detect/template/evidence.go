package template

import "strings"

// What makes templates one is weighed in points. Each value that was seen in
// the place of a word adds some, by what it looks like; the fewer words the
// templates share besides, the more are needed.
const (
	gainWord   = 2  // a word as in prose
	gainName   = 4  // another name by its shape: some_table, NodeManager
	gainDotted = 6  // a name with dots in it: svchost.exe, mail.example.com, shop.tasks.send
	gainPart   = 6  // a name part of which is certainly a value: node-<*>
	gainQuoted = 6  // alone in quotes
	gainOf     = 6  // after a word that announces the name of somebody or of a machine: user, host
	gainField  = 8  // what stands after "="
	gainNone   = 8  // says that there is no value
	gainValue  = 10 // certainly a value

	doubt = 8  // that is to be outweighed anyhow
	share = 12 // over the number of words they share, is to be outweighed besides
)

// gain weighs word i.
func (p *parsed) gain(i int) int {
	w := p.word(i)
	switch {
	case p.field(i):
		return gainField
	case isNone(w):
		return gainNone
	case p.quoted(i):
		return gainQuoted
	}
	if i > 0 && announces(p.word(i-1)) && p.pattern[p.words[i-1].to:p.words[i].from] == " " {
		return max(gainOf, looks(w))
	}
	g := looks(w)
	if i == 0 && g <= gainName {
		// Most statements begin with a word of their own.
		g /= 2
	}
	return g
}

// announces tells the words after which somebody, or a machine, is named.
func announces(word string) bool {
	switch word {
	case "user", "User", "username", "account", "login", "host", "Host", "hostname":
		return true
	}
	return false
}

// looks weighs a word by the way it is written.
func looks(word string) int {
	name, lower, upper := false, false, false
	for i := range len(word) {
		switch c := word[i]; {
		case c == mark:
			return gainPart
		case c >= 'a' && c <= 'z' || c >= 0x80:
			lower = true
		case c >= 'A' && c <= 'Z':
			upper = true
			name = name || lower // a capital inside
		case i > 0 && i < len(word)-1 && (c == '.' || c == '_' || c == '$' || c == '/' || c == '\\'):
			name = true
		}
	}
	if name && strings.IndexByte(word, '.') > 0 {
		return gainDotted
	}
	// Words in capitals with underscores are states, of which there are few.
	if name && (lower || !upper) {
		return gainName
	}
	return gainWord
}

// isNone tells the ways to write that there is no value.
func isNone(word string) bool {
	switch word {
	case "", "-", "null", "NULL", "nil", "None", "undefined", "NaN", "nan", "N/A", "n/a":
		return true
	}
	return false
}

// enough tells whether the values seen in one place outweigh the doubt that
// these are different statements: it falls with the words that they share.
func enough(gain, shared int) bool { return (gain-doubt)*shared >= share }

// said tells whether a word is one that somebody wrote into the statement: it
// has a letter in it and no value, but for a version after a slash.
func said(word string) bool {
	has, slashed := false, false
	for i := range len(word) {
		if word[i] == mark && !slashed {
			return false
		}
		slashed = slashed || word[i] == '/'
		has = has || isLetter(word[i])
	}
	return has
}

// said counts the words that somebody wrote into the statement.
func (p *parsed) said() int {
	n := 0
	for i := range p.words {
		if said(p.word(i)) {
			n++
		}
	}
	return n
}

// digitless gives a word without its digits, if it has any.
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
