package rules

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// Kinds that are of no one rule.
const (
	kindCut      = "cut"
	kindUnstable = "unstable"
	kindWithheld = "withheld"
	kindEncoded  = "encoded"
)

// Marks that stand for no value, and have no hash.
const (
	markCut      = "[redacted:" + kindCut + "]"      // what came after the longest text that is looked at
	markUnstable = "[redacted:" + kindUnstable + "]" // a text in which there was always more to find
	markWithheld = "[redacted:" + kindWithheld + "]" // what could not be checked
)

const (
	markHead  = "[redacted:"
	maxKind   = 48 // bytes of a kind
	hashBytes = 4  // that a mark shows; of 10,000 different values, two have the same mark once in 86 cases
)

// mark is what is left of a value: its kind and a short keyed hash, so that equal
// values stay equal and nobody without the key can test a guess.
func (s *set) mark(kind, value string) string {
	h, ok := s.hashes.Get().(hash.Hash)
	if !ok {
		h = hmac.New(sha256.New, s.options.Key)
	}
	defer s.hashes.Put(h)
	h.Reset()
	h.Write([]byte(canonical(kind, value)))
	var sum [sha256.Size]byte
	return markHead + kind + ":" + hex.EncodeToString(h.Sum(sum[:0])[:hashBytes]) + "]"
}

// canonical is a value without what it is sometimes written with, so that a card's
// number is the same with blanks and without.
func canonical(kind, value string) string {
	switch kind {
	case kindEmail, kindHost:
		return strings.ToLower(value)
	case kindCard, kindIBAN, kindPhone, kindNational:
		return strings.Map(func(r rune) rune {
			switch {
			case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
				return r
			case r >= 'a' && r <= 'z':
				return r - 'a' + 'A'
			}
			return -1
		}, value)
	default:
		return value
	}
}

// nextMark is where the next mark stands; start is -1 when there is none.
func nextMark(text string, from int) (start, end int) {
	for {
		i := strings.Index(text[from:], markHead)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		end = start + len(markHead)
		for end < len(text) && end < start+len(markHead)+maxKind && (in(text[end], isDigitByte|isLowerByte) || text[end] == '-') {
			end++
		}
		if end > start+len(markHead) && end < len(text) {
			if text[end] == ':' && end+2*hashBytes+1 < len(text) && only(text[end+1:end+1+2*hashBytes], isHexByte) {
				end += 2*hashBytes + 1
			}
			if text[end] == ']' {
				return start, end + 1
			}
		}
		from = start + len(markHead)
	}
}
