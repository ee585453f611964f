package rules

// words finds many words in a text at once, whatever their case, with one look at
// each byte (Aho and Corasick 1975, as a table with a row for every state).
type words struct {
	class [256]uint8 // of a byte; 0 for those that are in no word
	next  []uint16   // by state and class
	says  [][]int32  // by state: indices of the words that end there, the longest first
	first uint16     // states from here on say something
}

// wordClasses is the width of a row. More different bytes than that less one
// cannot be in the words.
const wordClasses = 64

// newWords makes the table for words in lower case.
func newWords(list []string) *words {
	w := &words{}
	classes := uint8(0)
	for _, word := range list {
		for i := range len(word) {
			if c := word[i]; w.class[c] == 0 {
				if classes++; classes == wordClasses {
					panic("the words of the rules have too many different bytes")
				}
				w.class[c] = classes
				if c >= 'a' && c <= 'z' {
					w.class[c-'a'+'A'] = classes
				}
			}
		}
	}
	next, says := w.tree(list)
	follow(next, says)
	w.order(next, says)
	return w
}

// tree makes a state of every beginning of a word; 0 is nothing, and where no word
// goes on.
func (w *words) tree(list []string) (next [][wordClasses]uint16, says [][]int32) {
	next, says = make([][wordClasses]uint16, 1), make([][]int32, 1)
	for id, word := range list {
		at := uint16(0)
		for i := range len(word) {
			to := &next[at][w.class[word[i]]]
			if *to == 0 {
				*to = uint16(len(next))
				next, says = append(next, [wordClasses]uint16{}), append(says, nil)
				to = &next[at][w.class[word[i]]]
			}
			at = *to
		}
		says[at] = append(says[at], int32(id))
	}
	return next, says
}

// follow lets a state go on as the longest ending of it that is a state too, and
// say what that says.
func follow(next [][wordClasses]uint16, says [][]int32) {
	back := make([]uint16, len(next))
	var queue []uint16
	for _, to := range next[0] {
		if to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		says[at] = append(says[at], says[back[at]]...)
		for c := range next[at] {
			to := next[at][c]
			if to == 0 {
				next[at][c] = next[back[at]][c]
				continue
			}
			back[to] = next[back[at]][c]
			queue = append(queue, to)
		}
	}
}

// order numbers the states so that those that say something come last.
func (w *words) order(next [][wordClasses]uint16, says [][]int32) {
	number := make([]uint16, len(next))
	n := uint16(0)
	for _, speaking := range []bool{false, true} {
		if speaking {
			w.first = n
		}
		for at := range next {
			if (len(says[at]) > 0) == speaking {
				number[at] = n
				n++
			}
		}
	}
	w.next, w.says = make([]uint16, len(next)*wordClasses), make([][]int32, len(next))
	for at := range next {
		row := w.next[int(number[at])*wordClasses:]
		for c, to := range next[at] {
			row[c] = number[to]
		}
		w.says[number[at]] = says[at]
	}
}
