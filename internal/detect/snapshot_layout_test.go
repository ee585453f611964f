package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// storedLayout is the digest of what snapshotVersion stores. When the test below
// fails, what is stored has changed: raise snapshotVersion and put the new digest
// here, in the same commit.
const (
	storedVersion = 7
	storedLayout  = "a532b4be9d4428db"
)

func TestAChangeOfWhatIsStoredRaisesTheVersion(t *testing.T) {
	t.Parallel()
	text := layoutOf(head{}, metricState{}, logState{}, templatePart{}, alarmState{}, eventState{}, feedback{}, group{})
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, storedLayout, hex.EncodeToString(sum[:8]), "raise snapshotVersion: what is stored is now\n%s", text)
	require.Equal(t, storedVersion, snapshotVersion, "put down the version that the digest is of")
}

func TestALayoutTellsEveryChangeApart(t *testing.T) {
	t.Parallel()
	type inner struct {
		Value float64 `json:"v"`
	}
	seen := map[string]string{}
	for name, v := range map[string]any{
		"plain":        struct{ A int }{},
		"another type": struct{ A int32 }{},
		"another name": struct{ B int }{},
		"a tag": struct {
			A int `json:"a"`
		}{},
		"one more":      struct{ A, B int }{},
		"the order":     struct{ B, A int }{},
		"a list":        struct{ A []inner }{},
		"fixed":         struct{ A [3]inner }{},
		"fixed, longer": struct{ A [4]inner }{},
		"deep":          struct{ A map[string]*inner }{},
		"deep, changed": struct {
			A map[string]*struct{ Value float32 }
		}{},
	} {
		text := layoutOf(v)
		require.NotContains(t, seen, text, "%s is as %s", name, seen[text])
		seen[text] = name
	}
	require.Equal(t, layoutOf(struct{ A int }{}), layoutOf(struct {
		A int
		b int //nolint:unused // what is not exported is not stored
	}{}))
}

// layoutOf writes down the fields that a snapshot has of some types, with their
// names, types and tags, through everything that they are made of.
func layoutOf(values ...any) string {
	l := &layout{known: map[reflect.Type]bool{}}
	for _, v := range values {
		l.add(reflect.TypeOf(v))
	}
	return l.text.String()
}

type layout struct {
	text  strings.Builder
	known map[reflect.Type]bool
}

func (l *layout) add(t reflect.Type) {
	if l.known[t] || t == reflect.TypeFor[time.Time]() {
		return
	}
	l.known[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		l.add(t.Elem())
	case reflect.Map:
		l.add(t.Key())
		l.add(t.Elem())
	case reflect.Struct:
		var inside []reflect.Type
		fmt.Fprintf(&l.text, "%s\n", nameOf(t))
		for f := range t.Fields() {
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			fmt.Fprintf(&l.text, "  %s %s %s\n", f.Name, describe(f.Type), f.Tag)
			inside = append(inside, f.Type)
		}
		for _, of := range inside {
			l.add(of)
		}
	default:
	}
}

func nameOf(t reflect.Type) string {
	if t.Name() == "" {
		return "struct"
	}
	return t.Name()
}

// describe is a type with what is below its name where that is not a struct: a
// named number can become another one.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + describe(t.Elem())
	case reflect.Slice:
		return "[]" + describe(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), describe(t.Elem()))
	case reflect.Map:
		return "map[" + describe(t.Key()) + "]" + describe(t.Elem())
	case reflect.Struct:
		return nameOf(t)
	default:
		return t.Kind().String()
	}
}
