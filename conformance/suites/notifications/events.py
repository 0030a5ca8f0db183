"""What makes an event, and what does not: each resource, each way to log in, well and badly."""

from script import DELETE, GET, PATCH, POST, PUT, OAuth1, as_, domain, login, password, project

AGENT = {"User-Agent": "conformance/1 \u00fc", "X-OpenStack-Request-Id": "req-01234567-89ab-cdef-0123-456789abcdef"}
LASTING = {"ignore_change_password_upon_first_use": True}

login(
    "admin",
    password(
        name="admin",
        domain="default",
        password="bootstrap-secret",
        scope={"project": {"name": "admin", "domain": {"id": "default"}}},
    ),
)
login("system_admin", password(name="admin", domain="default", password="bootstrap-secret", scope={"system": {"all": True}}))
with as_("admin"):
    GET("/v3/users", keep={"admin_user": "users[name=admin].id"})
    GET("/v3/projects", keep={"admin_project": "projects[name=admin].id"})
    GET("/v3/services", keep={"identity": "services[type=identity].id"})
    GET("/v3/roles", keep={f"role_{n}": f"roles[name={n}].id" for n in ("admin", "member", "reader")})

    # Domains, projects, tags.
    POST("/v3/domains", {"domain": {"name": "acme"}}, headers=AGENT, keep={"acme": "domain.id"})
    POST("/v3/domains", {"domain": {"name": "acme"}})
    PATCH("/v3/domains/$acme", {"domain": {"description": "new"}})
    POST("/v3/projects", {"project": {"name": "web", "domain_id": "$acme"}}, keep={"web": "project.id"})
    POST("/v3/projects", {"project": {"name": "shop", "domain_id": "$acme", "parent_id": "$web"}}, keep={"shop": "project.id"})
    POST("/v3/projects", {"project": {"name": "own", "is_domain": True}}, keep={"own": "project.id"})
    PATCH("/v3/projects/$own", {"project": {"enabled": False}})
    DELETE("/v3/projects/$own")
    PATCH("/v3/projects/$web", {"project": {"description": "new"}})
    PATCH("/v3/projects/$web", {"project": {"domain_id": "elsewhere"}})
    PUT("/v3/projects/$web/tags", {"tags": ["a", "b"]})
    PUT("/v3/projects/$web/tags/c")
    DELETE("/v3/projects/$web/tags/a")
    DELETE("/v3/projects/$web/tags/a")
    DELETE("/v3/projects/$web/tags")
    PUT("/v3/projects/$acme/tags/of-a-domain")
    POST("/v3/projects", {"project": {"name": "tmp", "domain_id": "$acme"}}, keep={"tmp": "project.id"})
    DELETE("/v3/projects/$tmp")
    DELETE("/v3/projects/$tmp")

    # Users and groups.
    for name in ("ann", "bob", "cat", "eve"):
        body = {"user": {"name": name, "domain_id": "$acme", "password": "correct-horse", "options": LASTING}}
        POST("/v3/users", body, keep={name: "user.id"})
        PATCH(f"/v3/users/${name}", {"user": {"password": "correct-horse"}})  # now its option counts
    POST("/v3/users", {"user": {"name": "new", "domain_id": "$acme", "password": "correct-horse"}}, keep={"new": "user.id"})
    PATCH("/v3/users/$ann", {"user": {"description": "new"}})
    PATCH("/v3/users/nobody", {"user": {"description": "new"}})
    POST("/v3/groups", {"group": {"name": "crew", "domain_id": "$acme"}}, keep={"crew": "group.id"})
    PATCH("/v3/groups/$crew", {"group": {"description": "new"}})
    PUT("/v3/groups/$crew/users/$ann")
    PUT("/v3/groups/$crew/users/nobody")
    DELETE("/v3/groups/$crew/users/$ann")
    DELETE("/v3/groups/$crew/users/$ann")

    # Roles and grants.
    POST("/v3/roles", {"role": {"name": "cook"}}, keep={"cook": "role.id"})
    POST("/v3/roles", {"role": {"name": "smith", "domain_id": "$acme"}}, keep={"smith": "role.id"})
    POST("/v3/roles", {"role": {"name": "stranger", "domain_id": "default"}}, keep={"stranger": "role.id"})
    PATCH("/v3/roles/$cook", {"role": {"description": "new"}})
    PUT("/v3/roles/$cook/implies/$role_reader")
    for target in ("projects/$web", "domains/$acme"):
        for actor in ("users/$ann", "groups/$crew"):
            PUT(f"/v3/{target}/{actor}/roles/$role_member")
            PUT(f"/v3/{target}/{actor}/roles/$role_member")
            PUT(f"/v3/OS-INHERIT/{target}/{actor}/roles/$role_reader/inherited_to_projects")
            PUT(f"/v3/{target}/{actor}/roles/none")
            DELETE(f"/v3/{target}/{actor}/roles/$cook")
            DELETE(f"/v3/OS-INHERIT/{target}/{actor}/roles/$cook/inherited_to_projects")
            PUT(f"/v3/OS-INHERIT/{target}/{actor}/roles/none/inherited_to_projects")
    PUT("/v3/projects/$web/users/$ann/roles/$stranger")
    PUT("/v3/projects/$web/users/nobody/roles/$role_member")
    PUT("/v3/projects/none/users/$ann/roles/$role_member")
    PUT("/v3/projects/$web/users/$ann/roles/$cook")
    DELETE("/v3/projects/$web/users/$ann/roles/$cook")
    DELETE("/v3/OS-INHERIT/domains/$acme/groups/$crew/roles/$role_reader/inherited_to_projects")
    PUT("/v3/system/users/$ann/roles/$role_reader")
    DELETE("/v3/system/users/$ann/roles/$role_reader")
    DELETE("/v3/roles/$cook")

    # The catalog, policies, credentials.
    POST("/v3/regions", {"region": {"id": "north", "description": "N"}})
    POST("/v3/regions", {"region": {"id": "north"}})
    PATCH("/v3/regions/north", {"region": {"description": "new"}})
    PUT("/v3/regions/south", {"region": {}})
    POST("/v3/services", {"service": {"type": "compute", "name": "nova"}}, keep={"compute": "service.id"})
    PATCH("/v3/services/$compute", {"service": {"description": "new"}})
    body = {"endpoint": {"interface": "public", "url": "http://here", "service_id": "$compute", "region": "west"}}
    POST("/v3/endpoints", body, keep={"endpoint": "endpoint.id"})
    PATCH("/v3/endpoints/$endpoint", {"endpoint": {"url": "http://there"}})
    DELETE("/v3/endpoints/$endpoint")
    POST("/v3/endpoints", body)
    DELETE("/v3/services/$compute")
    DELETE("/v3/regions/north")
    DELETE("/v3/regions/north")
    POST("/v3/policies", {"policy": {"type": "text/plain", "blob": "x"}}, keep={"policy": "policy.id"})
    PATCH("/v3/policies/$policy", {"policy": {"blob": "y"}})
    DELETE("/v3/policies/$policy")
    POST("/v3/credentials", {"credential": {"type": "cert", "blob": "x", "user_id": "$ann"}}, keep={"credential": "credential.id"})
    PATCH("/v3/credentials/$credential", {"credential": {"blob": "y"}})
    DELETE("/v3/credentials/$credential")
    POST("/v3/users/$admin_user/credentials/OS-EC2", {"tenant_id": "$admin_project"}, keep={"access": "credential.access"})
    DELETE("/v3/users/$admin_user/credentials/OS-EC2/$access")
    POST("/v3/OS-OAUTH1/consumers", {"consumer": {"description": "c"}}, keep={"consumer": "consumer.id"})
    PATCH("/v3/OS-OAUTH1/consumers/$consumer", {"consumer": {"description": "d"}})
    DELETE("/v3/OS-OAUTH1/consumers/$consumer")

