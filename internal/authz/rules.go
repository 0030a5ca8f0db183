package authz

import (
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/policy"
)

// Rules returns the rules of Keystone with their defaults, in the order of the modules of keystone/common/policies, and then our
// own. The first ones are helpers, which guard no request but serve the others.
func Rules() []policy.Default { return slices.Concat(rules, own) }

// The checks that more than one rule has.
const (
	anyone          = ""
	adminRequired   = "rule:admin_required"
	adminOrOwner    = "rule:admin_or_owner"
	serviceOrAdmin  = "rule:service_or_admin"
	adminOrReader   = adminRequired + " or " + systemReader
	owner           = "user_id:%(user_id)s"
	readerOrUser    = systemReader + " or user_id:%(target.user.id)s"
	trustParty      = "user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s"
	systemReader    = "(role:reader and system_scope:all)"
	admin           = "(" + adminRequired + ")"
	domainOfProject = "domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s"
	domainOfTree    = "domain_id:%(target.domain_id)s and not None:%(target.domain_id)s"

	adminOrReaderOrOwner           = admin + " or " + systemReader + " or rule:owner"
	adminOrCredentialOwner         = admin + " or user_id:%(target.credential.user_id)s"
	adminOrReaderOrCredentialOwner = admin + " or " + systemReader + " or user_id:%(target.credential.user_id)s"
	adminOrMemberOwner             = admin + " or (role:member and user_id:%(target.credential.user_id)s)"
	adminOrGroupManager            = admin + " or (role:manager and domain_id:%(target.group.domain_id)s)"
	adminOrGroupReader             = admin + " or " + systemReader + " or (role:reader and domain_id:%(target.group.domain_id)s)"
	adminOrMembershipManager       = admin + " or (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)"
	adminOrUserManager             = admin + " or (role:manager and token.domain.id:%(target.user.domain_id)s)"
	adminOrProjectManager          = admin + " or (role:manager and " + domainOfProject + ")"
	adminOrProjectReader           = admin + " or " + systemReader + " or (role:reader and " + domainOfProject + ") or project_id:%(target.project.id)s"
	adminOrDomainReader            = admin + " or " + systemReader + " or (role:reader and domain_id:%(target.domain_id)s)"
	adminOrTreeReader              = admin + " or " + systemReader + " or (role:reader and " + domainOfTree + ")"
	adminOrTrustParty              = admin + " or (role:reader and system_scope:all or " + trustParty + ")"
	adminOrTokenSubject            = "rule:admin_required or rule:token_subject"

	adminOrGrantReader  = admin + " or (" + systemReader + " or (" + grantReader + ") and " + roleOfDomain + ")"
	adminOrGrantLister  = admin + " or (" + systemReader + " or " + grantReader + ")"
	adminOrGrantManager = admin + " or (" + grantAdmin + ") and " + roleOfDomain + " or (" + grantManager + ") and rule:domain_managed_target_role"

	oldAdminOrTokenSubject = "rule:admin_or_token_subject"
	oldEC2Owner            = "rule:admin_required or (rule:owner and user_id:%(target.credential.user_id)s)"
	oldProjectReader       = "rule:admin_required or project_id:%(target.project.id)s"
)

// Whoever acts on a grant within the own domain: the user or group, and the project or domain, must both belong to it.
const (
	grantReader  = "(role:reader and " + userProject + ") or (role:reader and " + userDomain + ") or (role:reader and " + groupProject + ") or (role:reader and " + groupDomain + ")"
	grantAdmin   = "(role:admin and " + userProject + ") or (role:admin and " + userDomain + ") or (role:admin and " + groupProject + ") or (role:admin and " + groupDomain + ")"
	grantManager = "(role:manager and " + userProject + ") or (role:manager and " + userDomain + ") or (role:manager and " + groupProject + ") or (role:manager and " + groupDomain + ")"

	userProject  = "domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s"
	userDomain   = "domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s"
	groupProject = "domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s"
	groupDomain  = "domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s"
	roleOfDomain = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
)

var (
	anyScope      = []string{"system", "domain", "project"}
	systemProject = []string{"system", "project"}
	projectScope  = []string{"project"}
)

// A release is one of Keystone's, by its initial.
type release string

const (
	stein release = "S"
	train release = "T"
)

// oldCheck is the check that a rule had before a release.
type oldCheck struct {
	since release
	check string
}

