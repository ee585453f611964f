package rules

import "strings"

// Commands and calls show passwords without a name: at the place where an option or
// an argument has to stand.

// option of a command after which a password stands.
type secretOption struct {
	flag     string
	attached bool // the password follows without a blank
	after    byte // it begins behind this byte: the user stands before it; 0: at once
	nth      int  // it is the so manieth of the words that follow; 0: the first
}

// commandOptions are those of commands that many people type.
var commandOptions = map[string][]secretOption{
	"mysql": {{flag: "-p", attached: true}}, "mysqldump": {{flag: "-p", attached: true}}, "mysqladmin": {{flag: "-p", attached: true}}, "mariadb": {{flag: "-p", attached: true}},
	"redis-cli": {{flag: "-a"}}, "sshpass": {{flag: "-p"}, {flag: "-p", attached: true}}, "htpasswd": {{flag: "-b", nth: 3}, {flag: "-nb", nth: 2}, {flag: "-bc", nth: 3}, {flag: "-cb", nth: 3}, {flag: "-nbB", nth: 2}, {flag: "-bB", nth: 3}, {flag: "-Bb", nth: 3}},
	"curl": {{flag: "-u", after: ':'}, {flag: "--user", after: ':'}, {flag: "-U", after: ':'}, {flag: "--proxy-user", after: ':'}}, "wget": {{flag: "--user", after: ':'}}, "http": {{flag: "-a", after: ':'}, {flag: "--auth", after: ':'}},
	"smbclient": {{flag: "-U", after: '%'}}, "rpcclient": {{flag: "-U", after: '%'}}, "net": {{flag: "-U", after: '%'}}, "mount": {{flag: "-p"}},
	"ldapsearch": {{flag: "-w"}}, "ldapmodify": {{flag: "-w"}}, "ldapadd": {{flag: "-w"}}, "sqlcmd": {{flag: "-P"}}, "bcp": {{flag: "-P"}}, "isql": {{flag: "-P"}},
	"mongo": {{flag: "-p"}}, "mongosh": {{flag: "-p"}}, "mongodump": {{flag: "-p"}}, "cqlsh": {{flag: "-p"}}, "docker": {{flag: "-p"}}, "podman": {{flag: "-p"}}, "helm": {{flag: "-p"}},
	"ipmitool": {{flag: "-P"}}, "zip": {{flag: "-P"}}, "unzip": {{flag: "-P"}}, "plink": {{flag: "-pw"}}, "pscp": {{flag: "-pw"}}, "snmpwalk": {{flag: "-A"}, {flag: "-X"}, {flag: "-c"}}, "influx": {{flag: "-password"}},
	"openssl": {{flag: "pass:", attached: true}}, "amqp": {{flag: "-p"}}, "lftp": {{flag: "-u", after: ','}}, "winexe": {{flag: "-U", after: '%'}}, "keytool": {{flag: "-storepass"}, {flag: "-keypass"}},
}

// needs are words without which an option of a command is no password: "docker run
// -p 80:80" is a port.
var needs = map[string]string{"docker": " login ", "podman": " login ", "helm": " login ", "mount": "cifs"}

func (t *table) commands() {
	for name, options := range commandOptions {
		t.on(name, func(c *scan, from, to int) { c.command(name, options, from, to) })
	}
	t.on("sudo -s", (*scan).piped)
	for _, command := range []string{"net use", "net user", "net.exe use", "net.exe user"} {
		t.on(command, (*scan).netUse)
	}
	t.on("community", (*scan).community)
	for _, call := range []string{"->__construct(", "mysqli_connect(", "mysqli(", "ldap_bind(", "getconnection(", "login(", "authenticate(", "ssh2_auth_password(", "password_verify(", "setpassword(", "basicauth(", "httpbasicauth(", "login_with_password("} {
		t.on(call, (*scan).call)
	}
	for _, after := range []string{" as the password", " as password", " as my password", " as your password", " as its password", " as a password"} {
		t.on(after, func(c *scan, from, _ int) {
			start := from
			for start > 0 && from-start < 200 && !in(c.text[start-1], isSpaceByte) {
				start--
			}
			if v := c.text[start:from]; v != "" && isKey(strings.Trim(v, `"'`+"`")) {
				c.add(start, from, kindSecret, weightKeyed)
			}
		})
	}
	for _, words := range []string{"auth plain", "auth login", "auth cram-md5", "authenticate plain"} { // as mail servers do (RFC 4954)
		t.on(words, func(c *scan, _, to int) {
			i := skipSpaces(c.text, to)
			if end := run(c.text, i, isBase64Byte); i > to && end-i >= 8 && c.text[i] != '-' && strings.ContainsAny(c.text[i:min(len(c.text), end+1)], "0123456789=") {
				c.add(i, end, kindBasic, weightKeyed)
			}
		})
	}
	for _, scheme := range []string{"oracle:thin:", "oracle:oci:", "sqlplus "} { // user/password@database
		t.on(scheme, func(c *scan, _, to int) {
			_, end := argument(c.text, to)
			user, rest, ok := strings.Cut(c.text[to:end], "/")
			password, _, at := strings.Cut(rest, "@")
			if ok && at && user != "" && password != "" && only(user, isNameByte) {
				c.add(to+len(user)+1, to+len(user)+1+len(password), kindSecret, weightKeyed)
			}
		})
	}
	t.on("code=", (*scan).grant)
	t.on("login", (*scan).netrc)
}

// longestCommand bounds how far options are looked for.
const longestCommand = 400

