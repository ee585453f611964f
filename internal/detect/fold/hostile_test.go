package fold_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/fold"
	"firebreak/internal/telemetry/logline"
)

// hostile are texts of about n bytes that a careless reader takes long for.
func hostile(n int) map[string]string {
	return map[string]string{
		"line ends":         strings.Repeat("\n", n),
		"carriage returns":  strings.Repeat("\r", n),
		"short lines":       strings.Repeat("a\r", n/2),
		"frames":            strings.Repeat("\tat a.B.c(B.java:1)\n", n/21),
		"open brackets":     "\tat " + strings.Repeat("(", n),
		"closed brackets":   "\tat a.b" + strings.Repeat(")", n),
		"a long frame":      "\tat a." + strings.Repeat("b.", n/2) + "c(B.java:1)",
		"generated":         "\tat a." + strings.Repeat("$1", n/2) + "c(B.java:1)",
		"a long file":       "  File \"" + strings.Repeat("/a", n/2) + "\", line 1, in f",
		"hashes in a file":  "    at f (" + strings.Repeat("/0123456", n/8) + "/x.js:1:2)",
		"a long type":       strings.Repeat("a.", n/2) + "BException: x",
		"many words":        strings.Repeat("a ", n/2),
		"causes":            strings.Repeat("Caused by: a.BException: x\n", n/27),
		"Go calls":          "goroutine 1 [running]:\n" + strings.Repeat("a.b((", n/5) + strings.Repeat(")", n/5),
		"blanks":            strings.Repeat(" ", n) + "x",
		"digits":            strings.Repeat("9", n),
		"a path":            "/" + strings.Repeat("a/", n/2) + ".js:1",
		"no UTF-8":          strings.Repeat("\xff\xfe\n", n/3),
		"announced for all": strings.Repeat("Traceback (most recent call last):\n", n/35),
	}
}

func TestTimeIsLinear(t *testing.T) {
	for name, long := range hostile(1 << 18) {
		short := hostile(1 << 14)[name]
		base := fastest(short, 3)
		limit := 16*6*base + 20*time.Millisecond
		var took time.Duration
		require.Eventually(t, func() bool {
			took = fastest(long, 1)
			return took < limit
		}, 20*time.Second, time.Millisecond, "%s: %s for %d bytes took %s for %d bytes", name, base, len(short), took, len(long))
	}
}

// fastest is the time for a text as a head, as a part and as a field.
func fastest(text string, runs int) time.Duration {
	best := time.Hour
	for range runs {
		var f fold.Folder
		began := time.Now()
		f.Add(fold.Line{Text: text, Level: logline.Error, At: start})
		f.Add(fold.Line{Text: text, At: start})
		f.Add(fold.Line{Text: "x", Trace: text, Level: logline.Error, At: start})
		f.Flush()
		best = min(best, time.Since(began))
	}
	return best
}
