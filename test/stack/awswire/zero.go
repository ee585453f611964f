package awswire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/aws/smithy-go"
)

// withZeros adds the numbers and booleans that are zero where the SDK's field
// is no pointer, such as FailedEntryCount of PutTargets. The SDK's serializer
// leaves them out, AWS sends them, and clients in other languages read them
// without asking whether they are there.
//
// Only the JSON protocols are done: the outputs of CloudWatch, the one service
// that speaks CBOR here, have pointers only, and so has Converse.
func withZeros(p protocol, schema *smithy.Schema, shape any, encoded []byte) ([]byte, error) {
	if (p != json10 && p != json11) || schema == nil || len(encoded) == 0 {
		return encoded, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var doc any
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("read back an encoded answer: %w", err)
	}
	if !fillZeros(doc, reflect.ValueOf(shape), schema) {
		return encoded, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		return nil, fmt.Errorf("encode an answer with its zeros: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// fillZeros goes through a document beside the value that it was made from, and
// tells whether it added anything.
func fillZeros(doc any, v reflect.Value, s *smithy.Schema) bool {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	changed := false
	switch node := doc.(type) {
	case map[string]any:
		if v.Kind() == reflect.Map {
			for _, key := range v.MapKeys() {
				changed = fillZeros(node[key.String()], v.MapIndex(key), s.MapValue()) || changed
			}
			return changed
		}
		if v.Kind() != reflect.Struct { // A union or a free-form document.
			return false
		}
		for name, member := range s.Members() {
			f := fieldOf(v, name)
			if !f.IsValid() {
				continue
			}
			if _, ok := node[name]; ok {
				changed = fillZeros(node[name], f, member) || changed
			} else if zero := zeroOf(f); zero != nil {
				node[name], changed = zero, true
			}
		}
	case []any:
		if v.Kind() != reflect.Slice || v.Len() != len(node) {
			return false
		}
		for i := range node {
			changed = fillZeros(node[i], v.Index(i), s.ListMember()) || changed
		}
	}
	return changed
}

func zeroOf(f reflect.Value) any {
	switch f.Kind() {
	case reflect.Bool:
		return false
	case reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return 0
	default:
		return nil
	}
}
