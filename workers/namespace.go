package workers

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// place is the Temporal namespace that a worker serves.
type place struct{ name, id string }

// identity tells namespaces apart that have the same name in different clusters.
func (p place) identity() string { return p.name + "/" + p.id }

// namespaces is what is needed of Temporal's API.
type namespaces interface {
	DescribeNamespace(ctx context.Context, in *workflowservice.DescribeNamespaceRequest, opts ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error)
}

// namespaceIdentity asks for the id that Temporal gave a namespace when it was
// made.
func namespaceIdentity(ctx context.Context, service namespaces, name string) (place, error) {
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		return place{}, fmt.Errorf("describe namespace %s (the worker needs the right to read it): %w", name, err)
	}
	id := described.GetNamespaceInfo().GetId()
	if id == "" {
		return place{}, fmt.Errorf("describe namespace %s: Temporal gives it no id", name)
	}
	return place{name, id}, nil
}
