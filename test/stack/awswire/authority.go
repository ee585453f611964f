package awswire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// authority is what clients of HTTP/2 may sign in the place of the Host header,
// which that protocol does not have. The SDK for JavaScript does.
const authority = ":authority"

// signAuthority computes the signature of a request that signs its authority.
// The SDK's own signer cannot: it signs a Host header whatever it is given.
// The steps are those of the AWS reference, "Create a signed AWS API request".
func signAuthority(r *http.Request, auth authorization, wire []byte, at time.Time, secret string) string {
	names := make([]string, 0, len(auth.signed))
	for name := range auth.signed {
		names = append(names, name)
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		if name == authority {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	canonical := strings.Join([]string{
		r.Method, escapeAgain(r.URL.EscapedPath()), strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"),
		headers.String(), strings.Join(names, ";"), digest(wire),
	}, "\n")
	scope := strings.Join([]string{auth.date, auth.region, auth.service, "aws4_request"}, "/")
	text := strings.Join([]string{signAlgorithm, at.Format(amzTime), scope, digest([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{auth.date, auth.region, auth.service, "aws4_request"} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

// escapeAgain escapes a path that is escaped already: every service but S3
// signs it twice escaped.
func escapeAgain(path string) string {
	if path == "" {
		return "/"
	}
	return strings.ReplaceAll(path, "%", "%25")
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
