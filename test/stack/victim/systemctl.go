package victim

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// control is what an instance's systemctl needs to reach the supervisor. The
// file that holds it can be read by nobody else.
type control struct {
	Address string `json:"address"`
	Token   string `json:"token"`
}

// order is one command of systemctl, and reply what it answers.
type order struct {
	Command string `json:"command"`
	Unit    string `json:"unit"`
}

type reply struct {
	Status UnitStatus `json:"status"`
	Error  string     `json:"error,omitempty"`
	NoUnit bool       `json:"no_unit,omitempty"`
}

func (s *supervisor) listen() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for systemctl: %w", err)
	}
	s.addr = l.Addr().String()
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(l) }()
	return nil
}

// install puts a systemctl into an instance's bin folder: this program under
// another name, told by the environment what it is.
func (s *supervisor) install(in Instance) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("install systemctl on %s: %w", in.ID, err)
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = in.ID
	s.mu.Unlock()
	bin := filepath.Join(in.Dir, "bin")
	controlFile := filepath.Join(bin, ".systemctl.json")
	if err := writeJSON(controlFile, control{Address: s.addr, Token: token}); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=%s exec %s \"$@\"\n", envControl, shellQuote(controlFile), shellQuote(self))
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o700); err != nil {
		return fmt.Errorf("install systemctl on %s: %w", in.ID, err)
	}
	return nil
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (s *supervisor) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	instance, known := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	s.mu.Unlock()
	if !known || r.Method != http.MethodPost || r.Host != s.addr {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	var o order
	if err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&o); err != nil {
		http.Error(w, "no order", http.StatusBadRequest)
		return
	}
	var answer reply
	status, err := s.status(o.Unit)
	if err == nil && status.Instance != instance {
		err = fmt.Errorf("unit %s: %w", o.Unit, errNoUnit) // it runs on another machine
	}
	if err == nil {
		answer.Status, err = s.do(r.Context(), o.Command, o.Unit)
	}
	if err != nil {
		answer.Error, answer.NoUnit = err.Error(), errors.Is(err, errNoUnit)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// Exit statuses of systemctl.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitNotActive = 3
	exitNoUnit    = 4
)

// systemctl is the command on an instance: restart, start, stop, reload, status
// or is-active of one unit.
func systemctl(controlFile string, args []string, stdout, stderr io.Writer) int {
	quiet := slices.Contains(args, "-q") || slices.Contains(args, "--quiet")
	words := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(words) != 2 {
		fmt.Fprintln(stderr, "usage: systemctl restart|start|stop|reload|status|is-active UNIT")
		return exitUsage
	}
	o := order{Command: words[0], Unit: strings.TrimSuffix(words[1], ".service")}
	answer, err := send(controlFile, o)
	if err != nil {
		fmt.Fprintln(stderr, "systemctl: "+err.Error())
		return exitFailed
	}
	if answer.Error != "" {
		fmt.Fprintln(stderr, "systemctl: "+answer.Error)
		if answer.NoUnit {
			return exitNoUnit
		}
		return exitFailed
	}
	st := answer.Status
	switch {
	case o.Command == "is-active" && !quiet:
		fmt.Fprintln(stdout, st.State)
	case o.Command == "status":
		fmt.Fprintf(stdout, "%s.service on %s\n  Active: %s since %s\nMain PID: %d\n", st.Name, st.Instance, st.State, st.Started.UTC().Format(time.RFC3339), st.PID)
	}
	if (o.Command == "status" || o.Command == "is-active") && st.State != StateActive {
		return exitNotActive
	}
	return exitOK
}

func send(controlFile string, o order) (reply, error) {
	var c control
	var answer reply
	if err := readJSON(controlFile, &c); err != nil {
		return answer, err
	}
	body, err := json.Marshal(o)
	if err != nil {
		return answer, err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+c.Address, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	client := &http.Client{Timeout: readyTimeout + stopTimeout + 5*time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return answer, fmt.Errorf("reach the supervisor: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("the supervisor answered %s", resp.Status)
	}
	return answer, json.NewDecoder(resp.Body).Decode(&answer)
}
