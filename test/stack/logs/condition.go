package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// condition is a parsed JSON filter over the decoded message.
type condition func(document any) bool

func matchJSON(c condition, message string) bool {
	var document any
	if json.Unmarshal([]byte(message), &document) != nil {
		return false // What is no JSON never matches.
	}
	return c(document)
}

// parser reads `{ $.level = "ERROR" && ($.status >= 500 || $.error NOT EXISTS) }`.
type parser struct {
	tokens []string
	depth  int
}

// maxDepth bounds nested parentheses, because patterns come over the wire.
const maxDepth = 50

var conditionToken = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|%[^%]*%|&&|\|\||!=|<=|>=|[{}()=<>]|\$[^\s=<>!&|()]*|[^\s=<>!&|(){}"]+)`)

func parseCondition(text string) (condition, error) {
	p := &parser{}
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := conditionToken.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("a filter pattern cannot be read at: %s", strings.TrimSpace(rest))
		}
		// A selector may end at the brace that ends the pattern.
		token := m[1]
		if strings.HasPrefix(token, "$") {
			token = strings.TrimRight(token, "}")
		}
		p.tokens = append(p.tokens, token)
		rest = rest[strings.Index(rest, token)+len(token):]
	}
	if p.next() != "{" {
		return nil, errors.New("a JSON filter pattern begins with {")
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.next() != "}" || p.peek() != "" {
		return nil, fmt.Errorf("a JSON filter pattern does not end with its brace: %s", text)
	}
	return c, nil
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if len(p.tokens) > 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.peek() == "||" {
		p.next()
		var right condition
		if right, err = p.and(); err == nil {
			l := left
			left = func(d any) bool { return l(d) || right(d) }
		}
	}
	return left, err
}

func (p *parser) and() (condition, error) {
	left, err := p.unit()
	for err == nil && p.peek() == "&&" {
		p.next()
		var right condition
		if right, err = p.unit(); err == nil {
			l := left
			left = func(d any) bool { return l(d) && right(d) }
		}
	}
	return left, err
}

func (p *parser) unit() (condition, error) {
	if p.peek() == "(" {
		p.next()
		if p.depth++; p.depth > maxDepth {
			return nil, errors.New("a filter pattern nests too deeply")
		}
		c, err := p.or()
		p.depth--
		if err == nil && p.next() != ")" {
			err = errors.New("a parenthesis in a filter pattern does not end")
		}
		return c, err
	}
	path, err := parseSelector(p.next())
	if err != nil {
		return nil, err
	}
	switch operator := strings.ToUpper(p.next()); operator {
	case "IS":
		return isCondition(path, strings.ToUpper(p.next()))
	case "NOT":
		if !strings.EqualFold(p.next(), "EXISTS") {
			return nil, errors.New("NOT in a filter pattern is followed by EXISTS")
		}
		return func(d any) bool { _, ok := lookup(d, path); return !ok }, nil
	case "EXISTS":
		return func(d any) bool { _, ok := lookup(d, path); return ok }, nil
	case "=", "!=", "<", "<=", ">", ">=":
		return comparison(path, operator, p.next())
	default:
		return nil, fmt.Errorf("unknown operator %q in a filter pattern", operator)
	}
}

func isCondition(path []string, want string) (condition, error) {
	var value any
	switch want {
	case "TRUE":
		value = true
	case "FALSE":
		value = false
	case "NULL":
	default:
		return nil, fmt.Errorf("IS %s in a filter pattern is none of TRUE, FALSE, NULL", want)
	}
	return func(d any) bool { got, ok := lookup(d, path); return ok && got == value }, nil
}

// comparison compares numbers with a number, and text with text in which * is
// any run of characters.
func comparison(path []string, operator, operand string) (condition, error) {
	if operand == "" || strings.ContainsAny(operand[:1], "(){}&|") {
		return nil, errors.New("a comparison in a filter pattern has no value")
	}
	if n, err := strconv.ParseFloat(operand, 64); err == nil {
		return func(d any) bool {
			got, ok := lookup(d, path)
			number, isNumber := got.(float64)
			return ok && isNumber && compare(operator, number, n)
		}, nil
	}
	if operator != "=" && operator != "!=" {
		return nil, fmt.Errorf("operator %s in a filter pattern needs a number, not %s", operator, operand)
	}
	re, err := textPattern(operand)
	if err != nil {
		return nil, err
	}
	return func(d any) bool {
		got, ok := lookup(d, path)
		text, isText := got.(string)
		return ok && isText && re.MatchString(text) == (operator == "=")
	}, nil
}

func textPattern(operand string) (*regexp.Regexp, error) {
	if strings.HasPrefix(operand, "%") {
		return regexp.Compile(strings.Trim(operand, "%"))
	}
	if strings.HasPrefix(operand, `"`) {
		var err error
		if operand, _, err = quoted(operand); err != nil {
			return nil, err
		}
	}
	parts := strings.Split(operand, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.Compile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
}

func compare(operator string, a, b float64) bool {
	switch operator {
	case "=":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	default:
		return a >= b
	}
}
