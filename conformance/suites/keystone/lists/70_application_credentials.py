"""Application credentials and access rules: making, showing, logging in with them, and what their tokens may do."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_, login, password, project, token

AUTH = "/v3/auth/tokens"
MINE = "/v3/users/$ann/application_credentials"
RULES = "/v3/users/$ann/access_rules"
HEEDED = {"OpenStack-Identity-Access-Rules": "1.0"}


def make(keep=None, **body):
    POST(MINE, {"application_credential": body}, keep=keep)


def credential(id=None, secret="s3cret-s3cret", scope=None, **named):
    method = dict(named, secret=secret)
    if id:
        method["id"] = id
    auth = {"identity": {"methods": ["application_credential"], "application_credential": method}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


with as_("member"):
    GET(MINE)
    for body in (
        {},
        {"name": ""},
        {"name": None},
        {"name": "x" * 256},
        {"name": "a", "colour": "blue"},
        {"name": "a", "secret": 1},
        {"name": "a", "expires_at": "tomorrow"},
        {"name": "a", "expires_at": "2001-01-01T00:00:00.000000Z"},
        {"name": "a", "expires_at": "2040-01-01T00:00:00+02:00"},
        {"name": "a", "expires_at": 1},
        {"name": "a", "unrestricted": "maybe"},
        {"name": "a", "unrestricted": 1},
        {"name": "a", "roles": [{}]},
        {"name": "a", "roles": [{"id": "$role_admin"}]},
        {"name": "a", "roles": [{"name": "admin"}]},
        {"name": "a", "roles": [{"id": "unknown"}]},
        {"name": "a", "roles": [{"name": "unknown"}]},
        {"name": "a", "roles": [{"id": "$role_member", "name": "member"}]},
        {"name": "a", "roles": "member"},
        {"name": "a", "roles": [{"id": "$role_member"}, {"name": "member"}]},
        {"name": "a", "expires_at": ""},
        {"name": "a", "access_rules": [{"path": "/" + "p" * 128, "service": "identity", "method": "GET"}]},
        {"name": "a", "access_rules": [{"path": "/v3", "service": "identity", "method": "GET", "colour": "blue"}]},
        {"name": "a", "access_rules": [{"path": "no/slash", "service": "identity", "method": "GET"}]},
        {"name": "a", "access_rules": [{"path": "/v3", "service": "identity", "method": "BREW"}]},
        {"name": "a", "access_rules": [{"path": "/v3", "service": "", "method": "GET"}]},
        {"name": "a", "access_rules": {}},
        {"name": "a", "access_rules": [{"id": "unknown"}]},
        {"name": "a", "access_rules": [{"path": "/v3"}]},
    ):
        make(**body)
    POST(MINE, {})
    POST(MINE, {"application_credential": []})
    make(keep={"plain": "application_credential.id"}, name="plain", secret="s3cret-s3cret", description="for a script")
    make(name="plain")
    make(name="null", description=None, expires_at=None, secret=None, unrestricted=None)
    make(name="sent", id="mine", project_id="$lab", system="all", secret="s3cret-s3cret")
    make(keep={"wide": "application_credential.id"}, name="wide", secret="s3cret-s3cret", unrestricted=True)
    make(keep={"narrow": "application_credential.id"}, name="narrow", secret="s3cret-s3cret", roles=[{"name": "reader"}])
    make(name="implied", roles=[{"id": "$role_member"}], expires_at="2040-01-01T00:00:00.123456Z")
    make(name="date", expires_at="2040-01-01")
    make(name="space", expires_at="2040-01-01 12:30:00")
    make(
        keep={"ruled": "application_credential.id", "rule": "application_credential.access_rules[service=compute].id"},
        name="ruled",
        secret="s3cret-s3cret",
        access_rules=[
            {"path": "/v3/users/*", "service": "identity", "method": "GET"},
            {"path": "/v3/projects/**", "service": "identity", "method": "GET"},
            {"path": "/v3/domains/{any}", "service": "identity", "method": "GET"},
            {"path": "/v2.1/servers", "service": "compute", "method": "POST"},
        ],
    )
    make(name="same rule", access_rules=[{"path": "/v2.1/servers", "service": "compute", "method": "POST"}])
    make(name="rule by id", access_rules=[{"id": "$rule"}])
    make(name="no rules", access_rules=[])
    GET(MINE)
    HEAD(MINE)
    for query in ("?name=plain", "?name=Plain", "?name=", "?name__contains=ai", "?name__icontains=AI", "?name__startswith=n", "?colour=blue"):
        GET(MINE + query)
    GET(MINE + "/$plain")
    HEAD(MINE + "/$plain")
    GET(MINE + "/$ruled")
    GET(MINE + "/unknown")
    PATCH(MINE + "/$plain", {"application_credential": {"name": "other"}})
    PUT(MINE + "/$plain")
    GET(RULES)
    HEAD(RULES)
    for query in ("?service=compute", "?path=/v2.1/servers", "?method=GET", "?method__icontains=get", "?service__startswith=id"):
        GET(RULES + query)
    GET(RULES + "/$rule")
    HEAD(RULES + "/$rule")
    GET(RULES + "/unknown")
    DELETE(RULES + "/$rule")
    DELETE(RULES + "/unknown")
    POST("/v3/users/$rob/application_credentials", {"application_credential": {"name": "a"}})
    GET("/v3/users/$rob/application_credentials")
    GET("/v3/users/$rob/access_rules")

with as_("reader"):
    POST("/v3/users/$rob/application_credentials", {"application_credential": {"name": "a", "access_rules": [{"id": "$rule"}]}})
    POST("/v3/users/$rob/application_credentials", {"application_credential": {"name": "a", "roles": [{"name": "member"}]}})

for who in ("reader", "stranger", "manager", "domain_admin", "system_reader", "system_member", "admin", "system_admin", "service", "unscoped", None):
    with as_(who):
        GET(MINE)
        GET(MINE + "/$plain")
        GET(MINE + "/unknown")
        DELETE(MINE + "/unknown")
        make(name="theirs")
        GET(RULES)
        GET(RULES + "/$rule")
        GET(RULES + "/unknown")
        DELETE(RULES + "/unknown")
for who in ("domain_admin", "system_admin"):
    with as_(who):
        user = {"domain_admin": "$ada", "system_admin": "$admin_user"}[who]
        POST(f"/v3/users/{user}/application_credentials", {"application_credential": {"name": "a"}})

with as_(None):
    POST(AUTH, credential("$plain"))
    POST(AUTH + "?nocatalog", credential("$ruled"))
    POST(AUTH, credential("$plain", secret="wrong"))
    POST(AUTH, credential("$plain", secret=""))
    POST(AUTH, credential("unknown"))
    POST(AUTH, credential(name="plain", user={"id": "$ann"}))
    POST(AUTH, credential(name="plain", user={"name": "ann", "domain": {"id": "$acme"}}))
    POST(AUTH, credential(name="plain", user={"name": "ann", "domain": {"name": "acme"}}))
    POST(AUTH, credential(name="plain", user={"name": "ann"}))
    POST(AUTH, credential(name="plain", user={}))
    POST(AUTH, credential(name="plain"))
    POST(AUTH, credential(name="unknown", user={"id": "$ann"}))
    POST(AUTH, credential(name="plain", user={"name": "ann", "domain": {"name": "nowhere"}}))
    POST(AUTH, credential(user={"id": "$ann"}))
    POST(AUTH, credential("$plain", user={"id": "$rob"}))
    POST(AUTH, credential("$plain", scope=project("$web")))
    POST(AUTH, credential("$plain", scope=project("$lab")))
    POST(AUTH, credential("$plain", scope="unscoped"))
    POST(AUTH, credential("$plain", scope={}))
    POST(AUTH, {"auth": {"identity": {"methods": ["application_credential"]}}})
    POST(AUTH, {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {}}}})
    POST(AUTH, {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "$plain"}}}})
login("with_plain", credential("$plain"))
login("with_wide", credential("$wide"))
login("with_narrow", credential("$narrow"))
login("with_ruled", credential("$ruled"))

for who in ("with_plain", "with_wide", "with_narrow"):
    with as_(who):
        GET(AUTH, headers={"X-Subject-Token": "$" + who})
        GET(MINE)
        GET(MINE + "/$narrow")
        make(name="by " + who)
        DELETE(MINE + "/unknown")
        GET(RULES)
        GET("/v3/credentials")
        POST("/v3/credentials", {"credential": {"type": "cert", "blob": "b", "user_id": "$ann"}})
        POST("/v3/users/$ann/password", {"user": {"password": "correct-horse", "original_password": "wrong-horse"}})
        POST(AUTH, token("$" + who))
        POST(AUTH, token("$" + who, scope=project("$web")))
        POST(AUTH, token("$" + who, scope="unscoped"))
with as_("with_narrow"):
    make(name="wider", roles=[{"name": "member"}])
with as_("with_wide"):
    make(name="wider", roles=[{"name": "admin"}])

with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$with_plain"})
    GET(AUTH, headers={"X-Subject-Token": "$with_narrow"})
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled"})
    HEAD(AUTH, headers={"X-Subject-Token": "$with_ruled"})
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled", **HEEDED})
    HEAD(AUTH, headers={"X-Subject-Token": "$with_ruled", **HEEDED})
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled", "OpenStack-Identity-Access-Rules": "0.9"})
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled", "OpenStack-Identity-Access-Rules": "2"})
with as_("with_ruled"):
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled", **HEEDED})
    HEAD(AUTH, headers={"X-Subject-Token": "$with_ruled", **HEEDED})
    GET("/v3/users/$ann")
    HEAD("/v3/users/$ann")
    GET("/v3/users")
    GET(MINE)
    GET("/v3/projects/$web")
    GET("/v3/projects/$web/tags")
    GET("/v3/domains/$acme")
    GET("/v3/domains/$acme/config")
    GET("/v3/auth/projects")
    GET("/v3")
    DELETE(AUTH, headers={"X-Subject-Token": "$with_ruled"})

with as_("admin"):
    PUT("/v3/projects/$lab/users/$ann/roles/$role_member")
with as_("member"):
    DELETE(MINE + "/$ruled")
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$with_ruled", **HEEDED})
    DELETE(MINE + "/$narrow")
    GET(AUTH, headers={"X-Subject-Token": "$with_narrow"})
with as_(None):
    POST(AUTH, credential("$ruled"))
with as_("member"):
    DELETE(MINE + "/$ruled")
    GET(RULES + "?service=identity")
