package victim

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

func TestAQuotaRefusesUntilTheNextWindow(t *testing.T) {
	t.Parallel()
	var q quota
	now := time.Unix(1_000, 0)
	for range 3 {
		require.True(t, q.take(now, 3, time.Minute))
	}
	require.False(t, q.take(now.Add(59*time.Second), 3, time.Minute))
	require.True(t, q.take(now.Add(time.Minute), 3, time.Minute))
}

// TestARememberedSessionKeepsAllBehindIt is the defect that Leak makes use of.
func TestARememberedSessionKeepsAllBehindIt(t *testing.T) {
	t.Parallel()
	var s sessions
	for range 30 {
		s.add([]int64{1, 2}, false, 10)
	}
	require.Len(t, s.open, 10)
	require.Equal(t, 10, s.add([]int64{1, 3}, true, 10), "all open sessions looked at item 1")
	for range 30 {
		s.add([]int64{5}, false, 10)
	}
	require.Len(t, s.open, 31, "the remembered one has come to the front")
}

func TestEveryShopIsMeasuredOnDemand(t *testing.T) {
	t.Parallel()
	m := newMeter(nil, Checkout)
	m.observe(time.Second, true, "shop-01")
	require.Len(t, m.drain(time.Unix(1, 0)), 4, "checkout's own")
	m.detail()
	m.observe(time.Second, true, "shop-01")
	m.observe(3*time.Second, false, "shop-01")
	m.observe(time.Second, true, "no-such-shop")
	data := m.drain(time.Unix(2, 0))
	require.Len(t, data, 4+len(Shops())+3)
	values := map[string]float64{}
	for _, d := range data {
		if len(d.Dimensions) == 2 && aws.ToString(d.Dimensions[1].Value) == "shop-01" {
			values[aws.ToString(d.MetricName)] = aws.ToFloat64(d.Value)
		}
	}
	require.Equal(t, map[string]float64{"ShopErrors": 1, "ShopLatency": 2000, "ShopSlowest": 3000, "ShopSuccess": 0.5}, values)
}

// TestAQuotaAndDetailedMetricsInAShop sets both in running services.
func TestAQuotaAndDetailedMetricsInAShop(t *testing.T) {
	t.Parallel()
	c := startCapture(t)
	s := startShop(t, c)
	healthy(t, s)
	require.NoError(t, s.Inject(t.Context(), DetailedMetrics(true)))
	eventually(t, "series of shops", func() bool { return len(c.datapoints(Checkout, "ShopErrors")) >= 2*len(Shops()) })
	require.NoError(t, s.Inject(t.Context(), LimitLedger(10, time.Hour)))
	eventually(t, "orders fail", func() bool { return s.Traffic(time.Second).Errors > 5 })
	require.NoError(t, s.Mend(t.Context()))
	require.NoError(t, s.Inject(t.Context(), DetailedMetrics(false)))
	healthy(t, s)
}
