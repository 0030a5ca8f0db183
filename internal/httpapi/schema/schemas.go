package schema

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Each schema below names the routes that it checks and the upstream file it carries over. Those of a GET check the
// query, and the same of the HEAD; the others check the whole body. Those of the Inline style say which part they check,
// and that the handler does so after authorization (PasswordChange, TokenIssue and SAMLAssertion need none).

// EventList is for GET /v3/lintel/events, and for the events of a domain, a project and a user. Keystone has none of these.
var EventList = request("EventList")

// Of Lintel's own.
var (
	Enrolment   = request("Enrolment")   // POST /v3/lintel/users
	Invitations = request("Invitations") // POST /v3/lintel/invitations
	AccessShow  = request("AccessShow")  // GET /v3/lintel/access

	DepartureShow = request("DepartureShow") // GET /v3/lintel/departure

	InvitationList = request("InvitationList") // GET /v3/lintel/invitations

	GrantsCreate = request("GrantsCreate") // POST /v3/lintel/grants
	GrantsDelete = request("GrantsDelete") // DELETE /v3/lintel/grants

	DomainRulesUpdate = request("DomainRulesUpdate") // PATCH /v3/lintel/domains/{domain_id}/rules

	ProjectRulesUpdate = request("ProjectRulesUpdate") // PATCH /v3/lintel/projects/{project_id}/rules

	WaitingGrantList = request("WaitingGrantList") // GET /v3/lintel/waiting_grants

	SignUpApprove = request("SignUpApprove") // POST /v3/lintel/sign_ups/{sign_up_id}/approval
	SignUpRefuse  = request("SignUpRefuse")  // POST /v3/lintel/sign_ups/{sign_up_id}/refusal
	BounceReport  = request("BounceReport")  // POST /v3/lintel/mail/bounces

	GrantRequestList   = request("GrantRequestList")   // GET /v3/lintel/grant_requests
	GrantRequestRefuse = request("GrantRequestRefuse") // POST /v3/lintel/grant_requests/{grant_request_id}/refusal
)

// Of who may grant what.
var (
	GrantRuleList = request("GrantRuleList") // GET /v3/lintel/grant_rules
	GrantRulesSet = request("GrantRulesSet") // PUT /v3/lintel/grant_rules
	GrantRulePut  = request("GrantRulePut")  // POST /v3/lintel/grant_rules

	RoleProfileSet = request("RoleProfileSet") // PUT /v3/lintel/roles/{role_id}/profile

	ProfileUpdate = request("ProfileUpdate") // PATCH /v3/lintel/profile
	AddressAsk    = request("AddressAsk")    // POST /v3/lintel/profile/address
)

// ProjectCredentialList is for GET /v3/lintel/projects/{project_id}/credentials.
var ProjectCredentialList = request("ProjectCredentialList")

// GrantDecision is for GET /v3/lintel/grant_rules/decision.
var GrantDecision = request("GrantDecision")

// DomainInvitationList is for GET /v3/lintel/domains/{domain_id}/invitations.
var DomainInvitationList = request("DomainInvitationList")

// UserCredentialList is for GET /v3/lintel/users/{user_id}/credentials.
var UserCredentialList = request("UserCredentialList")

// What is below /v3/lintel/projects/{project_id}.
var (
	ContactList   = request("ContactList")   // GET contacts
	ContactCreate = request("ContactCreate") // POST contacts
	ContactUpdate = request("ContactUpdate") // PATCH contacts/{contact_id}
	NoticeCreate  = request("NoticeCreate")  // POST notices
	PortalUserSet = request("PortalUserSet") // PUT portal_users/{user_id}
)

// keystone/identity/schema.py
var (
	UserList       = request("UserList")      // GET /v3/users
	UserCreate     = request("UserCreate")    // POST /v3/users
	UserUpdate     = request("UserUpdate")    // PATCH /v3/users/{user_id}
	PasswordChange = inline("PasswordChange") // POST /v3/users/{user_id}/password: "user", or {} if absent

	GroupList   = request("GroupList")   // GET /v3/groups
	GroupCreate = request("GroupCreate") // POST /v3/groups
	GroupUpdate = request("GroupUpdate") // PATCH /v3/groups/{group_id}
)

