package workers

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"firebreak/internal/incident"
)

// fakeOperator shows an added attribute only from the lag-th listing after it.
type fakeOperator struct {
	have   map[string]enums.IndexedValueType
	later  map[string]enums.IndexedValueType
	lag    int
	adds   int
	addErr error
}

func (f *fakeOperator) list(context.Context) (map[string]enums.IndexedValueType, error) {
	if f.later != nil {
		if f.lag--; f.lag <= 0 {
			maps.Copy(f.have, f.later)
		}
	}
	return maps.Clone(f.have), nil
}

func (f *fakeOperator) add(_ context.Context, missing map[string]enums.IndexedValueType) error {
	f.adds++
	f.later = missing
	return f.addErr
}

func TestSearchAttributesAreAddedOnceAndAwaited(t *testing.T) {
	t.Parallel()
	op := &fakeOperator{have: map[string]enums.IndexedValueType{incident.AttrStatus: enums.INDEXED_VALUE_TYPE_KEYWORD}, lag: 3}
	require.NoError(t, ensureSearchAttributes(t.Context(), op, "default", time.Millisecond))
	require.Equal(t, 1, op.adds)
	require.Equal(t, searchAttributes(), op.have)
	require.NotContains(t, op.later, incident.AttrStatus, "what exists is not added again")
}

func TestSearchAttributeFailures(t *testing.T) {
	t.Parallel()
	wrong := &fakeOperator{have: map[string]enums.IndexedValueType{incident.AttrStatus: enums.INDEXED_VALUE_TYPE_INT}}
	require.ErrorContains(t, ensureSearchAttributes(t.Context(), wrong, "default", time.Millisecond), "IncidentStatus is of type Int")

	denied := &fakeOperator{have: map[string]enums.IndexedValueType{}, addErr: errors.New("permission denied")}
	err := ensureSearchAttributes(t.Context(), denied, "prod", time.Millisecond)
	require.ErrorContains(t, err, "permission denied")
	require.ErrorContains(t, err, "temporal operator search-attribute create --namespace prod --name IncidentAnomalies --type Int")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	never := &fakeOperator{have: map[string]enums.IndexedValueType{}, lag: 1 << 30}
	require.ErrorIs(t, ensureSearchAttributes(ctx, never, "default", time.Millisecond), context.DeadlineExceeded)
}
