package logs

import (
	"slices"
	"strconv"
	"strings"

	"firebreak/internal/detect/template"
)

// A template generalises when a word of it turns out to be a value. What is known
// of its other parameters stays, and the words that stood there are the values that
// are known of the new one: or the very value that made it a parameter would be
// missed.

const hole = "<*>"

// reread fits the parameters to the text that a template has now.
func (v *Values) reread(t *mined) {
	old, now := strings.Fields(v.Text), strings.Fields(t.Text())
	if len(old) == len(now) {
		v.Params = v.widen(old, now, uint32(min(t.Count, 1<<31)))
	} else {
		v.Params = nil
	}
	v.Text, v.Joined = t.Text(), nil
}

func (v *Values) widen(old, now []string, lines uint32) []parameter {
	var out []parameter
	next := 0
	take := func() parameter {
		if next++; next <= len(v.Params) {
			return v.Params[next-1]
		}
		return parameter{Unseen: true}
	}
	for i := range now {
		holes := strings.Count(now[i], hole)
		switch was := strings.Count(old[i], hole); {
		case old[i] == now[i]:
			for range was {
				out = append(out, take())
			}
		case was == 1 && holes == 1:
			p := take()
			before, after, _ := strings.Cut(old[i], hole)
			less, rest, _ := strings.Cut(now[i], hole)
			p.Prefix += strings.TrimPrefix(before, less)
			p.Suffix = strings.TrimSuffix(after, rest) + p.Suffix
			out = append(out, p)
		case was == 0 && now[i] == hole:
			out = append(out, v.grown(i, old[i], lines))
		default:
			for range was {
				take()
			}
			for range holes {
				out = append(out, parameter{Unseen: true})
			}
		}
	}
	out = out[:min(len(out), maxParams)]
	for i := range out {
		out[i].Name = strconv.Itoa(i + 1)
	}
	return out
}

// grown is a parameter where there was a word, in templates that are one now.
func (v *Values) grown(at int, word string, lines uint32) parameter {
	words := []string{word}
	for _, text := range v.Joined {
		if of := strings.Fields(text); at < len(of) && !strings.Contains(of[at], hole) && !slices.Contains(words, of[at]) {
			words = append(words, of[at])
		}
	}
	n := &Names{N: lines, Since: v.Since, BornAt: v.Since}
	for _, w := range words {
		n.Known = append(n.Known, name{Hash: hash(w), Count: max(rareName, lines/uint32(len(words))), Last: lines})
	}
	return parameter{Names: n}
}

// own is the part of a value that was the value before the parameter became wider.
func (p *parameter) own(text string) string {
	if p.Prefix == "" && p.Suffix == "" {
		return text
	}
	if inner, ok := strings.CutPrefix(text, p.Prefix); ok {
		if inner, ok = strings.CutSuffix(inner, p.Suffix); ok {
			return inner
		}
	}
	return text
}

// maxJoined is how many templates that became one are remembered by their texts.
const maxJoined = 12

// join notes that another template is part of this one now.
func (v *Values) join(o *Values) {
	for _, text := range append([]string{o.Text}, o.Joined...) {
		if len(v.Joined) < maxJoined && text != v.Text && !slices.Contains(v.Joined, text) {
			v.Joined = append(v.Joined, text)
		}
	}
}

// newParameter judges a parameter by what kind it is. Identifiers, times and
// addresses of things are different on every line or nearly so.
func newParameter(name string, k template.Kind) parameter {
	switch k {
	case template.Number, template.Duration, template.Size:
		return parameter{Name: name, Numbers: &Numbers{}}
	case template.Word, template.Host, template.IP, template.Name, template.URL, template.Quoted:
		return parameter{Name: name, Names: &Names{}}
	default:
		return parameter{Name: name}
	}
}
