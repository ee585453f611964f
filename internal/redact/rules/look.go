package rules

// What every match of an expression holds, found with a look at each byte. An
// expression is searched for only where it can match: a log line takes nine times
// as long otherwise, and nearly all hold nothing.

// longRun tells whether 40 characters of base64 stand in a row.
func longRun(text string) bool { return run(text, 40, isBase64) }

func run(text string, length int, in func(byte) bool) bool {
	n := 0
	for i := range len(text) {
		if n++; !in(text[i]) {
			n = 0
		} else if n == length {
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

// manyDigits tells whether 13 digits stand together, with single blanks and
// dashes between them at most.
func manyDigits(text string) bool {
	digits, gap := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			if digits++; digits == 13 {
				return true
			}
			gap = 0
		case (c == ' ' || c == '-') && gap == 0:
			gap++
		default:
			digits, gap = 0, 0
		}
	}
	return false
}

// fourNumbers tells whether three dots have a digit on both sides.
func fourNumbers(text string) bool {
	dots := 0
	for i := 1; i+1 < len(text); i++ {
		if text[i] == '.' && isDigit(text[i-1]) && isDigit(text[i+1]) {
			if dots++; dots == 3 {
				return true
			}
		}
	}
	return false
}

// hexColons tells whether two colons follow upon a hexadecimal digit.
func hexColons(text string) bool {
	colons := 0
	for i := 1; i < len(text); i++ {
		if text[i] == ':' && isHex(text[i-1]) {
			if colons++; colons == 2 {
				return true
			}
		}
	}
	return false
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
func isHex(c byte) bool    { return isDigit(c) || c|0x20-'a' < 6 }
func isBase64(c byte) bool { return isDigit(c) || c|0x20-'a' < 26 || c == '+' || c == '/' }