# What Keystone tells nobody of.
with as_("system_admin"):
    POST("/v3/registered_limits", {"registered_limits": [{"service_id": "$identity", "resource_name": "r", "default_limit": 1}]})
    PUT("/v3/OS-FEDERATION/identity_providers/idp", {"identity_provider": {}})
    PUT("/v3/OS-FEDERATION/service_providers/sp", {"service_provider": {"auth_url": "http://a", "sp_url": "http://b"}})
with as_("admin"):
    PUT("/v3/domains/$acme/config", {"config": {"identity": {"driver": "ldap"}, "ldap": {"url": "ldap://x"}}})
    DELETE("/v3/domains/$acme/config")

# Logging in.
login("by_ann", password("$ann", "correct-horse", project("$web")))
login("ann_on_domain", password("$ann", "correct-horse", domain("$acme")))
POST("/v3/auth/tokens", password(name="ann", domain="$acme", password="correct-horse"), headers=AGENT)
POST("/v3/auth/tokens", password("$ann", "wrong"))
POST("/v3/auth/tokens", password(name="ann", domain="$acme", password="wrong \u00fc"))
POST("/v3/auth/tokens", password("nobody", "correct-horse"))
POST("/v3/auth/tokens", password(name="nobody", domain="$acme", password="correct-horse"))
POST("/v3/auth/tokens", password(name="ann", domain="none", password="correct-horse"))
POST("/v3/auth/tokens", password("$new", "correct-horse"))
POST("/v3/auth/tokens", password("$new", "wrong"))
POST("/v3/auth/tokens", {"auth": {"identity": {"methods": ["token"], "token": {"id": "$by_ann"}}}})
POST("/v3/auth/tokens", {"auth": {"identity": {"methods": ["token"], "token": {"id": "nothing"}}}})
POST("/v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x"}}}}})
for attempt in range(4):
    POST("/v3/auth/tokens", password("$cat", f"wrong-{attempt}"))
