package awswire_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack/awswire"
)

// signedByAuthority signs a request as the SDK for JavaScript does over HTTP/2,
// step by step as the AWS reference has it.
func signedByAuthority(t *testing.T, cfg aws.Config, server *awswire.Server, body string) *http.Request {
	t.Helper()
	now := time.Now().UTC()
	host := strings.TrimPrefix(*cfg.BaseEndpoint, "http://")
	hex256 := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	mac := func(key []byte, s string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(s))
		return h.Sum(nil)
	}
	const names = ":authority;content-type;x-amz-date;x-amz-target"
	canonical := "POST\n/\n\n:authority:" + host + "\ncontent-type:application/x-amz-json-1.1\nx-amz-date:" + now.Format("20060102T150405Z") +
		"\nx-amz-target:AmazonSSM.StartAutomationExecution\n\n" + names + "\n" + hex256(body)
	scope := now.Format("20060102") + "/" + cfg.Region + "/ssm/aws4_request"
	key := []byte("AWS4" + server.Credentials().Secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+now.Format("20060102T150405Z")+"\n"+scope+"\n"+hex256(canonical)))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *cfg.BaseEndpoint+"/", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	req.Header.Set("X-Amz-Target", "AmazonSSM.StartAutomationExecution")
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", server.Credentials().AccessKeyID, scope, names, signature))
	return req
}

func TestAuthorityMayBeSignedInsteadOfTheHost(t *testing.T) {
	t.Parallel()
	server, _, cfg := start(t, awswire.Options{})
	const body = `{"DocumentName":"restart"}`
	over := func(two bool) *http.Client {
		p := new(http.Protocols)
		p.SetHTTP1(!two)
		p.SetUnencryptedHTTP2(two)
		return &http.Client{Transport: &http.Transport{Protocols: p}, Timeout: 10 * time.Second}
	}
	tests := map[string]struct {
		two    bool
		change func(r *http.Request)
		want   int
	}{
		"as signed":         {true, func(*http.Request) {}, http.StatusOK},
		"another authority": {true, func(r *http.Request) { r.Host = "localhost" }, http.StatusForbidden},
		"another time": {true, func(r *http.Request) {
			r.Header.Set("X-Amz-Date", time.Now().UTC().Add(time.Minute).Format("20060102T150405Z"))
		}, http.StatusForbidden},
		"HTTP/1.1 has no authority": {false, func(*http.Request) {}, http.StatusForbidden},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := signedByAuthority(t, cfg, server, body)
			tt.change(req)
			resp, err := over(tt.two).Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, tt.want, resp.StatusCode)
		})
	}
}
