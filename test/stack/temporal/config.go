package temporal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"

	"firebreak/internal/incident"
)

const (
	// Namespace is the one namespace that the server has.
	Namespace = "default"
	// Retention is how long closed workflows are kept. The server's own default
	// of 24 hours would let a workflow id be used again the next day.
	Retention = 30 * 24 * time.Hour

	clusterName  = "active"
	storeName    = "sqlite"
	databaseFile = "temporal.db"
	cacheRefresh = time.Second
)

// SearchAttributes are the attributes that Firebreak's workflows set. An
// attribute that is not registered fails the workflow task that sets it, and
// with it the incident, so they are registered before any worker starts.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	attributes := map[string]enumspb.IndexedValueType{}
	for name, kind := range incident.SearchAttributes() {
		attributes[name] = enumspb.IndexedValueType(enumspb.IndexedValueType_shorthandValue[kind])
	}
	return attributes
}

// prepareDatabase creates the SQLite file with its schema and the namespace
// where they do not exist yet, and returns how to reach it. On a file that has
// the namespace already nothing is changed: attributes that were added to
// Firebreak since are registered once the server runs.
func prepareDatabase(dir string) (*config.SQL, error) {
	sql := databaseConfig(dir)
	path := sql.DatabaseName
	switch _, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		if err := schema.SetupSchema(sql); err != nil {
			return nil, fmt.Errorf("create the database %s: %w", path, err)
		}
	case err != nil:
		return nil, fmt.Errorf("look for the database %s: %w", path, err)
	}
	namespace, err := schema.NewNamespaceConfig(clusterName, Namespace, false, SearchAttributes())
	if err != nil {
		return nil, fmt.Errorf("describe the namespace %s: %w", Namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(Retention)
	if err := schema.CreateNamespaces(sql, namespace); err != nil {
		return nil, fmt.Errorf("create the namespace %s in %s: %w", Namespace, path, err)
	}
	return sql, nil
}

func databaseConfig(dir string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: filepath.Join(dir, databaseFile),
		// With write-ahead logging a crash leaves a readable file, and readers do
		// not block the writer. One connection, because SQLite has one writer.
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal", "busy_timeout": "10000"},
		MaxConns:          1,
		MaxIdleConns:      1,
	}
}

// ports that one server listens on, all of them on loopback.
type ports struct{ frontend, history, matching, worker int }

// serverConfig is a single-node cluster on a SQLite file: no gossip, no
// archival, no metrics endpoint.
func serverConfig(sql *config.SQL, p ports) *config.Config {
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address(p.frontend)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(p.frontend),
			string(primitives.HistoryService):  service(p.history),
			string(primitives.MatchingService): service(p.matching),
			string(primitives.WorkerService):   service(p.worker),
		},
		PublicClient: config.PublicClient{HostPort: address(p.frontend)},
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}
	cfg.Archival.History.State = "disabled"
	cfg.Archival.Visibility.State = "disabled"
	cfg.NamespaceDefaults.Archival.History.State = "disabled"
	cfg.NamespaceDefaults.Archival.Visibility.State = "disabled"
	return cfg
}

// staticHosts replaces gossip: every service is one host, known beforehand.
func staticHosts(p ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(address(p.frontend)),
		primitives.HistoryService:  static.SingleLocalHost(address(p.history)),
		primitives.MatchingService: static.SingleLocalHost(address(p.matching)),
		primitives.WorkerService:   static.SingleLocalHost(address(p.worker)),
	}
}

// dynamicConfig holds the settings that differ from the server's defaults.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Without it an attribute that was just registered stays unknown for about ten seconds.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           cacheRefresh,
		// The incident list of the starter and of the UI ask often on a small machine.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
	}
}
