package rules

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kinds of data about people.
const (
	kindEmail    = "email"
	kindPhone    = "phone"
	kindCard     = "card"
	kindIBAN     = "iban"
	kindNational = "national-id"
	kindIP       = "ip"
	kindHost     = "host"
)

// context is a word that says what a number near it is.
type context struct {
	what     uint16
	from, to int
}

// What numbers can be said to be.
const (
	saysPhone = 1 << iota
	saysCard
	saysNational // of any country
	saysCount    // a number of a machine: a block, an offset, a trace
	saysHost
)

// contextWords are the words, each at a border of a word.
var contextWords = map[uint16][]string{
	saysPhone: {"phone", "tel", "telephone", "mobile", "cell", "fax", "sms", "whatsapp", "msisdn", "caller", "callback", "dial", "dialed", "dialled", "handy", "telefon", "telefonnummer", "telefono", "teléfono", "téléphone", "celular", "voicemail", "numéro", "rückruf", "mobil", "portable", "call me", "call us", "call back", "reach me", "reach us", "text me", "ring me"},
	saysCard:  {"card", "pan", "credit", "debit", "visa", "mastercard", "amex", "maestro", "cc", "ccnum", "cardnumber", "creditcard"},
	saysNational: {
		"ssn", "social security", "socialsecurity", "social_security", "tin", "itin", "taxpayer", "tax id", "taxid", "tax_id", "tax number", "tax-id", "national id", "nationalid", "national_id", "national-id", "identity number", "id number", "id_number", "idnumber", "citizen", "passport", "national insurance", "nino", "ni number", "ni_number",
		"steuer", "steuerid", "steuer-id", "idnr", "steueridentifikationsnummer", "nir", "insee", "numéro de sécurité sociale", "sécurité sociale", "securite sociale", "secu", "dni", "nie", "nif", "codice fiscale", "codicefiscale", "codice_fiscale",
		"bsn", "burgerservicenummer", "personnummer", "personnr", "pnr", "personal number", "personal identity", "samordningsnummer", "fødselsnummer", "fodselsnummer", "fnr", "cpr", "cpr-nr", "hetu", "henkilötunnus", "pesel", "cpf", "rg", "aadhaar", "aadhar", "uidai", "pan",
		"rijksregisternummer", "national number", "niss", "insz", "ahv", "avs", "nhs", "sin", "social insurance", "tfn", "tax file", "medicare", "curp", "rut", "nric", "hkid", "my number", "mynumber", "rrn", "tckn", "tc kimlik", "pps", "ppsn", "amka", "egn", "cnp", "rodné číslo", "rodne cislo", "sa id", "id no",
	},
	saysCount: {"trace", "traceid", "trace_id", "span", "spanid", "span_id", "offset", "blk", "block", "seq", "sequence", "nonce", "epoch", "timestamp", "ts", "nanos", "micros", "txid", "lsn", "inode", "serial", "bytes", "size", "order", "order_id", "orderid", "request", "request_id", "event_id", "message_id", "snowflake", "partition", "ticket", "build", "revision", "version", "shipment", "tracking", "parcel", "sku", "isbn", "ean", "imei", "part", "invoice", "batch", "lot", "article", "artikel", "model", "item", "job", "case", "reference", "terminal", "terminal_id", "terminalid", "tid", "stan", "merchant_id", "merchantid"},
}

func (t *table) personal() {
	for what, list := range contextWords {
		for _, word := range list {
			t.on(word, func(c *scan, from, to int) {
				if !at(c.text, from-1, isWordByte) && !at(c.text, to, isLetterByte|isWideByte) || hump(c.text, from, to) {
					c.contexts = append(c.contexts, context{what, from, to})
				}
			})
		}
	}
	t.on("@", func(c *scan, from, _ int) { c.email(from) })
	t.on("::", (*scan).address6)
	for _, word := range []string{"host", "hostname", "server", "peer", "node", "upstream", "backend"} {
		t.on(word, (*scan).namedHost)
	}
	t.on("://", func(c *scan, _, to int) { c.host(to) })
}

// hump tells whether a word is a part of a name in camel case.
func hump(text string, from, to int) bool {
	return (from == 0 || !in(text[from-1], isWordByte) || in(text[from-1], isLowerByte) && in(text[from], isUpperByte)) &&
		(to == len(text) || !in(text[to], isLetterByte|isWideByte) || in(text[to], isUpperByte) && in(text[to-1], isLowerByte))
}

// near is how far from a number, in bytes, a word may stand that says what it is.
const near = 48

// said is what words near a place say.
func (c *scan) said(from, to int) uint16 {
	var what uint16
	for _, w := range c.contexts[c.contextFrom(from-near):] {
		if w.to > to+12+maxContext {
			break
		}
		if w.to <= from || w.from >= to && w.from-to <= 12 {
			what |= w.what
		}
	}
	return what
}

// maxContext is how long a word of a context is at most, in bytes.
const maxContext = 32

// contextFrom is the first word that ends at a place or later.
func (c *scan) contextFrom(at int) int {
	return sort.Search(len(c.contexts), func(i int) bool { return c.contexts[i].to >= at })
}

// named is what the word just before a place says.
func (c *scan) named(from int) uint16 {
	var what uint16
	for _, w := range c.contexts[c.contextFrom(from-5):] {
		if w.to > from {
			break
		}
		if !strings.ContainsAny(c.text[w.to:from], ",;") {
			what |= w.what
		}
	}
	return what
}

// email marks an address around its "@".
func (c *scan) email(i int) {
	text := c.text
	from := i
	for from > 0 && i-from < 64 {
		r, n := utf8.DecodeLastRuneInString(text[:from])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._%+-", r) {
			break
		}
		from -= n
	}
	for from < i && strings.IndexByte(".%-", text[from]) >= 0 {
		from++
	}
	if c.dialledAddress(i) {
		return
	}
	if from == i || i < c.userEnd || strings.HasSuffix(text[:from], "://") {
		return
	}
	end, last := i+1, i+1
	labels := 0
	for {
		stop := end
		for stop < len(text) && stop-end < 64 {
			r, n := utf8.DecodeRuneInString(text[stop:])
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' {
				break
			}
			stop += n
		}
		if stop == end || text[end] == '-' || labels == 9 {
			break
		}
		labels, last = labels+1, stop
		if stop >= len(text) || text[stop] != '.' {
			break
		}
		end = stop + 1
	}
	domain := text[i+1 : last]
	dot := strings.LastIndexByte(domain, '.')
	if dot < 0 {
		return
	}
	top := domain[dot+1:]
	if utf8.RuneCountInString(top) < 2 || strings.ContainsAny(top, "0123456789-") || slices.Contains(noDomain, strings.ToLower(top)) {
		return
	}
	if text[from:i] == "git" && last < len(text) && text[last] == ':' { // the address of a repository
		return
	}
	c.add(from, last, kindEmail, weightShape)
}

// noDomain are endings of what has an "@" in it and is no address: files, and
// units of systemd.
var noDomain = []string{
	"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "mjs", "cjs", "ts", "jsx", "tsx", "css", "scss", "html", "json", "yaml", "yml", "xml", "txt", "log", "md", "tgz", "gz", "zip", "jar", "war", "so", "dll", "exe", "go", "py", "rb", "java", "service", "socket", "timer", "mount", "slice", "scope", "target", "device", "path", "swap",
}
