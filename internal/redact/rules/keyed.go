package rules

import (
	"slices"
	"strings"
)

// kindSecret is the kind of a value whose field's name says that it is secret.
const kindSecret = "secret"

// fieldName is a word that ends the name of a field that holds a secret.
type fieldName struct {
	word   string
	inside bool                // other letters may stand before it: "userpassword"
	ok     func(v string) bool // of values that stand without quotation marks
}

// fieldNames are those words. "max_tokens" and "token_count" hold no secret,
// "db.password" does: the word has to end the name, but for what afterName
// allows.
func fieldNames() []fieldName {
	names := []fieldName{
		{"password", true, nil},
		{"passwd", true, nil},
		{"passphrase", true, nil},
		{"passcode", true, nil},
		{"passwort", true, nil},
		{"kennwort", true, nil},
		{"contraseña", true, nil},
		{"contrasena", true, nil},
		{"motdepasse", true, nil},
		{"mot de passe", true, nil},
		{"wachtwoord", true, nil},
		{"senha", false, nil},
		{"secret", true, nil},
		{"secretaccesskey", true, nil},
		{"secret access key", true, nil},
		{"token", true, notCounted},
		{"pwd", false, notAPath},
		{"pw", false, nil},
		{"session", false, isLong},
		{"sid", false, isLong},
		{"pass", false, notCounted},
		{"credential", false, nil},
		{"credentials", false, nil},
		{"creds", false, nil},
		{"otp", false, nil},
		{"totp", false, nil},
		{"pincode", false, nil},
		{"pin_code", false, nil},
		{"pin-code", false, nil},
		{"pin", false, isPIN},
		{"cvv", false, isPIN},
		{"cvc", false, isPIN},
		{"cvv2", false, isPIN},
		{"sas", false, nil},
		{"bearer", false, nil},
		{"passkey", true, nil},
		{"mfa_code", false, nil},
		{"otp_code", false, nil},
		{"recovery_code", false, nil},
		{"backup_code", false, nil},
		{"one-time code", false, nil},
		{"signature", false, isLong},
		{"sig", false, isLong},
		{"requirepass", false, nil},
		{"masterauth", false, nil},
		{"bindpw", false, nil},
		{"psk", false, nil},
		{"seed phrase", false, nil},
		{"mnemonic", false, nil},
		{"phpsessid", false, nil},
		{"jsessionid", false, nil},
		{"sessid", true, nil},
		{"session key", false, nil},
	}
	for _, joint := range []string{"", "_", "-", "."} {
		for _, first := range []string{
			"api", "access", "account", "auth", "encryption", "master", "private", "shared", "signing", "storage", "subscription",
			"license", "licence", "application", "consumer", "secret", "ssh", "hmac", "webhook", "cipher", "aes", "rsa", "jwt", "crypto", "service", "deploy", "admin", "functions", "host", "app", "client", "ingest", "write", "server", "root",
		} {
			names = append(names, fieldName{first + joint + "key", false, notCounted})
		}
		names = append(names, fieldName{"session" + joint + "id", false, nil},
			fieldName{"access" + joint + "key" + joint + "secret", false, nil}, fieldName{"account" + joint + "password", false, nil})
	}
	for _, first := range []string{"verification", "security", "login", "confirmation", "access", "auth", "2fa", "one-time", "otp", "sms", "mfa", "door", "recovery"} {
		for _, joint := range []string{" ", "_", "-", ""} {
			names = append(names, fieldName{first + joint + "code", false, isPIN})
		}
	}
	return append(names, fieldName{"api key", false, isKey}, fieldName{"access key", false, isKey}, fieldName{"private key", false, isKey},
		fieldName{"secret key", false, isKey}, fieldName{"session id", false, isKey})
}

func (t *table) keyedFields() {
	for _, n := range fieldNames() {
		t.on(n.word, func(c *scan, from, to int) { c.field(n, from, to) })
	}
	// As in SQL: "identified by 'x'".
	t.on("identified by", func(c *scan, _, to int) {
		if i := skipSpaces(c.text, to); i > to {
			c.fieldValue(i, nil, true)
		}
	})
}

