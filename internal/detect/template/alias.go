package template

import (
	"cmp"
	"maps"
	"slices"
)

// aliasShare is how many ids are remembered for every template that may be
// kept. Ids are handed out to others, who ask for them later; what has not been
// asked for until so many others came is not remembered for ever.
const aliasShare = 4

// aliases lead from the ids of templates that became part of others to those.
type aliases struct {
	into  map[ID]alias
	limit int
	made  int64 // how many ever were
}

type alias struct {
	into ID
	made int64 // a number that is higher for a later one
}

func newAliases(limit int) aliases { return aliases{into: map[ID]alias{}, limit: limit} }

// add makes an id lead to another. When there are too many, an eighth of them
// goes, the oldest first.
func (a *aliases) add(from, into ID) {
	a.made++
	a.into[from] = alias{into, a.made}
	if len(a.into) <= a.limit {
		return
	}
	for _, id := range a.oldest()[:1+len(a.into)/8] {
		delete(a.into, id)
	}
}

// oldest are the ids in the order in which they became aliases.
func (a *aliases) oldest() []ID {
	return slices.SortedFunc(maps.Keys(a.into), func(x, y ID) int {
		return cmp.Or(cmp.Compare(a.into[x].made, a.into[y].made), cmp.Compare(x, y))
	})
}

// remove forgets an id, because there is a template of its own again.
func (a *aliases) remove(id ID) { delete(a.into, id) }

// next is where an id leads.
func (a *aliases) next(id ID) (ID, bool) {
	to, ok := a.into[id]
	return to.into, ok
}

// sweep forgets the ids that lead to nothing.
func (a *aliases) sweep(alive func(ID) bool) {
	ends := make(map[ID]bool, len(a.into))
	for id := range a.into {
		a.ends(id, alive, ends)
	}
	maps.DeleteFunc(a.into, func(id ID, _ alias) bool { return !ends[id] })
}

// ends tells whether an id leads to something that is alive, and remembers the
// answer for all ids on the way.
func (a *aliases) ends(id ID, alive func(ID) bool, known map[ID]bool) bool {
	var way []ID
	good := false
	for range maxAliasSteps {
		if answer, ok := known[id]; ok {
			good = answer
			break
		}
		next, ok := a.next(id)
		if !ok {
			good = alive(id)
			break
		}
		way = append(way, id)
		id = next
	}
	for _, id := range way {
		known[id] = good
	}
	return good
}
