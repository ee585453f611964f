//go:build e2e && unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"firebreak/internal/incident"
	"firebreak/test/redaction"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/workers/stream"
)

const fileWorkerLog = "worker.log"

// place is a text that must hold no secret, and where it is from.
type place struct{ where, text string }

// leaks looks for secrets in places, as they are and with one layer of URL
// encoding or two of JSON's escapes taken off. Each secret is told once a place.
func leaks(places []place, secrets []redaction.Secret) []string {
	finder := redaction.NewFinder(secrets...)
	var found []string
	for _, p := range places {
		told := map[string]bool{}
		for _, text := range readings(p.text) {
			for _, f := range finder.In(text) {
				if !told[f.Name] {
					told[f.Name] = true
					found = append(found, fmt.Sprintf("%s: %s\n\t%q", p.where, f, text[max(0, f.At-120):min(len(text), f.At+160)]))
				}
			}
		}
	}
	return found
}

// readings are a text and what it says without a layer of encoding.
func readings(text string) []string {
	all := []string{text}
	if plain, err := url.QueryUnescape(text); err == nil && plain != text {
		all = append(all, plain)
	}
	for range 2 {
		last := all[len(all)-1]
		if !strings.Contains(last, `\`) {
			break
		}
		all = append(all, strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\u0026`, "&", `\u003c`, "<", `\u003e`, ">", `\n`, "\n", `\/`, "/").Replace(last))
	}
	return all
}

// everywhere lists every place that a run of a scenario has written to.
func (w *leakWorld) everywhere(r scenario.Result) []place {
	report, err := json.Marshal(r.Report())
	require.NoError(w.t, err)
	places := []place{{"the report", string(report)}}
	places = append(places, w.temporalSays()...)
	for _, req := range w.requests() {
		places = append(places, place{"the request " + req.Service + " " + req.Operation, req.URI + "\n" + string(req.Body)})
	}
	for _, root := range w.Slack.Messages(stack.SlackChannel) {
		for _, m := range w.Slack.Thread(stack.SlackChannel, root.Timestamp) {
			if _, ok := w.people[m.Timestamp]; !ok {
				places = append(places, place{"the Slack message " + m.Timestamp, inJSON(w.t, m)})
			}
		}
	}
	places = append(places, place{"what Slack shows to one person", inJSON(w.t, w.Slack.Ephemerals(stack.SlackChannel))})
	for _, is := range w.Jira.Issues() {
		is.Comments = slices.DeleteFunc(is.Comments, func(c jiraComment) bool { return c.Author == person })
		places = append(places, place{"the Jira issue " + is.Key, inJSON(w.t, is)})
	}
	for _, command := range [][]string{
		{"incidents", "show", r.State.ID},
		{"incidents", "show", r.State.ID, "--json"},
		{"incidents", "list", "--json"},
		{"incidents", "evidence", r.State.ID},
	} {
		c := w.starter(w.t, command...)
		require.Equal(w.t, 0, c.code, c.stderr)
		places = append(places, place{"starter " + strings.Join(command, " "), c.stdout + c.stderr})
	}
	return append(places, w.files()...)
}

// temporalSays is every history with all that it holds, and what the server
// says of the workflow: memo, search attributes, details, the state that a
// query answers.
func (w *leakWorld) temporalSays() []place {
	ctx := w.t.Context()
	listed, err := w.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000})
	require.NoError(w.t, err)
	require.Empty(w.t, listed.GetNextPageToken())
	var places []place
	for _, e := range listed.GetExecutions() {
		id, run := e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()
		places = append(places, place{"visibility of " + id, textsOf(e)})
		described, err := w.client.DescribeWorkflowExecution(ctx, id, run)
		require.NoError(w.t, err)
		places = append(places, place{"description of " + id, textsOf(described)})
		var history strings.Builder
		for events := w.client.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
			event, err := events.Next()
			require.NoError(w.t, err)
			history.WriteString(textsOf(event))
		}
		places = append(places, place{"history of " + id, history.String()})
		if e.GetType().GetName() == incident.WorkflowIncident {
			answer, err := w.client.QueryWorkflow(ctx, id, run, incident.QueryState)
			require.NoError(w.t, err)
			var state json.RawMessage
			require.NoError(w.t, answer.Get(&state))
			details, err := w.client.QueryWorkflow(ctx, id, run, "__temporal_workflow_metadata")
			require.NoError(w.t, err)
			var metadata sdkpb.WorkflowMetadata
			require.NoError(w.t, details.Get(&metadata))
			places = append(places, place{"state of " + id, string(state)}, place{"details of " + id, textsOf(&metadata)})
		}
	}
	return places
}

// textsOf is every string and every run of bytes in a message, payloads'
// contents as they are.
func textsOf(m proto.Message) string {
	var b strings.Builder
	var message func(protoreflect.Message)
	value := func(f protoreflect.FieldDescriptor, v protoreflect.Value) {
		switch f.Kind() {
		case protoreflect.StringKind:
			b.WriteString(v.String() + "\n")
		case protoreflect.BytesKind:
			b.WriteString(string(v.Bytes()) + "\n")
		case protoreflect.MessageKind, protoreflect.GroupKind:
			message(v.Message())
		}
	}
	message = func(m protoreflect.Message) {
		m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case f.IsMap():
				v.Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
					b.WriteString(k.String() + "\n")
					value(f.MapValue(), e)
					return true
				})
			case f.IsList():
				for i := range v.List().Len() {
					value(f, v.List().Get(i))
				}
			default:
				value(f, v)
			}
			return true
		})
	}
	message(m.ProtoReflect())
	return b.String()
}

// files are those that the worker and the Temporal server wrote: the log, the
// checkpoint with the detectors' state, stored evidence, the server's database,
// and of quarantined records all but the record itself, which is kept as it came
// so that it can be read again.
func (w *leakWorld) files() []place {
	var places []place
	for _, name := range []string{fileWorkerLog, "checkpoints", "evidence", "quarantine", "temporal"} {
		err := filepath.WalkDir(filepath.Join(w.Dir(), name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			switch name {
			case "checkpoints":
				content = unpacked(content)
			case "quarantine":
				var q stream.Quarantined
				if err := json.Unmarshal(content, &q); err != nil {
					return err
				}
				q.Data = nil
				content, err = json.Marshal(q)
			}
			places = append(places, place{"the file " + strings.TrimPrefix(path, w.Dir()+"/"), string(content)})
			return err
		})
		require.NoError(w.t, err)
	}
	return places
}

// unpacked is a file with what is packed in it, by zstd or gzip, behind it.
func unpacked(content []byte) []byte {
	all := slices.Clone(content)
	if at := bytes.Index(content, []byte{0x28, 0xb5, 0x2f, 0xfd}); at >= 0 {
		if zr, err := zstd.NewReader(bytes.NewReader(content[at:])); err == nil {
			var b bytes.Buffer
			_, _ = b.ReadFrom(zr) // what follows the packed part is no error
			all = append(all, b.Bytes()...)
			zr.Close()
		}
	}
	if at := bytes.Index(content, []byte{0x1f, 0x8b, 8}); at >= 0 {
		if zr, err := gzip.NewReader(bytes.NewReader(content[at:])); err == nil {
			var b bytes.Buffer
			_, _ = b.ReadFrom(zr)
			all = append(all, b.Bytes()...)
		}
	}
	return all
}
