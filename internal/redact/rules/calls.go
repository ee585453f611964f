package rules

import (
	"slices"
	"strings"
)

// setters are calls whose first argument names what is set to the second: of
// properties, maps, environments, and of what types into a page.
var setters = []string{"fill", "type", "typetext", "put", "putenv", "property", "append", "param", "header", "config", "define"}

// setter marks the second argument of a call whose first ends with a name:
// set("db.password", "x"), fill('input[name=password]', 'x'). The name is at from and
// ends at end.
func (c *scan) setter(n fieldName, from, end int) bool {
	text := c.text
	i := end
	for i < len(text) && i-end < 6 && strings.IndexByte("\"'`]\\", text[i]) >= 0 {
		i++
	}
	if i == end || i >= len(text) || text[i] != ',' || text[i-1] == ']' {
		return false
	}
	mark := text[i-1]
	quote := from - 1
	for quote > 0 && from-quote < 80 && text[quote] != mark && text[quote] != '\n' {
		quote--
	}
	if quote < 1 || text[quote] != mark {
		return false
	}
	for quote > 1 && text[quote-1] == '\\' {
		quote--
	}
	if text[quote-1] != '(' {
		return false
	}
	name := strings.ToLower(text[before(text, quote-1, isAlnumByte|isNameByte, 60) : quote-1])
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	if !strings.HasPrefix(name, "set") && !slices.Contains(setters, name) {
		return false
	}
	at := skipSpaces(text, i+1)
	a, b, quoted := value(text, at)
	if v := text[a:b]; !quoted || v == "" || prose(v) || strings.IndexByte(v, ' ') >= 0 || n.ok != nil && !n.ok(v) {
		return false // a number, a variable or a message
	}
	c.fieldValue(at, nil, true)
	return true
}

// community marks the name under which a device tells its state (SNMP, versions 1
// and 2), which is all that it asks for.
func (c *scan) community(from, to int) {
	text := c.text
	line := text[max(0, from-40):from]
	line = strings.ToLower(line[strings.LastIndexByte(line, '\n')+1:])
	directive := strings.HasSuffix(line, "snmp-server ") ||
		(strings.HasSuffix(line, "ro") || strings.HasSuffix(line, "rw")) && !at(line, len(line)-3, isWordByte)
	if !directive && !strings.Contains(line, "snmp") {
		return
	}
	i := skipQuote(text, to)
	i = skipSpaces(text, i)
	if strings.HasPrefix(text[i:], "string ") {
		i = skipSpaces(text, i+len("string "))
	}
	if sep := separator(text, i); sep > 0 {
		c.fieldValue(skipSpaces(text, i+sep), nil, true)
		return
	}
	if !in(text[min(i, len(text))-1], isSpaceByte) {
		return
	}
	if a, b, quoted := value(text, i); a < b && (quoted || directive && !prose(text[a:b]) || isKey(text[a:b])) {
		c.fieldValue(i, nil, true)
	}
}

// netUse marks the password of Windows' net use and net user, which stands where an
// argument has to: net use Z: \\host\share PASSWORD /user:u.
func (c *scan) netUse(from, to int) {
	text := c.text
	if at(text, from-1, isWordByte) || !at(text, to, isSpaceByte) {
		return
	}
	user := text[to-1]|0x20 == 'r'
	shared, option, words := false, false, 0
	a, b := 0, 0
	for i := skipSpaces(text, to); i < len(text) && i-to < longestCommand && text[i] != '\n' && text[i] != '|' && text[i] != '&' && words < 6; {
		from, end := argument(text, i)
		if from == end {
			break
		}
		switch v := text[from:end]; {
		case v[0] == '\\':
			shared = true
		case v[0] == '/':
			option = true
		case len(v) == 2 && v[1] == ':', v == "*":
		default:
			if words++; words == 1 && !user || words == 2 && user {
				a, b = from, end
			}
		}
		if end < len(text) && !in(text[end], isSpaceByte) { // the quotation mark of this argument, or of the command
			if from == i {
				break
			}
			end++
		}
		i = skipSpaces(text, end)
	}
	if a < b && (user && option || shared) && !harmless(text[a:b]) {
		c.add(a, b, kindSecret, weightKeyed)
	}
}
