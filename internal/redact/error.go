package redact

import "errors"

// Error gives err a text that may leave the process, at most limit bytes long:
// as the cause of an error that Temporal writes into history, or in a log line.
// errors.Is and errors.As still see err, but errors.Unwrap does not give it:
// Temporal writes the text of every error that it can unwrap. It returns nil
// for nil.
func Error(r Redactor, err error, limit int) error {
	if err == nil {
		return nil
	}
	return &cleaned{Clean(r, err.Error()).Cut(limit), err}
}

type cleaned struct {
	text Text
	raw  error
}

func (c *cleaned) Error() string { return c.text.String() }

// Is lets errors.Is see the error itself.
func (c *cleaned) Is(target error) bool { return errors.Is(c.raw, target) }

// As lets errors.As see the error itself.
func (c *cleaned) As(target any) bool { return errors.As(c.raw, target) }
