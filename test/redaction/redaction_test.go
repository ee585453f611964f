package redaction

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestRecipesDrawFreshValues checks that a seed decides a value and that
// another one decides another.
func TestRecipesDrawFreshValues(t *testing.T) {
	t.Parallel()
	draw := func(name string, seed uint64) string {
		value, err := Draw(name, rand.New(rand.NewPCG(seed, 7)))
		require.NoError(t, err)
		return value
	}
	for _, name := range Recipes() {
		seen := map[string]bool{}
		for seed := range uint64(40) {
			value := draw(name, seed)
			require.Equal(t, value, draw(name, seed), name)
			require.NotContains(t, value, "⟧", name)
			seen[value] = true
		}
		require.Greater(t, len(seen), 20, name)
	}
	_, err := Draw("card/nobody", rand.New(rand.NewPCG(1, 1)))
	require.Error(t, err)
}

// TestCheckDigits compares the check digits with numbers that issuers publish
// as examples.
func TestCheckDigits(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1", luhn("411111111111111"))
	require.Equal(t, "5", luhn("37828224631000"))
	require.Equal(t, "3", verhoeff("236"))
	require.Equal(t, "Z", spanish("12345678"))
	require.Equal(t, "7569217076985", weighted("756921707698", "131313131313", true))
	require.Equal(t, "44051401359", weighted("4405140135", "1379137913", true))
}

func TestIBANsAreValid(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for name, f := range ibanRecipes {
		compact := strings.ReplaceAll(f(r), " ", "")
		rest := 0
		for _, c := range compact[4:] + compact[:4] {
			if c >= 'A' {
				rest = (rest*100 + int(c-'A') + 10) % 97
				continue
			}
			rest = (rest*10 + int(c-'0')) % 97
		}
		require.Equal(t, 1, rest, name)
	}
}

func TestLinesAreReadAndEncoded(t *testing.T) {
	t.Parallel()
	const raw = `a=⟦password/word|Se⟨⟩cret1!⟧ ⦅user=x⦆ ⟪base64|k=⟦card/visa|4111111111111111⟧⟫ ⟪url|⟦email/name|a.b@web.de⟧ ⟫⏎⟦=uuid|u-1⟧`
	lines, err := ReadCorpus(fstest.MapFS{"x.txt": {Data: []byte("## note\n\n" + raw + "\n")}})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Equal(t, "x.txt:3", lines[0].Where)
	s := lines[0].Stored()
	require.Equal(t, "a=Secret1! user=x "+base64.StdEncoding.EncodeToString([]byte("k=4111111111111111"))+" a.b%40web.de+\nu-1", s.Text)
	require.Equal(t, []Label{{"password/word", "Secret1!"}, {"card/visa", "4111111111111111"}, {"email/name", "a.b@web.de"}}, s.Labels)
	again, err := ParseLine(raw)
	require.NoError(t, err)
	again.Where = lines[0].Where
	require.Equal(t, again.Drawn(4), lines[0].Drawn(4))
	require.NotEqual(t, lines[0].Drawn(4), lines[0].Drawn(5))
	for _, broken := range []string{"⟦card/visa|1", "⟦card/none|1⟧", "⟦card/visa⟧", "⟪rot13|a⟫", "⟪url|a", "a⟧", "⦅⟦card/visa|1⟧⟫"} {
		_, err := ParseLine(broken)
		require.Error(t, err, broken)
	}
}

