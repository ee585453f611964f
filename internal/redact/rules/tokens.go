package rules

import (
	"math"
	"regexp"
	"strings"
)

// kindCredentials is the kind of what stands before the host of a URL.
const kindCredentials = "credentials"

// token is a form that some issuer gives to its secrets. The library has many of
// them; these are the ones that it lacks, or that it takes only in full length,
// which a log does not always show.
type token struct {
	kind  string
	words []string       // each begins a match
	find  *regexp.Regexp // from that word on; group 1 goes, or all when there is none
	most  int            // bytes that are looked at; 0: a few hundred
	ok    func(v string) bool
}

var ownTokens = []token{
	// The end marker is optional: a block that a log cut off is still a key.
	{"private-key", []string{"-----begin"}, regexp.MustCompile(`^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)`), maxInput, nil},
	{"jwt", []string{"eyj"}, regexp.MustCompile(`^eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}`), 4096, nil},
	{"aws-key", []string{"akia", "asia", "abia", "acca", "aroa", "aida", "agpa", "anpa", "anva", "aipa"}, regexp.MustCompile(`^(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA)[A-Z0-9]{16}\b`), 0, nil},
	{"aws-session", []string{"fwogzxivyxdz", "iqojb3jpz2lu", "fqogzxivyxdz"}, regexp.MustCompile(`^(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=_-]{40,}`), 4096, nil},
	{"slack", []string{"xox", "xapp-", "xwfp-"}, regexp.MustCompile(`^(?:xox[abceoprs](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]{8,}`), 0, nil},
	{"slack", []string{"hooks.slack.com"}, regexp.MustCompile(`^hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9/_-]{8,})`), 0, nil},
	{"webhook", []string{"discord.com/api/webhooks/", "discordapp.com/api/webhooks/"}, regexp.MustCompile(`^[a-z.]+/api/webhooks/([0-9]{10,24}/[A-Za-z0-9_-]{20,})`), 0, nil},
	{"github", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, regexp.MustCompile(`^(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`), 0, nil},
	{"gitlab", []string{"glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"}, regexp.MustCompile(`^gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{16,}`), 0, nil},
	{"jira", []string{"atatt3", "atctt3", "atstt3", "atoa", "atbb"}, regexp.MustCompile(`^(?:(?:ATATT3|ATCTT3|ATSTT3|ATOA)[A-Za-z0-9_=-]{16,}|ATBB[A-Za-z0-9]{20,})`), 0, nil},
	{"api-key", []string{"sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "whsec_"}, regexp.MustCompile(`^(?:[srp]k_(?:live|test)|whsec)_[A-Za-z0-9+/]{10,}`), 0, nil},
	{"api-key", []string{"aiza"}, regexp.MustCompile(`^AIza[A-Za-z0-9_-]{35}`), 0, nil},
	{"api-key", []string{"ya29."}, regexp.MustCompile(`^ya29\.[A-Za-z0-9_-]{20,}`), 2048, nil},
	{"api-key", []string{"sk-"}, regexp.MustCompile(`^sk-(?:[a-z]{3,10}[0-9]{0,2}-){0,3}[A-Za-z0-9_-]{20,}`), 0, random},
	{"api-key", []string{"npm_"}, regexp.MustCompile(`^npm_[A-Za-z0-9]{30,}`), 0, nil},
	{"api-key", []string{"dckr_pat_"}, regexp.MustCompile(`^dckr_pat_[A-Za-z0-9_-]{20,}`), 0, nil},
	{"api-key", []string{"sg."}, regexp.MustCompile(`^SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`), 0, nil},
	{"api-key", []string{"hf_"}, regexp.MustCompile(`^hf_[A-Za-z0-9]{30,}`), 0, nil},
	{"api-key", []string{"hvs.", "hvb."}, regexp.MustCompile(`^hv[sb]\.[A-Za-z0-9_-]{20,}`), 0, nil},
	{"api-key", []string{"dapi"}, regexp.MustCompile(`^dapi[a-f0-9]{32}`), 0, nil},
	{"api-key", []string{"shpat_", "shpca_", "shppa_", "shpss_"}, regexp.MustCompile(`^shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`), 0, nil},
	{"api-key", []string{"glsa_"}, regexp.MustCompile(`^glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}`), 0, nil},
	{"api-key", []string{"pypi-"}, regexp.MustCompile(`^pypi-[A-Za-z0-9_-]{50,}`), 2048, nil},
	{"api-key", []string{"key-"}, regexp.MustCompile(`^key-[a-f0-9]{32}\b`), 0, nil},
	{"api-key", []string{"/bot"}, regexp.MustCompile(`^/bot([0-9]{8,10}:[A-Za-z0-9_-]{30,})`), 0, nil},
	{"crypt", []string{"$2a$", "$2b$", "$2y$"}, regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[A-Za-z0-9./]{53}`), 0, nil},
	{"crypt", []string{"$argon2", "$5$", "$6$", "$1$"}, regexp.MustCompile(`^\$(?:argon2[a-z]{0,2}|[156])\$[A-Za-z0-9+/=,$.]{20,}`), 0, nil},
}

// nearest is how much of a text is looked at for a token of no great length.
const nearest = 512

func (t *table) tokens() {
	for _, tok := range ownTokens {
		for _, word := range tok.words {
			t.on(word, func(c *scan, from, _ int) { c.token(tok, from) })
		}
	}
	t.on("://", (*scan).credentials)
}

func (c *scan) token(tok token, from int) {
	if from > 0 && in(c.text[from-1], isAlnumByte) && in(c.text[from], isAlnumByte) {
		return
	}
	if from < c.tokenEnd || tok.kind == "jwt" && at(c.text, from-1, isBase64Byte) && c.text[from-1] != '/' { // in one that is known
		return
	}
	end := min(len(c.text), from+max(nearest, tok.most))
	m := tok.find.FindStringSubmatchIndex(c.text[from:end])
	if m == nil {
		return
	}
	start, stop := from+m[0], from+m[1]
	if len(m) > 2 && m[2] >= 0 {
		start, stop = from+m[2], from+m[3]
	}
	if tok.ok != nil && !tok.ok(c.text[start:stop]) {
		return
	}
	if stop == end {
		stop = run(c.text, stop, isBase64Byte)
	}
	c.tokenEnd = stop
	c.add(start, stop, tok.kind, weightShape)
}

// credentials marks the password of a URL, as far as its last "@": a
// password can have one in it.
func (c *scan) credentials(from, to int) {
	if !at(c.text, from-1, isAlnumByte) {
		return
	}
	last := -1
	end := to
	for end < len(c.text) && end-to < 1024 && !in(c.text[end], isSpaceByte) && strings.IndexByte("/?#\"'<>\\", c.text[end]) < 0 {
		if c.text[end] == '@' {
			last = end
		}
		end++
	}
	if last < 0 {
		return
	}
	c.userEnd = last + 1
	v := c.text[to:last]
	user, password, two := strings.Cut(v, ":")
	switch {
	case two && password != "" && !harmless(password) && (strings.Contains(user, "@") || len(user) >= 16 && random(user)),
		!two && len(v) >= 16 && random(v): // some take a token for the user
		c.add(to, last, kindCredentials, weightKeyed)
	case two && password != "" && !harmless(password):
		c.add(last-len(password), last, kindCredentials, weightKeyed)
	}
}

// kindRandom is the kind of what looks like a key by chance alone.
const kindRandom = "high-entropy"

// randomKey marks secret keys of AWS that stand without their name: 40 characters of base64.
func (c *scan) randomKey(from, to int) {
	for from < to {
		end := from
		for end < to && c.text[end] != '-' && c.text[end] != '_' {
			end++
		}
		if end-from == 40 && !at(c.text, from-1, isWordByte) && (end == len(c.text) || strings.IndexByte("=_-", c.text[end]) < 0) && looksRandom(c.text[from:end]) {
			c.add(from, end, kindRandom, weightGuess)
		}
		from = end + 1
	}
}

// minEntropy is the Shannon entropy in bits a character above which a string of
// 40 characters counts as random. Base64 of 30 random bytes has about 4.7, hex
// digits have at most 4, words of a language around 4.
const minEntropy = 4.25

// looksRandom tells whether letters of both cases and digits stand in a text
// without order.
func looksRandom(v string) bool {
	var seen uint8
	for i := range len(v) {
		seen |= byteIs[v[i]]
	}
	return seen&isUpperByte != 0 && seen&isLowerByte != 0 && seen&isDigitByte != 0 && entropy(v) >= minEntropy && strings.Count(v, "/") <= 4
}

// entropy is Shannon's, in bits a byte.
func entropy(v string) float64 {
	var count [256]int
	for i := range len(v) {
		count[v[i]]++
	}
	var bits float64
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(v))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// random tells whether a value is one that a machine has drawn, rather than a name
// or a number that a person knows: letters and digits mixed, and no UUID, digest,
// time or path.
func random(v string) bool {
	var letters, digits, changes int
	var seen uint8
	for i := range len(v) {
		is := byteIs[v[i]]
		seen |= is
		switch {
		case is&isLetterByte != 0:
			letters++
		case is&isDigitByte != 0:
			digits++
		}
		if i > 0 && (is^byteIs[v[i-1]])&(isUpperByte|isLowerByte|isDigitByte) != 0 {
			changes++
		}
	}
	if letters < 3 || digits < 1 || only(strings.ReplaceAll(v, "-", ""), isHexByte) {
		return false
	}
	return changes >= 5 && entropy(v) >= 3
}
