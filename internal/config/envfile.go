package config

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// SetEnvFile sets the KEY=value lines of a file in this process's environment,
// for secrets that a platform mounts as a file; path "" sets nothing. Blank
// lines and lines that begin with # are passed over. Errors name the line and
// never its value.
func SetEnvFile(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read --env-file: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || key == "" {
			return fmt.Errorf("%s:%d: no KEY=value line", path, n)
		}
		if err := os.Setenv(key, value); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read --env-file %s: %w", path, err)
	}
	return nil
}
