package authz

import "github.com/lintel-id/lintel/internal/policy"

// The actions that Keystone does not have.
const (
	ListEvents        Action = "lintel:list_events"
	ListDomainEvents  Action = "lintel:list_domain_events"
	ListProjectEvents Action = "lintel:list_project_events"
	ListUserEvents    Action = "lintel:list_user_events"

	ListProjectCredentials  Action = "lintel:list_project_credentials"
	DeleteProjectCredential Action = "lintel:delete_project_credential"
	ListUserCredentials     Action = "lintel:list_user_credentials"

	ListProjectContacts   Action = "lintel:list_project_contacts"
	ManageProjectContacts Action = "lintel:manage_project_contacts"

	ListSignUps   Action = "lintel:list_sign_ups"
	ManageSignUps Action = "lintel:manage_sign_ups"

	ReportBounce Action = "lintel:report_bounce"

	ListGrantRules   Action = "lintel:list_grant_rules"
	ManageGrantRules Action = "lintel:manage_grant_rules"
)

const projectManager = "(role:manager and " + domainOfProject + ") or (role:manager and project_id:%(target.project.id)s)"

// userManager is the user, or who manages the user's domain.
const userManager = "user_id:%(target.user.id)s or (role:manager and domain_id:%(target.user.domain_id)s)"

var own = []policy.Default{
	rule(ListEvents, admin+" or "+systemReader, nil, nil,
		"GET /v3/lintel/events"),
	rule(ListDomainEvents, admin+" or "+systemReader+" or (role:manager and domain_id:%(target.domain.id)s)", nil, nil,
		"GET /v3/lintel/domains/{domain_id}/events"),
	rule(ListProjectEvents, admin+" or "+systemReader+" or "+projectManager, nil, nil,
		"GET /v3/lintel/projects/{project_id}/events"),
	rule(ListUserEvents, admin+" or "+systemReader+" or "+userManager, nil, nil,
		"GET /v3/lintel/users/{user_id}/events"),

	rule(ListProjectCredentials, admin+" or "+systemReader+" or "+projectManager, nil, nil,
		"GET /v3/lintel/projects/{project_id}/credentials"),
	rule(DeleteProjectCredential, admin+" or user_id:%(target.user.id)s", nil, nil,
		"DELETE /v3/lintel/projects/{project_id}/credentials/{credential_id}"),
	rule(ListUserCredentials, admin+" or "+systemReader+" or "+userManager, nil, nil,
		"GET /v3/lintel/users/{user_id}/credentials"),

	rule(ListProjectContacts, admin+" or "+systemReader+" or "+projectManager, nil, nil,
		"GET /v3/lintel/projects/{project_id}/contacts"),
	rule(ManageProjectContacts, admin+" or "+projectManager, nil, nil,
		"POST /v3/lintel/projects/{project_id}/contacts",
		"PATCH /v3/lintel/projects/{project_id}/contacts/{contact_id}",
		"DELETE /v3/lintel/projects/{project_id}/contacts/{contact_id}",
		"POST /v3/lintel/projects/{project_id}/notices"),

	rule(ListSignUps, admin+" or "+systemReader, nil, nil,
		"GET /v3/lintel/sign_ups"),
	rule(ManageSignUps, admin, nil, nil,
		"POST /v3/lintel/sign_ups/{sign_up_id}/approval",
		"POST /v3/lintel/sign_ups/{sign_up_id}/refusal"),

	rule(ReportBounce, admin+" or rule:service_role", nil, nil,
		"POST /v3/lintel/mail/bounces"),

	rule(ListGrantRules, admin+" or "+systemReader, nil, nil,
		"GET /v3/lintel/grant_rules"),
	rule(ManageGrantRules, admin, nil, nil,
		"PUT /v3/lintel/grant_rules",
		"POST /v3/lintel/grant_rules",
		"DELETE /v3/lintel/grant_rules/{grant_rule_id}"),
}
