package fold_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/fold"
	"firebreak/internal/telemetry/logline"
)

func line(stream, text string, at time.Duration) fold.Line {
	l := logline.Parse(text)
	return fold.Line{Stream: stream, Text: l.Message, Trace: l.Trace, Level: l.Level, At: start.Add(at)}
}

func TestOrdinaryLinesAreHeads(t *testing.T) {
	t.Parallel()
	lines := []string{
		"GET /cart 200",
		"  indented prose",
		"\tat last we are done",
		"at 10:00 the job begins",
		"from here on",
		"  1: first of a list",
		"  2: second of a list",
		"#5 is alive",
		"... and 3 more",
		"File not found",
		"2026-01-02 12:00:00 ERROR it broke",
		"2026-01-02 12:00:00 ERROR java.lang.IllegalStateException: it broke",
		"2026-01-02 12:00:00 INFO all is well",
		"java.lang.IllegalStateException: printed by itself",
		"2026-01-02 12:00:00 INFO goroutine pool of 5",
		"Caused some trouble",
		"Caused by: the weather",
		"... 12 more",
		"--- separator ---",
		"panic: at the disco",
		"main.go(12) is open",
		"{",
		"}",
		"[signals]",
		"note: this",
		"created by me",
		"thread 'x' did not panic:",
		"next line",
		"/app/x.js:3",
		"/app/y.js:4",
		"/app/z.js:4: no semicolon",
	}
	var f fold.Folder
	heads, traces := play(&f, lines...)
	require.Len(t, heads, len(lines), strings.Join(heads, "\n"))
	require.Empty(t, traces)
}

// After an error the next line may be its trace, but not for looking a little
// like one.
func TestNearMissesAreHeads(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"#1 place goes to Ann", "#12345 /a(1): f()", "#1 /a.php: f", "#1 /a(b): f()", "#x", "#1", "#0 0x12 at home",
		"12: name", "1: 2", "12:30 lunch", "/var/log/x.log was rotated", "app.rb:12:in flux", "a b.rb:12:in 'f'",
		"app.rb:12:in 'f", "app.rb:12:in 'f' and so on", "from here on", "thrown in the bin", `File "x" is gone`, `File "x", line of code`,
		"at noon (12:00)", "at lunch", "at (nowhere)", "at )x(", "at a.b", "Stack", "Stack tracing", "Cart closed: yes", "IllegalState", "com.shop.Cart.add",
		"com.shop.Cart.add(5)", "com.shop.Cart.add(see Cart.java:5)", "PHP   is a language", "PHP   1. is (not) here", "PHP   1. f() nowhere",
		"java.lang.Exceptional: x", "exception: x", "Exceptions: 5", "an Error: x", "a.b-cException: x", "...", "... more", "...12 less",
		"goroutine 5", "goroutine x [y]:", "goroutine 5 [running", "---> x", "--- End of story", "Suppressed: nothing", "Wrapped by: hand",
		"panic: x", "created by hand", "[signal box]", "Next stop: x", "|", "+-+", "{", "}", "^",
	} {
		var f fold.Folder
		f.Add(line("a", "2026-01-02 12:00:00 ERROR it broke", 0))
		require.True(t, f.Add(line("a", text, 0)).Head, text)
	}
}

// What comes right behind a trace is read as what it is.
func TestLinesBehindATraceAreHeads(t *testing.T) {
	t.Parallel()
	for trace, next := range map[string]string{
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()": "2026-01-02 12:00:00 INFO Starting: all of it",
		"panic: x\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1":            "2026-01-02 12:00:00 INFO cart.add(5)",
		"Error: x\n    at f (/a.js:1:2)":                                             "listening: 5",
		"java.lang.Error: x\n\tat a.B.c(B.java:1)":                                   "java.lang.Error: y",
		"/app/x.js:3\nthrow new Error('x');\n^\n\nError: x\n    at f (/a.js:1:2)":    "Error: y",
	} {
		var f fold.Folder
		heads, traces := play(&f, append(strings.Split(trace, "\n"), next, "and so on")...)
		require.Len(t, heads, 3, trace)
		require.Len(t, traces, 1, trace)
	}
}

