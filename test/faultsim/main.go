// Command faultsim writes made-up fault cases for `starter analyze`, with their
// truth:
//
//	go run ./test/faultsim --out DIR [--cases 200] [--outside 40] [--seed 1] [--set pods]
//
// DIR/inside gets the cases whose cause is one of the application's services, as
// the scorer of rankings reads them, DIR/outside those whose cause is elsewhere.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"firebreak/test/faultsim/cases"
)

func main() {
	out := flag.String("out", "", "`folder` for the cases")
	inside := flag.Int("cases", 200, "cases with a cause inside")
	outside := flag.Int("outside", 40, "cases with a cause outside")
	seed := flag.Uint64("seed", 1, "another seed gives other cases")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 || *inside < 0 || *outside < 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*out, *seed, *inside, *outside); err != nil {
		slog.Error("the cases were not written", "error", err)
		os.Exit(1)
	}
}

func write(out string, seed uint64, inside, outside int) error {
	for folder, drawn := range map[string][]cases.Case{
		"inside":  cases.Several(seed, inside, cases.Faults()),
		"outside": cases.Several(seed, outside, cases.OutsideFaults()),
	} {
		for _, c := range drawn {
			if err := c.Write(filepath.Join(out, folder)); err != nil {
				return err
			}
		}
		fmt.Printf("%d cases in %s\n", len(drawn), filepath.Join(out, folder))
	}
	return nil
}
