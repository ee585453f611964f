//go:build !race

// With the race detector these days would take ten times as long, and an engine
// has no goroutine.

package logtraffic_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/test/logtraffic"
)

// The seeds of the tests were chosen before anything was seen of them. Any other
// can be looked at with
//
//	go test ./test/logtraffic -run Day -v -first 100 -seeds 5
var (
	first       = flag.Uint64("first", 1, "first seed of the traffic")
	seeds       = flag.Uint64("seeds", 0, "how many seeds; 0: those of the test")
	sensitivity = flag.String("sensitivity", string(detect.Quiet), "preset of the engine")
)

// TestMain lets garbage lie for longer: there is a gigabyte of lines, of which
// nothing is kept.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

type plain struct{}

func (plain) Redact(raw string) string { return raw }

func engine() *detect.Detector {
	return detect.New(detect.Options{Inventory: logtraffic.Inventory(), Redactor: plain{}, Sensitivity: detect.Sensitivity(*sensitivity)})
}

// TestADayOfTroubleIsFound gives an engine five days to learn what is normal,
// and then a day with three troubles of each kind, each of which is to be found,
// once, within two minutes, by a rule that fits; -v shows each mistake.
func TestADayOfTroubleIsFound(t *testing.T) {
	t.Parallel()
	for seed := range cmp.Or(*seeds, 2) {
		t.Run(fmt.Sprint(*first+seed), func(t *testing.T) {
			t.Parallel()
			const learning = 5
			day := monday.AddDate(0, 0, learning+2) // another Monday: the days before it are not all alike
			traffic := logtraffic.Traffic{Seed: *first + seed, Begin: day.AddDate(0, 0, -learning), Days: learning + 1, Troubles: logtraffic.Day(*first+seed, day)}
			e := engine()
			v := logtraffic.Judge(traffic.Troubles, traffic.Run(day, e))
			t.Logf("\n%s", v)
			require.Empty(t, v.Alarms)
			require.Equal(t, len(traffic.Troubles), v.Right())
			require.Zero(t, e.Stats().Late)
		})
	}
}

// TestNormalDaysGiveNoAnomaly: four days to learn from, and ten more, with a
// weekend and releases, of two fleets.
func TestNormalDaysGiveNoAnomaly(t *testing.T) {
	t.Parallel()
	for seed := range cmp.Or(*seeds, 2) {
		t.Run(fmt.Sprint(*first+seed), func(t *testing.T) {
			t.Parallel()
			const learning, days = 4, 10
			traffic := logtraffic.Traffic{Seed: *first + seed, Begin: monday, Days: learning + days}
			e := engine()
			told := traffic.Run(monday.AddDate(0, 0, learning), e)
			for _, one := range told {
				t.Log(one)
			}
			require.Empty(t, told)
			require.Greater(t, e.Stats().Signals, int64(traffic.Days*200_000))
		})
	}
}
