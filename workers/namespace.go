package workers

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// namespaces is what is needed of Temporal's API.
type namespaces interface {
	DescribeNamespace(ctx context.Context, in *workflowservice.DescribeNamespaceRequest, opts ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error)
}

// namespaceIdentity is a namespace's name with the id that Temporal gave it when
// it was made, which tells namespaces of the same name in different clusters apart.
func namespaceIdentity(ctx context.Context, service namespaces, name string) (string, error) {
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		return "", fmt.Errorf("describe namespace %s (the worker needs the right to read it): %w", name, err)
	}
	id := described.GetNamespaceInfo().GetId()
	if id == "" {
		return "", fmt.Errorf("describe namespace %s: Temporal gives it no id", name)
	}
	return name + "/" + id, nil
}