// field looks at a word that may end a field's name, and marks the field's value.
func (c *scan) field(n fieldName, from, to int) {
	text := c.text
	if from < c.valueEnd || from < c.userEnd { // in a value that goes, or before the host of a URL
		return
	}
	if !n.inside && from > 0 && in(text[from-1], isLetterByte|isWideByte) &&
		(!in(text[from-1], isLowerByte) || !in(text[from], isUpperByte)) { // "dbPwd" is two words
		return
	}
	end := afterName(text, to)
	if at(text, end, isAlnumByte) || end < len(text) && (text[end] == '_' || text[end] == '-' && end == to) {
		return
	}
	if c.markup(n, from, end) {
		return
	}
	i := skipQuote(text, end)
	quoted := i > end
	i = skipSpaces(text, i)
	sep := separator(text, i)
	switch {
	case sep > 0:
		i = skipSpaces(text, i+sep)
	case i > end && !quoted && i < len(text) && (text[i] == '\'' || text[i] == '"') && n.inside && n.word[0] == 'p': // password 'x', as in SQL
	case i > end && !quoted && option(text, from): // --password x
		if text[i-1] == '\n' || i < len(text) && text[i] == '-' {
			return
		}
		c.optionValue(i)
		return
	case i > end && !quoted && (slices.Contains(spoken, n.word) || strings.HasSuffix(n.word, " code")):
		c.spoken(n, i)
		return
	case i > end && !quoted && slices.Contains(directives, n.word), i == end+1 && text[from:end] == "PASS":
		c.fieldValue(i, isKey, false)
		return
	case (quoted || valueOfName(text, from)) && c.pair(n, i):
		return
	case c.setter(n, from, end):
		return
	default:
		return
	}
	if sep == 1 && from > 0 && text[from-1] == ':' && resource(text, from) {
		return
	}
	prose := !quoted && sep == 1 && text[i-1] == ' ' // "password: must have a digit"
	if quoted && i < len(text) && in(text[i], isLowerByte) && only(text[i:run(text, i, isAlnumByte)], isLowerByte) && text[i-1] == ' ' && at(text, run(text, i, isAlnumByte), isSpaceByte) {
		return // the name of something in quotation marks, in a sentence
	}
	c.fieldValue(i, n.ok, !prose)
}

// directives are names in files of settings that a blank parts from their values.
var directives = []string{"requirepass", "masterauth", "bindpw"}

// pair marks the value of an object that has the name and the value as two fields:
// {"name": "DB_PASSWORD", "value": "x"}. It begins behind the name.
func (c *scan) pair(n fieldName, i int) bool {
	text := c.text
	end := min(len(text), i+40)
	at := strings.Index(strings.ToLower(text[i:end]), "value")
	if at < 0 || strings.Trim(text[i:i+at], "\\,; \t\r\n\"'-") != "" {
		return false
	}
	at = skipQuote(text, i+at+len("value"))
	at = skipSpaces(text, at)
	if at >= len(text) || text[at] != ':' && text[at] != '=' {
		return false
	}
	c.fieldValue(skipSpaces(text, at+1), n.ok, true)
	return true
}

// valueOfName tells whether a word is in the value of a field that is called name.
func valueOfName(text string, from int) bool {
	start := before(text, from, isNameByte, 80)
	head := strings.TrimRight(text[max(0, start-8):start], " :=")
	return strings.HasSuffix(head, "name")
}

