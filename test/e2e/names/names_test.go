// Package names checks that the code under test does not know the tests: no name
// of a scenario occurs in it. It stands apart so that it links next to nothing.
package names

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

const root = "../../.."

// scenarioNames reads the names from the source of the table, because importing
// it would link the Temporal server.
func scenarioNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "test/sandbox/scenario/*.go"))
	require.NoError(t, err)
	var names []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isIdent := pair.Key.(*ast.Ident)
			value, isLiteral := pair.Value.(*ast.BasicLit)
			if isIdent && isLiteral && key.Name == "Name" {
				name, err := strconv.Unquote(value.Value)
				require.NoError(t, err)
				names = append(names, name)
			}
			return true
		})
	}
	return names
}

// spellings matches a name however its words are joined: error-spike,
// error_spike, "error spike", errorSpike.
func spellings(name string) *regexp.Regexp {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' })
	return regexp.MustCompile(`(?i)\b` + strings.Join(words, `[-_ ]?`))
}

func TestNoScenarioNameInTheCode(t *testing.T) {
	t.Parallel()
	names := scenarioNames(t)
	require.GreaterOrEqual(t, len(names), 3)
	require.Contains(t, names, "error-spike")
	// Some scenarios are called as the status or the outcome that they end with, or
	// as what the correlation is about: words of the vocabulary, which are everywhere.
	vocabulary := []string{string(incident.StatusRejected), string(incident.StatusExpired), "self-healed", "storm", "flapping"}
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(vocabulary, n) })
	require.NotEmpty(t, names)

	files := 0
	for _, room := range []string{"internal", "activities", "workflows"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if d.Name() == "testdata" { // not code: lines that other programs wrote may well say such words
					return fs.SkipDir
				}
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, name := range names {
				require.Empty(t, spellings(name).FindString(string(content)), "%s knows the scenario %s", path, name)
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.Greater(t, files, 50, "the walk missed the code")
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"error-spike", "ErrorSpike", "an error spike", "error_spike_test"} {
		require.NotEmpty(t, spellings("error-spike").FindString(text), text)
	}
	for _, text := range []string{"errors spike", "terror-spike", "error, spike"} {
		require.Empty(t, spellings("error-spike").FindString(text), text)
	}
}
