package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"  \n ", nil},
		{"one", []string{"one"}},
		{"one two three", []string{"one two", "three"}},
		{"äöü äöü äöü", []string{"äöü äöü", "äöü"}},
		{"one averylongword two", []string{"one", "averylongword", "two"}},
	} {
		require.Equal(t, c.want, wrap(c.text, 8), c.text)
	}
	require.Equal(t, maxWidth, widthOf(&strings.Builder{}))
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]string{-1: "…", 0: "…", 1: "…", 2: "ä…", 3: "äöü", 50: "äöü"} {
		require.Equal(t, want, shorten("äöü", limit), limit)
	}
}
