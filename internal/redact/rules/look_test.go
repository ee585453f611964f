package rules

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pieces are parts of what the rules look for, and of what they stumble over.
var pieces = []string{
	"password", "PaſſWord", "passphrase", "Pwd", "client_secret", "secretaccesskey", "api-key", "toKen", "credential", "session-id", "sessid", "SAS",
	"connection_string", "otp", "pin-code", "pincode", "authorization", "cookie", "basic", "bearer", " --pass ", " -token=", "=", ":", " => ", `"`, `'`, `\"`, " ", " ", "-", ".", "_", "(", ")", "+", "/", "@", "://",
	"DE89", " 3704 0044", " 0532 0130 00", "DE89 3704 0044 0532 0130 00", " 4111 1111 1111 1111", "4111-1111-1111-1111", "3782-822463-10005", "4111111111111111", "+49 151 123", "(212) 555-0147",
	"8.8.8.8", "10.0.0.1", "1.2.3", "2a00:1450:4001:82f::200e", "fe80::1", "12:34:56", "::1", "a@b.co", "eyJhbGciOiJI", "AKIAIOSFODNN7ABC", "ghp_",
	"wJalrXUtnFEMIK7MDENGbPxRfiCYabcdeKEY/+12", "aB3", "x", "null", "\n", "ü", "\u212A", "[redacted:ip]", "[redacted:",
}

// TestNoRuleIsPassedOverThatMatches: looking first changes nothing but time.
func TestNoRuleIsPassedOverThatMatches(t *testing.T) {
	t.Parallel()
	quick := Default().set.Load()
	r := rand.New(rand.NewPCG(1, 2))
	found := map[string]int{}
	for range 4_000 {
		var b strings.Builder
		for range 1 + r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := b.String()
		want := text
		for i := range quick.rules {
			before := want
			if want = outside(want, func(part string) string { return quick.rules[i].apply(part, quick.key) }); want != before {
				found[quick.rules[i].kind]++
			}
		}
		require.Equal(t, want, quick.pass(text), "%q", text)
	}
	for _, kind := range []string{"secret", "iban", "card", "phone", "ip", "high-entropy", "email", "cookie"} {
		require.Positive(t, found[kind], kind)
	}
}

func BenchmarkRedactALine(b *testing.B) {
	r := Default()
	lines := []string{
		"Received block blk_-1608999687919862906 of size 67108864 from /10.250.19.102",
		"Connection from 10.0.3.17:51234 closed after 1200 ms, 3 requests, reason=idle",
		"2026-03-02T08:00:00.123Z INFO [main] c.e.orders.OrderService - Order 5150809 accepted for customer 77aa4c3e in 31 ms",
	}
	b.ReportAllocs()
	for i := range b.N {
		r.Redact(lines[i%len(lines)])
	}
}

func TestLooksFindWhatTheirRulesDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		look func(string) bool
		yes  []string
		no   []string
	}{
		"cardNumber":    {cardNumber, []string{"4111111111111111", "x 4111111111111111."}, []string{"", "4111111111111112", "1767225600123", "411111111111"}},
		"cardGroups":    {cardGroups, []string{"4111 1111 1111 1111", "4111-1111-1111-11112", "a3782-822463-10005"}, []string{"", "4111  1111 1111 1111", "081109 203615 148", "4111 1111 1111"}},
		"publicAddress": {publicAddress, []string{"8.8.8.8", "at 10.0.0.1, 8.8.8.8:53", "(8.8.8.8)"}, []string{"", "10.0.0.1", "v8.8.8.8", "8.8.8", "1.2.3.400", "127.0.0.1 192.168.3.4"}},
		"longAddress":   {longAddress, []string{"::1", "a:b:c:d:e:f:1:2"}, []string{"", "12:34:56", "a:b:c:d:e:f:1"}},
		"ibanHead":      {ibanHead, []string{"DE89", "xxDE89 3704"}, []string{"", "DE8", "De89", "D89"}},
		"bracketed":     {bracketed, []string{"(212)", "call (212) 555"}, []string{"", "(21)", "(2123)", "212)"}},
		"longRun":       {longRun, []string{strings.Repeat("aB3/+", 8)}, []string{"", strings.Repeat("aB3/+", 7) + "aB3/", strings.Repeat("a-", 40)}},
	} {
		for _, text := range c.yes {
			require.True(t, c.look(text), "%s of %q", name, text)
		}
		for _, text := range c.no {
			require.False(t, c.look(text), "%s of %q", name, text)
		}
	}
}
