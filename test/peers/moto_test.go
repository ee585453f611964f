//go:build peers

package peers

import (
	"fmt"
	"slices"
	"testing"
)

// What moto does otherwise than AWS.
var motoDiffers = map[string]difference{
	"logs: what a batch must not be": {
		"takes a batch that spans more than 24 hours, which the API reference of PutLogEvents forbids",
		"PutLogEvents was not refused",
	},
	"ssm: errors of documents have their names": {
		"answers InvalidDocument to a version that there is not, for which the API reference of GetDocument has InvalidDocumentVersion",
		"[]string{\"InvalidDocumentVersion\"} does not contain",
	},
	"logs: events of several streams are interleaved": {
		"lists stream after stream; AWS interleaves them by time since 2019 (API reference of FilterLogEvents)",
		"[]string{\"one\", \"two\", \"between\"}",
	},
	"logs: events that are too old or too new are told": {
		"counts tooOldLogEventEndIndex inclusive; the API reference says exclusive",
		"difference was 1",
	},
	"ssm: versions are listed": {
		"has no ListDocumentVersions",
		"ListDocumentVersions, https response error StatusCode: 500",
	},
	"ssm: content that is no document is refused": {
		"answers status 500 to content that is no document, where AWS answers InvalidDocumentContent",
		"CreateDocument, https response error StatusCode: 500",
	},
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
