package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func messages(t *testing.T, in io.Reader) []string {
	t.Helper()
	lines := []string{}
	require.NoError(t, eachMessage(in, func() {}, func(line string, lost int) error {
		require.Zero(t, lost)
		lines = append(lines, line)
		return nil
	}))
	return lines
}

func TestEveryLineIsAMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":             {"", []string{}},
		"one":                 {"a\n", []string{"a"}},
		"no end":              {"a\nb", []string{"a", "b"}},
		"empty ones":          {"\n\na\n\n", []string{"", "", "a", ""}},
		"CRLF":                {"a\r\n\r\nb\r\n", []string{"a", "", "b"}},
		"CR alone":            {"a\rb\n", []string{"a\rb"}},
		"blanks stay":         {"  a \n\t\n", []string{"  a ", "\t"}},
		"byte order mark":     {"\uFEFFa\n\uFEFFb\n", []string{"a", "\uFEFFb"}},
		"no UTF-8":            {"a\xff\xfeb\n\xc3\n", []string{"a\uFFFDb", "\uFFFD"}},
		"zeros":               {"a\x00b\n", []string{"a\x00b"}},
		"1 MiB":               {long + "\n" + "a\n" + long, []string{long, "a", long}},
		"beyond the buffer":   {long[:logBlock] + "\n" + long[:logBlock-1] + "\n" + long[:logBlock+1], []string{long[:logBlock], long[:logBlock-1], long[:logBlock+1]}},
		"non-ASCII":           {"grüße\n日本語\n", []string{"grüße", "日本語"}},
		"other line breaks":   {"a\u2028b\vc\fd\n", []string{"a\u2028b\vc\fd"}},
		"a mark, then a line": {"\uFEFF", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, messages(t, strings.NewReader(c.text)))
			if len(c.text) < 100 {
				require.Equal(t, c.want, messages(t, iotest.OneByteReader(strings.NewReader(c.text))), "as a pipe may give it")
			}
			require.Equal(t, c.want, messages(t, iotest.HalfReader(strings.NewReader(c.text))))
			require.Equal(t, c.want, messages(t, iotest.DataErrReader(strings.NewReader(c.text))))
		})
	}
}

func TestALineWithoutAnEndIsBounded(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader("a\n"), io.LimitReader(sameByte('x'), maxLogLine+1000), strings.NewReader("\nb\n"))
	var sizes, losses []int
	require.NoError(t, eachMessage(in, func() {}, func(line string, lost int) error {
		sizes, losses = append(sizes, len(line)), append(losses, lost)
		return nil
	}))
	require.Equal(t, []int{1, maxLogLine, 1}, sizes)
	require.Equal(t, []int{0, 1000, 0}, losses)
}

// sameByte is a reader without an end.
type sameByte byte

// Read implements io.Reader.
func (b sameByte) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestAReadingThatFailsIsTold(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	count := 0
	err := eachMessage(io.MultiReader(strings.NewReader("a\nb\nc"), iotest.ErrReader(broken)), func() {}, func(string, int) error { count++; return nil })
	require.ErrorIs(t, err, broken)
	require.Equal(t, 2, count, "a line that may go on is not handed out")

	err = eachMessage(strings.NewReader("a\nb\nc\n"), func() {}, func(string, int) error { return broken })
	require.ErrorIs(t, err, broken)

	for _, text := range []string{"\xff\xfea\x00", "\xfe\xff\x00a"} {
		require.ErrorIs(t, eachMessage(strings.NewReader(text), func() {}, func(string, int) error { return nil }), errUTF16)
	}
}
