package template

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// masked gives the text of a line that no other came before, and its parameters.
func masked(line string) (string, []Param) {
	match := New(Options[struct{}]{}).Add(line, time.Time{})
	return match.Template.Text(), match.Params
}

func TestValuesAreKnownByTheWayTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, text string
		kinds      string
	}{
		{"retry 3 of -7, 99.5% left, +2.5e3 or 1,234,567.5", "retry <*> of <*>, <*> left, <*> or <*>", "number number number number number"},
		{"took 12ms, 1.5 s, 3 minutes and 1h2m3.5s", "took <*>, <*> s, <*> minutes and <*>", "duration duration duration duration"},
		{"free 17.7 GB of 930.0 KB, 512 bytes, 64MiB", "free <*> of <*>, <*> bytes, <*>", "size size size size"},
		{"sent 18846 bytes (18.4 KB) and 9 bytes to all", "sent <*> bytes and <*> bytes to all", "size size"},
		{"from 10.0.0.1 to /10.0.0.2:8080, db-3/10.0.0.3:5432 and 10.0.0.0/16", "from <*> to <*>, <*> and <*>", "ip ip ip ip"},
		{"from 2001:db8::1 and fe80::1:2%eth0", "from <*> and <*>", "ip ip"},
		{"card 00:0d:60:e9:1f:25 up", "card <*> up", "mac"},
		{"order 9b2e4a10-1c7f-4b63-9a54-0d3f5e6a7b8c paid", "order <*> paid", "uuid"},
		{"at 0x1f and 003a90fc and deadbeef", "at <*> and <*> and <*>", "hex hex hex"},
		{"GET https://a.example/b?c=d&e=f. done", "GET <*>. done", "url"},
		{`read /etc/app.d/x.yml, ./a, ~/b and C:\Temp\a.log`, "read <*>, <*>, <*> and <*>", "path path path path"},
		{"GET /accounts/login/?next=/a&b=1 failed", "GET <*> failed", "path"},
		{"Input/output error in load/store", "Input/output error in load/store", ""},
		{"mail to jane.doe+x@shop.example bounced", "mail to <*> bounced", "email"},
		{"connect kafka-2.shop.example:9092 refused", "connect <*> refused", "host"},
		{"since 2031-03-01T10:11:12.5Z or 2031/03/01 10:11:12,555 or 10:11", "since <*> or <*> or <*>", "time time time"},
		{"since Sat Jun 18 02:08:10 2005 and Fri Jul 1 08:16:53 PDT 2005", "since <*> and <*>", "time time"},
		{"[18/May/2031:19:12:18 +0000] ok", "[<*>] ok", "time"},
		{"may Sat be Jun free", "may Sat be Jun free", ""},
		{"version 1.12.1-rc2 of 1.2.3.4.5", "version <*> of <*>", "version version"},
		{"block blk_-38865 of task_0001_m_02 on node-32 wrote core.1234", "block <*> of <*> on node-<*> wrote core.<*>", "name name name name"},
		{"ssh2 and L3 by Slf4jLogger jk2_init() on eth0", "ssh2 and L3 by Slf4jLogger jk2_init() on eth0", ""},
		{"session qa9wm3nyyi2eh4r48 of vuayrsrsgoz0avtuzslo", "session <*> of <*>", "name name"},
		{"uid=0 tty=ssh ruser= ok=true ws=null", "uid=<*> tty=ssh ruser= ok=<*> ws=<*>", "number word word"},
		{`failed err="dial tcp: no route" id="a"`, `failed err="<*>" id="a"`, "quoted"},
		{`"GET / HTTP/1.1" 200 "-" "curl/8.1 (x; y)"`, `"GET <*> HTTP/<*>" <*> "<*>" "<*>"`, "path number number quoted quoted"},
		{"lifetime <1 sec", "lifetime <*>", "duration"},
		{"range 104-127 on 32-bit", "range <*>-<*> on <*>-bit", "number number number"},
		{"a  lot\tof \r\n white   space ", "a lot of white space", ""},
		{"said <*> already", "said <*> already", "word"},
		{"zażółć 5 gęślą ж7 設定", "zażółć <*> gęślą ж7 設定", "number"},
		{"", "", ""},
	} {
		text, params := masked(c.line)
		require.Equal(t, c.text, text, c.line)
		var kinds []string
		for _, p := range params {
			kinds = append(kinds, p.Kind.String())
			require.Contains(t, c.line, p.Text)
		}
		require.Equal(t, c.kinds, strings.Join(kinds, " "), c.line)
	}
}

func TestNumbersAreInBaseUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want float64
	}{
		{"n 42", 42},
		{"n -0.5", -0.5},
		{"n 1,234,567", 1234567},
		{"n 12345678901234567890", 12345678901234567890},
		{"n 1e400", math.Inf(1)},
		{"n 0.1", 0.1},
		{"n 123456.789", 123456.789},
		{"n 250ms", .25},
		{"n 3 minutes", 180},
		{"n 1h2m3.5s", 3723.5},
		{"n 7 \u00b5s", 7e-6},
		{"n 2 KB", 2048},
		{"n 1.5GiB", 1.5 * (1 << 30)},
		{"n 9 bytes", 9},
		{"n <1 sec", 1},
		{"n 10.0.0.1", math.NaN()},
		{"n abc_123", math.NaN()},
	} {
		_, params := masked(c.line)
		require.Len(t, params, 1, c.line)
		if math.IsNaN(c.want) {
			require.True(t, math.IsNaN(params[0].Number), c.line)
			continue
		}
		require.InEpsilon(t, 1+math.Min(c.want, 1e300), 1+math.Min(params[0].Number, 1e300), 1e-12, c.line)
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Word; k <= Rest; k++ {
		require.NotEqual(t, "unknown", k.String())
		require.False(t, seen[k.String()], k.String())
		seen[k.String()] = true
	}
	require.Equal(t, "unknown", (Rest + 1).String())
}

func TestLongLinesAreCutWithAParameter(t *testing.T) {
	t.Parallel()
	for _, line := range []string{strings.Repeat("word ", 1<<18), strings.Repeat("(", 1<<20), strings.Repeat("<*>", 1<<18), strings.Repeat("7 ", 1<<19)} {
		text, params := masked(line)
		require.LessOrEqual(t, len(text), 3*(maxPattern+1)+maxWord)
		require.Equal(t, Rest, params[len(params)-1].Kind)
		require.True(t, strings.HasSuffix(line, params[len(params)-1].Text))
	}
	// A word beyond any reason is a value, whatever it is made of.
	text, params := masked("key " + strings.Repeat("xy", maxWord) + " kept")
	require.Equal(t, "key <*> kept", text)
	require.Equal(t, Name, params[0].Kind)
}

// FuzzMask checks what the rest of the package takes for granted of a masked
// line: a mark for every parameter, which is a part of the line, and white
// space as single blanks between other bytes.
func FuzzMask(f *testing.F) {
	for _, line := range []string{
		"", " a  b ", "\x00\x01\xff", `a="b c" d="`, "1.2.3.4:5:x 1h2 0x", "Mon Jan 1", "Mon Jan 1 10:00:00 200", "::1 a://", "a@b a:b:1:2 /?", "<*><1 <*",
		`C:\ \\a\b \"c\"`, "1,234,56 7 KB (8 KB) 9 B", "2031-01-01 +0000 10:00:00,1", "-1 +. .5 5. 1e 1e5x 1-2-3", "k= \"\" '' [] {} =",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var s scanner
		s.mask(line)
		require.Equal(t, len(s.params), strings.Count(string(s.out), lone))
		require.Len(t, s.spans, len(s.params))
		end := int32(0)
		for i, p := range s.params {
			require.GreaterOrEqual(t, s.spans[i].from, end)
			end = s.spans[i].to
			require.Equal(t, line[s.spans[i].from:end], p.Text)
		}
		require.LessOrEqual(t, len(s.out), maxPattern+maxWord+2*maxQuoted)
		require.NotContains(t, string(s.out), "  ")
		require.Equal(t, strings.TrimSpace(string(s.out)) == "", len(s.out) == 0)
		for _, c := range s.out {
			require.True(t, c == ' ' || c == mark || !isSpace(c))
		}
		first := string(s.out)
		s.mask(line)
		require.Equal(t, first, string(s.out))
	})
}
