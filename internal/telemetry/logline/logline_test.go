package logline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

func TestLevelAndMessage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		level logline.Level
		text  string // empty: all of the line
	}{
		`{"level":"error","msg":"it broke","request_id":"1"}`:                    {logline.Error, "it broke"},
		`{"severity":"CRITICAL","message":"gone","error":"no route"}`:            {logline.Fatal, "gone: no route"},
		`{"level":50,"msg":"pino"}`:                                              {logline.Error, "pino"},
		`{"level":{"x":1},"lvl":"warn","event":"x"}`:                             {logline.Warn, "x"},
		`{"msg":"no level"}`:                                                     {"", "no level"},
		`{"level":"error"`:                                                       {logline.Error, ""},
		`{"level":"error","msg":"it bro`:                                         {logline.Error, ""},
		`{main} ERROR it broke`:                                                  {logline.Error, ""},
		`{"level":"error","msg" it broke}`:                                       {"", ""},
		`{"msg":"it broke","level":"err`:                                         {"", ""},
		`time=2026-01-01T00:00:00Z level=error msg="it \"broke\"" code=5`:        {logline.Error, `it "broke"`},
		`level=INFO msg=ready`:                                                   {logline.Info, "ready"},
		`2026-01-01 10:00:00,123 ERROR [main] com.shop.Cart it broke`:            {logline.Error, "it broke"},
		`[error] 12#0: it broke`:                                                 {logline.Error, ""},
		`web-1 WARNING: slow`:                                                    {logline.Warn, ""},
		`E0102 15:04:05.000000 1 main.go:5] it broke`:                            {logline.Error, "it broke"},
		`<err> it broke`:                                                         {logline.Error, ""},
		`fatal: it broke`:                                                        {logline.Fatal, ""},
		`GET /errors HTTP/1.1 200`:                                               {"", ""},
		`no error was found in this run, all went well`:                          {"", ""},
		`the ERROR word comes much too late in this one line to be its level x`:  {logline.Error, ""},
		`one two three four five six seven eight nine ten eleven twelve ERROR x`: {"", ""},
		``: {"", ""},
	} {
		got := logline.Parse(line)
		require.Equal(t, want.level, got.Level, line)
		if want.text == "" {
			want.text = line
		}
		require.Equal(t, want.text, got.Message, line)
	}
}
