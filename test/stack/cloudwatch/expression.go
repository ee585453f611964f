package cloudwatch

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// values are a series by the Unix time of its periods.
type values map[int64]float64

// operand is a series or one number for all periods.
type operand struct {
	series values // nil for a number.
	number float64
}

// expression is parsed metric math over the ids of other queries.
type expression struct {
	ids  []string
	eval func(lookup func(id string) values) operand
}

// maxDepth bounds nested parentheses, because expressions come over the wire.
const maxDepth = 50

var mathToken = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|[-+*/()])`)

type mathParser struct {
	tokens []string
	ids    []string
	depth  int
}

// parseExpression reads + - * / and parentheses over numbers and query ids,
// which begin with a small letter. Functions, searches and Metrics Insights are
// not known.
func parseExpression(text string) (expression, error) {
	p := &mathParser{}
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := mathToken.FindStringSubmatch(rest)
		if m == nil {
			return expression{}, fmt.Errorf("cannot be read at %q", strings.TrimSpace(rest))
		}
		p.tokens = append(p.tokens, m[1])
		rest = rest[len(m[0]):]
	}
	eval, err := p.sum()
	if err != nil {
		return expression{}, err
	}
	if len(p.tokens) > 0 {
		return expression{}, fmt.Errorf("cannot be read at %q", p.tokens[0])
	}
	return expression{p.ids, eval}, nil
}

type evaluator func(lookup func(id string) values) operand

func (p *mathParser) accept(tokens string) string {
	if len(p.tokens) > 0 && len(p.tokens[0]) == 1 && strings.Contains(tokens, p.tokens[0]) {
		t := p.tokens[0]
		p.tokens = p.tokens[1:]
		return t
	}
	return ""
}

func (p *mathParser) sum() (evaluator, error) { return p.chain("+-", p.product) }

func (p *mathParser) product() (evaluator, error) { return p.chain("*/", p.unary) }

func (p *mathParser) chain(operators string, next func() (evaluator, error)) (evaluator, error) {
	left, err := next()
	if err != nil {
		return nil, err
	}
	for {
		operator := p.accept(operators)
		if operator == "" {
			return left, nil
		}
		right, err := next()
		if err != nil {
			return nil, err
		}
		l := left
		left = func(lookup func(string) values) operand { return combine(operator, l(lookup), right(lookup)) }
	}
}

func (p *mathParser) unary() (evaluator, error) {
	if p.accept("-") != "" {
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("nests too deeply")
		}
		inner, err := p.unary()
		p.depth--
		if err != nil {
			return nil, err
		}
		return func(lookup func(string) values) operand { return combine("-", operand{}, inner(lookup)) }, nil
	}
	if p.accept("(") != "" {
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("nests too deeply")
		}
		inner, err := p.sum()
		p.depth--
		if err == nil && p.accept(")") == "" {
			err = fmt.Errorf("has a parenthesis that does not end")
		}
		return inner, err
	}
	if len(p.tokens) == 0 {
		return nil, fmt.Errorf("ends too early")
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	if n, err := strconv.ParseFloat(t, 64); err == nil && t[0] >= '0' && t[0] <= '9' {
		return func(func(string) values) operand { return operand{number: n} }, nil
	}
	if t[0] < 'a' || t[0] > 'z' {
		return nil, fmt.Errorf("%q is no number and no query id; functions are not supported", t)
	}
	p.ids = append(p.ids, t)
	return func(lookup func(string) values) operand { return operand{series: lookup(t)} }, nil
}

// combine works period by period. Where one side has no datapoint, or the
// result is no number (a division by zero), there is none, as in CloudWatch.
func combine(operator string, a, b operand) operand {
	if a.series == nil && b.series == nil {
		return operand{number: calculate(operator, a.number, b.number)}
	}
	over := a.series
	if over == nil {
		over = b.series
	}
	result := values{}
	for at := range over {
		x, okX := a.at(at)
		y, okY := b.at(at)
		if v := calculate(operator, x, y); okX && okY && !math.IsNaN(v) && !math.IsInf(v, 0) {
			result[at] = v
		}
	}
	return operand{series: result}
}

func (o operand) at(at int64) (float64, bool) {
	if o.series == nil {
		return o.number, true
	}
	v, ok := o.series[at]
	return v, ok
}

func calculate(operator string, a, b float64) float64 {
	switch operator {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	default:
		return a / b
	}
}
