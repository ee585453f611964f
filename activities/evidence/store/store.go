// Package store keeps pieces of evidence that are too large for a Temporal
// payload: every pattern of a log group, a whole series, a service graph. They
// are kept under the hash of their content, so that writing one again changes
// nothing, and whoever reads one can tell that it is what was written.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"firebreak/internal/incident"
)

// MaxBytes bounds one object.
const MaxBytes = 4 << 20

// ErrNotFound is the error for an object that is not there.
var ErrNotFound = errors.New("there is no such object; it may have expired")

// bucket holds objects by name. Writing one again with the same content is no
// mistake.
type bucket interface {
	put(ctx context.Context, name string, body []byte) error
	get(ctx context.Context, name string, limit int64) ([]byte, error) // at most limit bytes
}

// Store keeps objects by their content. It is safe for concurrent use.
type Store struct{ in bucket }

// Put keeps an object and returns its reference.
func (s *Store) Put(ctx context.Context, body []byte) (incident.ObjectRef, error) {
	if len(body) > MaxBytes {
		return incident.ObjectRef{}, fmt.Errorf("store an object of %d bytes: at most %d are kept", len(body), MaxBytes)
	}
	sum := sha256.Sum256(body)
	ref := incident.ObjectRef{SHA256: hex.EncodeToString(sum[:]), Bytes: len(body)}
	ref.Key = ref.SHA256 + ".json"
	if err := s.in.put(ctx, ref.Key, body); err != nil {
		return incident.ObjectRef{}, fmt.Errorf("store object %s: %w", ref.Key, err)
	}
	return ref, nil
}

// keys are all that Put gives: whatever a reference says, nothing else is read.
var keys = regexp.MustCompile(`^[0-9a-f]{64}\.json$`)

// Get reads an object and checks that it is the one that the reference means.
func (s *Store) Get(ctx context.Context, ref incident.ObjectRef) ([]byte, error) {
	if !keys.MatchString(ref.Key) {
		return nil, fmt.Errorf("read object %q: that is no key of an object of evidence", ref.Key)
	}
	body, err := s.in.get(ctx, ref.Key, MaxBytes+1)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", ref.Key, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != ref.SHA256 {
		return nil, fmt.Errorf("read object %s: its content was changed: its SHA-256 is %x, not %s", ref.Key, sum, ref.SHA256)
	}
	return body, nil
}

// Schemes of places.
const (
	schemeFile = "file:"
	schemeS3   = "s3://"
)

// bucketName is what S3 allows for general purpose buckets.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// prefixName is what a prefix may be made of: what needs no escaping anywhere.
var prefixName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)

// UsesS3 tells whether a place is one of S3.
func UsesS3(place string) bool { return strings.HasPrefix(place, schemeS3) }

func parse(place string) (dir, name, prefix string, err error) {
	switch {
	case place == "":
		return "", "", "", nil
	case strings.HasPrefix(place, schemeFile):
		if dir = strings.TrimPrefix(place, schemeFile); dir == "" {
			return "", "", "", fmt.Errorf("%q names no folder", place)
		}
		return dir, "", "", nil
	case strings.HasPrefix(place, schemeS3):
		name, prefix, _ = strings.Cut(strings.TrimPrefix(place, schemeS3), "/")
		prefix = strings.TrimSuffix(prefix, "/")
		if !bucketName.MatchString(name) {
			return "", "", "", fmt.Errorf("%q is no name of a bucket", name)
		}
		if prefix != "" && !prefixName.MatchString(prefix) {
			return "", "", "", fmt.Errorf("%q is no prefix made of letters, digits and _.-/", prefix)
		}
		return "", name, prefix, nil
	default:
		return "", "", "", fmt.Errorf("%q is neither s3://BUCKET/PREFIX nor file:FOLDER", place)
	}
}

// Open returns the store at a place: s3://BUCKET/PREFIX, which needs a client,
// or file:FOLDER, which workers and whoever reads have to share. It returns nil
// for the empty place.
func Open(place string, client S3) (*Store, error) {
	dir, name, prefix, err := parse(place)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open the evidence store: %w", err)
	case dir != "":
		return &Store{folder(dir)}, nil
	case name == "":
		return nil, nil //nolint:nilnil // no store is a valid choice, and what callers ask for
	case client == nil:
		return nil, fmt.Errorf("open the evidence store %s: there is no client of S3", place)
	default:
		return &Store{s3Bucket{client, name, prefix}}, nil
	}
}
