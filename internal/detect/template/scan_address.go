package template

import "strings"

// isMAC tells groups of two hexadecimal digits between colons, six or more.
func isMAC(w string) bool {
	if len(w) < 17 || len(w)%3 != 2 {
		return false
	}
	for i := range len(w) {
		if i%3 == 2 {
			if w[i] != ':' {
				return false
			}
		} else if bits[w[i]]&(hexLetter|digit) == 0 {
			return false
		}
	}
	return true
}

// urlEnd returns where a URL ends that starts at from, or 0.
func urlEnd(line string, from, to int) int {
	n := strings.Index(line[from:to], "://")
	if n <= 0 || !isLetter(line[from]) {
		return 0
	}
	return addressTail(line, from+n+3)
}

// addressTail returns where a URL or a path with a query ends, the rest of which
// is looked at from a place on: at what cannot be in one, without the
// punctuation of the sentence that it stands in.
func addressTail(line string, from int) int {
	end := from
	for end < len(line) && !isSpace(line[end]) && strings.IndexByte("\"'<>()[]{}|", line[end]) < 0 {
		end++
	}
	for end > from && strings.IndexByte(".,;:!?", line[end-1]) >= 0 {
		end--
	}
	return end
}

// addressEnd returns how long the IP address is that w starts with, with a
// slash before it and a port or a prefix length after it; 0 if there is none.
func addressEnd(w string) int {
	i := 0
	if i < len(w) && w[i] == '/' {
		i++
	}
	if i >= len(w) {
		return 0
	}
	n := ipv4End(w[i:])
	if n == 0 {
		return ipv6End(w)
	}
	i += n
	if i < len(w) && (w[i] == ':' || w[i] == '/') {
		j := i + 1
		for j < len(w) && isDigit(w[j]) {
			j++
		}
		if j > i+1 && (j == len(w) || !isLetter(w[j]) && w[j] != '.') {
			i = j
		}
	}
	if i < len(w) && (isLetter(w[i]) || w[i] == '_' || w[i] == '.' || w[i] == '-') {
		return 0
	}
	return i
}

func ipv4End(w string) int {
	i := 0
	for part := range 4 {
		start, n := i, 0
		for i < len(w) && isDigit(w[i]) && i-start < 4 {
			n = n*10 + int(w[i]-'0')
			i++
		}
		if i == start || n > 255 {
			return 0
		}
		if part < 3 {
			if i == len(w) || w[i] != '.' {
				return 0
			}
			i++
		}
	}
	return i
}

// ipv6End tells an address of version 6: two colons in a row or seven single
// ones between groups of up to four hexadecimal digits. What follows the last
// colon can be a port as well.
func ipv6End(w string) int {
	colons, double, group, i := 0, false, 0, 0
	for ; i < len(w); i++ {
		c := w[i]
		if c == ':' {
			if i > 0 && w[i-1] == ':' {
				if double {
					return 0
				}
				double = true
			}
			colons++
			group = 0
			continue
		}
		if bits[c]&(hexLetter|digit) == 0 {
			break
		}
		if group++; group > 5 {
			return 0
		}
	}
	if !double && colons != 7 || i < 3 {
		return 0
	}
	if i < len(w) && w[i] != '/' && w[i] != '%' && w[i] != '.' {
		return 0
	}
	return len(w)
}
