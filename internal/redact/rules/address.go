package rules

import (
	"net/netip"
	"slices"
	"strings"
)

// reserved are ranges that stand for nobody: documentation (RFC 5737, RFC 3849),
// shared address space (RFC 6598), measurements (RFC 2544) and "this network".
var reserved = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("0.0.0.0/8"),
}

// address tells whether a text is an address that goes. Those of the open internet
// can point to a person; private and reserved ones are what operators need to see.
func (s *set) address(v string) bool {
	if s.options.Addresses == AddressesKeep {
		return false
	}
	ip, err := netip.ParseAddr(v)
	if err != nil {
		return false
	}
	if s.options.Addresses == AddressesAll {
		return !ip.IsUnspecified() && !ip.IsLoopback()
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// address4 looks for an address of version 4 that begins at a digit, and tells
// where it ends; 0 when there is none, marked or not.
func (c *scan) address4(from int) int {
	end := from
	for part := range 4 {
		stop := run(c.text, end, isDigitByte)
		if stop == end || stop-end > 3 {
			return 0
		}
		end = stop
		if part < 3 {
			if end >= len(c.text) || c.text[end] != '.' {
				return 0
			}
			end++
		}
	}
	if at(c.text, end, isWordByte) || end+1 < len(c.text) && c.text[end] == '.' && in(c.text[end+1], isDigitByte) {
		return 0
	}
	if v := c.text[from:end]; !strings.HasSuffix(v, ".0.0") && c.set.address(v) { // that is a network, or a version
		c.add(from, end, kindIP, weightShape)
	}
	return end
}

// address6 looks for an address of version 6 around two colons.
func (c *scan) address6(i, _ int) {
	from := i
	for from > 0 && i-from < 40 && (in(c.text[from-1], isHexByte) || c.text[from-1] == ':') {
		from--
	}
	c.wide(from)
}

// wide marks the address of version 6 that begins at a place, if one does.
func (c *scan) wide(from int) {
	end := from
	for end < len(c.text) && end-from < 46 && (in(c.text[end], isHexByte) || c.text[end] == ':' || c.text[end] == '.' && at(c.text, end+1, isDigitByte)) {
		end++
	}
	for end > from && c.text[end-1] == ':' && !strings.HasSuffix(c.text[from:end], "::") {
		end--
	}
	if at(c.text, from-1, isWordByte) || at(c.text, end, isWordByte) || strings.Count(c.text[from:end], ":") < 2 {
		return
	}
	if end-from == 23 && !strings.Contains(c.text[from:end], "::") && pairs(c.text[from:end]) { // a serial number
		return
	}
	if c.set.address(c.text[from:end]) {
		c.add(from, end, kindIP, weightShape)
	}
}

// pairs tells whether a text is bytes in hexadecimal with colons between them.
func pairs(v string) bool {
	for i := range len(v) {
		if (v[i] == ':') != (i%3 == 2) {
			return false
		}
	}
	return true
}

// namedHost marks the value of a field that names a host.
func (c *scan) namedHost(_, to int) {
	if c.set.options.Hosts != HostsRedact {
		return
	}
	i := skipQuote(c.text, to)
	i = skipSpaces(c.text, i)
	if sep := separator(c.text, i); sep > 0 {
		i = skipSpaces(c.text, i+sep)
		if i < len(c.text) && (c.text[i] == '"' || c.text[i] == '\'') {
			i++
		}
		c.host(i)
	}
}

// host marks the name of a host that begins at a place.
func (c *scan) host(from int) {
	if c.set.options.Hosts != HostsRedact {
		return
	}
	end := run(c.text, from, isNameByte)
	if end < len(c.text) && c.text[end] == '@' || end < len(c.text) && c.text[end] == ':' && strings.ContainsRune(c.text[end:min(len(c.text), end+64)], '@') { // user:password@host
		if at := strings.IndexByte(c.text[end:], '@'); at >= 0 && at < 256 {
			from = end + at + 1
			end = run(c.text, from, isNameByte)
		}
	}
	for end > from && c.text[end-1] == '.' {
		end--
	}
	v := c.text[from:end]
	if v == "" || strings.EqualFold(v, "localhost") || !strings.ContainsFunc(v, func(r rune) bool { return r > '9' }) || harmless(v) {
		return
	}
	c.add(from, end, kindHost, weightKeyed)
}

// topDomains end names of hosts wherever they stand. More would take names of
// packages and files for hosts.
var topDomains = []string{"com", "net", "org", "io", "dev", "cloud", "internal", "local", "lan", "corp", "home", "intra", "eu", "de", "uk", "fr", "us", "app", "info", "biz", "arpa", "localdomain", "int", "gov", "edu"}

// hosts marks names that end as names of hosts do.
func (c *scan) hosts() {
	text := c.text
	for i := 0; i < len(text); i++ {
		if !in(text[i], isAlnumByte) {
			continue
		}
		end := run(text, i, isNameByte)
		name := strings.TrimRight(text[i:end], ".-_")
		dot := strings.LastIndexByte(name, '.')
		if dot > 0 && slices.Contains(topDomains, name[dot+1:]) && !at(text, i-1, isWordByte) && (i == 0 || text[i-1] != '@') {
			c.add(i, i+len(name), kindHost, weightGuess)
		}
		i = end
	}
}