// Where the watermark comes late, time tells.
func TestAnIndentedLineLongAfterATraceIsAHead(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	f.Add(line("a", "Error: x", 0))
	require.False(t, f.Add(line("a", "    at f (/a.js:1:2)", 0)).Head)
	require.False(t, f.Add(line("a", "    and more", 0)).Head)
	v := f.Add(line("a", "    total 5", time.Minute))
	require.True(t, v.Head)
	require.Len(t, v.Done, 1)
}

func TestStreamsAreKeptApart(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	var traces []fold.Trace
	heads := map[string]int{}
	texts := map[string][]string{}
	for name, sample := range samples {
		texts[name] = strings.Split(sample.text, "\n")
	}
	for i := range 40 {
		for name, lines := range texts {
			if i < len(lines) {
				v := f.Add(line(name, lines[i], time.Duration(i)*time.Millisecond))
				traces = append(traces, v.Done...)
				if v.Head {
					heads[name]++
				}
			}
		}
	}
	traces = append(traces, f.Flush()...)
	require.Len(t, traces, len(samples))
	for _, trace := range traces {
		require.Equal(t, samples[trace.Stream].exceptions, trace.Exceptions)
		require.Equal(t, samples[trace.Stream].heads, heads[trace.Stream])
	}
}

func TestATraceEndsAtTheNextHeadOrByTheWatermark(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	require.False(t, f.Due(start.Add(time.Hour)))
	require.True(t, f.Add(line("a", "2026-01-02 12:00:00 ERROR it broke", 0)).Head)
	f.Note(77)
	require.False(t, f.Add(line("a", "java.lang.Error: x", time.Millisecond)).Head)
	require.False(t, f.Add(line("a", "\tat a.B.c(B.java:1)", 500*time.Millisecond)).Head)
	require.Empty(t, f.Advance(start.Add(2499*time.Millisecond)))
	require.False(t, f.Due(start.Add(2499*time.Millisecond)))
	require.True(t, f.Due(start.Add(2500*time.Millisecond)))
	done := f.Advance(start.Add(2500 * time.Millisecond))
	require.Len(t, done, 1)
	require.Equal(t, uint64(77), done[0].Note)
	require.Equal(t, logline.Error, done[0].Level)
	require.Equal(t, 2, done[0].Lines)
	require.Equal(t, start.Add(500*time.Millisecond), done[0].Last)
	require.Empty(t, f.Advance(start.Add(time.Hour)))

	f.Add(line("a", "2026-01-02 12:00:00 ERROR it broke", time.Hour))
	f.Add(line("a", "java.lang.Error: x", time.Hour))
	v := f.Add(line("a", "2026-01-02 12:00:00 ERROR it broke", time.Hour))
	require.True(t, v.Head)
	require.Len(t, v.Done, 1)
	require.Equal(t, []string{"java.lang.Error"}, v.Done[0].Exceptions)
}

func TestATraceWithoutItsBeginning(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	heads, traces := play(&f, "\tat a.B.c(B.java:1)", "\tat a.B.d(B.java:2)", "Caused by: a.CException: x", "\tat a.B.e(B.java:3)", "2026-01-02 12:00:00 INFO next")
	require.Len(t, heads, 1)
	require.Len(t, traces, 1)
	require.True(t, traces[0].Headless)
	require.Zero(t, traces[0].Note)
	require.Equal(t, []string{"a.CException"}, traces[0].Exceptions)

	// Frames long after the last head have lost theirs.
	f = fold.Folder{}
	f.Add(line("a", "2026-01-02 12:00:00 ERROR it broke", 0))
	f.Note(5)
	require.False(t, f.Add(line("a", "\tat a.B.c(B.java:1)", time.Minute)).Head)
	done := f.Flush()
	require.Len(t, done, 1)
	require.True(t, done[0].Headless)
	require.Zero(t, done[0].Note)
	require.Equal(t, start.Add(time.Minute), done[0].At)
}

