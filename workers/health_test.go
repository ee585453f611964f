package workers

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHealthTellsWhetherItServes(t *testing.T) {
	t.Parallel()
	h := NewHealth()
	h.Watch("stream", func() any { return map[string]int{"records": 7} })
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec
	}
	require.Equal(t, http.StatusServiceUnavailable, get("/healthz").Code)
	h.SetReady(true)
	rec := get("/healthz")
	require.Equal(t, http.StatusOK, rec.Code)
	require.JSONEq(t, `{"ready":true,"stream":{"records":7}}`, rec.Body.String())
	require.Equal(t, http.StatusNotFound, get("/").Code)
}
