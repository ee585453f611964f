package awswire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// PlainSchema is the schema of a service whose SDK module is of the generation
// before schemas. name is what its clients send before the operation in
// X-Amz-Target; services of REST-JSON have any.
func PlainSchema(namespace, name string) *smithy.ServiceSchema {
	return smithy.NewServiceSchema(smithy.NewSchema(smithy.ShapeID{Namespace: namespace, Name: name}, smithy.ShapeTypeService, 0), "")
}

// HandlePlain makes an operation over SDK types that have no schemas: their
// JSON has the names of their fields, and times as seconds since 1970. That is
// so for all members of X-Ray and of CloudTrail, and a test with the SDK's own
// client has to show it for any other. path is that of REST-JSON; empty for an
// operation that is called by X-Amz-Target.
func HandlePlain[In, Out any](service *smithy.ServiceSchema, name, path string, fn func(context.Context, *In) (*Out, error)) Operation {
	var ts []smithy.Trait
	if path != "" {
		ts = append(ts, &traits.HTTP{Method: http.MethodPost, URI: path, Code: http.StatusOK})
	}
	return Operation{
		name: name,
		op:   smithy.NewSchema(smithy.ShapeID{Namespace: service.Schema.ID().Namespace, Name: name}, smithy.ShapeTypeOperation, 0, ts...),
		call: func(ctx context.Context, c call) (smithy.Serializable, error) {
			input := new(In)
			if err := readPlain(c.body, input); err != nil {
				return nil, &Error{Code: "SerializationException", Message: fmt.Sprintf("decode %s: %s", name, err), Status: http.StatusBadRequest}
			}
			output, err := fn(ctx, input)
			if err != nil {
				return nil, err
			}
			body, err := json.Marshal(plainOf(reflect.ValueOf(output)))
			if err != nil {
				return nil, fmt.Errorf("encode the answer of %s: %w", name, err)
			}
			return plain{body}, nil
		},
	}
}

// plain is an answer that is encoded already.
type plain struct{ body []byte }

// Serialize implements smithy.Serializable, and is never called: encode takes
// the body as it is.
func (plain) Serialize(smithy.ShapeSerializer) {}

// plainOf is the JSON document of a value. What is nil is left out, as AWS does.
func plainOf(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plainOf(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plainOf(v.Index(i))
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for _, k := range v.MapKeys() {
			m[k.String()] = plainOf(v.MapIndex(k))
		}
		return m
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			return float64(at.UnixMilli()) / 1000
		}
		m := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" {
				continue
			}
			if value := plainOf(v.Field(i)); value != nil && (f.Type.Kind() != reflect.String || value != "") {
				m[f.Name] = value
			}
		}
		return m
	case reflect.String:
		return v.String() // enums have a String of their own in some generations
	default:
		return v.Interface()
	}
}

// readPlain fills an input from its JSON.
func readPlain(body []byte, input any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	var doc any
	if err := json.Unmarshal(body, &doc); err != nil {
		return err
	}
	return fillPlain(doc, reflect.ValueOf(input).Elem())
}

func fillPlain(doc any, v reflect.Value) error {
	if doc == nil {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return fillPlain(doc, v.Elem())
	}
	wrong := fmt.Errorf("%T does not fit %s", doc, v.Type())
	switch d := doc.(type) {
	case string:
		if v.Kind() != reflect.String {
			return wrong
		}
		v.SetString(d)
	case bool:
		if v.Kind() != reflect.Bool {
			return wrong
		}
		v.SetBool(d)
	case float64:
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(d * 1000)))))
		case v.CanInt():
			v.SetInt(int64(d))
		case v.CanFloat():
			v.SetFloat(d)
		default:
			return wrong
		}
	case []any:
		if v.Kind() != reflect.Slice {
			return wrong
		}
		v.Set(reflect.MakeSlice(v.Type(), len(d), len(d)))
		for i := range d {
			if err := fillPlain(d[i], v.Index(i)); err != nil {
				return err
			}
		}
	case map[string]any:
		if v.Kind() != reflect.Struct {
			return wrong
		}
		for name, value := range d {
			f := v.FieldByName(name)
			if !f.IsValid() || !f.CanSet() {
				continue // a newer client may send more
			}
			if err := fillPlain(value, f); err != nil {
				return fmt.Errorf("member %s: %w", name, err)
			}
		}
	}
	return nil
}