func TestATraceInAField(t *testing.T) {
	t.Parallel()
	var f, g fold.Folder
	_, apart := play(&f, "Error: no", "    at f (/app/a.js:1:2)", "    at g (/app/b.js:3:4)")
	heads, traces := play(&g, `{"level":"error","msg":"it broke","stack":"Error: no\n    at f (/app/a.js:1:2)\n    at g (/app/b.js:3:4)"}`, `{"level":"info","msg":"next"}`)
	require.Equal(t, []string{"it broke", "next"}, heads)
	require.Len(t, traces, 1)
	require.Equal(t, apart[0].Fingerprint, traces[0].Fingerprint)
	require.Equal(t, uint64(1), traces[0].Note)

	// As zap and AWS Lambda write them: frames alone.
	_, apart = play(&f, "panic: x", "", "goroutine 1 [running]:", "main.add(0x1)", "\t/a.go:1 +0x1", "main.main.func1()", "\t/a.go:9 +0x1")
	_, traces = play(&g, `{"level":"error","msg":"it broke","stacktrace":"main.add\n\t/app/a.go:41\nmain.main.func2\n\t/app/a.go:12"}`)
	require.Equal(t, apart[0].Frames, traces[0].Frames)
	require.Equal(t, fold.Go, traces[0].Language)
	_, traces = play(&g, `{"errorMessage":"no","errorType":"a.NoException","stackTrace":["a.B.c(B.java:1)","a.B.d(B.java:2)"]}`)
	require.Equal(t, []string{"a.B.c", "a.B.d"}, traces[0].Frames)
	require.Equal(t, []string{"a.NoException"}, traces[0].Exceptions)

	heads, traces = play(&g, `{"level":"error","msg":"it broke","stack":"no\ntrace at all"}`)
	require.Len(t, heads, 1)
	require.Empty(t, traces)
}

func TestLinesWithTheirOwnHeaders(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	heads, traces := play(&f,
		"Jan  2 12:00:00 web-1 app[7]: ERROR it broke", "Jan  2 12:00:00 web-1 app[7]: java.lang.Error: x",
		"Jan  2 12:00:00 web-1 app[7]: \tat a.B.c(B.java:1)", "Jan  2 12:00:00 web-1 app[7]: INFO next")
	require.Equal(t, []string{"ERROR it broke", "INFO next"}, heads)
	require.Equal(t, []string{"java.lang.Error"}, traces[0].Exceptions)
	require.Equal(t, []string{"a.B.c"}, traces[0].Frames)
}

func TestAnEndlessTraceIsBounded(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	f.Add(line("a", "Error: x", 0))
	for i := range 50_000 {
		f.Add(fold.Line{Stream: "a", Text: fmt.Sprintf("    at f%d (/%s.js:1:2)", i, strings.Repeat("x", 300)), At: start})
	}
	raw, err := json.Marshal(f.Save())
	require.NoError(t, err)
	require.Less(t, len(raw), 8<<10)
	done := f.Flush()
	require.Len(t, done, 1)
	require.True(t, done[0].Cut)
	require.Equal(t, 50_000, done[0].Lines)
	require.Len(t, done[0].Frames, fold.TopFrames)

	for i := range 10_000 {
		f.Add(fold.Line{Stream: "a", Text: fmt.Sprintf("Caused by: a.B%dException: x", i), At: start})
	}
	done = f.Flush()
	require.Len(t, done[0].Exceptions, fold.MaxExceptions)

	// All in one line.
	long := strings.Repeat("    at f (/a.js:1:2)\n", 100_000)
	v := f.Add(fold.Line{Stream: "a", Text: long, At: start})
	require.False(t, v.Head)
	require.Len(t, f.Flush(), 1)
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	var f fold.Folder
	f.Add(line("first", "Error: x", 0))
	f.Note(3)
	f.Add(line("first", "    at f (/a.js:1:2)", 0))
	var done []fold.Trace
	for i := range 10 * fold.MaxStreams {
		v := f.Add(fold.Line{Stream: fmt.Sprint("stream ", i), Text: "Error: x", At: start})
		require.True(t, v.Head)
		done = append(done, v.Done...)
	}
	require.Len(t, done, 1, "what has to go is complete, as far as anybody knows")
	require.Equal(t, uint64(3), done[0].Note)
	require.LessOrEqual(t, len(f.Save().Streams), fold.MaxStreams)
}

