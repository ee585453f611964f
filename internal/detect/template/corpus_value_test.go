package template

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

const (
	hexDigits = "0123456789abcdef"
	alnum     = "abcdefghijklmnopqrstuvwxyz0123456789"
	base64    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// corpusValue is what a kind with its bounds writes.
func corpusValue(s string) (corpusPart, error) {
	kind, bounds, bounded := strings.Cut(s, ":")
	if make, ok := corpusKinds[kind]; ok && !bounded {
		return func(b *corpusText, r *rand.Rand) { b.WriteString(make(r)) }, nil
	}
	switch kind {
	case "int":
		least, most, err := corpusRange(bounds)
		return func(b *corpusText, r *rand.Rand) {
			b.WriteString(strconv.Itoa(between(r, least, most)))
		}, err
	case "float":
		span, digits, _ := strings.Cut(bounds, ":")
		least, most, err := corpusRange(span)
		if err != nil {
			return nil, err
		}
		precision, err := strconv.Atoi(digits)
		return func(b *corpusText, r *rand.Rand) {
			b.WriteString(strconv.FormatFloat(float64(between(r, least, most))+r.Float64(), 'f', precision, 64))
		}, err
	}
	letters, ok := map[string]string{"hex": hexDigits, "alnum": alnum, "b64": base64, "digits": "0123456789"}[kind]
	if !ok {
		return nil, fmt.Errorf("%q is no kind of value", s)
	}
	n, err := strconv.Atoi(bounds)
	return func(b *corpusText, r *rand.Rand) { b.WriteString(letterRun(r, letters, n)) }, err
}

// between is a number of any order of magnitude up to most.
func between(r *rand.Rand, least, most int) int {
	if most-least < 100 {
		return least + r.IntN(most-least+1)
	}
	return least + min(most-least, int(math.Exp(r.Float64()*math.Log(float64(most-least+1))))-1)
}

func letterRun(r *rand.Rand, letters string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

var corpusKinds = map[string]func(*rand.Rand) string{
	"ip": func(r *rand.Rand) string {
		if r.IntN(12) == 0 {
			return "2001:db8:" + letterRun(r, hexDigits, 4) + "::" + letterRun(r, hexDigits, 2)
		}
		return fmt.Sprintf("%d.%d.%d.%d", []int{10, 172, 203, 198}[r.IntN(4)], r.IntN(256), r.IntN(256), r.IntN(256))
	},
	"port": func(r *rand.Rand) string { return strconv.Itoa(1024 + r.IntN(64000)) },
	"uuid": func(r *rand.Rand) string {
		h := func(n int) string { return letterRun(r, hexDigits, n) }
		return h(8) + "-" + h(4) + "-4" + h(3) + "-a" + h(3) + "-" + h(12)
	},
	"host": func(r *rand.Rand) string {
		switch r.IntN(4) {
		case 0:
			return fmt.Sprintf("ip-10-0-%d-%d.eu-central-1.compute.internal", r.IntN(4), r.IntN(256))
		case 1:
			return []string{"gateway", "proxy", "mail", "cache"}[r.IntN(4)] + ".corp.example"
		case 2:
			return fmt.Sprintf("web%02d", r.IntN(12))
		default:
			return fmt.Sprintf("%s-%d.acme.internal", []string{"db", "kafka", "worker"}[r.IntN(3)], r.IntN(5))
		}
	},
	"email": func(r *rand.Rand) string {
		return letterRun(r, alnum[:26], 3+r.IntN(6)) + []string{"", ".x", "+shop"}[r.IntN(3)] + "@" + []string{"example.com", "mail.example", "acme.example"}[r.IntN(3)]
	},
	"time": func(r *rand.Rand) string {
		return fmt.Sprintf("%02d/%s/2031:%02d:%02d:%02d +0000", 1+r.IntN(28), []string{"Jan", "Mar", "May", "Oct"}[r.IntN(4)], r.IntN(24), r.IntN(60), r.IntN(60))
	},
	"dur": func(r *rand.Rand) string {
		n := between(r, 1, 900)
		return []string{
			fmt.Sprintf("%dms", n), fmt.Sprintf("%.3fs", float64(n)/37), fmt.Sprintf("%dµs", n),
			fmt.Sprintf("%.6fms", float64(n)/7), fmt.Sprintf("%dm%ds", 1+n/60, n%60),
		}[r.IntN(5)]
	},
	"size": func(r *rand.Rand) string {
		n := between(r, 1, 900)
		return []string{
			fmt.Sprintf("%dKB", n), fmt.Sprintf("%.1f MB", float64(n)/9), fmt.Sprintf("%dB", n),
			fmt.Sprintf("%d.%d GiB", n%40, n%10),
		}[r.IntN(4)]
	},
}
