package awswire_test

import (
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// tamper changes a request after it was signed.
type tamper struct {
	next   aws.HTTPClient
	change func(*http.Request)
}

// Do implements aws.HTTPClient.
func (t tamper) Do(r *http.Request) (*http.Response, error) {
	t.change(r)
	return t.next.Do(r)
}

func changeBody(r *http.Request) {
	// The length stays, so that only the signature can tell.
	b, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(b), `"d"`, `"e"`, 1)))
}

func changeContentType(r *http.Request) {
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
}
