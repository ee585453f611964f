package awswire

import "strconv"

// Page cuts from a list the page of at most size items, at least 1, that a
// token stands for. A token is the offset of a page in the list; the empty one
// is the first page's, and the next one is nil on the last. ok is false for a
// token that is not of the list.
func Page[T any](all []T, size int, token string) (part []T, next *string, ok bool) {
	from := 0
	if token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return nil, nil, false
		}
	}
	to := min(len(all), from+size)
	if to < len(all) {
		offset := strconv.Itoa(to)
		next = &offset
	}
	return all[from:to], next, true
}
