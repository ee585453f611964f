package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"

	"firebreak/internal/incident"
)

// Limits of what one fetch may bring. A catalogue of 200 runbooks is below one
// megabyte; a repository that holds more than runbooks is what they leave room for.
const (
	maxPack     = 32 << 20  // bytes on the wire
	maxInflated = 256 << 20 // bytes of all objects, deltas applied
	maxObjects  = 200_000
)

// errTooLarge is a repository beyond the limits.
var errTooLarge = errors.New("the repository is too large for a catalogue; keep runbooks in a repository of their own")

// remote is an open session with the git host.
type remote struct {
	session transport.UploadPackSession
	refs    *packp.AdvRefs
}

// head is the commit that a branch points to.
func (r *remote) head(branch string) (plumbing.Hash, error) {
	hash, ok := r.refs.References[plumbing.NewBranchReferenceName(branch).String()]
	if !ok {
		return plumbing.ZeroHash, final(incident.ErrorNotFound, nil, "the catalogue's repository has no branch %q", branch)
	}
	return hash, nil
}

// serves tells whether the host hands out a commit that no reference points to.
func (r *remote) serves() bool {
	return r.refs.Capabilities.Supports(capability.AllowReachableSHA1InWant)
}

// objects fetches a commit with everything that it holds. Depth is how many
// commits of its history come with it; 0, or a host that cannot cut a history
// off, brings all.
func (r *remote) objects(ctx context.Context, want plumbing.Hash, depth int) (*memory.Storage, error) {
	req := packp.NewUploadPackRequestFromCapabilities(r.refs.Capabilities)
	req.Wants = []plumbing.Hash{want}
	if depth > 0 && r.refs.Capabilities.Supports(capability.Shallow) {
		if err := req.Capabilities.Set(capability.Shallow); err != nil {
			return nil, fmt.Errorf("ask for a shallow fetch: %w", err)
		}
		req.Depth = packp.DepthCommits(depth)
	}
	resp, err := r.session.UploadPack(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("ask for commit %s: %w", want, err)
	}
	defer func() { _ = resp.Close() }() // what matters has been read by then
	pack, err := io.ReadAll(io.LimitReader(unmultiplex(req.Capabilities, resp), maxPack+1))
	if err != nil {
		return nil, fmt.Errorf("receive commit %s: %w", want, err)
	}
	if len(pack) > maxPack {
		return nil, final(incident.ErrorValidation, errTooLarge, "receive commit %s", want)
	}
	if err := measure(pack); err != nil {
		if errors.Is(err, errTooLarge) {
			return nil, final(incident.ErrorValidation, err, "receive commit %s", want)
		}
		return nil, fmt.Errorf("receive commit %s: %w", want, err)
	}
	store := memory.NewStorage()
	if err := packfile.UpdateObjectStorage(store, bytes.NewReader(pack)); err != nil {
		return nil, fmt.Errorf("unpack commit %s: %w", want, err)
	}
	return store, nil
}

func unmultiplex(caps *capability.List, r io.Reader) io.Reader {
	switch {
	case caps.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, r)
	case caps.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, r)
	default:
		return r
	}
}

// measure adds up what a pack will hold before any of it is kept: a small pack
// can name gigabytes, by compression and by deltas that repeat their base.
func measure(pack []byte) error {
	s := packfile.NewScanner(bytes.NewReader(pack))
	_, count, err := s.Header()
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	if count > maxObjects {
		return errTooLarge
	}
	var total int64
	for range count {
		h, err := s.NextObjectHeader()
		if err != nil {
			return fmt.Errorf("read the pack: %w", err)
		}
		if total += h.Length; h.Length > maxInflated || total > maxInflated {
			return errTooLarge
		}
		if h.Type != plumbing.OFSDeltaObject && h.Type != plumbing.REFDeltaObject {
			continue
		}
		var delta bytes.Buffer
		if _, _, err := s.NextObject(&delta); err != nil {
			return fmt.Errorf("read a delta: %w", err)
		}
		size, err := deltaSize(&delta)
		if err != nil {
			return err
		}
		if total += size; total > maxInflated {
			return errTooLarge
		}
	}
	return nil
}

// deltaSize reads the size of what a delta makes, which follows the size of
// its base, both as little-endian groups of seven bits.
func deltaSize(delta io.ByteReader) (int64, error) {
	var size int64
	for range 2 {
		size = 0
		for shift := 0; ; shift += 7 {
			b, err := delta.ReadByte()
			if err != nil || shift > 35 {
				return 0, errors.New("the pack holds a delta without a size")
			}
			size |= int64(b&0x7f) << shift
			if b&0x80 == 0 {
				break
			}
		}
	}
	return size, nil
}
