package document_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/runbooks"
	"firebreak/test/stack/ssm/document"
)

const restart = `schemaVersion: "0.3"
description: restart
assumeRole: "{{ AutomationAssumeRole }}"
parameters:
  AutomationAssumeRole: {type: "AWS::IAM::Role::Arn", default: ""}
  InstanceId: {type: "AWS::EC2::Instance::Id", allowedPattern: "^i-[0-9a-f]+$"}
  Units: {type: StringList, default: [web, api]}
  Force: {type: Boolean, default: false}
  Wait: {type: Integer, default: 5, allowedValues: [5, 10]}
  Labels: {type: StringMap, default: {a: b}}
  Reason: {type: String, interpolationType: ENV_VAR, default: none, maxChars: 10}
mainSteps:
  - name: restart
    action: aws:runCommand
    isEnd: true
    inputs:
      DocumentName: AWS-RunShellScript
      InstanceIds: ["{{ InstanceId }}"]
      Parameters: {commands: ["echo {{ automation:EXECUTION_ID }}"]}
outputs: [restart.Output]
`

func TestParseAcceptsBothFormats(t *testing.T) {
	t.Parallel()
	d, err := document.Parse(restart, document.YAML)
	require.NoError(t, err)
	require.Equal(t, "restart", d.Steps[0].Name)

	asJSON, err := document.Convert(restart, document.YAML, document.JSON)
	require.NoError(t, err)
	again, err := document.Parse(asJSON, document.JSON)
	require.NoError(t, err)
	require.Equal(t, d, again)

	back, err := document.Convert(asJSON, document.JSON, document.YAML)
	require.NoError(t, err)
	third, err := document.Parse(back, document.YAML)
	require.NoError(t, err)
	require.Equal(t, d, third)

	same, err := document.Convert(restart, document.YAML, document.YAML)
	require.NoError(t, err)
	require.Equal(t, restart, same, "the same format is the same bytes, so that they can be hashed")
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ old, new, want string }{
		"schema":             {`"0.3"`, `"2.2"`, "schemaVersion"},
		"unknown action":     {"aws:runCommand", "aws:teleport", "not supported"},
		"unknown reference":  {"automation:EXECUTION_ID", "Nothing", "{{ Nothing }}"},
		"unknown variable":   {"automation:EXECUTION_ID", "global:MOON", "global:MOON"},
		"unknown type":       {"type: StringList", "type: Strings", "unknown type"},
		"pattern":            {`"^i-[0-9a-f]+$"`, `"(["`, "allowedPattern"},
		"default not listed": {"default: 5", "default: 6", "allowedValues"},
		"list as variable":   {"type: StringList", "type: StringList, interpolationType: ENV_VAR", "ENV_VAR"},
		"interpolation":      {"ENV_VAR", "SHELL", "interpolationType"},
		"next step":          {"isEnd: true", "nextStep: gone", "no step"},
		"both ends":          {"isEnd: true", "isEnd: true\n    nextStep: restart", "exclude"},
		"failure target":     {"isEnd: true", "onFailure: step:gone", "onFailure"},
		"failure word":       {"isEnd: true", "onFailure: Retry", "onFailure"},
		"cancel target":      {"isEnd: true", "onCancel: step:gone", "onCancel"},
		"step name":          {"name: restart", "name: re start", "letters"},
		"outputs":            {"[restart.Output]", "[gone.Output]", "outputs"},
		"no mapping":         {restart, "- 1", "mapping"},
		"two documents":      {"outputs:", "---\noutputs:", "more than one"},
		"no steps":           {restart, `schemaVersion: "0.3"`, "mainSteps"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, restart, tt.old)
			_, err := document.Parse(strings.Replace(restart, tt.old, tt.new, 1), document.YAML)
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("duplicate step", func(t *testing.T) {
		t.Parallel()
		_, err := document.Parse(`{"schemaVersion":"0.3","mainSteps":[{"name":"one","action":"aws:sleep"},{"name":"one","action":"aws:sleep"}]}`, document.JSON)
		require.ErrorContains(t, err, "two steps")
	})
	t.Run("onCancel into a sleep", func(t *testing.T) {
		t.Parallel()
		_, err := document.Parse(`{"schemaVersion":"0.3","mainSteps":[{"name":"one","action":"aws:runCommand","onCancel":"step:two"},{"name":"two","action":"aws:sleep"}]}`, document.JSON)
		require.ErrorContains(t, err, "onCancel")
	})
	t.Run("trailing JSON", func(t *testing.T) {
		t.Parallel()
		_, err := document.Parse(`{} {}`, document.JSON)
		require.ErrorContains(t, err, "follows")
	})
}

func TestCritical(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	require.True(t, document.Step{}.Critical())
	require.False(t, document.Step{OnFailure: "Continue"}.Critical(), "Continue alone makes a step uncritical")
	require.True(t, document.Step{OnFailure: "Continue", IsCritical: &yes}.Critical())
	require.True(t, document.Step{OnFailure: "step:other"}.Critical())
	require.False(t, document.Step{IsCritical: &no}.Critical())
}

