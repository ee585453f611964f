package awswire

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxSkew is how far a request's time may be from the server's. AWS allows 15
// minutes in the past and 5 in the future.
const (
	maxSkew   = 15 * time.Minute
	maxFuture = 5 * time.Minute
)

const (
	signAlgorithm = "AWS4-HMAC-SHA256"
	amzTime       = "20060102T150405Z"
)

// Credentials are the one key pair that the server accepts.
type Credentials struct {
	AccessKeyID string // Such as "AKIA" and 16 more characters.
	Secret      string
}

// RandomCredentials makes credentials for one run.
func RandomCredentials() Credentials {
	return Credentials{AccessKeyID: "AKIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text()}
}

// verify checks the request's SigV4 signature over its signed headers and the
// body as it came over the wire.
func (s *Server) verify(r *http.Request, svc *Service, wire []byte) error {
	auth, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return &Error{Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token", Status: http.StatusForbidden}
	}
	refuse := func(code, message string) error {
		return &Error{Code: code, Message: message, Status: http.StatusForbidden}
	}
	if subtle.ConstantTimeCompare([]byte(auth.key), []byte(s.credentials.AccessKeyID)) != 1 {
		return refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	if auth.service != svc.SigningName {
		return refuse("InvalidSignatureException", "Credential should be scoped to correct service: '"+svc.SigningName+"'.")
	}
	if auth.region != s.region {
		return refuse("InvalidSignatureException", "Credential should be scoped to a valid region, not '"+auth.region+"'.")
	}
	at, err := time.Parse(amzTime, r.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != auth.date {
		return refuse("InvalidSignatureException", "X-Amz-Date is missing, malformed or another day than the credential scope.")
	}
	if age := s.now().Sub(at); age > maxSkew || age < -maxFuture {
		return refuse("InvalidSignatureException", "Signature expired: the request's time is too far from the server's.")
	}
	// A signature that leaves out the headers which decide what is done would
	// let them be changed on the way.
	for _, must := range []string{"host", "x-amz-date", "x-amz-target"} {
		if must != "host" && r.Header.Get(must) == "" {
			continue
		}
		if must == "host" && r.ProtoMajor >= 2 && auth.signed[authority] {
			continue
		}
		if !auth.signed[must] {
			return refuse("InvalidSignatureException", "'"+must+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	if want, err := s.signature(r, auth, wire, at); err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(auth.signature)) != 1 {
		return refuse("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	return nil
}

// signature signs a copy of the request that has the signed headers only, with
// the SDK's own signer.
func (s *Server) signature(r *http.Request, auth authorization, wire []byte, at time.Time) (string, error) {
	if auth.signed[authority] {
		return signAuthority(r, auth, wire, at, s.credentials.Secret), nil
	}
	clone := r.Clone(r.Context())
	clone.Header = http.Header{}
	for name := range auth.signed {
		if values := r.Header.Values(name); len(values) > 0 {
			clone.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	clone.ContentLength = -1 // The signer adds the length only where it is known.
	if auth.signed["content-length"] {
		clone.Header.Del("Content-Length")
		clone.ContentLength = int64(len(wire))
	}
	hash := sha256.Sum256(wire)
	credentials := aws.Credentials{AccessKeyID: s.credentials.AccessKeyID, SecretAccessKey: s.credentials.Secret}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, clone, hex.EncodeToString(hash[:]), auth.service, auth.region, at); err != nil {
		return "", err
	}
	again, _ := parseAuthorization(clone.Header.Get("Authorization"))
	return again.signature, nil
}

type authorization struct {
	key, date, region, service string
	signed                     map[string]bool // Lower-case names.
	signature                  string
}

func parseAuthorization(header string) (authorization, bool) {
	rest, ok := strings.CutPrefix(header, signAlgorithm+" ")
	if !ok {
		return authorization{}, false
	}
	a := authorization{signed: map[string]bool{}}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) != 5 || scope[4] != "aws4_request" {
				return authorization{}, false
			}
			a.key, a.date, a.region, a.service = scope[0], scope[1], scope[2], scope[3]
		case "SignedHeaders":
			for name := range strings.SplitSeq(value, ";") {
				a.signed[strings.ToLower(name)] = true
			}
		case "Signature":
			a.signature = value
		}
	}
	return a, a.key != "" && a.signature != ""
}
