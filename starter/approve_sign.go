package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hiddeco/sshsig"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"firebreak/internal/incident"
)

// signer signs a decision's message and returns an armoured SSH signature.
type signer interface {
	sign(message []byte) (string, error)
}

type sshSigner struct{ key ssh.Signer }

// sign implements signer in the decision namespace, so that the signature is
// good for nothing else that the key signs.
func (s sshSigner) sign(message []byte) (string, error) {
	sig, err := sshsig.Sign(bytes.NewReader(message), s.key, sshsig.HashSHA512, incident.DecisionNamespace)
	if err != nil {
		return "", fmt.Errorf("sign the decision with %s: %w", ssh.FingerprintSHA256(s.key.PublicKey()), err)
	}
	return string(sshsig.Armor(sig)), nil
}

// readKey reads an SSH private key; passphrase is asked for when it needs one.
func readKey(path string, passphrase func() ([]byte, error)) (signer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(raw)
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		var secret []byte
		if secret, err = passphrase(); err != nil {
			return nil, fmt.Errorf("unlock the signing key %s: %w", path, err)
		}
		key, err = ssh.ParsePrivateKeyWithPassphrase(raw, secret)
	}
	if err != nil {
		return nil, fmt.Errorf("read the signing key %s: %w (an SSH private key such as ~/.ssh/id_ed25519 is needed)", path, err)
	}
	return sshSigner{key}, nil
}

// askPassphrase reads a passphrase from the terminal without showing it.
func askPassphrase(cmd *cobra.Command) func() ([]byte, error) {
	return func() ([]byte, error) {
		fd := int(os.Stdin.Fd())
		if !term.IsTerminal(fd) {
			return nil, errors.New("it has a passphrase, and there is no terminal to ask for it")
		}
		cmd.PrintErr("Passphrase of the signing key: ")
		defer cmd.PrintErrln()
		return term.ReadPassword(fd)
	}
}

// updateID makes sending the same decision twice one decision. The signature is
// part of it: what was refused unsigned may be sent again, signed, at once.
func updateID(d incident.Decision) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{d.PlanDigest, d.Approver, d.IssuedAt, answer(d.Approved), d.Note, d.Signature}, "\n")))
	return "cli/" + hex.EncodeToString(sum[:12])
}
