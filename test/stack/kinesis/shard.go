package kinesis

import (
	"crypto/md5"
	"fmt"
	"math/big"
	"sort"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	retention = 24 * time.Hour
	// sequenceDigits is the length of a sequence number as AWS makes them today;
	// a consumer has to take up to 129 digits.
	sequenceDigits = 56
)

var (
	one       = big.NewInt(1)
	hashSpace = new(big.Int).Lsh(one, 128) // Hash keys are 128 bits.
)

// shard is a log of records. An absolute index counts every record that was
// ever put: base is the index of the oldest that is kept.
type shard struct {
	index    int
	from, to *big.Int // Hash keys, both inclusive.
	start    string   // Sequence number from which the shard goes.
	newest   string   // Latest sequence number given out.
	base     int64
	records  []record
	bytes    int

	parents       []string // Shards that this one took over from: two after a merge.
	children      []*shard // Shards that took over from this one.
	last          string   // Sequence number at which the shard was closed; empty while it is open.
	opened, ended time.Time

	reads, writes window
	pause         time.Time // Reads throttle until then.
}

type record struct {
	sequence string
	key      string
	data     []byte
	arrival  time.Time
}

// window counts what happened within one second of the clock.
type window struct {
	second int64
	count  int
}

// allow counts one more and says whether it is within the limit; 0 is none.
func (w *window) allow(now time.Time, limit int) bool {
	if now.Unix() != w.second {
		*w = window{second: now.Unix()}
	}
	if limit > 0 && w.count >= limit {
		return false
	}
	w.count++
	return true
}

func (sh *shard) id() string { return fmt.Sprintf("shardId-%012d", sh.index) }

func (sh *shard) end() int64 { return sh.base + int64(len(sh.records)) }

// trim drops what is past its retention or the bound in bytes.
func (sh *shard) trim(now time.Time, maxBytes int) {
	drop := 0
	for drop < len(sh.records) && (now.Sub(sh.records[drop].arrival) > retention || sh.bytes > maxBytes) {
		sh.bytes -= sh.records[drop].size()
		sh.records[drop] = record{} // The array outlives the slice.
		drop++
	}
	sh.records = sh.records[drop:]
	sh.base += int64(drop)
}

func (r record) size() int { return len(r.data) + len(r.key) }

// after is the absolute index of the first record whose sequence number is
// greater than the given one, or not less with orEqual. Numbers of this shard
// have the same length, so that text order is number order.
func (sh *shard) after(sequence string, orEqual bool) int64 {
	i := sort.Search(len(sh.records), func(i int) bool {
		if orEqual {
			return sh.records[i].sequence >= sequence
		}
		return sh.records[i].sequence > sequence
	})
	return sh.base + int64(i)
}

// since is the absolute index of the first record that arrived at or after t.
func (sh *shard) since(t time.Time) int64 {
	i := sort.Search(len(sh.records), func(i int) bool { return !sh.records[i].arrival.Before(t) })
	return sh.base + int64(i)
}

// sequence makes the next sequence number: it grows within the stream even if
// the clock goes back, and its last digits name the shard.
func (st *stream) sequence(now time.Time, shard int) string {
	st.clock = max(st.clock, now.UnixMilli())
	st.issued++
	return fmt.Sprintf("49%015d%034d%05d", st.clock, st.issued, shard)
}

// belongs says whether the sequence number can be one of this shard.
func (sh *shard) belongs(sequence string) bool {
	if len(sequence) != sequenceDigits {
		return false
	}
	if _, ok := new(big.Int).SetString(sequence, 10); !ok {
		return false
	}
	n, err := strconv.Atoi(sequence[sequenceDigits-5:])
	return err == nil && n == sh.index
}

// route finds the shard of a partition key or of an explicit hash key.
func (st *stream) route(key string, explicit *string) (*shard, error) {
	var hash *big.Int
	if explicit != nil {
		n, ok := new(big.Int).SetString(*explicit, 10)
		if !ok || n.Sign() < 0 || n.Cmp(hashSpace) >= 0 {
			return nil, &types.InvalidArgumentException{Message: aws.String("Invalid ExplicitHashKey " + *explicit)}
		}
		hash = n
	} else {
		sum := md5.Sum([]byte(key)) // What Kinesis routes by; nothing is kept secret with it.
		hash = new(big.Int).SetBytes(sum[:])
	}
	for _, sh := range st.shards {
		if !sh.closed() && hash.Cmp(sh.from) >= 0 && hash.Cmp(sh.to) <= 0 {
			return sh, nil
		}
	}
	return nil, fmt.Errorf("stream %s has no shard for hash key %s", st.name, hash)
}

func (st *stream) shard(id string) *shard {
	for _, sh := range st.shards {
		if sh.id() == id {
			return sh
		}
	}
	return nil
}
