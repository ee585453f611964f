package rules

import (
	"strings"
	"sync"
)

// action looks at a word that was found, from and to in the text.
type action func(c *scan, from, to int)

// table is every word that a rule begins at, and what is done there.
type table struct {
	words *words
	list  []string
	does  [][]action
	at    map[string]int32
}

// on adds an action to a word in lower case.
func (t *table) on(word string, do action) {
	word = strings.ToLower(word)
	id, known := t.at[word]
	if !known {
		id = int32(len(t.list))
		t.at[word], t.list, t.does = id, append(t.list, word), append(t.does, nil)
	}
	t.does[id] = append(t.does[id], do)
}

// vocabulary is the table of the shipped rules. It is made once, when the first
// text is redacted.
var vocabulary = sync.OnceValue(func() *table {
	t := &table{at: map[string]int32{}}
	t.keyedFields()
	t.headers()
	t.tokens()
	t.commands()
	t.personal()
	t.libraryRules()
	t.words = newWords(t.list)
	return t
})
