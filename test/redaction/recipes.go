package redaction

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// recipe draws one value.
type recipe func(*rand.Rand) string

// Draw makes a fresh value of a recipe, such as "card/visa" or "token/npm". The
// same state of r gives the same value.
func Draw(name string, r *rand.Rand) (string, error) {
	for _, group := range groups {
		if f, ok := group[name]; ok {
			return f(r), nil
		}
	}
	return "", fmt.Errorf("there is no recipe %q", name)
}

// Recipes lists the names of all recipes, sorted.
func Recipes() []string {
	var names []string
	for _, group := range groups {
		for name := range group {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// KindOf is the part of a recipe's name before its slash: what the value is.
func KindOf(recipe string) string {
	kind, _, _ := strings.Cut(recipe, "/")
	return kind
}

var groups = []map[string]recipe{awsRecipes, tokenRecipes, keyRecipes, passwordRecipes, contactRecipes, cardRecipes, ibanRecipes, nationalRecipes, harmlessRecipes}

// Alphabets of what providers draw from.
const (
	digits    = "0123456789"
	hexLower  = "0123456789abcdef"
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower     = "abcdefghijklmnopqrstuvwxyz"
	base32    = upper + "234567"
	base36    = lower + digits
	base62    = upper + lower + digits
	base64std = base62 + "+/"
	base64url = base62 + "-_"
)

// from draws n characters of an alphabet.
func from(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// oneOf draws one of the choices.
func oneOf(r *rand.Rand, choices ...string) string { return choices[r.IntN(len(choices))] }

// shaped draws a value of a shape: "#" is a digit, "N" a digit from 2 to 9, "A"
// a capital letter, "x" a hexadecimal digit; everything else stays.
func shaped(r *rand.Rand, shape string) string {
	var b strings.Builder
	for _, c := range shape {
		switch c {
		case '#':
			b.WriteString(from(r, digits, 1))
		case 'N':
			b.WriteString(from(r, "23456789", 1))
		case 'A':
			b.WriteString(from(r, upper, 1))
		case 'x':
			b.WriteString(from(r, hexLower, 1))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// shape is a recipe of shaped.
func shape(s string) recipe { return func(r *rand.Rand) string { return shaped(r, s) } }

// prefixed is a recipe of a fixed beginning and n characters of an alphabet.
func prefixed(prefix, alphabet string, n int) recipe {
	return func(r *rand.Rand) string { return prefix + from(r, alphabet, n) }
}