// TestScore scores outputs whose figures are plain to see.
func TestScore(t *testing.T) {
	t.Parallel()
	line, err := ParseLine(`user ⦅anna⦆ pw=⟦password/word|BadgerLemon12!⟧ mail ⟦email/name|a.b@web.de⟧ id ⟦=uuid|1234⟧ ⟪base64|pin ⟦password/word|OtterRaven77?⟧⟫ end`)
	require.NoError(t, err)
	s := line.Stored()
	coded := base64.StdEncoding.EncodeToString([]byte("pin OtterRaven77?"))
	for _, c := range []struct {
		name, output               string
		found, right, cuts, missed int
	}{
		{"all of it", "user anna pw=[redacted:password:01234567] mail [redacted:email:01234567] id 1234 [redacted:password:01234567] end", 3, 3, 3, 0},
		{"nothing", s.Text, 0, 0, 0, 3},
		{"what may go", "user [redacted:name] pw=[redacted:password] mail [redacted:email] id 1234 [redacted:password] end", 3, 4, 4, 0},
		{"marks side by side", "user anna pw=[redacted:a][redacted:b] mail [redacted:email] id 1234 [redacted:password] end", 3, 3, 3, 0},
		{"a harmless value too", "user anna pw=[redacted:password] mail [redacted:email] id [redacted:number] [redacted:password] end", 3, 3, 4, 0},
		{"a few neighbours", "user anna [redacted:password] mail [redacted:email] id 1234 [redacted:password] end", 3, 3, 3, 0},
		{"too many neighbours", "user anna [redacted:password] id 1234 [redacted:password] end", 3, 1, 2, 0},
		{"most of a value left", "user anna pw=BadgerLe[redacted:password] mail [redacted:email] id 1234 [redacted:password] end", 3, 3, 3, 0},
		{"a part of 60% left", "user anna pw=BadgerLem[redacted:password] mail [redacted:email] id 1234 [redacted:password] end", 2, 3, 3, 1},
		{"decoded and left", "user anna pw=[redacted:password] mail [redacted:email] id 1234 pin OtterRaven77? end", 2, 0, 1, 1},
		{"other text", "quite other", 3, 0, 1, 0},
		{"encoded and left", "user anna pw=[redacted:password] mail [redacted:email] id 1234 " + coded + " end", 2, 2, 2, 1},
	} {
		score := NewScore()
		score.Add(s, c.output)
		require.Equal(t, Tally{c.found, 3}, Total(score.Recall), c.name)
		require.Equal(t, Tally{c.right, c.cuts}, Total(score.Precision), "%s: %v", c.name, score.Wrong)
		require.Len(t, score.Missed, c.missed, c.name)
	}
}

// TestFinderFindsEveryForm hides a value in every form and finds it, and finds
// nothing where nothing is.
func TestFinderFindsEveryForm(t *testing.T) {
	t.Parallel()
	const value = `Kz8"tV&qL0w/Rm4+Yb`
	planted := NewFinder(Secret{"pw", value}, Secret{"other", "0123456789abcdef"})
	inJSON, err := json.Marshal(map[string]string{"k": value})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"plain":     "a " + value + " b",
		"part":      "a " + value[3:14] + " b",
		"upper":     strings.ToUpper(value),
		"backwards": "bY+4mR/w0Lq&Vt\"8zK",
		"query":     "x=" + url.QueryEscape(value),
		"path":      "/x/" + url.PathEscape(value) + "/",
		"json":      string(inJSON),
		"base64-0":  base64.StdEncoding.EncodeToString([]byte(value + " and more")),
		"base64-1":  base64.StdEncoding.EncodeToString([]byte("k" + value + ";")),
		"base64-2":  base64.URLEncoding.EncodeToString([]byte("k=" + value)),
		"hex":       hex.EncodeToString([]byte("pw " + value)),
		"HEX":       strings.ToUpper(hex.EncodeToString([]byte(value))),
	} {
		found := planted.In(text)
		require.Len(t, found, 1, name)
		require.Equal(t, "pw", found[0].Name, name)
	}
	for _, text := range []string{"", "nothing", value[:9], "[redacted:password:01234567]", base64.StdEncoding.EncodeToString([]byte(value[:8]))} {
		require.Empty(t, planted.In(text), text)
	}
	require.Panics(t, func() { NewFinder(Secret{"pin", "123456"}) })
}