POST("/v3/auth/tokens", password("$cat", "correct-horse"))
POST("/v3/users/$cat/password", {"user": {"original_password": "correct-horse", "password": "another-one"}})
with as_("admin"):
    PATCH("/v3/users/$eve", {"user": {"enabled": False}})
POST("/v3/auth/tokens", password("$eve", "correct-horse"))
POST("/v3/auth/tokens", password("$eve", "wrong"))
with as_("by_ann"):
    DELETE("/v3/users/$bob")
    DELETE("/v3/auth/tokens", headers={"X-Subject-Token": "$ann_on_domain"})

# Changing one's password.
for original, new in [
    ("wrong", "another-one"),
    ("correct-horse", "short"),
    ("correct-horse", "correct-horse"),
    ("correct-horse", "another-one"),
]:
    POST("/v3/users/$new/password", {"user": {"original_password": original, "password": new}})
POST("/v3/users/nobody/password", {"user": {"original_password": "x", "password": "another-one"}})
POST("/v3/users/$eve/password", {"user": {"original_password": "correct-horse", "password": "another-one"}})
POST("/v3/users/$eve/password", {"user": {"original_password": "wrong", "password": "another-one"}})
with as_("by_ann"):
    POST("/v3/users/$bob/password", {"user": {"original_password": "correct-horse", "password": "another-one"}})
POST("/v3/auth/tokens", password("$bob", "another-one"))

# Application credentials and trusts.
login("by_ann", password("$ann", "correct-horse", project("$web")))
with as_("by_ann"):
    rule = {"service": "identity", "method": "GET", "path": "/v3/users"}
    body = {"application_credential": {"name": "app", "secret": "its-secret", "access_rules": [rule]}}
    POST("/v3/users/$ann/application_credentials", body, keep={"app": "application_credential.id", "rule": "application_credential.access_rules[0].id"})
    body = {"application_credential": {"name": "free", "unrestricted": True, "secret": "its-secret"}}
    POST("/v3/users/$ann/application_credentials", body, keep={"free": "application_credential.id"})


def app(id=None, secret="its-secret", **more):
    if id is not None:
        more["id"] = id
    return {"auth": {"identity": {"methods": ["application_credential"], "application_credential": dict(more, secret=secret)}}}


POST("/v3/auth/tokens", app("$app"))
POST("/v3/auth/tokens", app("$app", "wrong"))
POST("/v3/auth/tokens", app("nothing"))
POST("/v3/auth/tokens", app(name="app", user={"id": "$ann"}))
POST("/v3/auth/tokens", app(name="app", user={"id": "nobody"}))
login("by_app", app("$free"))
with as_("by_app"):
    POST("/v3/users/$ann/application_credentials", {"application_credential": {"name": "made"}}, keep={"made": "application_credential.id"})
    DELETE("/v3/users/$ann/application_credentials/$made")
with as_("by_ann"):
    DELETE("/v3/users/$ann/access_rules/$rule")
    DELETE("/v3/users/$ann/application_credentials/$app")
    DELETE("/v3/users/$ann/access_rules/$rule")
    trust = {
        "trustor_user_id": "$ann",
        "trustee_user_id": "$bob",
        "project_id": "$web",
        "impersonation": True,
        "roles": [{"id": "$role_member"}],
    }
    POST("/v3/OS-TRUST/trusts", {"trust": dict(trust, allow_redelegation=True)}, keep={"trust": "trust.id"})
    POST("/v3/OS-TRUST/trusts", {"trust": dict(trust, impersonation=False)}, keep={"second": "trust.id"})