func (r release) was(check string) *oldCheck { return &oldCheck{r, check} }

// rule makes a Default. An operation is a method, a space and a path.
func rule(name Action, check string, scopes []string, old *oldCheck, operations ...string) policy.Default {
	d := policy.Default{Name: string(name), Check: check, ScopeTypes: scopes}
	if old != nil {
		d.Deprecated = &policy.Deprecated{Name: d.Name, Check: old.check, Since: string(old.since)}
	}
	for _, o := range operations {
		method, path, _ := strings.Cut(o, " ")
		d.Operations = append(d.Operations, policy.Operation{Method: method, Path: path})
	}
	return d
}

// goingAway marks a rule that Keystone no longer enforces.
func goingAway(d policy.Default, since release, reason string) policy.Default {
	d.Removal = &policy.Removal{Since: string(since), Reason: reason}
	return d
}

var rules = []policy.Default{
	// base.py
	rule("admin_required", "role:admin or is_admin:1", nil, nil),
	rule("service_role", "role:service", nil, nil),
	rule("service_or_admin", "rule:admin_required or rule:service_role", nil, nil),
	rule("owner", owner, nil, nil),
	rule("admin_or_owner", "rule:admin_required or rule:owner", nil, nil),
	rule("token_subject", "user_id:%(target.token.user_id)s", nil, nil),
	rule("admin_or_token_subject", adminOrTokenSubject, nil, nil),
	rule("service_admin_or_token_subject", "rule:service_or_admin or rule:token_subject", nil, nil),
	rule("domain_managed_target_role", "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s", nil, nil),

	// access_rule.py
	rule(GetAccessRule, readerOrUser, systemProject, nil,
		"GET /v3/users/{user_id}/access_rules/{access_rule_id}",
		"HEAD /v3/users/{user_id}/access_rules/{access_rule_id}"),
	rule(ListAccessRules, readerOrUser, systemProject, nil,
		"GET /v3/users/{user_id}/access_rules",
		"HEAD /v3/users/{user_id}/access_rules"),
	rule(DeleteAccessRule, "(role:admin and system_scope:all) or user_id:%(target.user.id)s", systemProject, nil,
		"DELETE /v3/users/{user_id}/access_rules/{access_rule_id}"),

	// access_token.py
	rule(AuthorizeRequestToken, adminRequired, projectScope, nil,
		"PUT /v3/OS-OAUTH1/authorize/{request_token_id}"),
	rule(GetAccessToken, adminRequired, projectScope, nil,
		"GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}"),
	rule(GetAccessTokenRole, adminRequired, projectScope, nil,
		"GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id}"),
	rule(ListAccessTokens, adminRequired, projectScope, nil,
		"GET /v3/users/{user_id}/OS-OAUTH1/access_tokens"),
	rule(ListAccessTokenRoles, adminRequired, projectScope, nil,
		"GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles"),
	rule(DeleteAccessToken, adminRequired, projectScope, nil,
		"DELETE /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}"),

	// application_credential.py
	rule(GetApplicationCredential, adminOrReaderOrOwner, systemProject, train.was(adminOrOwner),
		"GET /v3/users/{user_id}/application_credentials/{application_credential_id}",
		"HEAD /v3/users/{user_id}/application_credentials/{application_credential_id}"),
	rule(ListApplicationCredentials, adminOrReaderOrOwner, systemProject, train.was(adminOrOwner),
		"GET /v3/users/{user_id}/application_credentials",
		"HEAD /v3/users/{user_id}/application_credentials"),
	rule(CreateApplicationCredential, owner, projectScope, nil,
		"POST /v3/users/{user_id}/application_credentials"),
	rule(DeleteApplicationCredential, adminOrOwner, systemProject, train.was(adminOrOwner),
		"DELETE /v3/users/{user_id}/application_credentials/{application_credential_id}"),

	// auth.py
	rule(GetAuthCatalog, anyone, nil, nil,
		"GET /v3/auth/catalog",
		"HEAD /v3/auth/catalog"),
	rule(GetAuthProjects, anyone, nil, nil,
		"GET /v3/auth/projects",
		"HEAD /v3/auth/projects"),
	rule(GetAuthDomains, anyone, nil, nil,
		"GET /v3/auth/domains",
		"HEAD /v3/auth/domains"),
	rule(GetAuthSystem, anyone, nil, nil,
		"GET /v3/auth/system",
		"HEAD /v3/auth/system"),

	// consumer.py
	rule(GetConsumer, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-OAUTH1/consumers/{consumer_id}"),
	rule(ListConsumers, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-OAUTH1/consumers"),
	rule(CreateConsumer, adminRequired, systemProject, train.was(adminRequired),
		"POST /v3/OS-OAUTH1/consumers"),
	rule(UpdateConsumer, adminRequired, systemProject, train.was(adminRequired),
		"PATCH /v3/OS-OAUTH1/consumers/{consumer_id}"),
	rule(DeleteConsumer, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/OS-OAUTH1/consumers/{consumer_id}"),

	// credential.py
	rule(GetCredential, adminOrReaderOrCredentialOwner, anyScope, stein.was(adminRequired),
		"GET /v3/credentials/{credential_id}"),
	rule(ListCredentials, adminOrReaderOrCredentialOwner, anyScope, stein.was(adminRequired),
		"GET /v3/credentials"),
	rule(CreateCredential, adminOrCredentialOwner, anyScope, stein.was(adminRequired),
		"POST /v3/credentials"),
	rule(UpdateCredential, adminOrCredentialOwner, anyScope, stein.was(adminRequired),
		"PATCH /v3/credentials/{credential_id}"),
	rule(DeleteCredential, adminOrCredentialOwner, anyScope, stein.was(adminRequired),
		"DELETE /v3/credentials/{credential_id}"),

	// domain.py
	rule(GetDomain, "rule:admin_required or (role:reader and system_scope:all) or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s", anyScope, stein.was("rule:admin_required or token.project.domain.id:%(target.domain.id)s"),
		"GET /v3/domains/{domain_id}"),
	rule(ListDomains, "rule:admin_required or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain.id)s)", anyScope, stein.was(adminRequired),
		"GET /v3/domains"),
	rule(CreateDomain, adminRequired, systemProject, stein.was(adminRequired),
		"POST /v3/domains"),
	rule(UpdateDomain, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/domains/{domain_id}"),
	rule(DeleteDomain, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/domains/{domain_id}"),

	// domain_config.py
	rule(CreateDomainConfig, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/domains/{domain_id}/config"),
	rule(GetDomainConfig, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/domains/{domain_id}/config",
		"HEAD /v3/domains/{domain_id}/config",
		"GET /v3/domains/{domain_id}/config/{group}",
		"HEAD /v3/domains/{domain_id}/config/{group}",
		"GET /v3/domains/{domain_id}/config/{group}/{option}",
		"HEAD /v3/domains/{domain_id}/config/{group}/{option}"),
	rule(GetSecurityComplianceDomainConfig, anyone, anyScope, nil,
		"GET /v3/domains/{domain_id}/config/security_compliance",
		"HEAD /v3/domains/{domain_id}/config/security_compliance",
		"GET /v3/domains/{domain_id}/config/security_compliance/{option}",
		"HEAD /v3/domains/{domain_id}/config/security_compliance/{option}"),
	rule(UpdateDomainConfig, adminRequired, systemProject, train.was(adminRequired),
		"PATCH /v3/domains/{domain_id}/config",
		"PATCH /v3/domains/{domain_id}/config/{group}",
		"PATCH /v3/domains/{domain_id}/config/{group}/{option}"),
	rule(DeleteDomainConfig, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/domains/{domain_id}/config",
		"DELETE /v3/domains/{domain_id}/config/{group}",
		"DELETE /v3/domains/{domain_id}/config/{group}/{option}"),
	rule(GetDomainConfigDefault, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/domains/config/default",
		"HEAD /v3/domains/config/default",
		"GET /v3/domains/config/{group}/default",
		"HEAD /v3/domains/config/{group}/default",
		"GET /v3/domains/config/{group}/{option}/default",
		"HEAD /v3/domains/config/{group}/{option}/default"),

	// ec2_credential.py
	rule(EC2GetCredential, adminOrReaderOrCredentialOwner, systemProject, train.was(oldEC2Owner),
		"GET /v3/users/{user_id}/credentials/OS-EC2/{credential_id}"),
	rule(EC2ListCredentials, adminOrReaderOrOwner, systemProject, train.was(adminOrOwner),
		"GET /v3/users/{user_id}/credentials/OS-EC2"),
	rule(EC2CreateCredential, adminOrMemberOwner, systemProject, train.was(adminOrOwner),
		"POST /v3/users/{user_id}/credentials/OS-EC2"),
	rule(EC2DeleteCredential, adminOrMemberOwner, systemProject, train.was(oldEC2Owner),
		"DELETE /v3/users/{user_id}/credentials/OS-EC2/{credential_id}"),

	// endpoint.py
	rule(GetEndpoint, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/endpoints/{endpoint_id}"),
	rule(ListEndpoints, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/endpoints"),
	rule(CreateEndpoint, adminRequired, systemProject, stein.was(adminRequired),
		"POST /v3/endpoints"),
	rule(UpdateEndpoint, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/endpoints/{endpoint_id}"),
	rule(DeleteEndpoint, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/endpoints/{endpoint_id}"),

	// endpoint_group.py
	rule(CreateEndpointGroup, adminRequired, systemProject, train.was(adminRequired),
		"POST /v3/OS-EP-FILTER/endpoint_groups"),
	rule(ListEndpointGroups, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoint_groups"),
	rule(GetEndpointGroup, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}",
		"HEAD /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"),
	rule(UpdateEndpointGroup, adminRequired, systemProject, train.was(adminRequired),
		"PATCH /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"),
	rule(DeleteEndpointGroup, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"),
	rule(ListProjectsAssociatedWithEndpointGroup, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects"),
	rule(ListEndpointsAssociatedWithEndpointGroup, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints"),
	rule(GetEndpointGroupInProject, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}",
		"HEAD /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}"),
	rule(ListEndpointGroupsForProject, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups"),
	rule(AddEndpointGroupToProject, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}"),
	rule(RemoveEndpointGroupFromProject, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}"),

	// grant.py
	rule(CheckGrant, adminOrGrantReader, anyScope, stein.was(adminRequired),
		"HEAD /v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
		"GET /v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
		"HEAD /v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
		"GET /v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
		"HEAD /v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
		"GET /v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
		"HEAD /v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
		"GET /v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
		"HEAD /v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"GET /v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"HEAD /v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
		"GET /v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
		"HEAD /v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"GET /v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"HEAD /v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
		"GET /v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects"),
	rule(ListGrants, adminOrGrantLister, anyScope, stein.was(adminRequired),
		"GET /v3/projects/{project_id}/users/{user_id}/roles",
		"HEAD /v3/projects/{project_id}/users/{user_id}/roles",
		"GET /v3/projects/{project_id}/groups/{group_id}/roles",
		"HEAD /v3/projects/{project_id}/groups/{group_id}/roles",
		"GET /v3/domains/{domain_id}/users/{user_id}/roles",
		"HEAD /v3/domains/{domain_id}/users/{user_id}/roles",
		"GET /v3/domains/{domain_id}/groups/{group_id}/roles",
		"HEAD /v3/domains/{domain_id}/groups/{group_id}/roles",
		"GET /v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects",
		"GET /v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects"),
	rule(CreateGrant, adminOrGrantManager, anyScope, stein.was(adminRequired),
		"PUT /v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
		"PUT /v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
		"PUT /v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
		"PUT /v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
		"PUT /v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"PUT /v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
		"PUT /v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"PUT /v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects"),
	rule(RevokeGrant, adminOrGrantManager, anyScope, stein.was(adminRequired),
		"DELETE /v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
		"DELETE /v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
		"DELETE /v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
		"DELETE /v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
		"DELETE /v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"DELETE /v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
		"DELETE /v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
		"DELETE /v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects"),
	rule(ListSystemGrantsForUser, adminOrReader, systemProject, stein.was(adminRequired),
		"HEAD /v3/system/users/{user_id}/roles",
		"GET /v3/system/users/{user_id}/roles"),
	rule(CheckSystemGrantForUser, adminOrReader, systemProject, stein.was(adminRequired),
		"HEAD /v3/system/users/{user_id}/roles/{role_id}",
		"GET /v3/system/users/{user_id}/roles/{role_id}"),
	rule(CreateSystemGrantForUser, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/system/users/{user_id}/roles/{role_id}"),
	rule(RevokeSystemGrantForUser, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/system/users/{user_id}/roles/{role_id}"),
	rule(ListSystemGrantsForGroup, adminOrReader, systemProject, stein.was(adminRequired),
		"HEAD /v3/system/groups/{group_id}/roles",
		"GET /v3/system/groups/{group_id}/roles"),
	rule(CheckSystemGrantForGroup, adminOrReader, systemProject, stein.was(adminRequired),
		"HEAD /v3/system/groups/{group_id}/roles/{role_id}",
		"GET /v3/system/groups/{group_id}/roles/{role_id}"),
	rule(CreateSystemGrantForGroup, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/system/groups/{group_id}/roles/{role_id}"),
	rule(RevokeSystemGrantForGroup, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/system/groups/{group_id}/roles/{role_id}"),

	// group.py
	rule(GetGroup, adminOrGroupReader, anyScope, stein.was(adminRequired),
		"GET /v3/groups/{group_id}",
		"HEAD /v3/groups/{group_id}"),
	rule(ListGroups, adminOrGroupReader, anyScope, stein.was(adminRequired),
		"GET /v3/groups",
		"HEAD /v3/groups"),
	rule(ListGroupsForUser, "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s", anyScope, stein.was(adminOrOwner),
		"GET /v3/users/{user_id}/groups",
		"HEAD /v3/users/{user_id}/groups"),
	rule(CreateGroup, adminOrGroupManager, anyScope, stein.was(adminRequired),
		"POST /v3/groups"),
	rule(UpdateGroup, adminOrGroupManager, anyScope, stein.was(adminRequired),
		"PATCH /v3/groups/{group_id}"),
	rule(DeleteGroup, adminOrGroupManager, anyScope, stein.was(adminRequired),
		"DELETE /v3/groups/{group_id}"),
	rule(ListUsersInGroup, adminOrGroupReader, anyScope, stein.was(adminRequired),
		"GET /v3/groups/{group_id}/users",
		"HEAD /v3/groups/{group_id}/users"),
	rule(RemoveUserFromGroup, adminOrMembershipManager, anyScope, stein.was(adminRequired),
		"DELETE /v3/groups/{group_id}/users/{user_id}"),
	rule(CheckUserInGroup, "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)", anyScope, stein.was(adminRequired),
		"HEAD /v3/groups/{group_id}/users/{user_id}",
		"GET /v3/groups/{group_id}/users/{user_id}"),
	rule(AddUserToGroup, adminOrMembershipManager, anyScope, stein.was(adminRequired),
		"PUT /v3/groups/{group_id}/users/{user_id}"),

	// identity_provider.py
	rule(CreateIdentityProvider, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}"),
	rule(ListIdentityProviders, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/identity_providers",
		"HEAD /v3/OS-FEDERATION/identity_providers"),
	rule(GetIdentityProvider, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/identity_providers/{idp_id}",
		"HEAD /v3/OS-FEDERATION/identity_providers/{idp_id}"),
	rule(UpdateIdentityProvider, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}"),
	rule(DeleteIdentityProvider, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/OS-FEDERATION/identity_providers/{idp_id}"),

	// implied_role.py
	rule(GetImpliedRole, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/roles/{prior_role_id}/implies/{implied_role_id}"),
	rule(ListImpliedRoles, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/roles/{prior_role_id}/implies",
		"HEAD /v3/roles/{prior_role_id}/implies"),
	rule(CreateImpliedRole, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/roles/{prior_role_id}/implies/{implied_role_id}"),
	rule(DeleteImpliedRole, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/roles/{prior_role_id}/implies/{implied_role_id}"),
	rule(ListRoleInferenceRules, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/role_inferences",
		"HEAD /v3/role_inferences"),
	rule(CheckImpliedRole, adminOrReader, systemProject, train.was(adminRequired),
		"HEAD /v3/roles/{prior_role_id}/implies/{implied_role_id}"),

	// limit.py
	rule(GetLimitModel, anyone, anyScope, nil,
		"GET /v3/limits/model",
		"HEAD /v3/limits/model"),
	rule(GetLimit, "rule:admin_required or (role:reader and system_scope:all) or (domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s) or (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)", anyScope, nil,
		"GET /v3/limits/{limit_id}",
		"HEAD /v3/limits/{limit_id}"),
	rule(ListLimits, anyone, anyScope, nil,
		"GET /v3/limits",
		"HEAD /v3/limits"),
	rule(CreateLimits, adminRequired, systemProject, nil,
		"POST /v3/limits"),
	rule(UpdateLimit, adminRequired, systemProject, nil,
		"PATCH /v3/limits/{limit_id}"),
	rule(DeleteLimit, adminRequired, systemProject, nil,
		"DELETE /v3/limits/{limit_id}"),

	// mapping.py
	rule(CreateMapping, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/OS-FEDERATION/mappings/{mapping_id}"),
	rule(GetMapping, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/mappings/{mapping_id}",
		"HEAD /v3/OS-FEDERATION/mappings/{mapping_id}"),
	rule(ListMappings, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/mappings",
		"HEAD /v3/OS-FEDERATION/mappings"),
	rule(DeleteMapping, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/OS-FEDERATION/mappings/{mapping_id}"),
	rule(UpdateMapping, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/OS-FEDERATION/mappings/{mapping_id}"),

	// policy.py
	rule(GetPolicy, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies/{policy_id}"),
	rule(ListPolicies, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies"),
	rule(CreatePolicy, adminRequired, systemProject, train.was(adminRequired),
		"POST /v3/policies"),
	rule(UpdatePolicy, adminRequired, systemProject, train.was(adminRequired),
		"PATCH /v3/policies/{policy_id}"),
	rule(DeletePolicy, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/policies/{policy_id}"),

	// policy_association.py
	rule(CreatePolicyAssociationForEndpoint, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}"),
	rule(CheckPolicyAssociationForEndpoint, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}",
		"HEAD /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}"),
	rule(DeletePolicyAssociationForEndpoint, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}"),
	rule(CreatePolicyAssociationForService, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}"),
	rule(CheckPolicyAssociationForService, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}",
		"HEAD /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}"),
	rule(DeletePolicyAssociationForService, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}"),
	rule(CreatePolicyAssociationForRegionAndService, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}"),
	rule(CheckPolicyAssociationForRegionAndService, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}",
		"HEAD /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}"),
	rule(DeletePolicyAssociationForRegionAndService, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id}"),
	rule(GetPolicyForEndpoint, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy",
		"HEAD /v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy"),
	rule(ListEndpointsForPolicy, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints"),

	// project.py
	rule(GetProject, adminOrProjectReader, anyScope, stein.was(oldProjectReader),
		"GET /v3/projects/{project_id}"),
	rule(ListProjects, adminOrDomainReader, anyScope, stein.was(adminRequired),
		"GET /v3/projects"),
	rule(ListUserProjects, "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s", anyScope, stein.was(adminOrOwner),
		"GET /v3/users/{user_id}/projects"),
	rule(CreateProject, adminOrProjectManager, anyScope, stein.was(adminRequired),
		"POST /v3/projects"),
	rule(UpdateProject, adminOrProjectManager, anyScope, stein.was(adminRequired),
		"PATCH /v3/projects/{project_id}"),
	rule(DeleteProject, adminOrProjectManager, anyScope, stein.was(adminRequired),
		"DELETE /v3/projects/{project_id}"),
	rule(ListProjectTags, adminOrProjectReader, anyScope, train.was(oldProjectReader),
		"GET /v3/projects/{project_id}/tags",
		"HEAD /v3/projects/{project_id}/tags"),
	rule(GetProjectTag, adminOrProjectReader, anyScope, train.was(oldProjectReader),
		"GET /v3/projects/{project_id}/tags/{value}",
		"HEAD /v3/projects/{project_id}/tags/{value}"),
	rule(UpdateProjectTags, adminOrProjectManager, anyScope, train.was(adminRequired),
		"PUT /v3/projects/{project_id}/tags"),
	rule(CreateProjectTag, adminOrProjectManager, anyScope, train.was(adminRequired),
		"PUT /v3/projects/{project_id}/tags/{value}"),
	rule(DeleteProjectTags, adminOrProjectManager, anyScope, train.was(adminRequired),
		"DELETE /v3/projects/{project_id}/tags"),
	rule(DeleteProjectTag, adminOrProjectManager, anyScope, train.was(adminRequired),
		"DELETE /v3/projects/{project_id}/tags/{value}"),

	// project_endpoint.py
	rule(ListProjectsForEndpoint, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects"),
	rule(AddEndpointToProject, adminRequired, systemProject, train.was(adminRequired),
		"PUT /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}"),
	rule(CheckEndpointInProject, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}",
		"HEAD /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}"),
	rule(ListEndpointsForProject, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-EP-FILTER/projects/{project_id}/endpoints"),
	rule(RemoveEndpointFromProject, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}"),

	// protocol.py
	rule(CreateProtocol, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}"),
	rule(UpdateProtocol, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}"),
	rule(GetProtocol, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}"),
	rule(ListProtocols, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols"),
	rule(DeleteProtocol, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}"),

	// region.py
	rule(GetRegion, anyone, anyScope, nil,
		"GET /v3/regions/{region_id}",
		"HEAD /v3/regions/{region_id}"),
	rule(ListRegions, anyone, anyScope, nil,
		"GET /v3/regions",
		"HEAD /v3/regions"),
	rule(CreateRegion, adminRequired, systemProject, stein.was(adminRequired),
		"POST /v3/regions",
		"PUT /v3/regions/{region_id}"),
	rule(UpdateRegion, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/regions/{region_id}"),
	rule(DeleteRegion, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/regions/{region_id}"),

	// registered_limit.py
	rule(GetRegisteredLimit, anyone, anyScope, nil,
		"GET /v3/registered_limits/{registered_limit_id}",
		"HEAD /v3/registered_limits/{registered_limit_id}"),
	rule(ListRegisteredLimits, anyone, anyScope, nil,
		"GET /v3/registered_limits",
		"HEAD /v3/registered_limits"),
	rule(CreateRegisteredLimits, adminRequired, systemProject, nil,
		"POST /v3/registered_limits"),
	rule(UpdateRegisteredLimit, adminRequired, systemProject, nil,
		"PATCH /v3/registered_limits/{registered_limit_id}"),
	rule(DeleteRegisteredLimit, adminRequired, systemProject, nil,
		"DELETE /v3/registered_limits/{registered_limit_id}"),

	// revoke_event.py
	rule(ListRevokeEvents, serviceOrAdmin, systemProject, nil,
		"GET /v3/OS-REVOKE/events"),

	// role.py
	rule(GetRole, "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and rule:domain_managed_target_role)", anyScope, stein.was(adminRequired),
		"GET /v3/roles/{role_id}",
		"HEAD /v3/roles/{role_id}"),
	rule(ListRoles, "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and not domain_id:None)", anyScope, stein.was(adminRequired),
		"GET /v3/roles",
		"HEAD /v3/roles"),
	rule(CreateRole, adminRequired, systemProject, stein.was(adminRequired),
		"POST /v3/roles"),
	rule(UpdateRole, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/roles/{role_id}"),
	rule(DeleteRole, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/roles/{role_id}"),
	rule(GetDomainRole, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/roles/{role_id}",
		"HEAD /v3/roles/{role_id}"),
	rule(ListDomainRoles, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/roles?domain_id={domain_id}",
		"HEAD /v3/roles?domain_id={domain_id}"),
	rule(CreateDomainRole, adminRequired, systemProject, train.was(adminRequired),
		"POST /v3/roles"),
	rule(UpdateDomainRole, adminRequired, systemProject, train.was(adminRequired),
		"PATCH /v3/roles/{role_id}"),
	rule(DeleteDomainRole, adminRequired, systemProject, train.was(adminRequired),
		"DELETE /v3/roles/{role_id}"),

	// role_assignment.py
	rule(ListRoleAssignments, adminOrTreeReader, anyScope, stein.was(adminRequired),
		"GET /v3/role_assignments",
		"HEAD /v3/role_assignments"),
	rule(ListRoleAssignmentsForTree, adminOrTreeReader, anyScope, train.was(adminRequired),
		"GET /v3/role_assignments?include_subtree",
		"HEAD /v3/role_assignments?include_subtree"),

	// s3tokens.py
	rule(S3TokensValidate, serviceOrAdmin, anyScope, nil,
		"POST /v3/s3tokens"),

	// ec2tokens.py
	rule(EC2TokensValidate, serviceOrAdmin, anyScope, nil,
		"POST /v3/ec2tokens"),

	// service.py
	rule(GetService, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/services/{service_id}"),
	rule(ListServices, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/services"),
	rule(CreateService, adminRequired, systemProject, stein.was(adminRequired),
		"POST /v3/services"),
	rule(UpdateService, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/services/{service_id}"),
	rule(DeleteService, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/services/{service_id}"),

	// service_provider.py
	rule(CreateServiceProvider, adminRequired, systemProject, stein.was(adminRequired),
		"PUT /v3/OS-FEDERATION/service_providers/{service_provider_id}"),
	rule(ListServiceProviders, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/service_providers",
		"HEAD /v3/OS-FEDERATION/service_providers"),
	rule(GetServiceProvider, adminOrReader, systemProject, stein.was(adminRequired),
		"GET /v3/OS-FEDERATION/service_providers/{service_provider_id}",
		"HEAD /v3/OS-FEDERATION/service_providers/{service_provider_id}"),
	rule(UpdateServiceProvider, adminRequired, systemProject, stein.was(adminRequired),
		"PATCH /v3/OS-FEDERATION/service_providers/{service_provider_id}"),
	rule(DeleteServiceProvider, adminRequired, systemProject, stein.was(adminRequired),
		"DELETE /v3/OS-FEDERATION/service_providers/{service_provider_id}"),

	// token_revocation.py
	goingAway(rule(RevocationList, serviceOrAdmin, systemProject, nil,
		"GET /v3/auth/tokens/OS-PKI/revoked"), train, "no request is guarded by it any more"),

	// token.py
	rule(CheckToken, "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject", anyScope, train.was(oldAdminOrTokenSubject),
		"HEAD /v3/auth/tokens"),
	rule(ValidateToken, "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject", anyScope, train.was("rule:service_admin_or_token_subject"),
		"GET /v3/auth/tokens"),
	rule(RevokeToken, adminOrTokenSubject, anyScope, train.was(oldAdminOrTokenSubject),
		"DELETE /v3/auth/tokens"),

	// trust.py
	rule(CreateTrust, "user_id:%(target.trust.trustor_user_id)s", projectScope, nil,
		"POST /v3/OS-TRUST/trusts"),
	rule(ListTrusts, adminOrReader, systemProject, train.was(adminRequired),
		"GET /v3/OS-TRUST/trusts",
		"HEAD /v3/OS-TRUST/trusts"),
	rule(ListTrustsForTrustor, "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustor_user_id)s)", systemProject, nil,
		"GET /v3/OS-TRUST/trusts?trustor_user_id={trustor_user_id}",
		"HEAD /v3/OS-TRUST/trusts?trustor_user_id={trustor_user_id}"),
	rule(ListTrustsForTrustee, "(rule:admin_required) or (role:reader and system_scope:all or user_id:%(target.trust.trustee_user_id)s)", systemProject, nil,
		"GET /v3/OS-TRUST/trusts?trustee_user_id={trustee_user_id}",
		"HEAD /v3/OS-TRUST/trusts?trustee_user_id={trustee_user_id}"),
	rule(ListRolesForTrust, adminOrTrustParty, systemProject, train.was(trustParty),
		"GET /v3/OS-TRUST/trusts/{trust_id}/roles",
		"HEAD /v3/OS-TRUST/trusts/{trust_id}/roles"),
	rule(GetRoleForTrust, adminOrTrustParty, systemProject, train.was(trustParty),
		"GET /v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}",
		"HEAD /v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}"),
	rule(DeleteTrust, "rule:admin_required or user_id:%(target.trust.trustor_user_id)s", systemProject, train.was("user_id:%(target.trust.trustor_user_id)s"),
		"DELETE /v3/OS-TRUST/trusts/{trust_id}"),
	rule(GetTrust, adminOrTrustParty, systemProject, train.was(trustParty),
		"GET /v3/OS-TRUST/trusts/{trust_id}",
		"HEAD /v3/OS-TRUST/trusts/{trust_id}"),

	// user.py
	rule(GetUser, "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s", anyScope, stein.was(adminOrOwner),
		"GET /v3/users/{user_id}",
		"HEAD /v3/users/{user_id}"),
	rule(ListUsers, adminOrDomainReader, anyScope, stein.was(adminRequired),
		"GET /v3/users",
		"HEAD /v3/users"),
	rule(ListProjectsForUser, anyone, nil, nil,
		"GET /v3/auth/projects"),
	rule(ListDomainsForUser, anyone, nil, nil,
		"GET /v3/auth/domains"),
	rule(CreateUser, adminOrUserManager, anyScope, stein.was(adminRequired),
		"POST /v3/users"),
	rule(UpdateUser, adminOrUserManager, anyScope, stein.was(adminRequired),
		"PATCH /v3/users/{user_id}"),
	rule(DeleteUser, adminOrUserManager, anyScope, stein.was(adminRequired),
		"DELETE /v3/users/{user_id}"),
	rule(RevokeTokensForUser, adminOrOwner, anyScope, nil,
		"DELETE /v3/users/{user_id}/tokens"),
}