// keystone/resource/schema.py
var (
	ProjectList   = request("ProjectList")   // GET /v3/projects
	ProjectCreate = request("ProjectCreate") // POST /v3/projects
	ProjectUpdate = request("ProjectUpdate") // PATCH /v3/projects/{project_id}

	// TagsUpdate is for PUT /v3/projects/{project_id}/tags; after authorization ProjectTags checks "tags" ({} if
	// absent) once more, and more strictly.
	TagsUpdate = request("TagsUpdate")
	// ProjectTag is for the last part of the path of PUT /v3/projects/{project_id}/tags/{value}; ProjectTags then
	// checks the project's tags with the new one appended.
	ProjectTag  = inline("ProjectTag")
	ProjectTags = inline("ProjectTags")

	DomainList   = request("DomainList")   // GET /v3/domains
	DomainCreate = request("DomainCreate") // POST /v3/domains
	DomainUpdate = request("DomainUpdate") // PATCH /v3/domains/{domain_id}
)

// keystone/assignment/schema.py
var (
	RoleList           = request("RoleList")           // GET /v3/roles
	RoleCreate         = request("RoleCreate")         // POST /v3/roles
	RoleUpdate         = request("RoleUpdate")         // PATCH /v3/roles/{role_id}
	RoleAssignmentList = request("RoleAssignmentList") // GET /v3/role_assignments
)

// keystone/catalog/schema.py
var (
	RegionList   = request("RegionList")   // GET /v3/regions
	RegionCreate = request("RegionCreate") // POST /v3/regions, PUT /v3/regions/{region_id}
	RegionUpdate = request("RegionUpdate") // PATCH /v3/regions/{region_id}

	ServiceList   = request("ServiceList")   // GET /v3/services, GET /v3/services/{service_id}
	ServiceCreate = request("ServiceCreate") // POST /v3/services
	ServiceUpdate = request("ServiceUpdate") // PATCH /v3/services/{service_id}

	EndpointList   = request("EndpointList")   // GET /v3/endpoints
	EndpointShow   = request("EndpointShow")   // GET /v3/endpoints/{endpoint_id}
	EndpointCreate = request("EndpointCreate") // POST /v3/endpoints
	EndpointUpdate = request("EndpointUpdate") // PATCH /v3/endpoints/{endpoint_id}

	EndpointGroupList   = request("EndpointGroupList")   // GET /v3/OS-EP-FILTER/endpoint_groups
	EndpointGroupCreate = request("EndpointGroupCreate") // POST /v3/OS-EP-FILTER/endpoint_groups
	EndpointGroupUpdate = request("EndpointGroupUpdate") // PATCH /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}
)

// keystone/credential/schema.py
var (
	CredentialList   = request("CredentialList")   // GET /v3/credentials
	CredentialCreate = request("CredentialCreate") // POST /v3/credentials
	CredentialUpdate = request("CredentialUpdate") // PATCH /v3/credentials/{credential_id}

	// EC2KeyCreate says what POST /v3/users/{user_id}/credentials/OS-EC2 wants. It is not checked: what is missing is a
	// project that is not found.
	EC2KeyCreate = inline("EC2KeyCreate")

	// EC2Request and S3Request are what POST /v3/ec2tokens and POST /v3/s3tokens want. They are not checked: what is missing
	// is a signature that is not right.
	EC2Request = inline("EC2Request")
	S3Request  = inline("S3Request")
)

// keystone/trust/schema.py
var (
	TrustList   = request("TrustList")   // GET /v3/OS-TRUST/trusts
	TrustShow   = request("TrustShow")   // GET /v3/OS-TRUST/trusts/{trust_id}
	TrustCreate = request("TrustCreate") // POST /v3/OS-TRUST/trusts
)

// keystone/application_credential/schema.py
var (
	AccessRuleList = request("AccessRuleList") // GET /v3/users/{user_id}/access_rules
	AccessRuleShow = request("AccessRuleShow") // GET /v3/users/{user_id}/access_rules/{access_rule_id}

	ApplicationCredentialList   = request("ApplicationCredentialList")   // GET /v3/users/{user_id}/application_credentials
	ApplicationCredentialCreate = request("ApplicationCredentialCreate") // POST /v3/users/{user_id}/application_credentials
	// ApplicationCredentialShow checks the body, seldom sent, of
	// GET /v3/users/{user_id}/application_credentials/{application_credential_id}.
	ApplicationCredentialShow = request("ApplicationCredentialShow")
)

