package fold

import "strings"

// generic takes from a function's name what compilers and frameworks number
// anew in each build or run: lambdas, proxies, anonymous and generated classes,
// closures, hashes, modules' versions.
func generic(name string) string {
	if len(name) > 2*maxName {
		name = name[:2*maxName]
	}
	if !strings.ContainsAny(name, "$_|@0123456789") {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); {
		rest := name[i:]
		if n, kept := generated(rest, b); n > 0 {
			b = append(b, rest[:kept]...)
			i += n
			continue
		}
		b = append(b, name[i])
		i++
	}
	return string(b)
}

// javaName takes the loader and the module from a method: what stands before
// the last slash in app//com.shop.Cart.add and java.base@17.0.2/java.lang.Thread.run.
// A hidden class has an address behind a slash of its own.
func javaName(name string) string {
	end := len(name)
	if i := strings.Index(name, "$$Lambda"); i >= 0 {
		end = i
	}
	return name[strings.LastIndexByte(name[:end], '/')+1:]
}

// generated tells how many bytes of the name s a generated part takes, of which
// so many are kept. before is what came before it.
func generated(s string, before []byte) (n, kept int) {
	segment := func(from int) int { // to the next dot
		for from < len(s) && s[from] != '.' {
			from++
		}
		return from
	}
	switch c := s[0]; {
	case c == '$':
		for _, mark := range [...]string{"$$Lambda", "$$EnhancerBy", "$$FastClassBy", "$$SpringCGLIB", "$HibernateProxy$", "$ByteBuddy$", "$MockitoMock$", "$$anon$"} {
			if strings.HasPrefix(s, mark) {
				return segment(len(mark)), len(mark)
			}
		}
		if k := 1 + digits(s[1:]); k > 1 && (k == len(s) || !isLetter(s[k])) {
			return k, 1
		}
		if strings.HasPrefix(s, "$Proxy") && digits(s[6:]) > 0 {
			return 6 + digits(s[6:]), 6
		}
	case c == '_' && strings.HasPrefix(s, "_$$_"):
		return segment(4), 4
	case c == '_' && len(before) > 0 && strings.HasPrefix(s, "__"):
		// C#: <Run>b__1, <Run>d__12, <>c__DisplayClass3_0.
		if before[len(before)-1] != 'b' && before[len(before)-1] != 'd' && before[len(before)-1] != 'c' && before[len(before)-1] != 'g' {
			return 0, 0
		}
		k := 2
		for k < len(s) && isLetter(s[k]) {
			k++
		}
		kept = k
		for k < len(s) && (s[k] == '_' || s[k] == '|' || s[k]-'0' < 10) {
			k++
		}
		if k > kept {
			return k, kept
		}
	case c == 'G' && strings.HasPrefix(s, "Generated"):
		for _, mark := range [...]string{"GeneratedMethodAccessor", "GeneratedConstructorAccessor", "GeneratedSerializationConstructorAccessor"} {
			if strings.HasPrefix(s, mark) {
				return len(mark) + digits(s[len(mark):]), len(mark)
			}
		}
	case c == '.' && (strings.HasPrefix(s, ".func") || strings.HasPrefix(s, ".gowrap")):
		// Go: main.main.func1.2.
		k := len(".func")
		if s[1] == 'g' {
			k = len(".gowrap")
		}
		d := digits(s[k:])
		if d == 0 || k+d < len(s) && s[k+d] != '.' && s[k+d] != '-' {
			return 0, 0
		}
		kept = k
		k += d
		for k+1 < len(s) && s[k] == '.' && digits(s[k+1:]) > 0 {
			k += 1 + digits(s[k+1:])
		}
		return k, kept
	case c == ':' && strings.HasPrefix(s, "::h") && len(s) == 19 && isHex(s[3:]):
		return len(s), 0 // Rust
	}
	return 0, 0
}

// shortPath keeps the last two parts of a path, which stay when it is built or
// installed elsewhere, without the hashes that bundlers put into names.
func shortPath(path string) string {
	if path == "" {
		return ""
	}
	if q := strings.IndexByte(path, '?'); q > 0 {
		path = path[:q]
	}
	begin, parts := len(path), 0
	for begin > 0 {
		if c := path[begin-1]; c == '/' || c == '\\' {
			if parts++; parts == 2 {
				break
			}
		}
		begin--
	}
	path = path[begin:]
	if len(path) > maxName {
		path = path[len(path)-maxName:]
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); {
		k := i
		for k < len(path) && (isLetter(path[k]) || path[k]-'0' < 10) {
			k++
		}
		switch {
		case k == i:
			if b = append(b, path[i]); path[i] == '\\' {
				b[len(b)-1] = '/'
			}
			i++
			continue
		case k-i >= 6 && isHex(path[i:k]) && strings.IndexFunc(path[i:k], func(r rune) bool { return r <= '9' }) >= 0:
			b = append(b, '*')
		default:
			b = append(b, path[i:k]...)
		}
		i = k
	}
	return string(b)
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' >= 10 && c|0x20-'a' >= 6 {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 }
