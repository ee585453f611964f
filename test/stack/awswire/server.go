package awswire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"firebreak/test/stack/fault"
	"firebreak/test/stack/hosts"
)

// maxBody bounds a body before and after decompression, in bytes. The largest
// real request is PutRecords with 10 MiB, which is 14 MiB in base64.
const maxBody = 24 << 20

// Options configure a Server. The zero value works.
type Options struct {
	Region       string           // Region of the credential scope; "us-east-1" when empty.
	Credentials  Credentials      // Random when empty.
	AllowedHosts []string         // Host names (without port) accepted besides loopback ones.
	Faults       *fault.Faults    // Fault switch; nil never makes a fault.
	Logger       *slog.Logger     // Where failures of stand-ins go; discarded when nil.
	Now          func() time.Time // Clock for the skew check; time.Now when nil.
	// Observe is told of every call that reached a stand-in: the service's signing
	// name, the operation, the request's body, and the error that was answered. It
	// may be called from several goroutines at once; nil observes nothing.
	Observe func(signingName, operation string, body []byte, err error)
}

// Server serves all registered services. It is an http.Handler.
type Server struct {
	region      string
	credentials Credentials
	hosts       []string
	faults      *fault.Faults
	log         *slog.Logger
	now         func() time.Time
	observe     func(signingName, operation string, body []byte, err error)
	services    []*Service

	mu     sync.Mutex
	counts map[[2]string]int
}

// New makes a server without services.
func New(o Options) *Server {
	s := &Server{
		region:      cmp.Or(o.Region, "us-east-1"),
		credentials: o.Credentials,
		hosts:       o.AllowedHosts,
		faults:      o.Faults,
		log:         o.Logger,
		now:         o.Now,
		observe:     o.Observe,
		counts:      map[[2]string]int{},
	}
	if s.credentials == (Credentials{}) {
		s.credentials = RandomCredentials()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Register adds a service. All services are registered before the first
// request.
func (s *Server) Register(svc Service) { s.services = append(s.services, &svc) }

// Credentials are what clients sign with.
func (s *Server) Credentials() Credentials { return s.credentials }

// Region is the region that clients sign for.
func (s *Server) Region() string { return s.region }

// Count is how often an operation reached its stand-in: lost answers,
// duplicates and errors of the stand-in itself are counted, requests that the
// checks or the fault switch refused are not.
func (s *Server) Count(service, operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[[2]string{service, operation}]
}

// ClientConfig is an SDK configuration for a client of this server at endpoint.
func (s *Server) ClientConfig(endpoint string) aws.Config {
	return aws.Config{
		Region:       s.region,
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.credentials.AccessKeyID, SecretAccessKey: s.credentials.Secret, Source: "stand-in"}, nil
		}),
	}
}

// Listen serves on addr, such as "127.0.0.1:0", until ctx ends, and returns the
// endpoint's URL. Requests that are still running when ctx ends are cut off
// after a second.
func (s *Server) Listen(ctx context.Context, addr string) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen for AWS stand-ins on %s: %w", addr, err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	// AWS speaks HTTP/2 beside HTTP/1.1. The SDK for JavaScript uses nothing
	// else for Kinesis and Bedrock, and without TLS it begins with it unasked.
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.ErrorContext(ctx, "the AWS stand-ins stopped serving", "error", err)
		}
	}()
	context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			_ = srv.Close()
		}
	})
	return "http://" + ln.Addr().String(), nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-Requestid", uuid.NewString())
	ctx := r.Context()
	if !hosts.Allowed(r, s.hosts) {
		// Before anything is read: a page in a browser that was led here by a
		// name under somebody else's control learns nothing.
		http.Error(w, "unknown host", http.StatusForbidden)
		return
	}
	t, routeErr := s.route(r)
	var op *smithy.Schema
	if t.operation != nil {
		op = t.operation.op
	}
	wire, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.writeError(ctx, w, t.protocol, t.service, op, &Error{Code: "RequestEntityTooLargeException", Message: "the request is too large or was cut", Status: http.StatusRequestEntityTooLarge})
		return
	}
	if routeErr != nil {
		s.writeError(ctx, w, t.protocol, t.service, op, routeErr)
		return
	}
	if err := s.verify(r, t.service, wire); err != nil {
		s.writeError(ctx, w, t.protocol, t.service, op, err)
		return
	}
	body, err := inflate(r.Header.Get("Content-Encoding"), wire)
	if err != nil {
		s.writeError(ctx, w, t.protocol, t.service, op, &Error{Code: "SerializationException", Message: err.Error()})
		return
	}
	s.serve(ctx, w, t, body)
}

// serve does the operation as the fault switch says.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, t target, body []byte) {
	op := t.operation
	v := s.faults.Decide(t.service.Name, op.name)
	if fault.Sleep(ctx, v.Delay) != nil {
		panic(http.ErrAbortHandler)
	}
	if v.Refuse != nil {
		s.writeError(ctx, w, t.protocol, t.service, op.op, refusal(t.service, *v.Refuse))
		return
	}
	times := 1
	if v.Duplicate {
		times = 2
	}
	var out smithy.Serializable
	var err error
	for range times {
		out, err = op.call(context.WithValue(ctx, bodyKey{}, body), call{protocol: t.protocol, service: t.service, labels: t.labels, body: body})
		s.mu.Lock()
		s.counts[[2]string{t.service.Name, op.name}]++
		s.mu.Unlock()
		if s.observe != nil {
			s.observe(t.service.SigningName, op.name, body, err)
		}
	}
	if v.Lose {
		fault.Cut(w)
		return
	}
	if err != nil {
		s.writeError(ctx, w, t.protocol, t.service, op.op, err)
		return
	}
	encoded, err := encode(ctx, t.protocol, t.service, op.op, op.out, out)
	if err == nil {
		encoded, err = withZeros(t.protocol, op.out, out, encoded)
	}
	if err != nil {
		s.writeError(ctx, w, t.protocol, t.service, op.op, err)
		return
	}
	write(w, t.protocol, http.StatusOK, encoded)
}

// refusal turns a fault rule into the service's error.
func refusal(svc *Service, r fault.Rule) *Error {
	e := &Error{Code: r.Code, Message: r.MessageOr(), Status: r.Status}
	if e.Code == "" && r.Kind == fault.Throttle {
		e.Code = cmp.Or(svc.ThrottleCode, "ThrottlingException")
	}
	if e.Code == "" {
		e.Code = "InternalFailure"
		e.Status = r.StatusOr()
	}
	return e
}

func inflate(encoding string, wire []byte) ([]byte, error) {
	switch encoding {
	case "", "identity":
		return wire, nil
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(wire))
		if err != nil {
			return nil, fmt.Errorf("open a gzip body: %w", err)
		}
		b, err := io.ReadAll(io.LimitReader(z, maxBody+1))
		if err != nil {
			return nil, fmt.Errorf("read a gzip body: %w", err)
		}
		if len(b) > maxBody {
			return nil, fmt.Errorf("a gzip body holds more than %d bytes", maxBody)
		}
		return b, nil
	default:
		return nil, fmt.Errorf("content encoding %q is not supported", encoding)
	}
}