// After each line of every sample the state is saved, loaded and goes on.
func TestStateSurvives(t *testing.T) {
	t.Parallel()
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(sample.text, "\n")
			var f fold.Folder
			wantHeads, wantTraces := play(&f, lines...)
			for cut := range lines {
				f := &fold.Folder{}
				heads, traces := 0, []fold.Trace(nil)
				for i, raw := range lines {
					if i == cut {
						encoded, err := cbor.Marshal(f.Save())
						require.NoError(t, err)
						var saved fold.Saved
						require.NoError(t, cbor.Unmarshal(encoded, &saved))
						require.NotContains(t, string(encoded), "cart 12 is closed", "no words of a log line")
						f = &fold.Folder{}
						require.NoError(t, f.Load(saved))
					}
					v := f.Add(line("s", raw, time.Duration(i)*time.Millisecond))
					traces = append(traces, v.Done...)
					if v.Head {
						heads++
						f.Note(uint64(heads))
					}
				}
				traces = append(traces, f.Flush()...)
				require.Equal(t, len(wantHeads), heads, "cut at %d", cut)
				require.Equal(t, wantTraces, traces, "cut at %d", cut)
			}
		})
	}
}

func TestSavedStatesAreCheckedAndMerged(t *testing.T) {
	t.Parallel()
	var a, b fold.Folder
	a.Add(line("both", "Error: x", 0))
	a.Add(line("both", "    at f (/a.js:1:2)", 0))
	a.Add(line("a", "Error: x", 0))
	a.Add(line("a", "    at f (/a.js:1:2)", 0))
	b.Add(line("both", "TypeError: x", time.Second))
	b.Add(line("both", "    at f (/a.js:1:2)", time.Second))
	for _, states := range [][]fold.Saved{{a.Save(), b.Save()}, {b.Save(), a.Save()}} {
		var c fold.Folder
		require.NoError(t, c.Load(states...))
		done := c.Flush()
		require.Len(t, done, 2)
		require.Equal(t, "a", done[0].Stream)
		require.Equal(t, []string{"TypeError"}, done[1].Exceptions, "the newer one counts")
	}
	for name, spoil := range map[string]func(*fold.Saved){
		"another layout":     func(s *fold.Saved) { s.Version = 9 },
		"too many streams":   func(s *fold.Saved) { s.Streams = make([]fold.SavedStream, fold.MaxStreams+1) },
		"a long name":        func(s *fold.Saved) { s.Streams[0].Name = strings.Repeat("x", 1000) },
		"an expectation":     func(s *fold.Saved) { s.Streams[0].Expect = 200 },
		"too many frames":    func(s *fold.Saved) { s.Streams[0].Trace.Items = make([]uint64, 1000) },
		"a section outside":  func(s *fold.Saved) { s.Streams[0].Trace.Section = 99 },
		"a negative section": func(s *fold.Saved) { s.Streams[0].Trace.Section = -1 },
		"a long frame":       func(s *fold.Saved) { s.Streams[0].Trace.Frames = []string{strings.Repeat("x", 1000)} },
	} {
		saved := a.Save()
		spoil(&saved)
		var c fold.Folder
		require.ErrorContains(t, c.Load(saved), "load folded traces", name)
		require.Empty(t, c.Flush(), name)
	}
}

func TestHeadsAllocateNothing(t *testing.T) {
	var f fold.Folder
	l := line("a", "2026-01-02 12:00:00 ERROR it broke", 0)
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Add(l) }))
}

// FuzzFolder looks for lines that panic, that grow the state, or whose state
// does not survive.
func FuzzFolder(f *testing.F) {
	for _, sample := range samples {
		f.Add(sample.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var f fold.Folder
		parts := 0
		check := func(traces []fold.Trace) {
			for _, trace := range traces {
				require.LessOrEqual(t, len(trace.Frames), fold.TopFrames)
				require.LessOrEqual(t, len(trace.Exceptions), fold.MaxExceptions)
				require.NotZero(t, trace.Lines)
				parts += trace.Lines
			}
		}
		lines := strings.Split(text, "\n")
		for i, raw := range lines {
			v := f.Add(line(fmt.Sprint(i%3), raw, time.Duration(i)*time.Millisecond))
			check(v.Done)
			if v.Head {
				require.NotContains(t, v.Text, "\n")
			}
			if i%7 == 3 {
				var g fold.Folder
				require.NoError(t, g.Load(f.Save()))
				f = g
			}
		}
		check(f.Flush())
		require.LessOrEqual(t, parts, len(lines)+strings.Count(text, "\r")+strings.Count(text, `\`))
		f.Add(fold.Line{Stream: "s", Text: text, Trace: text, At: start})
		check(f.Flush())
	})
}
