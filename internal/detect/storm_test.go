package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// TestManyThinSeriesAtOnce is a fault that 11 shops of three requests a second
// each see at once: nearly all of their 44 series have to be found, and told as
// one trouble.
func TestManyThinSeriesAtOnce(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name string
		role incident.MetricRole
		stat string
	}{{"ShopErrors", incident.RoleErrors, "Sum"}, {"ShopLatency", incident.RoleLatency, "Average"}, {"ShopSlowest", incident.RoleLatency, "Maximum"}, {"ShopSuccess", incident.RoleHealth, "Average"}}
	service := incident.Service{Name: "checkout", Severity: incident.Sev2}
	for shop := range 11 {
		for _, k := range kinds {
			service.Metrics = append(service.Metrics, incident.WatchedMetric{Role: k.role, MetricRef: incident.MetricRef{
				Namespace: "Shop", Name: k.name, Stat: k.stat, Period: 1, Dimensions: map[string]string{"service": "checkout", "shop": fmt.Sprint(shop)},
			}})
		}
	}
	for seed := range uint64(5) {
		e := detect.New(detect.Options{Inventory: incident.NewInventory([]incident.Service{service}), Redactor: mask{}})
		rng := rand.New(rand.NewPCG(seed, 5))
		var found []incident.Anomaly
		second := func(at int, broken bool) {
			now := secondsIn(float64(at))
			send := func(shop int, name string, value float64) {
				found = append(found, e.Observe(telemetry.Signal{
					Kind: telemetry.KindMetric, Series: fmt.Sprintf("%s/%d", name, shop), Service: "checkout", Time: now, Account: account, Region: region,
					Metric: &telemetry.MetricPoint{
						Namespace: "Shop", Name: name, Dimensions: map[string]string{"service": "checkout", "shop": fmt.Sprint(shop)},
						Count: 1, Sum: value, Min: value, Max: value,
					},
				})...)
			}
			for shop := range 11 {
				orders, baskets := poisson(rng, 2.2), poisson(rng, 0.55)
				failed, took, slowest := 0, 6+3*rng.ExpFloat64(), 9+5*rng.ExpFloat64()
				if broken {
					failed, took = orders, 1500*float64(orders)/max(1, float64(orders+baskets))
					if orders > 0 {
						slowest = 1500
					}
				}
				send(shop, "ShopErrors", float64(failed))
				if n := float64(orders + baskets); n > 0 {
					send(shop, "ShopLatency", took)
					send(shop, "ShopSlowest", slowest)
					send(shop, "ShopSuccess", 1-float64(failed)/n)
				}
			}
		}
		for at := range 65 {
			second(at, false)
		}
		require.Empty(t, found, "seed %d", seed)
		for at := range 20 {
			second(65+at, true)
		}
		latest := map[string]incident.Anomaly{}
		for _, a := range found {
			latest[a.ID] = a
		}
		require.Len(t, latest, 1, "seed %d", seed)
		require.LessOrEqual(t, len(found), 8, "emissions of seed %d", seed)
		whole := latest[found[0].ID]
		require.GreaterOrEqual(t, whole.Breadth(), 40, "seed %d", seed)
		require.Len(t, whole.Witnesses, incident.MaxWitnesses)
		roles := map[incident.MetricRole]bool{}
		for _, w := range whole.Witnesses {
			roles[w.Role] = true
		}
		for _, k := range kinds {
			require.True(t, roles[k.role] || whole.Metric.Name == k.name, "the listed witnesses show every side, seed %d", seed)
		}
	}
}
