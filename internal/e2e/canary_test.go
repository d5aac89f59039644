package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/killsignal/killsignal/internal/door"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	"github.com/killsignal/killsignal/plan"
)

func TestSecretsAndPersonalDataStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	h := open(t)
	canaries := h.canaries()
	require.Greater(t, len(canaries), 50)
	// A provider that tells of the person and of a token in its refusal, and one whose
	// answers are cut off in the middle of the person's data.
	leaver, _ := h.company.Subject(simulator.Leaver)
	refusal := fmt.Sprintf(`{"detail":"%s <%s> may not be changed with %s","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403"}`,
		leaver.Name, leaver.Emails[0], h.company.Canaries()[0])
	h.company.Fault("wiki").Add(fault.Rule{Match: fault.Writes, Times: 1, Effect: fault.Answer(http.StatusForbidden, nil, refusal)})
	h.company.Fault("tickets").Add(fault.Rule{Skip: 1, Times: 1, Effect: fault.Garble()})
	h.company.Fault(simulator.OktaSystem).Add(fault.Rule{Match: fault.Path("/sessions"), Times: 1,
		Effect: fault.Answer(http.StatusForbidden, nil, fmt.Sprintf(`{"errorCode":"E0000006","errorSummary":"%s"}`, leaver.Name))})

	terminated := h.starter("terminate", "P-1042", "--strategy", "emergency", "--yes", "--wait")
	require.Equal(t, 3, terminated.code, "work remains: %s", terminated.err)
	status, _ := h.status()
	require.NotEmpty(t, status.Tasks)
	planned := h.starter("plan", "P-1042", "--strategy", "emergency")
	require.Contains(t, planned.out, leaver.Name, "the plan is for people, and may name the person")
	for _, task := range status.Tasks {
		h.says("retry", "P-1042", task.ID, "--by", "sam", "--reason", "the permission was granted")
	}
	require.Equal(t, plan.Complete, h.closed(soon).Verdict)
	refused := h.starter("retry", "P-1042", "wiki", "--reason", "told "+leaver.Emails[0])
	require.Equal(t, 2, refused.code)
	unknown := h.starter("status", "nobody@example.com")
	require.NotZero(t, unknown.code)
	listed := h.starter("status")
	require.Contains(t, listed.out, "P-1042")

	h.worker.kill()
	for name, content := range map[string]string{
		"the worker's log": h.worker.out.String() + h.worker.err.String(), "the server's": h.server.out.String() + h.server.err.String(),
		"terminate": terminated.out + terminated.err, "plan, beside its result": planned.err, "a refusal": refused.out + refused.err,
		"an unknown person": unknown.out + unknown.err, "the list of cases": listed.out + listed.err, "ids and search attributes": h.listed(),
	} {
		t.Run("they are not in "+name, func(t *testing.T) { require.Empty(t, found([]byte(content), canaries)) })
	}
	h.server.kill()
	for _, file := range h.database() {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, found(content, canaries), file)
	}
}

func TestACanaryInAHistoryWouldBeFound(t *testing.T) {
	t.Parallel()
	h := build(t)
	leaver, _ := h.company.Subject(simulator.Leaver)
	planted := request("hr-1")
	planted.Reason = leaver.Name // no door lets this in
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := door.Submit(ctx, h.temporal, planted)
	require.NoError(t, err)
	h.server.kill()
	var all []string
	for _, file := range h.database() {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, found(content, h.canaries())...)
	}
	require.Contains(t, all, leaver.Name)
}

// canaries are what must not be found, in every form that the person's name takes.
func (h *house) canaries() []string {
	leaver, _ := h.company.Subject(simulator.Leaver)
	canaries := append(h.company.Canaries(), strings.ReplaceAll(strings.ToLower(leaver.Name), " ", "."))
	return append(canaries, leaver.UserNames...)
}

// found lists the canaries in a content, however they are written.
func found(content []byte, canaries []string) (all []string) {
	content = bytes.ToLower(content)
	for _, canary := range canaries {
		if bytes.Contains(content, bytes.ToLower([]byte(canary))) {
			all = append(all, canary)
		}
	}
	return all
}

// listed is what anybody sees who may list workflows.
func (h *house) listed() string {
	h.t.Helper()
	all, err := h.temporal.ListWorkflow(h.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
	require.NoError(h.t, err)
	return all.String()
}
