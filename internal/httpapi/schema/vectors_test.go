package schema

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
)

// vectors are what upstream's own code answers; testdata/vectors.py writes and describes them.
type vectors struct {
	Schemas                       map[string][][2]*string
	Auth, Values, Pretty, Queries [][2]*string
	Bodies, Mappings              [][3]*string
}

var readVectors = sync.OnceValue(func() (v vectors) {
	f, err := os.Open("testdata/vectors.json.gz")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		panic(err)
	}
	if err := json.NewDecoder(z).Decode(&v); err != nil {
		panic(err)
	}
	return v
})

// queries and bodies are all exported schemas.
var (
	queries = map[string]*Schema{
		"UserList": UserList, "GroupList": GroupList, "ProjectList": ProjectList, "DomainList": DomainList,
		"RoleList": RoleList, "RoleAssignmentList": RoleAssignmentList, "RegionList": RegionList,
		"ServiceList": ServiceList, "EndpointList": EndpointList, "EndpointShow": EndpointShow,
		"EndpointGroupList": EndpointGroupList, "CredentialList": CredentialList, "TrustList": TrustList,
		"TrustShow": TrustShow, "AccessRuleList": AccessRuleList, "AccessRuleShow": AccessRuleShow,
		"ApplicationCredentialList": ApplicationCredentialList, "RegisteredLimitList": RegisteredLimitList,
		"LimitList": LimitList, "ServiceProviderList": ServiceProviderList,
		"IdentityProviderList": IdentityProviderList, "IdentityProviderShow": IdentityProviderShow,
	}
	bodies = map[string]*Schema{
		"UserCreate": UserCreate, "UserUpdate": UserUpdate, "PasswordChange": PasswordChange,
		"GroupCreate": GroupCreate, "GroupUpdate": GroupUpdate,
		"ProjectCreate": ProjectCreate, "ProjectUpdate": ProjectUpdate, "TagsUpdate": TagsUpdate,
		"ProjectTag": ProjectTag, "ProjectTags": ProjectTags,
		"DomainCreate": DomainCreate, "DomainUpdate": DomainUpdate, "RoleCreate": RoleCreate, "RoleUpdate": RoleUpdate,
		"RegionCreate": RegionCreate, "RegionUpdate": RegionUpdate,
		"ServiceCreate": ServiceCreate, "ServiceUpdate": ServiceUpdate,
		"EndpointCreate": EndpointCreate, "EndpointUpdate": EndpointUpdate,
		"EndpointGroupCreate": EndpointGroupCreate, "EndpointGroupUpdate": EndpointGroupUpdate,
		"CredentialCreate": CredentialCreate, "CredentialUpdate": CredentialUpdate, "TrustCreate": TrustCreate,
		"ApplicationCredentialShow": ApplicationCredentialShow, "ApplicationCredentialCreate": ApplicationCredentialCreate,
		"RegisteredLimitsCreate": RegisteredLimitsCreate, "RegisteredLimitUpdate": RegisteredLimitUpdate,
		"LimitsCreate": LimitsCreate, "LimitUpdate": LimitUpdate,
		"PolicyCreate": PolicyCreate, "PolicyUpdate": PolicyUpdate,
		"ConsumerCreate": ConsumerCreate, "ConsumerUpdate": ConsumerUpdate, "RequestTokenAuthorize": RequestTokenAuthorize,
		"SAMLAssertion":         SAMLAssertion,
		"ServiceProviderCreate": ServiceProviderCreate, "ServiceProviderUpdate": ServiceProviderUpdate,
		"IdentityProviderCreate": IdentityProviderCreate, "IdentityProviderUpdate": IdentityProviderUpdate,
		"ProtocolCreate": ProtocolCreate, "ProtocolUpdate": ProtocolUpdate,
	}
)

func TestSchemas(t *testing.T) { // S-081, S-168
	all := readVectors().Schemas
	if got, want := len(queries)+len(bodies), len(all); got != want {
		t.Errorf("%d schemas, upstream's vectors have %d", got, want)
	}
	for name, s := range queries {
		t.Run(name, func(t *testing.T) {
			for _, v := range all[name] {
				diff(t, *v[0], message(s.Validate(Query(*v[0]))), v[1])
			}
		})
	}
	for name, s := range bodies {
		t.Run(name, func(t *testing.T) {
			for _, v := range all[name] {
				diff(t, *v[0], message(s.Validate(decode(t, *v[0]))), v[1])
			}
		})
	}
}

func TestValidateAuth(t *testing.T) {
	for _, v := range readVectors().Auth {
		diff(t, *v[0], message(ValidateAuth(decode(t, *v[0]))), v[1])
	}
}

func TestValidateMapping(t *testing.T) {
	for _, v := range readVectors().Mappings {
		diff(t, *v[1]+" "+*v[0], message(ValidateMapping(decode(t, *v[0]), *v[1])), v[2])
	}
	want := "Mapping schema version '4.0' is not one of 1.0, 2.0, 3.0."
	diff(t, "4.0", message(ValidateMapping(new(Object), "4.0")), &want)
}

func TestBody(t *testing.T) {
	for _, v := range readVectors().Bodies {
		_, err := Body(*v[0], []byte(*v[1]))
		diff(t, *v[0]+" "+*v[1], message(err), v[2])
	}
}

func TestDecode(t *testing.T) {
	for _, v := range readVectors().Values {
		got, err := Decode([]byte(*v[0]))
		if err != nil {
			diff(t, *v[0], nil, v[1])
			continue
		}
		s := repr(got)
		diff(t, *v[0], &s, v[1])
	}
}

func TestPretty(t *testing.T) {
	for _, v := range readVectors().Pretty {
		s := pretty(decode(t, *v[0]))
		diff(t, *v[0], &s, v[1])
	}
}

func TestQuery(t *testing.T) {
	for _, v := range readVectors().Queries {
		s := repr(Query(*v[0]))
		diff(t, *v[0], &s, v[1])
	}
}

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("Decode(%s): %v", text, err)
	}
	return v
}

// message is what the client would read, or nil.
func message(err error) *string {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*identity.Error](err)
	if !ok || e.Kind != identity.BadRequest {
		s := fmt.Sprintf("not a bad request: %v", err)
		return &s
	}
	return &e.Message
}

func diff(t *testing.T, input string, got, want *string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: (-want +got)\n%s", input, d)
	}
}
