package template

import "math"

// Kind is what a parameter looks like.
type Kind uint8

// Kinds of parameters.
const (
	Word     Kind = iota // a word that takes different values
	Number               // with sign, decimals, thousands, per cent
	Duration             // a number with a unit of time
	Size                 // a number with a unit of bytes
	Hex                  // 0x1f, or a long run of hexadecimal digits
	IP                   // version 4 or 6, with or without a port or prefix length
	MAC                  // an address of a network card
	UUID                 // 8-4-4-4-12 hexadecimal digits
	URL                  // anything with ://
	Path                 // of a file, Unix or Windows
	Email                // name@host.domain
	Host                 // a name with a port, or with dots and digits
	Time                 // a date, a time of day, or both
	Version              // 1.2.3
	Name                 // an identifier with digits: blk_123, task_1_m_2
	Quoted               // text in quotes
	List                 // several values
	Rest                 // what was cut off from a line that is too long
)

var kindNames = [...]string{
	"word", "number", "duration", "size", "hex", "ip", "mac", "uuid", "url", "path", "email", "host", "time", "version",
	"name", "quoted", "list", "rest",
}

// String returns the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Param is a value of one line.
type Param struct {
	Kind   Kind
	Text   string  // as it was written
	Number float64 // numbers as they are, durations in seconds, sizes in bytes; NaN for all else
}

func plain(k Kind, text string) Param { return Param{k, text, math.NaN()} }
