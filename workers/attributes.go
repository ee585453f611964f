package workers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"

	"firebreak/internal/incident"
)

// searchAttributes are what the workflows upsert, in the API's types. A missing
// one would fail every workflow task, so the worker does not start without them.
func searchAttributes() map[string]enums.IndexedValueType {
	attributes := map[string]enums.IndexedValueType{}
	for name, kind := range incident.SearchAttributes() {
		attributes[name] = enums.IndexedValueType(enums.IndexedValueType_shorthandValue[kind])
	}
	return attributes
}

// operator is the part of Temporal's operator API that attributes need.
type operator interface {
	list(ctx context.Context) (map[string]enums.IndexedValueType, error)
	add(ctx context.Context, missing map[string]enums.IndexedValueType) error
}

type grpcOperator struct {
	client    operatorservice.OperatorServiceClient
	namespace string
}

func (o grpcOperator) list(ctx context.Context) (map[string]enums.IndexedValueType, error) {
	resp, err := o.client.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.namespace})
	return resp.GetCustomAttributes(), err
}

func (o grpcOperator) add(ctx context.Context, missing map[string]enums.IndexedValueType) error {
	_, err := o.client.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: o.namespace, SearchAttributes: missing})
	return err
}

// ensureSearchAttributes adds what is missing and waits until the server knows
// it; registration can lag by some ten seconds. Where the worker may not add
// them, the error says what an administrator has to run.
func ensureSearchAttributes(ctx context.Context, op operator, namespace string, poll time.Duration) error {
	asked := false
	for {
		have, err := op.list(ctx)
		if err != nil {
			return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
		}
		missing := searchAttributes()
		for name, kind := range have {
			want, ours := missing[name]
			if ours && want != kind {
				return fmt.Errorf("search attribute %s is of type %s in namespace %s, but must be %s: remove it or use another namespace", name, kind, namespace, want)
			}
			delete(missing, name)
		}
		if len(missing) == 0 {
			return nil
		}
		if !asked {
			asked = true
			if err := op.add(ctx, missing); err != nil {
				return fmt.Errorf("add search attributes to namespace %s: %w; have an administrator run: %s", namespace, err, addCommand(namespace, missing))
			}
			continue
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("search attributes %s were added to namespace %s but do not show yet: %w", strings.Join(slices.Sorted(maps.Keys(missing)), ", "), namespace, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

func addCommand(namespace string, missing map[string]enums.IndexedValueType) string {
	kinds := map[string]string{}
	for name, kind := range missing {
		kinds[name] = kind.String()
	}
	return incident.AddAttributesCommand(namespace, kinds)
}
