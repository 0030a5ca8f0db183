package schema

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
)

func TestMembers(t *testing.T) {
	body, err := Body("application/json", []byte(`{"user": {
		"name": "ann", "description": null, "enabled": "Yes", "locked": false, "off": "",
		"uses": 3.0, "many": 1e300, "few": -99999999999999999999, "half": 1.5,
		"tags": ["a", "b"], "none": null, "ttl:x-y": 1e3, "list": [{"b": 2}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	user := body.Object("user")
	for _, tt := range []struct{ name, got, want any }{
		{"name", Field[string](user, "name"), identity.Some("ann")},
		{"null", Field[string](user, "description"), identity.Null[string]()},
		{"absent", Field[string](user, "password"), identity.Opt[string]{}},
		{"word", Flag(user, "enabled"), identity.Some(true)},
		{"empty word", Flag(user, "off"), identity.Some(false)},
		{"boolean", Flag(user, "locked"), identity.Some(false)},
		{"null flag", Flag(user, "none"), identity.Null[bool]()},
		{"absent flag", Flag(user, "zz"), identity.Opt[bool]{}},
		{"integer", Integer(user, "uses"), identity.Some[int64](3)},
		{"large integer", Integer(user, "many"), identity.Some[int64](math.MaxInt64)},
		{"small integer", Integer(user, "few"), identity.Some[int64](math.MinInt64)},
		{"fraction", Integer(user, "half"), identity.Opt[int64]{}},
		{"null integer", Integer(user, "none"), identity.Null[int64]()},
		{"list", List[string](user, "tags"), identity.Some([]string{"a", "b"})},
		{"null list", List[string](user, "none"), identity.Null[[]string]()},
		{"absent object", body.Object("group").Len(), 0},
		{"normalized", user.Normalized().Has("ttl_x_y"), true},
		{"rest", user.Map("name", "description", "enabled", "locked", "off", "uses", "many", "few", "half", "tags", "none"),
			map[string]any{"ttl:x-y": json.Number("1000.0"), "list": []any{map[string]any{"b": json.Number("2")}}}},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, d)
		}
	}
}

func TestMappingVersion(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "1.0", `{"schema_version": null}`: "1.0", `{"schema_version": ""}`: "1.0", `{"schema_version": 0}`: "1.0",
		`{"schema_version": 0.0}`: "1.0", `{"schema_version": []}`: "1.0", `{"schema_version": {}}`: "1.0", `{"schema_version": false}`: "1.0",
		`{"schema_version": "2.0"}`: "2.0", `{"schema_version": 2.0}`: "", `{"schema_version": ["2.0"]}`: "", `{"schema_version": true}`: "",
	} {
		v, err := Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MappingVersion(v.(*Object), "1.0"); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}
