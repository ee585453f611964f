package chat_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"firebreak/activities/chat"
	"firebreak/internal/incident"
	"firebreak/test/stack/slack"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slack.Options{})
	for _, address := range []string{w.slack.URL(), strings.TrimSuffix(w.slack.URL(), "/")} {
		client, err := chat.Connect(address, w.slack.BotToken(), w.slack.AppToken())
		require.NoError(t, err)
		_, err = client.AuthTestContext(t.Context())
		require.NoError(t, err)
	}
	_, err := chat.Connect("", "", "")
	require.Error(t, err)
	_, err = chat.Connect("file:///etc", "xoxb-x", "")
	require.Error(t, err)
}

func TestTokensDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	t.Cleanup(other.Close)
	moved := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	client, err := chat.Connect(moved.URL, "xoxb-x", "")
	require.NoError(t, err)
	acts, err := chat.New(chat.Options{Client: client, Channel: channel})
	require.NoError(t, err)
	_, err = acts.PostIncident(t.Context(), incident.PostIncidentInput{Headline: headline()})
	_ = requireType(t, err, incident.ErrorValidation, true)
}

func TestReadKey(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(key, "gateway")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := chat.ReadKey(path)
	require.NoError(t, err)
	require.Equal(t, ssh.KeyAlgoED25519, signer.PublicKey().Type())

	locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "gateway", []byte("secret"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(locked), 0o600))
	_, err = chat.ReadKey(path)
	require.ErrorContains(t, err, "unencrypted")
	_, err = chat.ReadKey(path + "x")
	require.Error(t, err)
}
