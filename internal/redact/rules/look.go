package rules

// What every match of an expression holds, found with a look at each byte. An
// expression is searched for only where it can match: a log line takes nine times
// as long otherwise, and nearly all hold nothing.

// longRun tells whether 40 characters of base64 stand in a row.
func longRun(text string) bool {
	n := 0
	for i := range len(text) {
		if n++; !isBase64(text[i]) {
			n = 0
		} else if n == 40 {
			return true
		}
	}
	return false
}

// ibanHead tells whether two capitals are followed by two digits.
func ibanHead(text string) bool {
	for i := 2; i+1 < len(text); i++ {
		if isDigit(text[i]) && isDigit(text[i+1]) && isUpper(text[i-1]) && isUpper(text[i-2]) {
			return true
		}
	}
	return false
}

// cardNumber tells whether a row of digits is the number of a card.
func cardNumber(text string) bool {
	for start := 0; start < len(text); start++ {
		end := digitsEnd(text, start)
		if end-start >= 13 && end-start <= 19 && card(text[start:end]) {
			return true
		}
		start = end
	}
	return false
}

// cardGroups tells whether digits stand in groups as on a card: 4 4 4 4 or 4 6 4,
// the last one perhaps longer, with a blank or a dash between them.
func cardGroups(text string) bool {
	var sizes [3]int // of the groups before, the latest last
	for start := 0; start < len(text); start++ {
		end := digitsEnd(text, start)
		n := end - start
		if n >= 4 && (sizes == [3]int{4, 4, 4} || sizes[1] == 4 && sizes[2] == 6) {
			return true
		}
		if n > 0 && end < len(text) && (text[end] == ' ' || text[end] == '-') {
			sizes = [3]int{sizes[1], sizes[2], n}
		} else {
			sizes = [3]int{}
		}
		start = end
	}
	return false
}

// publicAddress tells whether four numbers with dots between them are an address
// that is redacted.
func publicAddress(text string) bool {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) || i > 0 && (text[i-1] == '.' || isBase64(text[i-1]) && text[i-1] != '+' && text[i-1] != '/') {
			continue
		}
		end := digitsEnd(text, i)
		for part := 1; part < 4 && end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]); part++ {
			end = digitsEnd(text, end+1)
		}
		if publicIP(text[i:end]) {
			return true
		}
	}
	return false
}

// longAddress tells whether colons stand as in an address of version 6: two in a
// row, or seven in all.
func longAddress(text string) bool {
	colons := 0
	for i := range len(text) {
		if text[i] == ':' {
			if colons++; colons == 7 || i > 0 && text[i-1] == ':' {
				return true
			}
		}
	}
	return false
}

// digitsEnd is where the digits that begin at a place end.
func digitsEnd(text string, i int) int {
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	return i
}

// bracketed tells whether three digits stand in brackets.
func bracketed(text string) bool {
	for i := 4; i < len(text); i++ {
		if text[i] == ')' && text[i-4] == '(' && isDigit(text[i-1]) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool  { return c-'0' < 10 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isBase64(c byte) bool { return isDigit(c) || c|0x20-'a' < 26 || c == '+' || c == '/' }
