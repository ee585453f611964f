package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
)

// folder keeps histories, one JSON file each as the SDK's replayer reads it. It
// is made when the first is kept. Histories hold the texts of incidents: only
// its owner may read them, and git ignores them wherever the folder is.
type folder struct {
	path string // empty: a new one among the temporary files
	made bool
}

// keep writes a history and returns its file.
func (f *folder) keep(r Result) (string, error) {
	if err := f.make(); err != nil {
		return "", fmt.Errorf("make a folder for histories: %w", err)
	}
	raw, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(r.History)
	if err != nil {
		return "", fmt.Errorf("encode the history of %s: %w", r.WorkflowID, err)
	}
	name := filepath.Join(f.path, fileName(r))
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		return "", fmt.Errorf("keep the history of %s: %w", r.WorkflowID, err)
	}
	return name, nil
}

func (f *folder) make() error {
	if f.made {
		return nil
	}
	if f.path == "" {
		path, err := os.MkdirTemp("", "firebreak-replay-")
		if err != nil {
			return err
		}
		f.path = path
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(f.path, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return err
	}
	f.made = true
	return nil
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// fileName is made of the workflow's ids, of which the run's is unique.
func fileName(r Result) string {
	name := unsafe.ReplaceAllString(r.WorkflowID, "-")
	return name[max(0, len(name)-150):] + "_" + unsafe.ReplaceAllString(r.RunID, "-") + ".json"
}

// Kept replays the histories that were kept in a folder, in the order of their
// names, and tells each result.
func Kept(dir string, o Options, tell func(Result) error) error {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".json") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for histories in %s: %w", dir, err)
	}
	if len(files) == 0 {
		return fmt.Errorf("there is no history in %s", dir)
	}
	slices.Sort(files)
	for _, path := range files {
		h, err := read(path)
		if err != nil {
			return err
		}
		started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
		if err := tell(Replay(o, started.GetWorkflowId(), started.GetOriginalExecutionRunId(), h)); err != nil {
			return err
		}
	}
	return nil
}

func read(path string) (*historypb.History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read a kept history: %w", err)
	}
	defer f.Close()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	if err == nil && len(h.GetEvents()) == 0 {
		err = errors.New("it has no events")
	}
	if err != nil {
		return nil, fmt.Errorf("read the kept history %s: %w", path, err)
	}
	return h, nil
}
