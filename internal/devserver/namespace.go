package devserver

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/killsignal/killsignal/access"
)

// bringUpToDate waits until the server answers and gives the namespace the
// retention and the search attributes that it lacks. It takes nothing away.
func bringUpToDate(ctx context.Context, address string, o Options) error {
	c, err := dial(ctx, address, o.Namespace)
	if err != nil {
		return failed("reach temporal server", err)
	}
	defer c.Close()
	if err := raiseRetention(ctx, c, o); err != nil {
		return failed("set retention", err)
	}
	return addSearchAttributes(ctx, c, o)
}

// dial tries until the server answers or ctx ends.
func dial(ctx context.Context, address, namespace string) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		c, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace,
			Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func raiseRetention(ctx context.Context, c client.Client, o Options) error {
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if err != nil {
		return err
	}
	if described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() >= o.Retention {
		return nil
	}
	_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: o.Namespace,
		Config:    &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(o.Retention)},
	})
	return err
}

func addSearchAttributes(ctx context.Context, c client.Client, o Options) error {
	listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		return failed("list search attributes", err)
	}
	missing := map[string]enums.IndexedValueType{}
	for _, name := range slices.Sorted(maps.Keys(o.SearchAttributes)) {
		wanted := o.SearchAttributes[name]
		switch has, ok := listed.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = wanted
		case has != wanted:
			return &access.Error{Code: access.Invalid, Op: "add search attributes",
				Hint: fmt.Sprintf("the database holds %s as %s, not as %s: choose another database", name, has, wanted)}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: o.Namespace, SearchAttributes: missing})
	if err != nil {
		return failed("add search attributes", err)
	}
	return nil
}
