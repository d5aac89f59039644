package internal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/workflows"
)

func TestProductionShape(t *testing.T) {
	project, err := load(t, filepath.Join("..", "docker-compose.yml"))
	require.NoError(t, err)

	t.Run("it has a database, its schema, Temporal, a namespace, the UI and a worker", func(t *testing.T) {
		require.ElementsMatch(t, []string{"postgresql", "temporal-schema", "temporal", "temporal-namespace", "temporal-ui", "worker"}, project.ServiceNames())
	})
	t.Run("what others wait for tells whether it is well, and what ends is waited for", func(t *testing.T) {
		for name, service := range project.Services {
			for needed, how := range service.DependsOn {
				require.Contains(t, project.Services, needed, name)
				switch how.Condition {
				case types.ServiceConditionHealthy:
					require.NotNil(t, project.Services[needed].HealthCheck, needed)
				default:
					require.Equal(t, types.ServiceConditionCompletedSuccessfully, how.Condition, "%s on %s", name, needed)
				}
			}
		}
	})
	t.Run("the UI has no button that would undo evidence", func(t *testing.T) {
		for _, variable := range []string{"TEMPORAL_WORKFLOW_TERMINATE_DISABLED", "TEMPORAL_WORKFLOW_RESET_DISABLED",
			"TEMPORAL_BATCH_ACTIONS_DISABLED", "TEMPORAL_START_WORKFLOW_DISABLED"} {
			require.Equal(t, "true", variableOf(t, project, "temporal-ui", variable))
		}
	})
	t.Run("the server's dynamic configuration is mounted where it looks for it", func(t *testing.T) {
		volumes := project.Services["temporal"].Volumes
		require.Len(t, volumes, 1)
		require.Equal(t, variableOf(t, project, "temporal", "DYNAMIC_CONFIG_FILE_PATH"), volumes[0].Target)
		require.True(t, volumes[0].ReadOnly)
		_, err := os.Stat(volumes[0].Source)
		require.NoError(t, err)
	})
	t.Run("every search attribute is made, with its type", func(t *testing.T) {
		command := strings.Join(project.Services["temporal-namespace"].Command, " ")
		for _, attribute := range workflows.SearchAttributes() {
			require.Contains(t, command, "--name "+attribute.GetName()+" --type "+attribute.GetValueType().String())
		}
	})
	t.Run("ports are open to this machine only", func(t *testing.T) {
		for name, service := range project.Services {
			for _, port := range service.Ports {
				require.Equal(t, "127.0.0.1", port.HostIP, name)
			}
		}
	})
	t.Run("server and tools are of one version", func(t *testing.T) {
		_, server, _ := strings.Cut(project.Services["temporal"].Image, ":")
		for _, tool := range []string{"temporal-schema", "temporal-namespace"} {
			require.True(t, strings.HasSuffix(project.Services[tool].Image, ":"+server), tool)
		}
	})
}

func TestAComposeFileWithAnUnknownKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docker-compose.yml")
	require.NoError(t, os.WriteFile(path, []byte("name: x\nservices: {worker: {image: x, imagge: y}}\n"), 0o600))
	_, err := load(t, path)
	require.ErrorContains(t, err, "imagge")
}

// load reads a compose file as docker does: by its schema, with every reference resolved.
func load(t *testing.T, path string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv([]string{"POSTGRES_PASSWORD=test"}), cli.WithResolvedPaths(true))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func variableOf(t *testing.T, project *types.Project, service, variable string) string {
	t.Helper()
	value := project.Services[service].Environment[variable]
	require.NotNil(t, value, variable)
	return *value
}
