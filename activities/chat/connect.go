package chat

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/crypto/ssh"
)

// callTimeout bounds one call of the Web API.
const callTimeout = 15 * time.Second

// Connect makes a Slack client from a bot token (xoxb-) and an app-level token
// (xapp-, for the Gateway; may be empty without one). apiURL is empty for Slack
// itself. It does not call Slack. The tokens never follow a redirect, because
// the Web API has none.
func Connect(apiURL, botToken, appToken string) (*slack.Client, error) {
	if botToken == "" {
		return nil, errors.New("connect to Slack: a bot token is required")
	}
	options := []slack.Option{
		slack.OptionAppLevelToken(appToken),
		slack.OptionHTTPClient(&http.Client{
			Timeout:       callTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	}
	if apiURL != "" {
		u, err := url.Parse(apiURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("connect to Slack: %q is no http(s) address", apiURL)
		}
		// slack-go joins the method's name onto it as it is.
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(apiURL, "/")+"/"))
	}
	return slack.New(botToken, options...), nil
}

// ReadKey reads the gateway's SSH key: an unencrypted private key in a file.
func ReadKey(path string) (ssh.Signer, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the gateway's key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return nil, fmt.Errorf("read the gateway's key %s: %w (it has to be an unencrypted SSH private key, as from ssh-keygen -t ed25519 -N '')", path, err)
	}
	return key, nil
}