login("trusted", password("$bob", "another-one", {"OS-TRUST:trust": {"id": "$trust"}}))
with as_("trusted"):
    POST("/v3/OS-TRUST/trusts", {"trust": dict(trust, trustee_user_id="$cat")}, keep={"third": "trust.id"})
with as_("by_ann"):
    DELETE("/v3/OS-TRUST/trusts/$trust")
    DELETE("/v3/OS-TRUST/trusts/$trust")

# Codes, and OAuth 1.0a.
def code(**user):
    return {"auth": {"identity": {"methods": ["totp"], "totp": {"user": dict(user, passcode="000000")}}}}


POST("/v3/auth/tokens", code(id="$ann"))
POST("/v3/auth/tokens", code(id="nobody"))
POST("/v3/auth/tokens", code(name="nobody", domain={"id": "$acme"}))
with as_("admin"):
    POST("/v3/OS-OAUTH1/consumers", {"consumer": {}}, keep={"consumer": "consumer.id", "consumer_secret": "consumer.secret"})
login("by_ann", password("$ann", "correct-horse", project("$web")))
OAUTH1 = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}


def signed(path, name, *token, body=None, **more):
    headers = {"Authorization": OAuth1("consumer", *token, more=more), "Requested-Project-Id": "$web"}
    POST(path, body, headers=headers, keep=name and {name: "form:oauth_token", name + "_secret": "form:oauth_token_secret"})


signed("/v3/OS-OAUTH1/request_token", "request", callback_uri="oob")
signed("/v3/OS-OAUTH1/request_token", None, callback_uri="oob", client_secret="wrong")
with as_("by_ann"):
    PUT("/v3/OS-OAUTH1/authorize/$request", {"roles": [{"id": "$role_member"}]}, keep={"verifier": "token.oauth_verifier"})
signed("/v3/OS-OAUTH1/access_token", "access", "request", verifier="$verifier")
signed("/v3/auth/tokens", None, "access", body=OAUTH1)
with as_("by_ann"):
    DELETE("/v3/users/$ann/OS-OAUTH1/access_tokens/$access")
with as_("admin"):
    DELETE("/v3/OS-OAUTH1/consumers/$consumer")

# People whom an identity provider knows. A web server's variables are headers here, to both.
CORP = "/v3/OS-FEDERATION/identity_providers/corp"
with as_("admin"):
    POST("/v3/groups", {"group": {"name": "guests", "domain_id": "$acme"}}, keep={"guests": "group.id"})
    local = [
        {"user": {"name": "{0}"}},
        {"group": {"id": "$guests"}},
        {"projects": [{"name": "of {0}", "roles": [{"name": "member"}, {"name": "reader"}]}]},
    ]
    rules = [{"local": local, "remote": [{"type": "HTTP_WHO"}]}]
    PUT("/v3/OS-FEDERATION/mappings/corp", {"mapping": {"rules": rules}})
    PUT(CORP, {"identity_provider": {"enabled": True, "remote_ids": ["corp-idp"], "domain_id": "$acme"}})
    PUT(CORP + "/protocols/mapped", {"protocol": {"mapping_id": "corp"}})
at = CORP + "/protocols/mapped/auth"
GET(at, headers={"Who": "jane", "Issuer": "corp-idp", **AGENT})
POST(at, headers={"Who": "jane", "Issuer": "corp-idp"}, keep={"jane": "token.user.id", "by_jane": "header:X-Subject-Token"})
GET(at, headers={"Who": "jane", "Issuer": "somebody"})
GET(at, headers={"Who": "jane"})
GET(at, headers={"Issuer": "corp-idp"})
POST("/v3/auth/tokens", {"auth": {"identity": {"methods": ["token"], "token": {"id": "$by_jane"}}}})
with as_("admin"):
    PATCH(CORP, {"identity_provider": {"enabled": False}})
GET(at, headers={"Who": "jane", "Issuer": "corp-idp"})
with as_("admin"):
    DELETE("/v3/users/$jane")
    DELETE(CORP)

# What goes along with something else.
with as_("admin"):
    DELETE("/v3/users/$ann")
    DELETE("/v3/groups/$crew")
    PATCH("/v3/domains/$acme", {"domain": {"enabled": False}})
POST("/v3/auth/tokens", password("$bob", "another-one"))
POST("/v3/auth/tokens", password(name="nobody", domain="$acme", password="x"))
with as_("admin"):
    DELETE("/v3/roles/$smith")
    DELETE("/v3/domains/$acme")
