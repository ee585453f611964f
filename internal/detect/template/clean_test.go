package template

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

// secrets are put together here, so that no text looks like a key to those who
// search sources for keys.
var secrets = []struct{ name, line, template string }{
	{"a word", "login of batch with password=%s was accepted", "login of batch with password=<*> was accepted"},
	{"in quotes", `opening broker session, secret: "%s", retries 3`, `opening broker session, secret: "<*>", retries <*>`},
	{"two words", `opening broker session, passphrase: '%[1]s %[1]s', retries 3`, `opening broker session, passphrase: '<*> <*>', retries <*>`},
	{"a header", "calling upstream with header Authorization: Custom %s and no body", "calling upstream with header Authorization: <*> <*> and no body"},
	{"an option", "starting importer --password %s --verbose", "starting importer --password <*> --verbose"},
	{"twice", "token=%[1]s was refused, so token=%[1]s was asked for", "token=<*> was refused, so token=<*> was asked for"},
	{"a person", "mail to %s@example.com could not be sent", "mail to <*> could not be sent"},
	{"with other marks", "signing_key=%s#%[1]s is weak", ""},
	{"half of it masked", "api_key: %[1]s/%[1]s4711 expired", ""},
	{"with blanks", "  login \t of batch  with  password=%s  was\taccepted ", "login of batch with password=<*> was accepted"},
	{"not ASCII", "Anmeldung für Büro, passwort token=%s wäre gültig", "Anmeldung für Büro, passwort token=<*> wäre gültig"},
}

func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	redactor := rules.Default()
	planted := []string{"horsebattery", "Correctstaple", "opensesame", "swordfishes", "letmeinplease"}
	for _, c := range secrets {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			o := tallied
			o.Clean = func(line string) string { asked++; return redactor.Redact(line) }
			m := New(o)
			first := ID(0)
			for i, secret := range planted {
				line := fmt.Sprintf(c.line, secret)
				require.NotEqual(t, line, redactor.Redact(line), "the redactor finds it")
				match := m.Add(line, time.Time{})
				match.Template.State.Lines++
				if i == 0 {
					first = match.Template.ID()
				}
				require.Equal(t, first, match.Template.ID(), match.Template.Text())
				require.Equal(t, i == 0, match.Fresh)
			}
			require.Equal(t, 1, m.Stats().Templates)
			require.Equal(t, 1, asked, "only for a template that is new")
			raw := string(encode(t, m))
			for _, secret := range planted {
				require.NotContains(t, raw, secret)
			}
			template, ok := m.Find(first)
			require.True(t, ok)
			if c.template != "" {
				require.Equal(t, c.template, template.Text())
			}
			loaded := through(t, o, m)
			match := loaded.Add(fmt.Sprintf(c.line, "anothersecret"), time.Time{})
			require.Equal(t, first, match.Template.ID())
			require.False(t, match.Fresh)
		})
	}
}

func TestWithoutRedactorWordsStay(t *testing.T) {
	t.Parallel()
	m := New(Options[tally]{})
	require.Equal(t, "login with password=swordfishes", m.Add("login with password=swordfishes", time.Time{}).Template.Text())
}

// TestRedactorThatCuts has a redactor that looks at the beginning of a line
// only: what it did not look at is not kept.
func TestRedactorThatCuts(t *testing.T) {
	t.Parallel()
	m := New(Options[tally]{Clean: func(line string) string { return line[:min(len(line), 24)] }})
	require.Equal(t, "copied user table to <*>", m.Add("copied user table to swordfishes", time.Time{}).Template.Text())

	// A long line: the redactor is not shown all of it, and what is left out goes.
	shown := 0
	m = New(Options[tally]{Clean: func(line string) string { shown = len(line); return line }})
	line := "dump " + strings.Repeat("1234567890123456789012345678901234567890 ", 900) + "opensesame"
	require.Greater(t, len(line), maxCleaned)
	text := m.Add(line, time.Time{}).Template.Text()
	require.LessOrEqual(t, shown, maxCleaned)
	require.NotContains(t, text, "opensesame")
	require.True(t, strings.HasPrefix(text, "dump <*>"), text)
}

// TestSecretBeyondTheLastWord has a secret where words are no longer counted.
func TestSecretBeyondTheLastWord(t *testing.T) {
	t.Parallel()
	m := New(Options[tally]{Clean: func(line string) string { return strings.ReplaceAll(line, "opensesame", "***") }})
	line := strings.Repeat("ab ", maxWords+50) + "opensesame"
	match := m.Add(line, time.Time{})
	require.NotContains(t, match.Template.Text(), "opensesame")
	require.True(t, strings.HasPrefix(match.Template.Text(), "ab ab ab"))
	require.Equal(t, match.Template.ID(), m.Add(line, time.Time{}).Template.ID())
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, other string
		changed     []string
	}{
		{"a b c", "a b c", nil},
		{"a b c", "a x c", []string{"b"}},
		{"a b c", "a x y z c", []string{"b"}},
		{"a b c", "", []string{"a", "b", "c"}},
		{"a b, c.", "a b", []string{"c"}},
		{"k=v k=v", "k=* k=*", []string{"v", "v"}},
		{"user user x", "* user x", []string{"user"}},
		{"p=a b q=c d e", "p=* q=* e", []string{"a", "b", "c", "d"}},
		{"a b c d", "d c b a", []string{"b", "c", "d"}},
	} {
		var got []string
		for _, s := range changes(c.line, c.other) {
			got = append(got, c.line[s.from:s.to])
		}
		require.Equal(t, c.changed, got, "%s -> %s", c.line, c.other)
	}
	// Too many words to compare: all of them in the middle are taken for changed.
	long := strings.Repeat("x y ", 600)
	require.Len(t, changes("a "+long+"b", "a z "+long+"z b"), 1200)
}
