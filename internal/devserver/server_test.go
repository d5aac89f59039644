package devserver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/killsignal/killsignal/access"
)

// childDatabase tells this binary to be a server that waits to be killed.
const childDatabase = "DEVSERVER_TEST_DATABASE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childDatabase); path != "" {
		serveUntilKilled(path)
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(path string) {
	s, err := Start(context.Background(), Options{Database: path, UIPort: -1, SearchAttributes: attributesInUse})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(s.Address())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

var (
	subjectAttribute = temporal.NewSearchAttributeKeyKeyword("SubjectKey")
	attributesInUse  = map[string]enums.IndexedValueType{"SubjectKey": enums.INDEXED_VALUE_TYPE_KEYWORD}
)

const queue = "devserver-test"

func nothing(workflow.Context) (string, error) { return "done", nil }

func waitForGo(ctx workflow.Context) (string, error) {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return "gone", nil
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// connect returns a client to the address and a worker beside it.
func connect(t *testing.T, address string) client.Client {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Logger: quiet})
	require.NoError(t, err)
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(nothing)
	w.RegisterWorkflow(waitForGo)
	require.NoError(t, w.Start())
	t.Cleanup(func() {
		w.Stop()
		c.Close()
	})
	return c
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func retentionOf(t *testing.T, c client.Client) time.Duration {
	t.Helper()
	described, err := c.WorkflowService().DescribeNamespace(bounded(t), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	require.NoError(t, err)
	return described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func attributesOf(t *testing.T, c client.Client) map[string]enums.IndexedValueType {
	t.Helper()
	listed, err := c.OperatorService().ListSearchAttributes(bounded(t), &operatorservice.ListSearchAttributesRequest{Namespace: "default"})
	require.NoError(t, err)
	return listed.GetCustomAttributes()
}

func TestAServerInMemoryRunsAWorkflowAndServesItsUI(t *testing.T) {
	s := start(t, Options{SearchAttributes: attributesInUse})
	c := connect(t, s.Address())

	t.Run("a workflow runs to its end", func(t *testing.T) {
		run, err := c.ExecuteWorkflow(bounded(t), client.StartWorkflowOptions{TaskQueue: queue}, nothing)
		require.NoError(t, err)
		var result string
		require.NoError(t, run.Get(bounded(t), &result))
		require.Equal(t, "done", result)
	})
	t.Run("a search attribute can be used at once", func(t *testing.T) {
		_, err := c.ExecuteWorkflow(bounded(t), client.StartWorkflowOptions{TaskQueue: queue,
			TypedSearchAttributes: temporal.NewSearchAttributes(subjectAttribute.ValueSet("P-1042"))}, nothing)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			counted, err := c.CountWorkflow(bounded(t), &workflowservice.CountWorkflowExecutionsRequest{Query: `SubjectKey = 'P-1042'`})
			return err == nil && counted.GetCount() == 1
		}, 30*time.Second, 20*time.Millisecond)
	})
	t.Run("closed workflows are kept for 90 days", func(t *testing.T) {
		require.Equal(t, MinRetention, retentionOf(t, c))
	})
	t.Run("the UI allows every action", func(t *testing.T) {
		settings := settingsOf(t, s.UIAddress())
		require.Equal(t, false, settings["DisableWriteActions"])
		require.Equal(t, "default", settings["DefaultNamespace"])
	})
	t.Run("the UI's page is there", func(t *testing.T) {
		response, err := http.Get(s.UIAddress() + "/namespaces/default/workflows")
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, response.Header.Get("Content-Type"), "text/html")
	})
	t.Run("nothing listens beyond loopback", func(t *testing.T) {
		for _, address := range []string{s.Address(), s.UIAddress()[len("http://"):]} {
			ip, _, err := net.SplitHostPort(address)
			require.NoError(t, err)
			require.True(t, net.ParseIP(ip).IsLoopback())
		}
	})
}

func settingsOf(t *testing.T, address string) map[string]any {
	t.Helper()
	response, err := http.Get(address + "/api/v1/settings")
	require.NoError(t, err)
	defer response.Body.Close()
	var settings map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&settings))
	return settings
}

func TestAReadOnlyUIOffersNoAction(t *testing.T) {
	s := start(t, Options{UIReadOnly: true})
	require.Equal(t, true, settingsOf(t, s.UIAddress())["DisableWriteActions"])
}

func TestAWaitingWorkflowSurvivesStopAndReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space & 100%.db")
	first, err := Start(t.Context(), Options{Database: path, UIPort: -1})
	require.NoError(t, err)
	require.Empty(t, first.UIAddress())
	waitStarted(t, first.Address())
	first.Stop()

	second := start(t, Options{Database: path, UIPort: -1})
	finish(t, connect(t, second.Address()))
}

func TestAWaitingWorkflowSurvivesKillOfTheServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "temporal.db")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDatabase+"="+path)
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan(), "the server says its address")
	waitStarted(t, lines.Text())

	t.Run("meanwhile no second server gets the file", func(t *testing.T) {
		_, err := Start(t.Context(), Options{Database: path, UIPort: -1})
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.ErrorContains(t, err, "another server uses the same database file")
	})

	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	s := start(t, Options{Database: path, UIPort: -1})
	finish(t, connect(t, s.Address()))
}

// waitStarted starts the waiting workflow, without a worker.
func waitStarted(t *testing.T, address string) {
	t.Helper()
	c, err := client.DialContext(bounded(t), client.Options{HostPort: address, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ExecuteWorkflow(bounded(t), client.StartWorkflowOptions{ID: "waiting", TaskQueue: queue}, waitForGo)
	require.NoError(t, err)
}

// finish lets the waiting workflow end.
func finish(t *testing.T, c client.Client) {
	t.Helper()
	require.NoError(t, c.SignalWorkflow(bounded(t), "waiting", "", "go", nil))
	var result string
	require.NoError(t, c.GetWorkflow(bounded(t), "waiting", "").Get(bounded(t), &result))
	require.Equal(t, "gone", result)
}
