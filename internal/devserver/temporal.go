package devserver

import (
	"log/slog"
	"time"

	clusterconfig "go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// cluster is the name of the one cluster. It stands in the database file.
const cluster = "active"

// newTemporal configures the four services in one process.
func newTemporal(d *database, p *ports, logger *slog.Logger) (temporal.Server, error) {
	return temporal.NewServer(
		temporal.WithConfig(serverConfig(d, p)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: static.SingleLocalHost(local(p.frontend)),
			primitives.HistoryService:  static.SingleLocalHost(local(p.history)),
			primitives.MatchingService: static.SingleLocalHost(local(p.matching)),
			primitives.WorkerService:   static.SingleLocalHost(local(p.worker)),
		}),
		temporal.WithLogger(serverLog{logger}),
		temporal.WithDynamicConfigClient(dynamicConfig()),
	)
}

func serverConfig(d *database, p *ports) *config.Config {
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
	}
	return &config.Config{
		Global: config.Global{Membership: config.Membership{BroadcastAddress: host}},
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: 1, // fixed for the life of the file
			DataStores:       map[string]config.DataStore{sqlite.PluginName: {SQL: d.config}},
		},
		ClusterMetadata: &clusterconfig.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        cluster,
			CurrentClusterName:       cluster,
			ClusterInformation: map[string]clusterconfig.ClusterInformation{
				cluster: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: local(p.frontend)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			"frontend": service(p.frontend),
			"history":  service(p.history),
			"matching": service(p.matching),
			"worker":   service(p.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: local(p.frontend)},
	}
}

// dynamicConfig holds what differs from the server's defaults, which are made for
// clusters.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// With more partitions than pollers, a burst of starts stalls: polls park
		// on partitions that have no backlog.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// A search attribute that was just added can be used at once.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// The default of 10 lists and counts a second is spent by one UI and one watcher.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// At the default of 1 s a timer that is shorter takes a second all the same: the
		// reader of timers is that far ahead.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): 10 * time.Millisecond,
		// Nothing leaves loopback.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// The default of 128,000 histories is for a cluster's memory.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8192,
	}
}
