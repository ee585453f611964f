package logs

import (
	"math"
	"strconv"
	"strings"

	"firebreak/internal/detect/template"
	"firebreak/internal/telemetry/logline"
)

// Values are the parameters of one template: its placeholders, by position, and
// the fields of its lines, by name.
type Values struct {
	Text   string      `json:"text"`             // of the template whose placeholders they are
	Joined []string    `json:"joined,omitempty"` // of templates that have become part of it since
	Since  int64       `json:"since"`            // minute in which the template came first
	Params []parameter `json:"params,omitempty"`
	Fields []parameter `json:"fields,omitempty"`
}

// parameter is one of them. Both are nil for what is not judged.
type parameter struct {
	Name    string   `json:"name"`
	Prefix  string   `json:"prefix,omitempty"` // what a placeholder has become wider by
	Suffix  string   `json:"suffix,omitempty"`
	Unseen  bool     `json:"unseen,omitempty"` // what kind it is, its first value says
	Numbers *Numbers `json:"numbers,omitempty"`
	Names   *Names   `json:"names,omitempty"`
}

const (
	maxParams = 8
	maxFields = 16
)

// takeParams takes the parameters of a line, and calls out for one that makes
// trouble: with a name that is new, or with none for a number.
func (v *Values) takeParams(params []template.Param, at int64, b *Bars, out func(p *parameter, name string)) {
	for i := range params {
		if i == len(v.Params) {
			if i == maxParams {
				return
			}
			v.Params = append(v.Params, newParameter(strconv.Itoa(i+1), params[i].Kind))
		}
		p := &v.Params[i]
		if p.Unseen {
			*p = newParameter(p.Name, params[i].Kind)
		}
		switch {
		case p.Numbers != nil:
			if x := params[i].Number; !math.IsNaN(x) && p.Numbers.take(x, at, valueBar*b.Evidence*b.Value) {
				out(p, "")
			}
		case p.Names != nil && !p.Names.Many:
			if own := p.own(params[i].Text); p.Names.take(hash(own), at) {
				out(p, own)
			}
		}
	}
}

// takeFields does the same for fields.
func (v *Values) takeFields(fields []logline.Field, at int64, b *Bars, out func(p *parameter, name string)) {
	for i := range fields {
		p := v.field(i, fields[i])
		switch {
		case p == nil:
		case p.Numbers != nil:
			if x, ok := number(fields[i].Value); ok && p.Numbers.take(x, at, valueBar*b.Evidence*b.Value) {
				out(p, "")
			}
		case p.Names != nil && !p.Names.Many:
			if p.Names.take(hash(fields[i].Value), at) {
				out(p, fields[i].Value)
			}
		}
	}
}

// field finds a field by its name, which is mostly where it was the last time.
func (v *Values) field(i int, f logline.Field) *parameter {
	if i < len(v.Fields) && v.Fields[i].Name == f.Name {
		return &v.Fields[i]
	}
	for j := range v.Fields {
		if v.Fields[j].Name == f.Name {
			return &v.Fields[j]
		}
	}
	if len(v.Fields) >= maxFields || len(f.Name) > maxFieldName {
		return nil
	}
	p := parameter{Name: strings.Clone(f.Name)} // it is a part of the whole line
	if !framing[f.Name] {
		if _, ok := number(f.Value); ok {
			p.Numbers = &Numbers{}
		} else {
			p.Names = &Names{}
		}
	}
	v.Fields = append(v.Fields, p)
	return &v.Fields[len(v.Fields)-1]
}

// valueBar is the evidence that a value needs, against the rate of a template.
const valueBar = 0.75

const maxFieldName = 64 // bytes

// framing are fields that say when and by whom a line was written.
var framing = map[string]bool{
	"time": true, "timestamp": true, "ts": true, "@timestamp": true, "level": true, "severity": true, "lvl": true,
	"msg": true, "message": true, "caller": true, "pid": true, "seq": true,
}

// number reads a number, with or without a unit of time or bytes, which makes it
// seconds or bytes.
func number(s string) (float64, bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == '-' && i == 0) {
		i++
	}
	if i == 0 || i > 18 {
		return 0, false
	}
	whole, scale, point := int64(0), 1.0, false
	for j := range i {
		switch c := s[j]; c {
		case '-':
		case '.':
			if point {
				return 0, false // an address or a version
			}
			point = true
		default:
			whole = whole*10 + int64(c-'0')
			if point {
				scale *= 10
			}
		}
	}
	x := float64(whole) / scale
	if s[0] == '-' {
		x = -x
	}
	if i == len(s) {
		return x, true
	}
	factor, ok := unit(s[i:])
	return x * factor, ok
}

func unit(s string) (float64, bool) {
	switch s {
	case "ns":
		return 1e-9, true
	case "us", "µs", "μs":
		return 1e-6, true
	case "ms":
		return 1e-3, true
	case "s", "sec":
		return 1, true
	case "m", "min":
		return 60, true
	case "h":
		return 3600, true
	case "B", "%":
		return 1, true
	case "kB", "KB", "k", "K":
		return 1e3, true
	case "KiB":
		return 1 << 10, true
	case "MB", "M":
		return 1e6, true
	case "MiB":
		return 1 << 20, true
	case "GB", "G":
		return 1e9, true
	case "GiB":
		return 1 << 30, true
	default:
		return 0, false
	}
}