// Ours: what Keystone does not know.
var (
	SurfaceUpdate = request("SurfaceUpdate") // PUT /v3/lintel/users/{user_id}/surface
	SuspensionPut = request("SuspensionPut") // PUT /v3/lintel/users/{user_id}/suspension
	AccountCreate = request("AccountCreate") // POST /v3/lintel/accounts
	APIUserCreate = request("APIUserCreate") // POST /v3/lintel/projects/{project_id}/api_users
	APIUserUpdate = request("APIUserUpdate") // PATCH /v3/lintel/projects/{project_id}/api_users/{user_id}
	APIUserReset  = request("APIUserReset")  // POST /v3/lintel/projects/{project_id}/api_users/{user_id}/password
)

// keystone/limit/schema.py
var (
	RegisteredLimitList    = request("RegisteredLimitList")    // GET /v3/registered_limits
	RegisteredLimitsCreate = request("RegisteredLimitsCreate") // POST /v3/registered_limits
	RegisteredLimitUpdate  = request("RegisteredLimitUpdate")  // PATCH /v3/registered_limits/{registered_limit_id}

	LimitList    = request("LimitList")    // GET /v3/limits
	LimitsCreate = request("LimitsCreate") // POST /v3/limits
	LimitUpdate  = request("LimitUpdate")  // PATCH /v3/limits/{limit_id}
)

// keystone/policy/schema.py
var (
	PolicyCreate = inline("PolicyCreate") // POST /v3/policies: "policy", or {} if absent
	PolicyUpdate = inline("PolicyUpdate") // PATCH /v3/policies/{policy_id}: "policy", or {} if absent
)

// keystone/oauth1/schema.py
var (
	ConsumerCreate        = inline("ConsumerCreate")        // POST /v3/OS-OAUTH1/consumers: "consumer", or {} if absent
	ConsumerUpdate        = inline("ConsumerUpdate")        // PATCH /v3/OS-OAUTH1/consumers/{consumer_id}: likewise
	RequestTokenAuthorize = inline("RequestTokenAuthorize") // PUT /v3/OS-OAUTH1/authorize/{request_token_id}: "roles", or [] if absent
)

// keystone/federation/schema.py
var (
	// SAMLAssertion checks "auth", or null if absent, of POST /v3/auth/OS-FEDERATION/saml2 and
	// POST /v3/auth/OS-FEDERATION/saml2/ecp.
	SAMLAssertion = inline("SAMLAssertion")

	ServiceProviderList   = request("ServiceProviderList")   // GET /v3/OS-FEDERATION/service_providers
	ServiceProviderCreate = request("ServiceProviderCreate") // PUT /v3/OS-FEDERATION/service_providers/{service_provider_id}
	ServiceProviderUpdate = request("ServiceProviderUpdate") // PATCH /v3/OS-FEDERATION/service_providers/{service_provider_id}

	IdentityProviderList   = request("IdentityProviderList")   // GET /v3/OS-FEDERATION/identity_providers
	IdentityProviderShow   = request("IdentityProviderShow")   // GET /v3/OS-FEDERATION/identity_providers/{idp_id}
	IdentityProviderCreate = request("IdentityProviderCreate") // PUT /v3/OS-FEDERATION/identity_providers/{idp_id}
	IdentityProviderUpdate = request("IdentityProviderUpdate") // PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}

	ProtocolCreate = request("ProtocolCreate") // PUT /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}
	ProtocolUpdate = request("ProtocolUpdate") // PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}
)

// tokenIssue is the part of keystone/auth/schema.py that is a schema; see ValidateAuth.
var tokenIssue = inline("TokenIssue")

// Login says what POST /v3/auth/tokens wants. Of this ValidateAuth checks what upstream does; the rest is for each method to tell.
var Login = inline("Login")

// ValidateAuth checks the member "auth" of the body of POST /v3/auth/tokens; absent, it passes, and authentication then
// says what is missing (validate_issue_token_auth in keystone/auth/schema.py).
func ValidateAuth(auth any) error {
	if auth == nil {
		return nil
	}
	if err := tokenIssue.Validate(auth); err != nil {
		return err
	}
	for _, path := range [][]string{
		{"identity", "password", "user"},
		{"identity", "password", "user", "domain"},
		{"scope", "project"},
		{"scope", "project", "domain"},
		{"scope", "domain"},
	} {
		if o := member(auth, path); o != nil && !o.Has("id") && !o.Has("name") {
			return invalid("Invalid input for field " + strings.Join(path, "/") + ": id or name must be present.")
		}
	}
	return nil
}

