package xray

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// filter is a filter expression: the part of the language that has boolean and
// number keywords, service and edge with an expression of their own, AND, OR,
// NOT by "!" and parentheses. Annotations and strings are not read.
type filter interface{ fits(t *trace) bool }

type everything struct{}

func (everything) fits(*trace) bool { return true }

// readFilter reads an expression; an empty one fits every trace.
func readFilter(text string) (filter, error) {
	if strings.TrimSpace(text) == "" {
		return everything{}, nil
	}
	p := &parser{tokens: tokens.FindAllString(text, -1)}
	if strings.Join(strings.Fields(strings.Join(p.tokens, "")), "") != strings.Join(strings.Fields(text), "") {
		return nil, errors.New("it has characters that no expression has")
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("%q is too much", p.tokens[0])
	}
	return whole{c}, nil
}

var tokens = regexp.MustCompile(`"[^"]*"|[A-Za-z][A-Za-z.]*|[0-9]+(?:\.[0-9]+)?|<=|>=|!=|[(){},=<>!]`)

// condition is about one segment or call; the trace is there for what it is part of.
type condition func(t *trace, s segment) bool

// whole judges a trace by its root.
type whole struct{ condition }

func (w whole) fits(t *trace) bool { return w.condition(t, t.root()) }

type parser struct{ tokens []string }

func (p *parser) take(want string) bool {
	if len(p.tokens) > 0 && strings.EqualFold(p.tokens[0], want) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.take("OR") {
		var right condition
		before := left
		if right, err = p.and(); err == nil {
			left = func(t *trace, s segment) bool { return before(t, s) || right(t, s) }
		}
	}
	return left, err
}

func (p *parser) and() (condition, error) {
	left, err := p.one()
	for err == nil && p.take("AND") {
		var right condition
		before := left
		if right, err = p.one(); err == nil {
			left = func(t *trace, s segment) bool { return before(t, s) && right(t, s) }
		}
	}
	return left, err
}

func (p *parser) one() (condition, error) {
	if p.take("!") {
		c, err := p.one()
		return func(t *trace, s segment) bool { return !c(t, s) }, err
	}
	if p.take("(") {
		c, err := p.or()
		if err == nil && !p.take(")") {
			err = errors.New("a ) is missing")
		}
		return c, err
	}
	word := p.next()
	switch strings.ToLower(word) {
	case "service", "edge":
		return p.part(strings.ToLower(word) == "edge")
	case "fault", "error", "throttle", "ok":
		return p.boolean(strings.ToLower(word))
	case "responsetime":
		return p.number(func(_ *trace, s segment) float64 { return s.seconds() })
	case "duration":
		return p.number(duration)
	default:
		return nil, fmt.Errorf("%q is no keyword", word)
	}
}

// part is service("name") or edge("from", "to"), and what has to hold for one of
// its segments or calls.
func (p *parser) part(edge bool) (condition, error) {
	if !p.take("(") {
		return nil, errors.New("a ( is missing")
	}
	from := strings.Trim(p.next(), `"`)
	to := ""
	if edge {
		if !p.take(",") {
			return nil, errors.New("an edge has two ends")
		}
		to = strings.Trim(p.next(), `"`)
	}
	if !p.take(")") {
		return nil, errors.New("a ) is missing")
	}
	inner := condition(func(*trace, segment) bool { return true })
	if p.take("{") {
		var err error
		if inner, err = p.or(); err != nil {
			return nil, err
		}
		if !p.take("}") {
			return nil, errors.New("a } is missing")
		}
	}
	return func(t *trace, _ segment) bool {
		for _, s := range t.segments {
			if s.Name != from {
				continue
			}
			if !edge {
				if inner(t, s) {
					return true
				}
				continue
			}
			for _, call := range s.calls() {
				if call.Name == to && inner(t, call) {
					return true
				}
			}
		}
		return false
	}, nil
}

func (p *parser) boolean(word string) (condition, error) {
	want := true
	if equal := p.take("="); equal || p.take("!=") {
		switch value := p.next(); value {
		case "true":
			want = equal
		case "false":
			want = !equal
		default:
			return nil, fmt.Errorf("%q is neither true nor false", value)
		}
	}
	return func(_ *trace, s segment) bool {
		is := map[string]bool{"fault": s.Fault, "error": s.Error, "throttle": s.Throttle, "ok": !s.Fault && !s.Error}
		return is[word] == want
	}, nil
}

// duration is how long a segment or call took; of the root, with everything that
// it set off.
func duration(t *trace, s segment) float64 {
	if s.ID == t.root().ID {
		return t.duration()
	}
	return s.seconds()
}

func (p *parser) number(of func(t *trace, s segment) float64) (condition, error) {
	operator, text := p.next(), p.next()
	limit, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no number", text)
	}
	compare, ok := map[string]func(v float64) bool{
		">": func(v float64) bool { return v > limit }, ">=": func(v float64) bool { return v >= limit },
		"<": func(v float64) bool { return v < limit }, "<=": func(v float64) bool { return v <= limit },
		"=": func(v float64) bool { return v == limit }, "!=": func(v float64) bool { return v != limit },
	}[operator]
	if !ok {
		return nil, fmt.Errorf("%q compares no numbers", operator)
	}
	return func(t *trace, s segment) bool { return compare(of(t, s)) }, nil
}
