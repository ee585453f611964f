//go:build peers

package peers

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// object is a structure as a client gives or takes it, member by member.
type object map[string]any

// Bytes and times travel to the drivers, and back, as objects of one member.
const (
	bytesMember = "$bytes" // standard base64
	timeMember  = "$time"  // RFC 3339
)

// wire makes a value ready for JSON.
func wire(v any) any {
	switch v := v.(type) {
	case []byte:
		return object{bytesMember: base64.StdEncoding.EncodeToString(v)}
	case time.Time:
		return object{timeMember: v.UTC().Format("2006-01-02T15:04:05.000Z")}
	case object:
		out := object{}
		for k, item := range v {
			out[k] = wire(item)
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = wire(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = wire(item)
		}
		return out
	default:
		return v
	}
}

// at finds a value by a path such as "StreamDescription.Shards.0.ShardId". The
// first letter of a member may be of either case, as SDKs differ in it; null
// counts as absent.
func at(v any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		switch w := v.(type) {
		case object:
			v = member(w, part)
		case map[string]any:
			v = member(w, part)
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(w) {
				return nil, false
			}
			v = w[i]
		default:
			return nil, false
		}
		if v == nil {
			return nil, false
		}
	}
	return v, true
}

func member(o map[string]any, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for k, v := range o {
		if k != "" && strings.EqualFold(k[:1], name[:1]) && k[1:] == name[1:] {
			return v
		}
	}
	return nil
}

// has tells whether a path leads to anything.
func has(v any, path string) bool {
	_, ok := at(v, path)
	return ok
}

// get finds a value that has to be there.
func (t *trial) get(v any, path string) any {
	found, ok := at(v, path)
	require.True(t, ok, "no %s in %s", path, compact(v))
	return found
}

// text finds a string.
func (t *trial) text(v any, path string) string {
	s, ok := t.get(v, path).(string)
	require.True(t, ok, "%s is no text in %s", path, compact(v))
	return s
}

// number finds a number. JSON cannot tell an integer from a float.
func (t *trial) number(v any, path string) float64 {
	n, ok := t.get(v, path).(float64)
	require.True(t, ok, "%s is no number in %s", path, compact(v))
	return n
}

// list finds a list; one that is absent is empty, as some SDKs leave it out.
func (t *trial) list(v any, path string) []any {
	found, ok := at(v, path)
	if !ok {
		return nil
	}
	l, ok := found.([]any)
	require.True(t, ok, "%s is no list in %s", path, compact(v))
	return l
}

// bytes finds a blob: marked as such by the drivers, base64 from the command
// line and the SDK for Go.
func (t *trial) bytes(v any, path string) []byte {
	found := t.get(v, path)
	if marked, ok := at(found, bytesMember); ok {
		found = marked
	}
	text, ok := found.(string)
	require.True(t, ok, "%s is no blob in %s", path, compact(v))
	b, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err, path)
	return b
}

// time finds a timestamp: marked as such by the drivers, RFC 3339 or epoch
// seconds from the command line.
func (t *trial) time(v any, path string) time.Time {
	found := t.get(v, path)
	if marked, ok := at(found, timeMember); ok {
		found = marked
	}
	switch x := found.(type) {
	case float64:
		whole, part := math.Modf(x)
		return time.Unix(int64(whole), int64(part*1e9))
	case string:
		moment, err := time.Parse(time.RFC3339, x)
		require.NoError(t, err, path)
		return moment
	default:
		require.Fail(t, fmt.Sprintf("%s is no time in %s", path, compact(v)))
		return time.Time{}
	}
}

// texts are the strings at a path within every item of a list.
func (t *trial) texts(v any, list, path string) []string {
	var out []string
	for _, item := range t.list(v, list) {
		out = append(out, t.text(item, path))
	}
	return out
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 600 {
		return string(b[:600]) + "..."
	}
	return string(b)
}