func (c *scan) command(name string, options []secretOption, from, to int) {
	text := c.text
	if at(text, from-1, isAlnumByte) || from > 0 && strings.IndexByte("-_.", text[from-1]) >= 0 || !at(text, to, isSpaceByte) {
		return
	}
	end := to
	for end < len(text) && end-to < longestCommand && text[end] != '\n' && text[end] != '|' {
		end++
	}
	if need := needs[name]; need != "" && !strings.Contains(text[to:end], need) {
		return
	}
	for _, o := range options {
		at := strings.Index(text[to:end], o.flag)
		for i := to; at >= 0; at = strings.Index(text[i:end], o.flag) {
			at += i
			i = at + len(o.flag)
			if at == 0 || !in(text[at-1], isSpaceByte) {
				continue
			}
			if o.attached {
				c.argument(i, o)
				continue
			}
			if i < end && (text[i] == ' ' || text[i] == '=') {
				c.argument(i+1, o)
			}
		}
	}
}

// argument marks what stands at the place of an argument.
func (c *scan) argument(i int, o secretOption) {
	text := c.text
	if !o.attached {
		i = skipSpaces(text, i)
	}
	from, to := argument(text, i)
	for range o.nth - 1 {
		if from, to = argument(text, skipSpaces(text, min(len(text), to+1))); from == to {
			return
		}
	}
	if o.after != 0 {
		at := strings.IndexByte(text[from:to], o.after)
		if at < 0 {
			return
		}
		from += at + 1
	}
	if v := text[from:to]; v != "" && v[0] != '-' && !harmless(v) {
		c.add(from, to, kindSecret, weightKeyed)
	}
}

// argument is where an argument of a command begins and ends.
func argument(text string, i int) (from, to int) {
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		if end := strings.IndexByte(text[i+1:min(len(text), i+maxArgument)], text[i]); end >= 0 {
			return i + 1, i + 1 + end
		}
		i++ // it was cut off, or what it closes is a mark
	}
	for to = i; to < len(text) && to-i < maxArgument && !in(text[to], isSpaceByte) && text[to] != '"' && text[to] != '`'; to++ {
	}
	return i, to
}

const maxArgument = 256

// piped marks a password that is given to sudo: echo x | sudo -S.
func (c *scan) piped(from, _ int) {
	line := c.text[max(0, from-longestCommand):from]
	line = strings.TrimRight(line, " ")
	echo := strings.LastIndex(line, "echo ")
	if echo < 0 || !strings.HasSuffix(line, "|") {
		return
	}
	i := skipSpaces(c.text, max(0, from-longestCommand)+echo+len("echo "))
	a, b := argument(c.text, i)
	if a < b && b <= from {
		c.add(a, b, kindSecret, weightKeyed)
	}
}

// call marks the last argument of a call that logs in, as traces show calls.
func (c *scan) call(_, to int) {
	text := c.text
	from, end, arguments := 0, 0, 0
	for i := to; i < len(text) && i-to < longestCommand && text[i] != '\n' && text[i] != ')'; i++ {
		if text[i] == '\'' || text[i] == '"' {
			stop := strings.IndexByte(text[i+1:min(len(text), i+maxArgument)], text[i])
			if stop < 0 {
				return
			}
			from, end = i+1, i+1+stop
			i = end
			arguments++
		}
	}
	if v := text[from:end]; arguments >= 2 && v != "" && !harmless(v) {
		c.add(from, end, kindSecret, weightKeyed)
	}
}

// grant marks the code of an authorization in a query (RFC 6749).
func (c *scan) grant(from, to int) {
	if from == 0 || c.text[from-1] != '?' && c.text[from-1] != '&' {
		return
	}
	end := run(c.text, to, isNameByte|isBase64Byte)
	if end < len(c.text) && c.text[end] == '%' {
		for end < len(c.text) && (in(c.text[end], isNameByte|isBase64Byte) || c.text[end] == '%') {
			end++
		}
	}
	if v := c.text[to:end]; len(v) >= 16 && random(v) {
		c.add(to, end, kindSecret, weightKeyed)
	}
}

// netrc marks the password of a line of that file: machine m login l password p.
func (c *scan) netrc(_, to int) {
	if !at(c.text, to, isSpaceByte) {
		return
	}
	_, end := argument(c.text, skipSpaces(c.text, to))
	for end < len(c.text) && in(c.text[end], isSpaceByte) {
		end++
	}
	if !strings.HasPrefix(c.text[end:], "password ") {
		return
	}
	a, b := argument(c.text, skipSpaces(c.text, end+len("password ")))
	if v := c.text[a:b]; v != "" && !prose(v) {
		c.add(a, b, kindSecret, weightKeyed)
	}
}

// passLine marks the last of five fields as in the password file of PostgreSQL: host:port:database:user:password, where
// the port stands at these digits.
func (c *scan) passLine(from, end int) {
	text := c.text
	start := before(text, from-1, isNameByte, 100)
	if start == from-1 || !in(text[start], isLetterByte) || at(text, start-1, isWordByte) || start > 0 && strings.IndexByte(":/", text[start-1]) >= 0 {
		return
	}
	database := run(text, end+1, isNameByte)
	if database == end+1 || database >= len(text) || text[database] != ':' || !in(text[end+1], isLetterByte) {
		return
	}
	user := run(text, database+1, isNameByte)
	if user == database+1 || user >= len(text) || text[user] != ':' || !in(text[database+1], isLetterByte) {
		return
	}
	_, to := argument(text, user+1)
	if to-user > 4 {
		c.add(user+1, to, kindSecret, weightGuess)
	}
}
