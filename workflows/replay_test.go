package workflows_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
	"github.com/killsignal/killsignal/workflows"
)

// Histories of real cases, recorded by internal/e2e (see TestRecord there). A change
// of the code that cannot replay them would strand cases that are running.

const recorded = "testdata/replay"

func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recorded, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			require.NoError(t, replay(workflows.Termination, file))
		})
	}
}

func TestEveryPathAndEveryWorkflowIsRecorded(t *testing.T) {
	for path, holds := range map[string][]string{
		"done":        {"EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED", "EVENT_TYPE_TIMER_FIRED"},
		"manual-task": {"EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED", `"name": "retry"`, `"name": "attest"`},
		"cancelled":   {"EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED", "EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED"},
	} {
		content, err := os.ReadFile(filepath.Join(recorded, path+".json"))
		require.NoError(t, err)
		for _, event := range holds {
			require.Contains(t, string(content), event, "%s is what its name says", path)
		}
	}
	types := recordedTypes(t)
	for _, name := range declaredWorkflows(t) {
		require.Contains(t, types, name, "no history of this workflow is recorded")
	}
}

func TestAReplayOfChangedCodeFails(t *testing.T) {
	changed := func(ctx workflow.Context, request access.Request) (plan.Conclusion, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		if err := workflow.ExecuteActivity(ctx, "Greet").Get(ctx, nil); err != nil {
			return plan.Conclusion{}, err
		}
		return workflows.Termination(ctx, request)
	}
	for path := range recordedPaths(t) {
		require.ErrorContains(t, replay(changed, path), "TMPRL1100", path)
	}
}

func replay(code any, file string) error {
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(code, workflow.RegisterOptions{Name: workflows.TerminationName})
	return replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file)
}

// recordedPaths lists the recordings, by file, with the name of their workflow.
func recordedPaths(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recorded, "*.json"))
	require.NoError(t, err)
	all := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var history struct {
			Events []struct {
				Started struct {
					WorkflowType struct{ Name string }
				} `json:"workflowExecutionStartedEventAttributes"`
			}
		}
		require.NoError(t, json.Unmarshal(content, &history))
		all[file] = history.Events[0].Started.WorkflowType.Name
	}
	return all
}

func recordedTypes(t *testing.T) (types []string) {
	t.Helper()
	for _, name := range recordedPaths(t) {
		types = append(types, name)
	}
	return types
}

// declaredWorkflows lists the exported functions of the package whose first
// parameter is a workflow's context: they are its workflows.
func declaredWorkflows(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || len(f.Type.Params.List) == 0 {
				continue
			}
			if of, ok := f.Type.Params.List[0].Type.(*ast.SelectorExpr); ok && of.Sel.Name == "Context" && of.X.(*ast.Ident).Name == "workflow" {
				names = append(names, f.Name.Name)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}
