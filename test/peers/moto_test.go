//go:build peers

package peers

import (
	"fmt"
	"slices"
	"testing"
)

// What moto does otherwise than AWS.
var motoDiffers = map[string]string{
	"logs: events are put and found by time and stream": "lists stream after stream; AWS interleaves them by time since 2019 (API reference of FilterLogEvents)",
	"logs: what a batch must not be":                    "counts tooOldLogEventEndIndex inclusive; the API reference says exclusive",
	"ssm: versions have numbers and names":              "agrees up to ListDocumentVersions, which it has not",
	"ssm: errors of documents have their names":         "answers status 500 to content that is no document, where AWS answers InvalidDocumentContent",
}

// moto stores documents and delivers log subscriptions. Its alarms are never
// evaluated, and automations, rules that deliver and CloudWatch for the SDK for
// Go (which speaks CBOR, moto the query protocol) it does not have.
func TestMoto(t *testing.T) {
	t.Parallel()
	python, version, absent := pythonModule(t, "moto")
	cases := slices.Concat(logsCases, documentCases)
	r := results.add("moto", version, "server, called by aws-sdk-go-v2")
	if absent == "" {
		if _, err := output(t.Context(), nil, python, "-c", "import moto.server, flask"); err != nil {
			absent = "it is installed without its server"
		}
	}
	if absent != "" {
		r.leftOut(t, len(cases), absent)
		return
	}
	port := freePort(t)
	env := []string{"MOTO_ACCOUNT_ID=" + account, "AWS_DEFAULT_REGION=" + region}
	spawn(t, t.TempDir(), env, python, "-m", "moto.server", "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	s := &server{name: "moto", endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), key: "AKIAPEER", secret: "peer"}
	awaitHTTP(t, s.endpoint+"/moto-api/")
	r.check(t, cases, newGoSDK(s), s, motoDiffers)
}