// mappings are the versions of the mapping language, from keystone/federation/utils.py.
var mappings = map[string]*Object{
	"1.0": expand("Mapping1.0"),
	"2.0": expand("Mapping2.0"),
	"3.0": expand("Mapping3.0"),
}

// MappingVersion is the version of the language that a federation mapping names, or else the one given: what Python takes for
// false names none.
func MappingVersion(mapping *Object, otherwise string) (string, error) {
	v, _ := mapping.Get("schema_version")
	if version, ok := v.(string); ok {
		return cmp.Or(version, otherwise), nil
	}
	if falsy := []string{"None", "False", "0", "0.0", "-0.0", "[]", "{}"}; slices.Contains(falsy, repr(v)) {
		return otherwise, nil
	}
	return "", unknownVersion(v)
}

func unknownVersion(v any) error {
	known := slices.Sorted(maps.Keys(mappings))
	return invalid(fmt.Sprintf("Mapping schema version %s is not one of %s.", repr(v), strings.Join(known, ", ")))
}

// ValidateMapping checks a federation mapping by the version of its language, for PUT and PATCH of
// /v3/OS-FEDERATION/mappings/{mapping_id}, after authorization, and for the mapping_engine command. The version is the
// mapping's "schema_version", or the configured default if that is absent or empty. Unlike other checks it tells all
// failures, one a line.
func ValidateMapping(mapping any, version string) error {
	rules, ok := mappings[version]
	if !ok {
		return unknownVersion(version)
	}
	return allFailures(rules, mapping)
}

var mappedProjects = expand("mapping projects with domains")

// ValidateMappedProjects checks the projects that an assertion itself lists (projects_json in a mapping of version 3.0), with
// all failures, one a line.
func ValidateMappedProjects(projects any) error { return allFailures(mappedProjects, projects) }

func allFailures(schema *Object, v any) error {
	var lines []string
	for _, f := range failures(schema, v, math.MaxInt) {
		lines = append(lines, f.message+"\n")
	}
	if lines == nil {
		return nil
	}
	slices.Sort(lines)
	return invalid(strings.Join(lines, ""))
}

// member returns the object at path below v, or nil.
func member(v any, path []string) *Object {
	for _, name := range path {
		o, ok := v.(*Object)
		if !ok {
			return nil
		}
		v, _ = o.Get(name)
	}
	o, _ := v.(*Object)
	return o
}

// source holds the schemas. Where one is due, a string names another entry; "..." stands for the members of another
// entry, as ** does in Python: a key that follows replaces the value and keeps the place.
//
//go:embed schemas.json
var source []byte

var entries = func() *Object {
	v, err := Decode(source)
	if err != nil {
		panic(err)
	}
	return v.(*Object)
}()

func request(name string) *Schema { return &Schema{Request, expand(name)} }

func inline(name string) *Schema { return &Schema{Inline, expand(name)} }

// expand returns the schema v with its references replaced.
func expand(v any) *Object {
	if name, ok := v.(string); ok {
		entry, _ := entries.Get(name)
		return expand(entry)
	}
	out := new(Object)
	for keyword, arg := range v.(*Object).All() {
		switch keyword {
		case "...":
			for k, e := range expand(arg).All() {
				out.Set(k, e)
			}
		case "items":
			out.Set(keyword, expand(arg))
		case "oneOf":
			var subs []any
			for _, sub := range arg.([]any) {
				subs = append(subs, expand(sub))
			}
			out.Set(keyword, subs)
		case "properties":
			properties := new(Object)
			expandProperties(properties, arg.(*Object))
			out.Set(keyword, properties)
		default:
			out.Set(keyword, arg)
		}
	}
	return out
}

func expandProperties(out, in *Object) {
	for name, sub := range in.All() {
		if name == "..." {
			expandProperties(out, entries.Object(sub.(string)))
			continue
		}
		out.Set(name, expand(sub))
	}
}

// JSON returns the schema as JSON Schema.
func (s *Schema) JSON() map[string]any { return s.rules.Map() }

// Member is the schema of an object with a member that s checks.
func Member(name string, s *Schema) *Schema {
	properties, rules := new(Object), new(Object)
	properties.Set(name, s.rules)
	rules.Set("type", "object")
	rules.Set("properties", properties)
	return &Schema{s.Style, rules}
}
