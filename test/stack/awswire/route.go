package awswire

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// target is where a request goes.
type target struct {
	protocol  protocol
	service   *Service
	operation *Operation
	labels    map[string]string
}

// route finds the operation. Also without one it gives the protocol, so that
// the error is readable for the client.
func (s *Server) route(r *http.Request) (target, error) {
	path := r.URL.EscapedPath()
	if full := r.Header.Get("X-Amz-Target"); full != "" {
		t := target{protocol: json11}
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.0") {
			t.protocol = json10
		}
		prefix, name, _ := strings.Cut(full, ".")
		return s.named(t, prefix, name)
	}
	if rest, ok := strings.CutPrefix(path, "/service/"); ok {
		prefix, name, ok := strings.Cut(rest, "/operation/")
		if !ok || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
			return target{protocol: cbor}, Errorf("UnknownOperationException", "not a request of protocol rpc-v2-cbor")
		}
		return s.named(target{protocol: cbor}, prefix, name)
	}
	for _, svc := range s.services {
		for i := range svc.Operations {
			if labels, ok := match(svc.Operations[i].op, r.Method, path); ok {
				return target{protocol: rest, service: svc, operation: &svc.Operations[i], labels: labels}, nil
			}
		}
	}
	return target{protocol: rest}, &Error{Code: "UnknownOperationException", Message: "no stand-in serves this path", Status: http.StatusNotFound}
}

func (s *Server) named(t target, prefix, name string) (target, error) {
	for _, svc := range s.services {
		if svc.Schema.Schema.ID().Name != prefix {
			continue
		}
		t.service = svc
		for i := range svc.Operations {
			if svc.Operations[i].name == name {
				t.operation = &svc.Operations[i]
				return t, nil
			}
		}
	}
	return t, Errorf("UnknownOperationException", "no stand-in serves operation %s of %s", name, prefix)
}

// match compares an escaped path with the operation's URI template, segment by
// segment, and gives the unescaped labels.
func match(op *smithy.Schema, method, path string) (map[string]string, bool) {
	http, ok := smithy.SchemaTrait[*traits.HTTP](op)
	if !ok || http.Method != method {
		return nil, false
	}
	want, got := strings.Split(http.URI, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	labels := map[string]string{}
	for i, segment := range want {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			text, err := url.PathUnescape(got[i])
			if err != nil || text == "" {
				return nil, false
			}
			labels[strings.TrimSuffix(name, "}")] = text
			continue
		}
		if segment != got[i] {
			return nil, false
		}
	}
	return labels, true
}