func TestResolveParameters(t *testing.T) {
	t.Parallel()
	d, err := document.Parse(restart, document.YAML)
	require.NoError(t, err)

	shown, values, err := d.ResolveParameters(map[string][]string{"InstanceId": {"i-0a"}, "Wait": {"10"}})
	require.NoError(t, err)
	require.Equal(t, []string{"web", "api"}, shown["Units"])
	require.Equal(t, []any{"web", "api"}, values["Units"])
	require.Equal(t, false, values["Force"])
	require.Equal(t, json.Number("10"), values["Wait"])
	require.Equal(t, map[string]any{"a": "b"}, values["Labels"])

	many := map[string][]string{}
	for i := range document.MaxKeys + 1 {
		many["p"+strings.Repeat("x", i)] = []string{"v"}
	}
	bad := map[string]map[string][]string{
		"missing":         {},
		"unknown":         {"InstanceId": {"i-0a"}, "Else": {"x"}},
		"pattern":         {"InstanceId": {"i-0a; reboot"}},
		"not allowed":     {"InstanceId": {"i-0a"}, "Wait": {"7"}},
		"no integer":      {"InstanceId": {"i-0a"}, "Wait": {"x"}},
		"no boolean":      {"InstanceId": {"i-0a"}, "Force": {"perhaps"}},
		"two of a scalar": {"InstanceId": {"i-0a", "i-0b"}},
		"no map":          {"InstanceId": {"i-0a"}, "Labels": {"{"}},
		"too many chars":  {"InstanceId": {"i-0a"}, "Reason": {"elevenchars"}},
		"value too long":  {"InstanceId": {"i-0a"}, "Units": {strings.Repeat("u", document.MaxValueLength+1)}},
		"empty value":     {"InstanceId": {"i-0a"}, "Units": {""}},
		"too many values": {"InstanceId": {"i-0a"}, "Units": make([]string, document.MaxValues+1)},
		"too many keys":   many,
	}
	for name, given := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := d.ResolveParameters(given)
			require.Error(t, err)
		})
	}
}

func TestInterpolate(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (any, bool) {
		v, ok := map[string]any{"List": []any{"a", "b"}, "N": json.Number("1000000"), "Evil": "{{ N }}", "step.Out": true}[name]
		return v, ok
	}
	tests := map[string]struct{ in, want any }{
		"whole keeps type":    {"{{ List }}", []any{"a", "b"}},
		"inside is JSON":      {"x={{List}}", `x=["a","b"]`},
		"number as written":   {"n={{ N }}", "n=1000000"},
		"output":              {"{{step.Out}}", true},
		"never twice":         {"v={{ Evil }}", "v={{ N }}"},
		"nested":              {map[string]any{"k": []any{"{{ N }}"}}, map[string]any{"k": []any{json.Number("1000000")}}},
		"nothing to do":       {true, true},
		"other braces stay":   {"${X} {{}}", "${X} {{}}"},
		"spaces around whole": {" {{ N }} ", json.Number("1000000")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := document.Interpolate(tt.in, lookup)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	_, err := document.Interpolate("a {{ Gone }}", lookup)
	require.ErrorContains(t, err, "Gone")
}

func TestSelector(t *testing.T) {
	t.Parallel()
	var v any
	require.NoError(t, json.Unmarshal([]byte(`{"A":[{"S":"x","T":["1","2"]},{"S":"y","T":["3"]},{"U":1}],"odd name":{"k":"v"},"n":null}`), &v))
	tests := map[string]any{
		"$":                  v,
		"$.A[0].S":           "x",
		"A[1].S":             "y",
		"$.A[-2].S":          "y",
		"$.A[*].S":           []any{"x", "y"},
		"$.A[*].T[*]":        []any{"1", "2", "3"},
		"$['odd name'].k":    "v",
		`$["odd name"]["k"]`: "v",
		"$.n":                nil,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s, err := document.ParseSelector(text)
			require.NoError(t, err)
			got, err := s.Find(v)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	for _, text := range []string{"$.Gone", "$.A[7]", "$.A.S", "$.n[*]"} {
		s, err := document.ParseSelector(text)
		require.NoError(t, err)
		_, err = s.Find(v)
		require.Error(t, err, text)
	}
	for _, text := range []string{"", "$..A", "$.A[?(@.x)]", "$.A[1:2]", "$A b"} {
		_, err := document.ParseSelector(text)
		require.Error(t, err, text)
	}
}

// The interpreter takes every document that is shipped.
func TestShippedDocuments(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(runbooks.FS, "runbooks/*/automation.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		content, err := fs.ReadFile(runbooks.FS, f)
		require.NoError(t, err)
		_, err = document.Parse(string(content), document.YAML)
		require.NoError(t, err, f)
	}
}
