package githost

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// packWindow is how many objects a pack looks back over for deltas.
const packWindow = 10

// offered are the capabilities of a fetch. Like the large hosts, this one cuts
// histories off and hands out commits that no reference points to.
func offered(c *capability.List) error {
	for _, name := range []capability.Capability{
		capability.Shallow, capability.Sideband64k, capability.NoProgress, capability.AllowTipSHA1InWant, capability.AllowReachableSHA1InWant,
	} {
		if err := c.Set(name); err != nil {
			return fmt.Errorf("offer %s: %w", name, err)
		}
	}
	return nil
}

// negotiation is one request of a fetch.
type negotiation struct {
	packp.UploadRequest

	haves []plumbing.Hash
	ended bool // nothing follows the wants: the client only asks where its history would end
	done  bool // the client wants the pack now
}

func readNegotiation(body io.Reader) (*negotiation, error) {
	n := &negotiation{UploadRequest: *packp.NewUploadRequest()}
	if err := n.Decode(body); err != nil {
		return nil, fmt.Errorf("read wants: %w", err)
	}
	if depth, ok := n.Depth.(packp.DepthCommits); !ok || depth < 0 {
		return nil, errors.New("histories are cut off by a number of commits only")
	}
	n.ended = true
	lines := pktline.NewScanner(body)
	for lines.Scan() {
		n.ended = false
		line := strings.TrimSpace(string(lines.Bytes()))
		if hash, ok := strings.CutPrefix(line, "have "); ok {
			n.haves = append(n.haves, plumbing.NewHash(hash))
		}
		if line == "done" {
			n.done = true
			break
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read haves: %w", err)
	}
	return n, nil
}

// uploadPack sends what a client wants and has not.
func (h *Host) uploadPack(w http.ResponseWriter, r *http.Request) {
	body, err := requestBody(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n, err := readNegotiation(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	w.Header().Set("Cache-Control", "no-cache")
	h.mu.RLock()
	defer h.mu.RUnlock()
	lines := pktline.NewEncoder(w) // The client is gone if writing to it fails.
	p, err := h.plan(n)
	if err != nil {
		// The protocol's own way of refusing, which clients show to people.
		_ = lines.EncodeString("ERR upload-pack: " + err.Error() + "\n")
		return
	}
	if n.depth() > 0 {
		_ = (&packp.ShallowUpdate{Shallows: p.shallow, Unshallows: p.unshallow}).Encode(w)
		if n.ended {
			return
		}
	}
	// Without one of the capabilities multi_ack, the first commit in common is
	// acknowledged and nothing else.
	if len(p.common) > 0 {
		_ = lines.Encodef("ACK %s\n", p.common[0])
	} else {
		_ = lines.EncodeString("NAK\n")
	}
	if n.done {
		h.sendPack(w, n, p)
	}
}

func (h *Host) sendPack(w io.Writer, n *negotiation, p *packPlan) {
	if !n.Capabilities.Supports(capability.Sideband64k) {
		_, _ = packfile.NewEncoder(w, h.store, false).Encode(p.objects, packWindow)
		return
	}
	mux := sideband.NewMuxer(sideband.Sideband64k, w)
	full := bufio.NewWriterSize(mux, sideband.MaxPackedSize64k-1) // The encoder writes a few bytes at a time.
	_, err := packfile.NewEncoder(full, h.store, false).Encode(p.objects, packWindow)
	if err = errors.Join(err, full.Flush()); err != nil {
		_, _ = mux.WriteChannel(sideband.ErrorMessage, []byte("cannot make a pack: "+err.Error()+"\n"))
		return
	}
	_ = pktline.NewEncoder(w).Flush()
}

// depth is how many commits of every history are wanted, 0 for all.
func (n *negotiation) depth() int {
	d, _ := n.Depth.(packp.DepthCommits)
	return int(d)
}
