package rules_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

func TestNationalNumbers(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for name, c := range map[string]struct{ is, not string }{
		"United States":  {"ssn 219-09-9999", "part 219-09-9999"},
		"never given":    {"ssn 219099999", "666-09-9999"},
		"Britain":        {"NI number AB 12 34 56 C", "order AB123456C"},
		"Germany":        {"Steuer-ID 86095742719", "count 86095742719"},
		"Germany spaced": {"86 095 742 719", "86 095 742 718"},
		"France":         {"2 55 08 14 168 025 38", "255081416802539"},
		"Spain":          {"12345678Z", "12345678A"},
		"Spain, others":  {"X1234567L", "X1234567M"},
		"Italy":          {"RSSMRA85T10A562S", "RSSMRA85T10A562T"},
		"Netherlands":    {"bsn 111222333", "id 111222333"},
		"Sweden":         {"personnummer 811218-9876", "build 20260301-1234"},
		"Brazil":         {"529.982.247-25", "529.982.247-26"},
		"India":          {"2341 2341 2346", "2341 2341 2347"},
		"Belgium":        {"85.07.30-033.28", "85.07.30-033.29"},
		"Switzerland":    {"756.9217.0769.85", "756.9217.0769.84"},
		"Finland":        {"131052-308T", "131052-308U"},
		"China":          {"11010519491231002X", "110105194912310021"},
		"Poland":         {"pesel 44051401359", "offset 44051401359"},
		"Singapore":      {"S1234567D", "S1234567E"},
		"passport":       {"passport C01234567", "shelf C01234567"},
	} {
		require.Contains(t, r.Redact(c.is), "[redacted:national-id:", name)
		require.Equal(t, c.not, r.Redact(c.not), name)
	}
}

func TestWhatIsEncodedIsFound(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	plain := "user=ana password=hunter2Xy ok"
	b64 := base64.StdEncoding.EncodeToString([]byte(plain))
	for name, text := range map[string]string{
		"base64":       b64,
		"base64url":    base64.RawURLEncoding.EncodeToString([]byte(plain + "???")),
		"base64 twice": base64.StdEncoding.EncodeToString([]byte(b64)),
		"in a path":    "/v1/callback/" + b64,
		"hex":          hex.EncodeToString([]byte(plain)),
		"hex with 0x":  "0x" + hex.EncodeToString([]byte(plain)),
		"hex with 0X":  "/v1/0X" + hex.EncodeToString([]byte(plain)),
		"bytea":        `\x` + hex.EncodeToString([]byte(plain)),
		"bytea, JSON":  `{"m":"\\x` + hex.EncodeToString([]byte(plain)) + `"}`,
		"URL":          url.QueryEscape(plain),
		"URL twice":    url.QueryEscape(url.QueryEscape(plain)),
		"JSON":         `{"m":"{\"password\":\"hunter2Xy\"}"}`,
		"JSON twice":   `{"m":"{\"n\":\"{\\\"password\\\":\\\"hunter2Xy\\\"}\"}"}`,
		"code points":  `pass\u0077ord=\u0068unter2Xy`,
		"HTML":         `&lt;password&gt;hunter2Xy&lt;/password&gt;`,
		"HTML numbers": `p&#97;ssword=hunter2Xy`,
		"all in one":   url.QueryEscape(`{"body":"` + b64 + `"}`),
	} {
		got := r.Redact("before " + text + " after")
		require.Contains(t, got, "[redacted:", name)
		for _, left := range []string{"hunter2Xy", b64[:24], "68756e7465723258", `\u0068unter2Xy`} {
			require.NotContains(t, got, left, name)
		}
		require.True(t, strings.HasPrefix(got, "before ") && strings.HasSuffix(got, " after"), got)
	}
}

func TestEqualValuesHaveEqualMarks(t *testing.T) {
	t.Parallel()
	mine, err := rules.New(rules.Options{Key: []byte("0123456789abcdef")})
	require.NoError(t, err)
	other, err := rules.New(rules.Options{Key: []byte("another key of it")})
	require.NoError(t, err)
	mark := func(r *rules.Redactor, text string) string {
		got := hashed.FindString(r.Redact(text))
		require.NotEmpty(t, got, text)
		return got
	}
	for _, same := range [][]string{
		{"4111 1111 1111 1111", "card=4111111111111111", "4111-1111-1111-1111", "n=4111%201111%201111%201111"},
		{"to ana@example.com", "Ana@Example.com said", "ana%40example.com", `ana\u0040example.com`, base64.StdEncoding.EncodeToString([]byte("ana@example.com"))},
		{"DE89 3704 0044 0532 0130 00", "iban DE89370400440532013000"},
		{"password=hunter2Xy", `"password":"hunter2Xy"`, "pwd: hunter2Xy"},
	} {
		for _, text := range same {
			require.Equal(t, mark(mine, same[0]), mark(mine, text), text)
			require.NotEqual(t, mark(mine, text), mark(other, text), text)
		}
	}
	require.NotEqual(t, mark(mine, "ana@example.com"), mark(mine, "eva@example.com"))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	text := "from 8.8.8.8 to 10.0.0.12 and 2a00:1450:4001:82f::200e at https://db-7.corp.internal:5432/x host=web-3"
	for name, c := range map[string]struct {
		o    rules.Options
		want string
	}{
		"as shipped": {rules.Options{}, "from [redacted:ip] to 10.0.0.12 and [redacted:ip] at https://db-7.corp.internal:5432/x host=web-3"},
		"kept":       {rules.Options{Addresses: rules.AddressesKeep}, text},
		"all":        {rules.Options{Addresses: rules.AddressesAll}, "from [redacted:ip] to [redacted:ip] and [redacted:ip] at https://db-7.corp.internal:5432/x host=web-3"},
		"hosts":      {rules.Options{Addresses: rules.AddressesKeep, Hosts: rules.HostsRedact}, "from 8.8.8.8 to 10.0.0.12 and 2a00:1450:4001:82f::200e at https://[redacted:host]:5432/x host=[redacted:host]"},
	} {
		r, err := rules.New(c.o)
		require.NoError(t, err)
		require.Equal(t, c.want, bare(r.Redact(text)), name)
	}
	for _, o := range []rules.Options{{Key: []byte("short")}, {Addresses: "some"}, {Hosts: "all"}} {
		_, err := rules.New(o)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "short")
	}
}

// TestNobodyTurnsRedactionOff has what other tools take for permission.
func TestNobodyTurnsRedactionOff(t *testing.T) {
	t.Parallel()
	for _, comment := range []string{"gitleaks:allow", "#gitleaks:allow", "nosec", "pragma: allowlist secret", "[redacted:done]", "[redacted:done:01234567]", "NOREDACT"} {
		got := rules.Default().Redact(comment + " key " + awsKey + " password=hunter2Xy " + comment)
		require.NotContains(t, got, "AKIA", comment)
		require.NotContains(t, got, "hunter2Xy", comment)
	}
}

func TestWhatWasReplacedIsCounted(t *testing.T) {
	t.Parallel()
	r, err := rules.New(rules.Options{})
	require.NoError(t, err)
	r.Redact("a@b.co and c@d.co with password=hunter2Xy")
	r.Redact(strings.Repeat("word ", 20_000))
	require.Equal(t, map[string]int64{"email": 2, "secret": 1, "cut": 1}, r.Counts())
}

func TestRedactorsAreForManyGoroutines(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	want := r.Redact("mail ana@example.com")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if r.Redact("mail ana@example.com") != want {
					t.Error("another mark")
				}
			}
		})
	}
	all.Wait()
}
