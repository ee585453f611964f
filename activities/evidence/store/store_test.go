package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"firebreak/activities/awserror"
	"firebreak/activities/evidence/store"
	"firebreak/internal/incident"
)

// bucket answers as S3 does for PutObject and GetObject in path style.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	types   map[string]string
	deny    bool
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fail := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>no</Message></Error>`)
	}
	body, err := io.ReadAll(r.Body)
	sum := sha256.Sum256(body)
	switch {
	case err != nil || !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/aws4_request"):
		fail(http.StatusForbidden, "SignatureDoesNotMatch")
	case b.deny:
		fail(http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]):
		fail(http.StatusBadRequest, "XAmzContentSHA256Mismatch")
	case r.Method == http.MethodPut:
		b.objects[r.URL.Path], b.types[r.URL.Path] = body, r.Header.Get("Content-Type")
	case b.objects[r.URL.Path] == nil:
		fail(http.StatusNotFound, "NoSuchKey")
	default:
		_, _ = w.Write(b.objects[r.URL.Path])
	}
}

func onS3(t *testing.T, b *bucket) *store.Store {
	t.Helper()
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	})
	s, err := store.Open("s3://evidence-bucket/fire/break/", client)
	require.NoError(t, err)
	return s
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "evidence")
	files, err := store.Open("file:"+dir, nil)
	require.NoError(t, err)
	b := &bucket{objects: map[string][]byte{}, types: map[string]string{}}
	for name, c := range map[string]struct {
		store  *store.Store
		tamper func(t *testing.T, ref incident.ObjectRef)
		lose   func(t *testing.T, ref incident.ObjectRef)
	}{
		"folder": {
			files,
			func(t *testing.T, ref incident.ObjectRef) {
				t.Helper()
				require.NoError(t, os.WriteFile(filepath.Join(dir, ref.Key), []byte(`{"a":2}`), 0o600))
			},
			func(t *testing.T, ref incident.ObjectRef) {
				t.Helper()
				require.NoError(t, os.Remove(filepath.Join(dir, ref.Key)))
			},
		},
		"S3": {
			onS3(t, b),
			func(t *testing.T, ref incident.ObjectRef) {
				t.Helper()
				require.Equal(t, "application/json", b.types["/evidence-bucket/fire/break/"+ref.Key])
				b.objects["/evidence-bucket/fire/break/"+ref.Key] = []byte(`{"a":2}`)
			},
			func(t *testing.T, ref incident.ObjectRef) {
				t.Helper()
				delete(b.objects, "/evidence-bucket/fire/break/"+ref.Key)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(`{"a":1}`)
			ref, err := c.store.Put(t.Context(), body)
			require.NoError(t, err)
			again, err := c.store.Put(t.Context(), body)
			require.NoError(t, err)
			require.Equal(t, ref, again, "the same content is the same object")
			got, err := c.store.Get(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, body, got)

			c.tamper(t, ref)
			_, err = c.store.Get(t.Context(), ref)
			require.ErrorContains(t, err, "its content was changed")
			c.lose(t, ref)
			_, err = c.store.Get(t.Context(), ref)
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

func TestLimitsAndRights(t *testing.T) {
	t.Parallel()
	b := &bucket{objects: map[string][]byte{}, types: map[string]string{}}
	s := onS3(t, b)
	_, err := s.Put(t.Context(), make([]byte, store.MaxBytes+1))
	require.ErrorContains(t, err, "at most")
	for _, key := range []string{"", "../../etc/passwd", strings.Repeat("a", 64), strings.Repeat("a", 64) + ".json/x"} {
		_, err := s.Get(t.Context(), incident.ObjectRef{Key: key})
		require.ErrorContains(t, err, "no key of an object", key)
	}
	b.deny = true
	_, err = s.Put(t.Context(), []byte(`{}`))
	require.Equal(t, incident.ErrorPermission, awserror.Kind(err))
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"", "file:/var/lib/firebreak/evidence", "file:evidence", "s3://my-bucket", "s3://my-bucket/", "s3://my.bucket-1/a/b_c"} {
		_, err := store.Open(place, &s3.Client{})
		require.NoError(t, err, place)
	}
	for _, place := range []string{"/var/lib", "file:", "s3://", "s3://My_Bucket/a", "s3://my-bucket/a//b", "s3://my-bucket/a?b", "gs://bucket"} {
		_, err := store.Open(place, &s3.Client{})
		require.Error(t, err, place)
	}
	none, err := store.Open("", nil)
	require.NoError(t, err)
	require.Nil(t, none)
	_, err = store.Open("s3://my-bucket", nil)
	require.ErrorContains(t, err, "no client of S3")
	require.True(t, store.UsesS3("s3://my-bucket"))
	require.False(t, store.UsesS3("file:x"))
}
