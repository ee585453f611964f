package redact_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact"
)

func TestErrorHidesItsTextAndKeepsItsKind(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("password=hunter2: %w", &fs.PathError{Op: "open", Path: "hunter2", Err: io.ErrUnexpectedEOF})
	err := redact.Error(hide("hunter2"), cause, 100)
	require.Equal(t, "password=[hidden]: open [hidden]: unexpected EOF", err.Error())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var path *fs.PathError
	require.ErrorAs(t, err, &path)
	require.NoError(t, errors.Unwrap(err), "whoever writes the causes one by one must not come to the raw text")
	require.LessOrEqual(t, len(redact.Error(hide("hunter2"), errors.New(strings.Repeat("x", 500)), 100).Error()), 100)
	require.NoError(t, redact.Error(hide("hunter2"), nil, 100))
}
