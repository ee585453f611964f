package runbooks_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"firebreak/runbooks"
)

// instance is a folder that looks like a machine to a script: systemctl notes
// what it is asked, and the unit is active after a number of questions.
type instance struct {
	t    *testing.T
	home string
	bin  string
}

func newInstance(t *testing.T, activeAfter string) instance {
	t.Helper()
	i := instance{t: t, home: t.TempDir(), bin: t.TempDir()}
	i.program("systemctl", `echo "$@" >> "$LOG"
[ "$1" = restart ] && [ "$2" = broken ] && exit 5
[ "$1" != is-active ] && exit 0
n=$(grep -c is-active "$LOG")
[ "$n" -gt `+activeAfter+` ]`)
	i.program("sleep", "exit 0")
	return i
}

func (i instance) program(name, script string) {
	i.t.Helper()
	require.NoError(i.t, os.WriteFile(filepath.Join(i.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700)) //nolint:gosec // it has to be run
}

func (i instance) write(name, content string) {
	i.t.Helper()
	path := filepath.Join(i.home, name)
	require.NoError(i.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(i.t, os.WriteFile(path, []byte(content), 0o600))
}

func (i instance) read(name string) string {
	i.t.Helper()
	data, err := os.ReadFile(filepath.Join(i.home, name))
	require.NoError(i.t, err)
	return string(data)
}

func (i instance) asked() string {
	data, err := os.ReadFile(filepath.Join(i.bin, "log"))
	if err != nil {
		return ""
	}
	return string(data)
}

// step runs the commands of one step as the agent does: with the parameters in
// the environment, or pasted where an older agent does that.
func (i instance) step(runbook, step string, pasted bool, parameters map[string]string) (string, error) {
	i.t.Helper()
	script := commands(i.t, runbook, step)
	env := []string{"PATH=" + i.bin + ":" + os.Getenv("PATH"), "LOG=" + filepath.Join(i.bin, "log")}
	for name, value := range parameters {
		if pasted {
			script = strings.ReplaceAll(script, "{{ "+name+" }}", value)
			continue
		}
		env = append(env, "SSM_"+name+"="+value)
	}
	cmd := exec.CommandContext(i.t.Context(), "sh", "-c", script)
	cmd.Dir, cmd.Env = i.home, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func commands(t *testing.T, runbook, step string) string {
	t.Helper()
	data, err := runbooks.FS.ReadFile("runbooks/" + runbook + "/automation.yaml")
	require.NoError(t, err)
	var doc struct {
		MainSteps []struct {
			Name   string `yaml:"name"`
			Inputs struct {
				Parameters struct {
					Commands []string `yaml:"commands"`
				} `yaml:"Parameters"`
			} `yaml:"inputs"`
		} `yaml:"mainSteps"`
	}
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc))
	for _, s := range doc.MainSteps {
		if s.Name == step {
			return strings.Join(s.Inputs.Parameters.Commands, "\n")
		}
	}
	t.Fatalf("%s has no step %s", runbook, step)
	return ""
}

var parameters = map[string]string{"Unit": "checkout", "Home": "."}

func TestRestoreConfiguration(t *testing.T) {
	t.Parallel()
	for _, pasted := range []bool{false, true} {
		i := newInstance(t, "0")
		i.write("config/checkout.json", `{"bad":true}`)
		i.write("config/checkout.last-good.json", `{"bad":false}`)
		out, err := i.step("restart-service", "RestoreConfiguration", pasted, parameters)
		require.NoError(t, err, out)
		require.Equal(t, `{"bad":false}`, i.read("config/checkout.json"))
		require.Equal(t, `{"bad":true}`, i.read("config/checkout.replaced.json"))

		out, err = i.step("restart-service", "RestoreConfiguration", pasted, parameters)
		require.NoError(t, err)
		require.Contains(t, out, "is the last good configuration already")
		require.Equal(t, `{"bad":true}`, i.read("config/checkout.replaced.json"), "a second run keeps what the first replaced")
	}
	i := newInstance(t, "0")
	i.write("config/checkout.json", "only")
	out, err := i.step("restart-service", "RestoreConfiguration", false, parameters)
	require.NoError(t, err)
	require.Contains(t, out, "the configuration stays as it is")
	require.Equal(t, "only", i.read("config/checkout.json"))

	_, err = newInstance(t, "0").step("restart-service", "RestoreConfiguration", false, parameters)
	require.Error(t, err, "no config folder")
}

func TestRestartAndWait(t *testing.T) {
	t.Parallel()
	i := newInstance(t, "3")
	out, err := i.step("restart-service", "RestartUnit", false, parameters)
	require.NoError(t, err, out)
	out, err = i.step("restart-service", "WaitUntilActive", false, parameters)
	require.NoError(t, err, out)
	require.Equal(t, "restart checkout\n"+strings.Repeat("is-active checkout\n", 4), i.asked())

	_, err = i.step("restart-service", "RestartUnit", false, map[string]string{"Unit": "broken"})
	require.Error(t, err)

	dead := newInstance(t, "1000")
	out, err = dead.step("restart-service", "WaitUntilActive", false, parameters)
	require.Error(t, err)
	require.Contains(t, out, "checkout is not active after 30 seconds")
	out, err = dead.step("recycle-process", "RecycleUnit", true, parameters)
	require.Error(t, err)
	require.Contains(t, out, "checkout is not active after 30 seconds")
}

func TestRecycle(t *testing.T) {
	t.Parallel()
	i := newInstance(t, "0")
	out, err := i.step("recycle-process", "NoteState", false, parameters)
	require.NoError(t, err, out)
	out, err = i.step("recycle-process", "RecycleUnit", false, parameters)
	require.NoError(t, err, out)
	require.Equal(t, "status checkout\nrestart checkout\nis-active checkout\n", i.asked())
}

func TestRollbackAndRestore(t *testing.T) {
	t.Parallel()
	i := newInstance(t, "0")
	i.write("releases/v1/app", "one")
	i.write("releases/v2/app", "two")
	link := func(name string) string {
		to, err := os.Readlink(filepath.Join(i.home, "releases", name))
		require.NoError(t, err)
		return to
	}
	_, err := i.step("rollback-release", "PointToPrevious", false, parameters)
	require.Error(t, err, "without links nothing is changed")
	require.NoError(t, os.Symlink("v2", filepath.Join(i.home, "releases/current")))
	require.NoError(t, os.Symlink("v1", filepath.Join(i.home, "releases/previous")))
	_, err = i.step("restore-release", "PointToRolledBack", false, parameters)
	require.Error(t, err, "there is nothing to take back")

	for range 2 { // the second time changes nothing
		out, err := i.step("rollback-release", "PointToPrevious", false, parameters)
		require.NoError(t, err, out)
		require.Equal(t, "v1", link("current"))
		require.Equal(t, "v2", link("rolled-back"))
	}
	require.Equal(t, "one", i.read("releases/current/app"))
	out, err := i.step("restore-release", "PointToRolledBack", true, parameters)
	require.NoError(t, err, out)
	require.Equal(t, "v2", link("current"))
	_, err = os.Lstat(filepath.Join(i.home, "releases/rolled-back"))
	require.ErrorIs(t, err, os.ErrNotExist)

	for _, runbook := range []string{"rollback-release", "restore-release"} {
		out, err := i.step(runbook, "RestartUnit", false, parameters)
		require.NoError(t, err, out)
	}
	require.Equal(t, 2, strings.Count(i.asked(), "restart checkout"))
}
