package redaction

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// encodings by name. Those that encode character by character keep track of
// which part of the text is what; of the others the whole is one piece.
var encodings = map[string]func([]piece) []piece{
	"url":       eachPiece(url.QueryEscape),
	"path":      eachPiece(url.PathEscape),
	"json":      eachPiece(jsonEscape),
	"unicode":   eachPiece(unicodeEscape),
	"html":      eachPiece(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "@", "&#64;").Replace),
	"base64":    whole(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"base64url": whole(func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }),
	"hex":       whole(func(s string) string { return hex.EncodeToString([]byte(s)) }),
}

func eachPiece(encode func(string) string) func([]piece) []piece {
	return func(pieces []piece) []piece {
		out := make([]piece, len(pieces))
		for i, p := range pieces {
			p.text = encode(p.text)
			out[i] = p
		}
		return out
	}
}

func whole(encode func(string) string) func([]piece) []piece {
	return func(pieces []piece) []piece {
		all, text := piece{}, ""
		for _, p := range pieces {
			text += p.text
			all.labels = append(all.labels, p.labels...)
			all.free = all.free || p.free
		}
		all.text = encode(text)
		return []piece{all}
	}
}

// jsonEscape is the inside of a JSON string as encoding/json writes it.
func jsonEscape(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a form in JSON
	}
	return string(b[1 : len(b)-1])
}

// unicodeEscape writes what is no letter, digit or blank as \u00XX, as some
// serializers do.
func unicodeEscape(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c == ' ' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteRune(c)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}
