//go:build peers

package peers

import (
	"fmt"
	"path/filepath"
	"testing"
)

// What kinesis-local does otherwise than AWS.
var kinesisLocalDiffers = map[string]difference{
	"kinesis: a request puts at most 500 records": {
		"takes 501; the API reference allows 500 a request",
		"PutRecords was not refused",
	},
	"kinesis: a malformed iterator is refused": {
		"answers status 500 without a name, where AWS answers InvalidArgumentException",
		"UnknownError",
	},
	"kinesis: a sequence number of nowhere is refused": {
		"answers ResourceNotFoundException, where AWS answers InvalidArgumentException: the stream and the shard are there",
		"ResourceNotFoundException",
	},
	"kinesis: a closed shard is not split again": {
		"answers ResourceInUseException, which the API reference has for streams that are not active; AWS answers InvalidArgumentException",
		"ResourceInUseException",
	},
}

func TestKinesisLocal(t *testing.T) {
	t.Parallel()
	n := nodePackages()
	r := results.add("kinesis-local", wanted(t, "kinesis-local"), "server, called by aws-sdk-go-v2")
	if n.absent != "" {
		r.leftOut(t, len(kinesisCases), n.absent)
		return
	}
	port := freePort(t)
	env := []string{
		fmt.Sprint("KINESIS_MOCK_PLAIN_PORT=", port), fmt.Sprint("KINESIS_MOCK_TLS_PORT=", freePort(t)), "AWS_ACCOUNT_ID=" + account, "AWS_REGION=" + region,
		"CREATE_STREAM_DURATION=20ms", "DELETE_STREAM_DURATION=20ms", "SPLIT_SHARD_DURATION=20ms", "MERGE_SHARDS_DURATION=20ms", "LOG_LEVEL=ERROR", "NODE_OPTIONS=--require=" + filepath.Join(n.dir, "loopback.cjs"),
	}
	spawn(t, filepath.Join(n.dir, "node_modules", "kinesis-local"), env, n.path, "main.js")
	s := &server{name: "kinesis-local", endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), key: "AKIAPEER", secret: "peer"}
	awaitHTTP(t, s.endpoint+"/healthcheck")
	r.check(t, kinesisCases, newGoSDK(s), s, kinesisLocalDiffers)
}
