package evidence

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/activities/evidence/store"
)

// The place that is kept for a reference has to be enough for the largest one.
func TestAReferenceFitsInTheRoomThatIsKeptForIt(t *testing.T) {
	t.Parallel()
	kept, err := store.Open("file:"+t.TempDir(), nil)
	require.NoError(t, err)
	ref, err := kept.Put(t.Context(), make([]byte, store.MaxBytes))
	require.NoError(t, err)
	require.Equal(t, size(ref), size(placeholderRef))
}
