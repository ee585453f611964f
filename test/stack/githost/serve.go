package githost

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// maxRequest bounds a request's body, pushed packs included, in bytes.
const maxRequest = 32 << 20

// infoRefs lists the references for a service, the first half of every fetch
// and push.
func (h *Host) infoRefs(w http.ResponseWriter, r *http.Request) {
	service := r.URL.Query().Get("service")
	if service != transport.UploadPackServiceName && service != transport.ReceivePackServiceName {
		http.Error(w, "only smart clients are served", http.StatusForbidden)
		return
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	refs, err := h.advertise(r, service)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	refs.Prefix = [][]byte{[]byte("# service=" + service), pktline.Flush}
	w.Header().Set("Content-Type", "application/x-"+service+"-advertisement")
	w.Header().Set("Cache-Control", "no-cache")
	if err := refs.Encode(w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (h *Host) advertise(r *http.Request, service string) (*packp.AdvRefs, error) {
	if service == transport.ReceivePackServiceName {
		s, err := h.transport.NewReceivePackSession(nil, nil)
		if err != nil {
			return nil, fmt.Errorf("open a session: %w", err)
		}
		return s.AdvertisedReferencesContext(r.Context())
	}
	s, err := h.transport.NewUploadPackSession(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	refs, err := s.AdvertisedReferencesContext(r.Context())
	if err != nil {
		return nil, fmt.Errorf("list the references: %w", err)
	}
	return refs, offered(refs.Capabilities)
}

// receivePack takes a push.
func (h *Host) receivePack(w http.ResponseWriter, r *http.Request) {
	body, err := requestBody(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req := packp.NewReferenceUpdateRequest()
	if err := req.Decode(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s, err := h.transport.NewReceivePackSession(nil, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-git-receive-pack-result")
	report, err := s.ReceivePack(r.Context(), req)
	if report == nil {
		if err == nil {
			err = errors.New("the client asked for no report")
		}
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = report.Encode(w) // the client is gone if this fails
}

func requestBody(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	body := http.MaxBytesReader(w, r.Body, maxRequest)
	if r.Header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	z, err := gzip.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("read a gzip body: %w", err)
	}
	return io.LimitReader(z, maxRequest), nil
}
