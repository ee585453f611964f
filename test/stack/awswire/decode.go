package awswire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// decode fills the SDK's input struct from the request.
//
// The SDK's inputs can only serialize themselves, while everything nested in
// them can also deserialize. So the body is given to the protocol as if it were
// a response, with a reader of the top level that goes by the input's schema.
func decode(ctx context.Context, c call, op, in *smithy.Schema, input any) error {
	v := reflect.ValueOf(input).Elem()
	if len(c.body) > 0 {
		if in == nil {
			return nil
		}
		resp := &smithyhttp.Response{Response: &http.Response{
			StatusCode:    http.StatusOK,
			Header:        http.Header{},
			Body:          io.NopCloser(strings.NewReader(string(c.body))),
			ContentLength: int64(len(c.body)),
		}}
		reader := inputReader{schema: in, value: v, unions: c.service.Unions}
		// The input's schema stands in the place of the output's.
		if err := c.protocol.codec(c.service).DeserializeResponse(ctx, smithy.NewOperationSchema(op, nil, in), c.service.Errors, resp, reader); err != nil {
			return fmt.Errorf("decode %s: %w", op.ID().Name, err)
		}
	}
	for label, text := range c.labels {
		f := fieldOf(v, label)
		if !f.IsValid() || f.Type() != reflect.TypeFor[*string]() {
			return fmt.Errorf("decode %s: no text field for path label %s", op.ID().Name, label)
		}
		f.Set(reflect.ValueOf(&text))
	}
	return nil
}

// fieldOf finds the Go field of a member: its name with a capital first letter.
func fieldOf(v reflect.Value, member string) reflect.Value {
	return v.FieldByName(strings.ToUpper(member[:1]) + member[1:])
}

// inputReader deserializes the top level of an input struct.
type inputReader struct {
	schema *smithy.Schema
	value  reflect.Value
	unions []smithy.Deserializable
}

// Deserialize implements smithy.Deserializable.
func (r inputReader) Deserialize(d smithy.ShapeDeserializer) error {
	return smithy.ReadStruct(d, r.schema, func(m *smithy.Schema) error {
		f := fieldOf(r.value, m.MemberName())
		if !f.IsValid() {
			return fmt.Errorf("%s has no field for member %s", r.value.Type(), m.MemberName())
		}
		if err := r.read(d, m, f); err != nil {
			return fmt.Errorf("member %s: %w", m.MemberName(), err)
		}
		return nil
	})
}

func (r inputReader) read(d smithy.ShapeDeserializer, s *smithy.Schema, v reflect.Value) error {
	if s == nil {
		return errors.New("no schema")
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return r.read(d, s, v.Elem())
	}
	switch target := v.Addr().Interface().(type) {
	case smithy.Deserializable:
		return target.Deserialize(d)
	case *time.Time:
		return d.ReadTime(s, target)
	case *[]byte:
		return d.ReadBlob(s, target)
	case *bool:
		return d.ReadBool(s, target)
	case *int32:
		return d.ReadInt32(s, target)
	case *int64:
		return d.ReadInt64(s, target)
	case *float32:
		return d.ReadFloat32(s, target)
	case *float64:
		return d.ReadFloat64(s, target)
	}
	switch v.Kind() {
	case reflect.String: // Plain text or an enum.
		var text string
		if err := d.ReadString(s, &text); err != nil {
			return err
		}
		v.SetString(text)
		return nil
	case reflect.Slice:
		return r.readList(d, s, v)
	case reflect.Map:
		return r.readMap(d, s, v)
	case reflect.Interface:
		return r.readInterface(d, s, v)
	default:
		return fmt.Errorf("cannot decode into %s", v.Type())
	}
}

func (r inputReader) readList(d smithy.ShapeDeserializer, s *smithy.Schema, v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return smithy.ReadList(d, s, func() error {
		item := reflect.New(v.Type().Elem()).Elem()
		if isNil, err := d.ReadNil(s.ListMember()); err != nil {
			return err
		} else if !isNil {
			if err := r.read(d, s.ListMember(), item); err != nil {
				return err
			}
		}
		v.Set(reflect.Append(v, item))
		return nil
	})
}

func (r inputReader) readMap(d smithy.ShapeDeserializer, s *smithy.Schema, v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	return smithy.ReadMap(d, s, func(key string) error {
		item := reflect.New(v.Type().Elem()).Elem()
		if isNil, err := d.ReadNil(s.MapValue()); err != nil {
			return err
		} else if !isNil {
			if err := r.read(d, s.MapValue(), item); err != nil {
				return err
			}
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
		return nil
	})
}

// readInterface reads a union by the variants that the service registered, and
// drops a free-form document, which Body still has.
func (r inputReader) readInterface(d smithy.ShapeDeserializer, s *smithy.Schema, v reflect.Value) error {
	if s.Type() == smithy.ShapeTypeDocument {
		var dropped document.Value
		return d.ReadDocument(s, &dropped)
	}
	return smithy.ReadUnion(d, s, func(m *smithy.Schema) error {
		suffix := "Member" + strings.ToUpper(m.MemberName()[:1]) + m.MemberName()[1:]
		for _, u := range r.unions {
			t := reflect.TypeOf(u)
			if t.Elem().Name() != v.Type().Name()+suffix || !t.Implements(v.Type()) {
				continue
			}
			variant := reflect.New(t.Elem())
			v.Set(variant)
			return variant.Interface().(smithy.Deserializable).Deserialize(d)
		}
		return fmt.Errorf("variant %s of %s is not registered", m.MemberName(), v.Type())
	})
}
