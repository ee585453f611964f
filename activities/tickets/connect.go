package tickets

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	jira "github.com/andygrunwald/go-jira"
)

// callTimeout bounds one call, so that an activity of a minute has room for a
// search, a create, the wait for the search and a second search.
const callTimeout = 12 * time.Second

// Connect makes a client for Jira Cloud (user is an e-mail address, token an
// API token) or, with an empty user, for Jira Data Center (token is a personal
// access token). It does not call Jira. The credentials never follow a redirect
// to another host.
func Connect(address, user, token string) (*jira.Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("connect to Jira: %q is no http(s) address", address)
	}
	if token == "" {
		return nil, errors.New("connect to Jira: a token is required")
	}
	// go-jira's transports add the credentials to every request, redirects included.
	var transport http.RoundTripper = &jira.BearerAuthTransport{Token: token}
	if user != "" {
		transport = &jira.BasicAuthTransport{Username: user, Password: token}
	}
	c, err := jira.NewClient(&http.Client{
		Transport: transport,
		Timeout:   callTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Host != u.Host || r.URL.Scheme != u.Scheme || len(via) > 3 {
				return fmt.Errorf("redirected to %s: set the address that it leads to as jira.url", r.URL.Host)
			}
			return nil
		},
	}, address)
	if err != nil {
		return nil, fmt.Errorf("connect to Jira: %w", err)
	}
	return c, nil
}