// spoken are names that people use in sentences.
var spoken = []string{"password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "secret", "pw", "pwd", "pin", "token", "contraseña", "senha", "mot de passe"}

// spoken marks what a sentence says that a secret is: "the pin for the door is 1234".
func (c *scan) spoken(n fieldName, i int) {
	text := c.text
	if from, to, quoted := value(text, i); !quoted && n.word != "token" && n.word != "secret" && n.ok == nil && mixed(text[from:to]) {
		c.fieldValue(i, isKey, false)
		return
	}
	for end := min(len(text), i+60); i < end && strings.IndexByte(".,;:=\n\"'(", text[i]) < 0; i++ {
		if i > 0 && text[i-1] != ' ' {
			continue
		}
		word := text[i:endsWord.head(text, i)]
		if !slices.Contains([]string{"is", "was", "to", "ist", "est", "es", "now"}, word) {
			continue
		}
		at := skipSpaces(text, i+len(word))
		ok := isKey
		if n.ok != nil && n.ok("1234") && !n.ok("word") {
			ok = isPIN
		}
		if word == "to" && !strings.Contains(text[max(0, i-20):i], "set") && !strings.Contains(text[max(0, i-20):i], "changed") && !strings.Contains(text[max(0, i-20):i], "reset") {
			continue
		}
		v, stop, _ := value(text, at)
		if v < stop && ok(strings.TrimRight(text[v:stop], ".,!?")) {
			c.fieldValue(at, nil, true)
			return
		}
	}
}

// resource tells whether a word is in the name of a resource of AWS.
func resource(text string, from int) bool {
	start := from
	for start > 0 && from-start < 200 && !in(text[start-1], isSpaceByte) && strings.IndexByte("\"'", text[start-1]) < 0 {
		start--
	}
	return strings.Contains(text[start:from], "arn:")
}

// endings may stand after the word that says that a field is secret.
var endings = []string{"confirmation", "confirm", "repeat", "again", "value", "hash", "base64", "b64", "plain", "plaintext", "text", "enc", "encrypted", "old", "new", "current", "data", "base"}

// afterName is where the name of a field ends.
func afterName(text string, i int) int {
	start := i
	if i < len(text) && (text[i] == '_' || text[i] == '-' || text[i] == '.') {
		i++
	}
	rest := text[i:]
	for _, e := range endings {
		if len(rest) >= len(e) && strings.EqualFold(rest[:len(e)], e) && !at(rest, len(e), isLetterByte) {
			return i + len(e)
		}
	}
	if digits := run(text, i, isDigitByte); digits > i && digits-i <= 2 && !at(text, digits, isLetterByte) {
		return digits
	}
	return start
}

// skipQuote steps over what may close a name: user["password"], \"token\".
func skipQuote(text string, i int) int {
	for i < len(text) && text[i] == '\\' {
		i++
	}
	if i < len(text) && (text[i] == '"' || text[i] == '\'' || text[i] == '`') {
		i++
	}
	if i < len(text) && text[i] == ']' {
		i++
	}
	return i
}

func skipSpaces(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	return i
}

// separator is how long what stands between a field and its value is; 0 when that
// is not there.
func separator(text string, i int) int {
	for _, s := range []string{"=>", "==", ":=", "->"} {
		if strings.HasPrefix(text[i:], s) {
			return 2
		}
	}
	if i < len(text) && (text[i] == '=' || text[i] == ':') && !strings.HasPrefix(text[i:], "://") && !strings.HasPrefix(text[i:], "::") {
		return 1
	}
	return 0
}

// option tells whether a word is in the name of an option of a command.
func option(text string, from int) bool {
	start := before(text, from, isNameByte, 40)
	return start < len(text) && text[start] == '-' && (start == 0 || in(text[start-1], isSpaceByte) || text[start-1] == '"' || text[start-1] == '\'')
}

// markup marks the text of an element of XML whose name, or an attribute that names
// it, ends at a place; or the attribute that has the value.
func (c *scan) markup(n fieldName, from, end int) bool {
	text := c.text
	start := before(text, from, isNameByte|isWideByte, 80)
	for start > 0 && from-start < 200 && text[start-1] == ':' {
		start = before(text, start-1, isNameByte, 40)
	}
	if start == 0 || text[start-1] != '<' && text[start-1] != '"' {
		return false
	}
	inTag := text[start-1] == '<'
	if !inTag {
		if end >= len(text) || text[end] != '"' || strings.LastIndexByte(text[max(0, start-200):start], '<') <= strings.LastIndexByte(text[max(0, start-200):start], '>') {
			return false
		}
		if i := skipSpaces(text, end+1); strings.HasPrefix(text[i:], "value=") {
			c.fieldValue(i+len("value="), n.ok, true)
			return true
		}
	}
	for i := end; i < len(text) && i-end < 200 && text[i] != '<'; i++ {
		if text[i] == '>' {
			if text[i-1] != '/' {
				c.element(n, i+1)
			}
			return true
		}
	}
	return false
}

// element marks the text of an element of XML.
func (c *scan) element(n fieldName, from int) {
	end := c.rest(from, endsElement)
	if v := strings.TrimSpace(c.text[from:end]); v != "" && !harmless(v) && (n.ok == nil || n.ok(v)) {
		start := from + strings.Index(c.text[from:end], v)
		c.add(start, start+len(v), kindSecret, weightKeyed)
	}
}

// fieldValue marks the value that begins at a place. ok judges what has no
// quotation marks; sure says that what stands there is a value and no sentence.
func (c *scan) fieldValue(i int, ok func(string) bool, sure bool) {
	from, to, quoted := value(c.text, i)
	v := c.text[from:to]
	if at := strings.IndexByte(v, '='); !quoted && strings.HasPrefix(v, "//") && at > 0 && strings.Contains(v[:at], "/:") { // as npm names settings: "//host/:_authToken=x"
		from, v = from+at+1, v[at+1:]
	}
	if v == "" || harmless(v) || !quoted && (ok != nil && !ok(v) || strings.IndexByte("{[(", v[0]) >= 0 || v[0] == '!' && only(v[1:], isLetterByte)) {
		return
	}
	if !quoted && !sure && (prose(v) || ok != nil && len(v) < 8 && only(v, isLetterByte)) {
		return
	}
	to = c.rest(to, endsValue)
	if !quoted && to-from > 1 && c.text[to-1] == '.' && (to == len(c.text) || in(c.text[to], isSpaceByte)) {
		to-- // the end of a sentence
	}
	c.valueEnd = to
	c.add(from, to, kindSecret, weightKeyed)
}

// optionValue marks what follows the name of an option.
func (c *scan) optionValue(i int) {
	from, to, _ := value(c.text, i)
	if v := c.text[from:to]; v != "" && !harmless(v) && !prose(v) {
		c.add(from, c.rest(to, endsValue), kindSecret, weightKeyed)
	}
}
