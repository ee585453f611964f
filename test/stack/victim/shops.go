package victim

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// shopHeader names the shop that a request is for: checkout serves many.
const shopHeader = "X-Shop"

// shopCount is how many shops checkout serves. With four series each they and
// checkout's own stay below what a service file may list.
const shopCount = 11

// Shops lists the shops that checkout serves.
func Shops() []string {
	shops := make([]string, shopCount)
	for i := range shops {
		shops[i] = fmt.Sprintf("shop-%02d", i+1)
	}
	return shops
}

// shopMeter counts the requests for one shop in one second.
type shopMeter struct {
	requests, errors int
	took             time.Duration // of all of them
	slowest          time.Duration
}

// perShop are the requests of one second by shop. Only shops that exist are
// counted, whatever a header says.
type perShop map[string]*shopMeter

func newPerShop() perShop {
	p := perShop{}
	for _, shop := range Shops() {
		p[shop] = &shopMeter{}
	}
	return p
}

func (p perShop) observe(shop string, took time.Duration, failed bool) {
	m, ok := p[shop]
	if !ok {
		return
	}
	m.requests++
	m.took += took
	m.slowest = max(m.slowest, took)
	if failed {
		m.errors++
	}
}

// drain gives four datapoints for every shop, three of them only for those that
// had a request, and begins anew.
func (p perShop) drain(second time.Time) []types.MetricDatum {
	var data []types.MetricDatum
	for _, shop := range Shops() {
		m := p[shop]
		datum := func(name string, unit types.StandardUnit, value float64) {
			data = append(data, types.MetricDatum{
				MetricName: &name, Unit: unit, Value: &value, Timestamp: &second, StorageResolution: aws.Int32(1),
				Dimensions: []types.Dimension{
					{Name: aws.String("service"), Value: aws.String(Checkout)}, {Name: aws.String("shop"), Value: aws.String(shop)},
				},
			})
		}
		datum("ShopErrors", types.StandardUnitCount, float64(m.errors))
		if n := float64(m.requests); n > 0 {
			datum("ShopLatency", types.StandardUnitMilliseconds, math.Round(m.took.Seconds()*1e4/n)/10)
			datum("ShopSlowest", types.StandardUnitMilliseconds, math.Round(m.slowest.Seconds()*1e4)/10)
			datum("ShopSuccess", types.StandardUnitNone, 1-float64(m.errors)/n)
		}
		*m = shopMeter{}
	}
	return data
}
