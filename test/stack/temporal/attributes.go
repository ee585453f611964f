package temporal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// registerAttributes adds the search attributes that the namespace lacks and
// waits until a query can use every one of them.
func registerAttributes(ctx context.Context, c client.Client) error {
	operator := c.OperatorService()
	listed, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	if err != nil {
		return fmt.Errorf("list the search attributes of namespace %s: %w", Namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range SearchAttributes() {
		switch have, ok := listed.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = kind
		case have != kind:
			return fmt.Errorf("search attribute %s is a %s in namespace %s, but has to be a %s: use another folder", name, have, Namespace, kind)
		}
	}
	if len(missing) > 0 {
		_, err := operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: Namespace, SearchAttributes: missing})
		if exists := (*serviceerror.AlreadyExists)(nil); err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("register search attributes in namespace %s: %w", Namespace, err)
		}
		// Every service of the server has a cache of its own. The frontend's is
		// asked below; the others follow within one refresh.
		if err := pause(ctx, cacheRefresh+cacheRefresh/2); err != nil {
			return err
		}
	}
	return awaitAttributes(ctx, c)
}

func awaitAttributes(ctx context.Context, c client.Client) error {
	terms := make([]string, 0, len(SearchAttributes()))
	for name := range SearchAttributes() {
		terms = append(terms, name+" IS NOT NULL")
	}
	query := &workflowservice.CountWorkflowExecutionsRequest{Namespace: Namespace, Query: strings.Join(terms, " AND ")}
	for {
		_, err := c.CountWorkflow(ctx, query)
		if err == nil {
			return nil
		}
		if waited := pause(ctx, 50*time.Millisecond); waited != nil {
			return fmt.Errorf("wait for the search attributes of namespace %s: %w", Namespace, errors.Join(waited, err))
		}
	}
}

// pause waits for d, or returns why ctx ended before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
