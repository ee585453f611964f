package rules

// What a byte is, as a look at a table: the rules look at every byte of a text.
const (
	isDigitByte  = 1 << iota // 0-9
	isUpperByte              // A-Z
	isLowerByte              // a-z
	isBase64Byte             // of either alphabet of RFC 4648, without the padding
	isSpaceByte
	isNameByte // of names of fields: letters, digits, _ - .
	isHexByte
	isWideByte // of a rune that is no ASCII
)

const (
	isLetterByte = isUpperByte | isLowerByte
	isAlnumByte  = isLetterByte | isDigitByte
	isWordByte   = isAlnumByte | isWideByte // "_" is left out: it joins words as "-" does
)

var byteIs = func() (is [256]uint8) {
	for i := range is {
		c := byte(i)
		set := func(ok bool, bit uint8) {
			if ok {
				is[i] |= bit
			}
		}
		digit, upper, lower := c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z'
		set(digit, isDigitByte)
		set(upper, isUpperByte)
		set(lower, isLowerByte)
		set(digit || upper || lower || c == '+' || c == '/' || c == '-' || c == '_', isBase64Byte)
		set(c == ' ' || c == '\t' || c == '\n' || c == '\r', isSpaceByte)
		set(digit || upper || lower || c == '_' || c == '-' || c == '.', isNameByte)
		set(digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F', isHexByte)
		set(c >= 0x80, isWideByte)
	}
	return is
}()

// in tells whether a byte is any of these.
func in(c byte, what uint8) bool { return byteIs[c]&what != 0 }

// at tells whether there is a byte at a place and it is any of these.
func at(text string, i int, what uint8) bool {
	return i >= 0 && i < len(text) && byteIs[text[i]]&what != 0
}

// run is where the bytes end, from a place on, that are any of these.
func run(text string, i int, what uint8) int {
	for i < len(text) && byteIs[text[i]]&what != 0 {
		i++
	}
	return i
}

// before is where the bytes begin, up to a place, that are any of these; at most so
// many are looked at.
func before(text string, i int, what uint8, most int) int {
	for n := 0; i > 0 && n < most && byteIs[text[i-1]]&what != 0; n++ {
		i--
	}
	return i
}

// only tells whether a text is made of these alone.
func only(text string, what uint8) bool { return run(text, 0, what) == len(text) }
