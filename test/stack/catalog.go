package stack

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
	"gopkg.in/yaml.v3"

	"firebreak/runbooks"
)

// Edit changes the files of the catalogue, path to content, before they are
// committed.
type Edit func(files map[string][]byte) error

// Commit commits the shipped catalogue with the stack's own policy, the stack's
// edits and the given ones, and returns the commit's hash. Workers see it within
// Refresh.
func (s *Stack) Commit(message string, edits ...Edit) (string, error) {
	files, err := shippedCatalog()
	if err != nil {
		return "", err
	}
	for _, edit := range slices.Concat([]Edit{s.policy()}, s.opts.Edits, edits) {
		if err := edit(files); err != nil {
			return "", fmt.Errorf("edit the catalogue: %w", err)
		}
	}
	hash, err := s.Git.Commit(files, message)
	if err != nil {
		return "", fmt.Errorf("commit the catalogue: %w", err)
	}
	return hash, nil
}

// Replace puts other content in the place of a file.
func Replace(path string, content []byte) Edit {
	return func(files map[string][]byte) error {
		if _, ok := files[path]; !ok {
			return fmt.Errorf("the catalogue has no file %s", path)
		}
		files[path] = content
		return nil
	}
}

// Substitute replaces a text in a file, which has to be there.
func Substitute(path, old, by string) Edit {
	return func(files map[string][]byte) error {
		if !bytes.Contains(files[path], []byte(old)) {
			return fmt.Errorf("%s does not say %q", path, old)
		}
		files[path] = bytes.ReplaceAll(files[path], []byte(old), []byte(by))
		return nil
	}
}

// Expiry makes the question for an approval stand for d, at least ten seconds.
func Expiry(d time.Duration) Edit {
	return editPolicy(func(policy map[string]any) {
		for _, severity := range []string{"sev1", "sev2", "sev3", "sev4"} {
			policy["approvals"].(map[string]any)[severity] = map[string]any{"count": 1, "expires": d.String()}
		}
	})
}

// policy turns the shipped policy, which lets nobody decide, into one for trying
// things out: any person may, also without a proof of who it is, and what the
// Slack gateway signs counts as proven.
func (s *Stack) policy() Edit {
	return editPolicy(func(policy map[string]any) {
		policy["allow_unverified"] = true
		policy["max_per_hour"] = 100
		policy["slack_gateway"] = map[string]any{"ssh_keys": []string{s.gateway.public}}
	})
}

func editPolicy(change func(policy map[string]any)) Edit {
	const path = "policy.yaml"
	return func(files map[string][]byte) error {
		var policy map[string]any
		if err := yaml.Unmarshal(files[path], &policy); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		change(policy)
		out, err := yaml.Marshal(policy)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		files[path] = out
		return nil
	}
}

func shippedCatalog() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(runbooks.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(runbooks.FS, path)
		files[path] = content
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the shipped catalogue: %w", err)
	}
	return files, nil
}

// gatewayKey is the key with which the Slack gateway signs who pressed a button.
type gatewayKey struct {
	file   string // private key, OpenSSH format
	public string // as in authorized_keys
}

func newGatewayKey(dir string) (gatewayKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return gatewayKey{}, fmt.Errorf("make the Slack gateway's key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "firebreak sandbox")
	if err != nil {
		return gatewayKey{}, fmt.Errorf("encode the Slack gateway's key: %w", err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return gatewayKey{}, fmt.Errorf("encode the Slack gateway's key: %w", err)
	}
	k := gatewayKey{file: filepath.Join(dir, "slack-gateway.key"), public: string(ssh.MarshalAuthorizedKey(key))}
	if err := os.WriteFile(k.file, pem.EncodeToMemory(block), 0o600); err != nil {
		return gatewayKey{}, fmt.Errorf("write the Slack gateway's key: %w", err)
	}
	return k, nil
}
