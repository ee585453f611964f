package logs

// level is a mean count a minute of the events and of the lines beside them.
type level struct {
	Own  float64 `json:"own"`
	Rest float64 `json:"rest"`
}

// expected is the range in which the mean of the next minute is expected.
func (l level) expected(rest float64, share bool) (low, high float64) {
	relative := l.relative(rest)
	if share {
		return relative, relative
	}
	return min(l.Own, relative), max(l.Own, relative)
}

// relative is the mean by the other lines.
func (l level) relative(rest float64) float64 {
	if l.Rest < 1 {
		return l.Own
	}
	return l.Own / l.Rest * rest
}

// span is a range of expected counts.
type span struct{ low, high float64 }

func (l *level) follow(own, rest, rate float64) {
	l.Own += rate * (own - l.Own)
	l.Rest += rate * (rest - l.Rest)
}
