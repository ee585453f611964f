//go:build peers

package peers

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed node
var nodeFiles embed.FS

//go:embed python/driver.py
var pythonDriver []byte

// node is a folder with the packages of node/package.json and our drivers.
type node struct {
	path   string // of the node binary
	dir    string
	absent string // why there is none
}

// nodePackages installs the packages once a run, into a cache folder outside
// the repository: FIREBREAK_PEERS, else the person's cache folder.
var nodePackages = sync.OnceValue(func() node {
	path, err := exec.LookPath("node")
	if err != nil {
		return node{absent: "node is not installed"}
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return node{absent: "npm is not installed"}
	}
	dir := os.Getenv("FIREBREAK_PEERS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return node{absent: "there is no cache folder: " + err.Error()}
		}
		dir = filepath.Join(cache, "firebreak", "peers")
	}
	if err := install(npm, dir); err != nil {
		return node{absent: err.Error()}
	}
	return node{path: path, dir: dir}
})

// install copies the drivers and lets npm install exactly what the lock says.
// Scripts of packages do not run.
func install(npm, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a cache folder: %w", err)
	}
	lock, err := nodeFiles.ReadFile("node/package-lock.json")
	if err != nil {
		return fmt.Errorf("read the lock: %w", err)
	}
	err = fs.WalkDir(nodeFiles, "node", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := nodeFiles.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, d.Name()), content, 0o600)
	})
	if err != nil {
		return fmt.Errorf("copy the drivers: %w", err)
	}
	done := filepath.Join(dir, "installed-lock.json") // Written last: an install that was cut short is done again.
	if have, err := os.ReadFile(done); err == nil && string(have) == string(lock) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	p := prepare(ctx, dir, nil, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	if err := p.Run(); err != nil {
		return fmt.Errorf("npm ci failed: %w: %s", err, strings.Join(strings.Fields(p.log.String()), " "))
	}
	return os.WriteFile(done, lock, 0o600)
}

// wanted is the version that package.json pins, for peers that are not here.
func wanted(t *testing.T, name string) string {
	t.Helper()
	text, err := nodeFiles.ReadFile("node/package.json")
	require.NoError(t, err)
	var p struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	require.NoError(t, json.Unmarshal(text, &p))
	require.Contains(t, p.Dependencies, name)
	return p.Dependencies[name]
}

// driver starts the driver of the JavaScript clients.
func (n node) driver(t *testing.T, env []string) *driver {
	t.Helper()
	return startDriver(t, n.dir, append(env, "NODE_NO_WARNINGS=1"), n.path, "driver.mjs")
}

// pythonModule finds an interpreter that has a module, and the module's
// version.
func pythonModule(t *testing.T, module string) (python, version, absent string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", "", "python3 is not installed"
	}
	said, err := output(t.Context(), nil, python, "-c", "import "+module+"; print("+module+".__version__)")
	if err != nil {
		lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
		return "", "", lines[len(lines)-1]
	}
	return python, strings.TrimSpace(said), ""
}

// program finds a program that really runs, and its version as it says it.
func program(t *testing.T, name string, args ...string) (path, version, absent string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		return "", "", name + " is not installed"
	}
	said, err := output(t.Context(), nil, path, args...)
	if err != nil {
		return "", "", "it is installed and does not run: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return path, strings.TrimSpace(said), ""
}
