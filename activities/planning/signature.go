package planning

import (
	"bytes"
	"errors"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// verifySignature says why an armoured SSH signature does not prove that one of
// the keys signed the decision, for this run and this plan; nothing when it does.
func verifySignature(in incident.VerifyDecisionInput, keys []ssh.PublicKey) redact.Text {
	if len(keys) == 0 {
		return redact.Literal("policy lists no key that could vouch for this approver")
	}
	sig, err := sshsig.Unarmor([]byte(in.Decision.Signature))
	if err != nil {
		return redact.Literal("the signature cannot be read; it must be an armoured SSH signature")
	}
	message := incident.DecisionMessage(in.Namespace, in.WorkflowID, in.RunID, in.Decision)
	for _, key := range keys {
		err := sshsig.Verify(bytes.NewReader(message), sig, key, sig.HashAlgorithm, incident.DecisionNamespace)
		switch {
		case err == nil:
			return redact.Text{}
		case errors.Is(err, sshsig.ErrNamespaceMismatch):
			return redact.Literal("the signature was made for another purpose")
		case errors.Is(err, sshsig.ErrPublicKeyMismatch):
			continue
		default:
			return redact.Literal("the signature does not fit the decision: it was made for another run, plan or answer, or was changed")
		}
	}
	return redact.Literal("the signature was made with a key that policy does not list for this approver")
}
