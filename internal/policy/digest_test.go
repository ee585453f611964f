package policy_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/policy"
	"firebreak/internal/redact"
)

// goldenDigest is fullPlan's, computed by other means from its canonical JSON. It
// may only change together with the prefix "v1:".
const goldenDigest = "v1:3d38875e70e8cccb0876f0898ebed520f3e98359aa77b2ac0cc4f9477c0122ae"

// fullPlan has every field set, so that a test can change each.
func fullPlan() incident.Plan {
	metric := func(name string) incident.MetricRef {
		return incident.MetricRef{Namespace: "Shop", Name: name, Dimensions: map[string]string{"service": "checkout"}, Stat: "Sum", Period: 1, Unit: "Count"}
	}
	traffic := metric("Requests")
	return incident.Plan{
		Attempt: 1, Runbook: "restart-service", Commit: "c0", Service: "checkout", ContentSHA256: "aa",
		Parameters: map[string][]string{"Unit": {"checkout"}, "InstanceId": {"i-1", "i-2"}},
		Targets:    []string{"i-1"}, Impact: redact.Literal("some <requests> & 'errors' fail"),
		Steps:    []incident.PlanStep{{Name: "one", Action: "aws:sleep"}},
		Undo:     &incident.UndoPlan{Runbook: "back", ContentSHA256: "bb", Parameters: map[string][]string{"Unit": {"checkout"}}},
		Verify:   incident.VerifySpec{Metric: metric("Errors"), Comparison: "<=", Threshold: 0.1, Samples: 5, Timeout: 60, Before: 17.25, Traffic: &traffic},
		Approval: incident.ApprovalRule{Approvers: []string{"alice"}, Count: 1, AllowUnverified: true, Expires: 60},
	}
}

// TestDigestIsStable holds the digest fixed over releases: plans that wait for
// an approval while a worker is replaced must keep theirs.
func TestDigestIsStable(t *testing.T) {
	t.Parallel()
	d, err := policy.Digest(fullPlan())
	require.NoError(t, err)
	require.Regexp(t, `^v1:[0-9a-f]{64}$`, d)
	require.Equal(t, goldenDigest, d)

	for range 20 { // maps are written in one order
		again, err := policy.Digest(fullPlan())
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
	p := fullPlan()
	p.Digest = d
	withOwn, err := policy.Digest(p)
	require.NoError(t, err)
	require.Equal(t, d, withOwn, "the digest does not depend on itself")

	raw, err := json.Marshal(p)
	require.NoError(t, err)
	var back incident.Plan
	require.NoError(t, json.Unmarshal(raw, &back))
	travelled, err := policy.Digest(back)
	require.NoError(t, err)
	require.Equal(t, d, travelled, "a payload does not change it")
}

// TestDigestCoversEveryField changes every leaf of a plan, found by reflection,
// so that a field added later cannot be forgotten.
func TestDigestCoversEveryField(t *testing.T) {
	t.Parallel()
	base, err := policy.Digest(fullPlan())
	require.NoError(t, err)
	seen := map[string]string{base: "the unchanged plan"}
	n := countLeaves(t, reflect.ValueOf(new(fullPlanHolder{fullPlan()})).Elem())
	require.Greater(t, n, 35)
	for i := range n {
		h := fullPlanHolder{fullPlan()}
		left := i
		where := changeLeaf(t, reflect.ValueOf(&h).Elem(), &left, "")
		d, err := policy.Digest(h.Plan)
		require.NoError(t, err)
		if where == ".Plan.Digest" {
			require.Equal(t, base, d)
			continue
		}
		require.Empty(t, seen[d], "changing %s gives the digest of %s", where, seen[d])
		seen[d] = "changing " + where
	}
}

type fullPlanHolder struct{ Plan incident.Plan }

func countLeaves(t *testing.T, v reflect.Value) int {
	t.Helper()
	n := 1 << 20
	left := n
	changeLeaf(t, v, &left, "")
	return n - left
}

// changeLeaf changes the leaf at which left reaches zero and returns its path.
func changeLeaf(t *testing.T, v reflect.Value, left *int, path string) string {
	t.Helper()
	if v.Type() == reflect.TypeFor[redact.Text]() {
		return touch(v, left, path, reflect.ValueOf(redact.Literal("changed")))
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if p := changeLeaf(t, v.Field(i), left, path+"."+v.Type().Field(i).Name); p != "" {
				return p
			}
		}
	case reflect.Pointer:
		if p := touch(v, left, path+"(nil)", reflect.Zero(v.Type())); p != "" {
			return p
		}
		return changeLeaf(t, v.Elem(), left, path)
	case reflect.Slice:
		if p := touch(v, left, path+"(append)", reflect.Append(v, reflect.Zero(v.Type().Elem()))); p != "" {
			return p
		}
		for i := range v.Len() {
			if p := changeLeaf(t, v.Index(i), left, fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(k))
			p := changeLeaf(t, value, left, fmt.Sprintf("%s[%s]", path, k))
			v.SetMapIndex(k, value)
			if p != "" {
				return p
			}
		}
	case reflect.String:
		return touch(v, left, path, reflect.ValueOf(v.String()+"x").Convert(v.Type()))
	case reflect.Int:
		return touch(v, left, path, reflect.ValueOf(int(v.Int())+1).Convert(v.Type()))
	case reflect.Float64:
		return touch(v, left, path, reflect.ValueOf(v.Float()+0.5).Convert(v.Type()))
	case reflect.Bool:
		return touch(v, left, path, reflect.ValueOf(!v.Bool()))
	default:
		t.Fatalf("%s: teach this test about %s", path, v.Kind())
	}
	return ""
}

func touch(v reflect.Value, left *int, path string, to reflect.Value) string {
	*left--
	if *left != -1 {
		return ""
	}
	v.Set(to)
	return path
}
