"""Logging in, scoping, validating, revoking."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, SYSTEM, as_, domain, expire, login, next_second, password, project, token

AUTH = "/v3/auth/tokens"


def auth(identity=None, **more):
    body = dict(more)
    if identity is not None:
        body["identity"] = identity
    return {"auth": body}


# Each scope, and each way to name it.
for name, body in {
    "by id": password("$ann", SECRET),
    "by name, domain id": password(name="ann", domain="$acme", password=SECRET),
    "by name, domain name": password(name="ann", password=SECRET) | {},
    "project": password("$ann", SECRET, project("$web")),
    "project by name": password("$ann", SECRET, {"project": {"name": "web", "domain": {"id": "$acme"}}}),
    "project by names": password("$ann", SECRET, {"project": {"name": "web", "domain": {"name": "acme"}}}),
    "project by name alone": password("$ann", SECRET, {"project": {"name": "web"}}),
    "project, both": password("$ann", SECRET, {"project": {"id": "$web", "name": "lab", "domain": {"id": "$acme"}}}),
    "project without a role": password("$ann", SECRET, project("$lab")),
    "unknown project": password("$ann", SECRET, project("0123456789abcdef0123456789abcdef")),
    "unknown project name": password("$ann", SECRET, {"project": {"name": "no", "domain": {"id": "$acme"}}}),
    "unknown project domain": password("$ann", SECRET, {"project": {"name": "web", "domain": {"id": "no"}}}),
    "empty project": password("$ann", SECRET, {"project": {}}),
    "project is text": password("$ann", SECRET, {"project": "web"}),
    "project id is a number": password("$ann", SECRET, {"project": {"id": 1}}),
    "project id is null": password("$ann", SECRET, {"project": {"id": None}}),
    "domain as a project": password("$ada", SECRET, project("$acme")),
    "domain": password("$ada", SECRET, domain("$acme")),
    "domain by name": password("$ada", SECRET, {"domain": {"name": "acme"}}),
    "domain in another case": password("$ada", SECRET, {"domain": {"name": "ACME"}}),
    "domain without a role": password("$ann", SECRET, domain("$acme")),
    "unknown domain": password("$ada", SECRET, domain("0123456789abcdef0123456789abcdef")),
    "project as a domain": password("$ann", SECRET, domain("$web")),
    "empty domain": password("$ada", SECRET, {"domain": {}}),
    "system": password("$sue", SECRET, SYSTEM),
    "system without a role": password("$ann", SECRET, SYSTEM),
    "system, empty": password("$sue", SECRET, {"system": {}}),
    "system, not all": password("$sue", SECRET, {"system": {"all": False}}),
    "system, all is text": password("$sue", SECRET, {"system": {"all": "true"}}),
    "unscoped": password("$ann", SECRET, "unscoped"),
    "unscoped, object": password("$ann", SECRET, {"unscoped": {}}),
    "scope is other text": password("$ann", SECRET, "scoped"),
    "scope is a list": password("$ann", SECRET, []),
    "scope is empty": password("$ann", SECRET, {}),
    "scope is null": auth({"methods": ["password"], "password": {"user": {"id": "$ann", "password": SECRET}}}, scope=None),
    "two scopes": password("$ann", SECRET, {"project": {"id": "$web"}, "domain": {"id": "$acme"}}),
    "scope and system": password("$ann", SECRET, {"project": {"id": "$web"}, "system": {"all": True}}),
    "unknown scope": password("$ann", SECRET, {"galaxy": {"id": "$web"}}),
    "unknown trust": password("$ann", SECRET, {"OS-TRUST:trust": {"id": "0123456789abcdef0123456789abcdef"}}),
    "wrong password": password("$ann", "wrong"),
    "empty password": password("$nora", ""),
    "password is a number": password("$nora", 12),
    "password is null": password("$nora", None),
    "unknown user": password("0123456789abcdef0123456789abcdef", SECRET),
    "unknown name": password(name="nobody", domain="$acme", password=SECRET),
    "unknown domain of the user": password(name="ann", domain="nowhere", password=SECRET),
    "name in another case": password(name="ANN", domain="$acme", password=SECRET),
    "name in the wrong domain": password(name="ann", domain="$other", password=SECRET),
    "name without domain": password(name="ann", password=SECRET),
    "user is empty": password(password=SECRET),
    "user id is a number": auth({"methods": ["password"], "password": {"user": {"id": 1, "password": SECRET}}}),
    "user is text": auth({"methods": ["password"], "password": {"user": "ann"}}),
    "no password": auth({"methods": ["password"], "password": {"user": {"id": "$ann"}}}),
    "domain is text": auth(
        {"methods": ["password"], "password": {"user": {"name": "ann", "domain": "acme", "password": SECRET}}}
    ),
    "method without its part": auth({"methods": ["password"]}),
    "part without its method": auth({"methods": [], "password": {"user": {"id": "$ann", "password": SECRET}}}),
    "no methods": auth({"password": {"user": {"id": "$ann", "password": SECRET}}}),
    "methods is text": auth({"methods": "password", "password": {"user": {"id": "$ann", "password": SECRET}}}),
    "methods holds a number": auth({"methods": [1]}),
    "unknown method": auth({"methods": ["voice"], "voice": {}}),
    "one unknown method": auth(
        {"methods": ["password", "voice"], "voice": {}, "password": {"user": {"id": "$ann", "password": SECRET}}}
    ),
    "method twice": auth(
        {"methods": ["password", "password"], "password": {"user": {"id": "$ann", "password": SECRET}}}
    ),
    "password and token": auth(
        {
            "methods": ["password", "token"],
            "password": {"user": {"id": "$ann", "password": SECRET}},
            "token": {"id": "$member"},
        }
    ),
    "password and another's token": auth(
        {
            "methods": ["password", "token"],
            "password": {"user": {"id": "$ann", "password": SECRET}},
            "token": {"id": "$stranger"},
        }
    ),
    "external": auth({"methods": ["external"], "external": {}}),
    "mapped": auth({"methods": ["mapped"], "mapped": {}}),
    "no identity": auth(scope={"project": {"id": "$web"}}),
    "identity is null": {"auth": {"identity": None}},
    "identity is a list": {"auth": {"identity": []}},
    "auth is null": {"auth": None},
    "auth is a list": {"auth": []},
    "no auth": {},
    "no object": [],
    "more members": {"auth": password("$ann", SECRET)["auth"] | {"colour": "blue"}, "size": 1},
}.items():
    # The label is for the reader of this list only.
    POST(AUTH, body)

POST(
    AUTH,
    auth(
        {
            "methods": ["password"],
            "password": {"user": {"name": "ann", "domain": {"name": "acme"}, "password": SECRET}},
        },
        scope=project("$web"),
    ),
)
POST(AUTH + "?nocatalog", password("$ann", SECRET, project("$web")))
POST(AUTH + "?nocatalog=0", password("$ann", SECRET, project("$web")))
POST(AUTH + "?include_catalog=0", password("$ann", SECRET, project("$web")))
POST(AUTH, password("$ann", SECRET, project("$web")), headers={"X-Auth-Token": "garbage"})
POST(AUTH, "{", headers={"X-Auth-Token": "garbage"})
POST(AUTH, None)
POST(AUTH, password("$ann", SECRET), headers={"Content-Type": "text/plain"})

# Rescoping.
for body in (
    token("$unscoped_admin", project("$admin_project")),
    token("$unscoped_admin", SYSTEM),
    token("$unscoped_admin", domain("default")),
    token("$unscoped_admin", "unscoped"),
    token("$unscoped_admin"),
    token("$member"),
    token("$member", "unscoped"),
    token("$member", project("$web")),
    token("$member", project("$lab")),
    token("$member", domain("$acme")),
    token("$manager", domain("$acme")),
    token("$manager", "unscoped"),
    token("$system_reader", SYSTEM),
    token("$system_reader", project("$web")),
    token("$system_reader", domain("$acme")),
    token("$system_reader", "unscoped"),
    token("$system_admin", project("$admin_project")),
    token("$revoked"),
    token("$expired"),
    token("garbage"),
    token(""),
    token(None),
    token(12),
    auth({"methods": ["token"], "token": {}}),
    auth({"methods": ["token"], "token": "garbage"}),
    auth({"methods": ["token"]}),
):
    POST(AUTH, body)

# Validation: every kind of caller by itself and by the admin.
SUBJECTS = (
    "admin",
    "system_admin",
    "member",
    "reader",
    "manager",
    "domain_reader",
    "system_reader",
    "system_member",
    "stranger",
    "service",
    "unscoped",
    "unscoped_admin",
    "revoked",
    "expired",
    "long_expired",
)
for subject in SUBJECTS:
    with as_("admin"):
        GET(AUTH, headers={"X-Subject-Token": "$" + subject})
        HEAD(AUTH, headers={"X-Subject-Token": "$" + subject})
    with as_(subject):
        GET(AUTH, headers={"X-Subject-Token": "$" + subject})
        GET(AUTH, headers={"X-Subject-Token": "$admin"})
        HEAD(AUTH, headers={"X-Subject-Token": "$admin"})
        DELETE(AUTH, headers={"X-Subject-Token": "garbage"})
        for path in ("/v3/auth/catalog", "/v3/auth/projects", "/v3/auth/domains", "/v3/auth/system"):
            GET(path)
            HEAD(path)
for who in ("service", "admin", "system_admin"):
    with as_(who):
        for subject in ("member", "expired", "long_expired", "revoked"):
            for query in ("?allow_expired=1", "?allow_expired=true", "?allow_expired", "?allow_expired=0", "?nocatalog", "?nocatalog=0", "?nocatalog&allow_expired=1"):
                GET(AUTH + query, headers={"X-Subject-Token": "$" + subject})
            HEAD(AUTH + "?allow_expired=1", headers={"X-Subject-Token": "$" + subject})
with as_("admin"):
    GET(AUTH)
    HEAD(AUTH)
    DELETE(AUTH)
    for bad in (
        "",
        "garbage",
        "gAAAAABm",
        "é",
        "a" * 255,
        "a" * 3000,
        "0123456789abcdef0123456789abcdef",
        "$member=",
        "$member==",
        "x$member",
        "$member,$member",
    ):
        GET(AUTH, headers={"X-Subject-Token": bad})
        HEAD(AUTH, headers={"X-Subject-Token": bad})
        DELETE(AUTH, headers={"X-Subject-Token": bad})
    for version in ("1", "1.0", "2", "", "x"):
        GET(AUTH, headers={"X-Subject-Token": "$member", "OpenStack-Identity-Access-Rules": version})
for bad in (None, "", "garbage", "gAAAAABm", "$revoked", "$expired", "é"):
    for ask, path in (
        (GET, AUTH),
        (HEAD, AUTH),
        (DELETE, AUTH),
        (GET, "/v3/auth/catalog"),
        (GET, "/v3/auth/projects"),
        (GET, "/v3/users"),
        (GET, "/v3/users/$ann"),
        (GET, "/v3/nothing"),
        (PUT, "/v3/users"),
        (POST, "/v3/users"),
        (PATCH, "/v3/users/$ann"),
    ):
        headers = {"X-Subject-Token": "$member"}
        if bad is not None:
            headers["X-Auth-Token"] = bad
        ask(path, headers=headers)

with as_("admin"):
    GET("/v3/auth/tokens/OS-PKI/revoked")
    GET("/v3/OS-FEDERATION/projects")
    GET("/v3/OS-FEDERATION/domains")
    GET("/v3/OS-SIMPLE-CERT/ca")
    GET("/v3/OS-SIMPLE-CERT/certificates")
    GET("/v3/OS-REVOKE/events")
    GET("/v3/OS-REVOKE/events?since=2000-01-01T00:00:00Z")
    GET("/v3/OS-REVOKE/events?since=2999-01-01T00:00:00Z")
    GET("/v3/OS-REVOKE/events?since=yesterday")

# A service token beside the caller's.
with as_("member"):
    for other in ("$service", "$expired", "garbage", ""):
        GET("/v3/users/$ann", headers={"X-Service-Token": other})
with as_("expired"):
    GET("/v3/users/$ann", headers={"X-Service-Token": "$service"})

# Revoking, by whom, and chains of tokens.
login("first", password("$ann", SECRET, project("$web")))
POST(AUTH, token("$first"), keep={"second": "header:X-Subject-Token"})
POST(AUTH, token("$second", "unscoped"), keep={"third": "header:X-Subject-Token"})
with as_("stranger"):
    DELETE(AUTH, headers={"X-Subject-Token": "$first"})
with as_("system_reader"):
    DELETE(AUTH, headers={"X-Subject-Token": "$first"})
with as_("member"):
    DELETE(AUTH, headers={"X-Subject-Token": "$second"})
    GET(AUTH, headers={"X-Subject-Token": "$first"})
    GET(AUTH, headers={"X-Subject-Token": "$second"})
    GET(AUTH, headers={"X-Subject-Token": "$third"})
    DELETE(AUTH, headers={"X-Subject-Token": "$second"})
    DELETE(AUTH, headers={"X-Subject-Token": "$first"})
    GET(AUTH, headers={"X-Subject-Token": "$third"})
next_second()
login("first", password("$ann", SECRET, project("$web")))
POST(AUTH, token("$first"), keep={"second": "header:X-Subject-Token"})
with as_("first"):
    DELETE(AUTH + "?cascade=false", headers={"X-Subject-Token": "$first"})
with as_("second"):
    GET(AUTH, headers={"X-Subject-Token": "$second"})
    DELETE("/v3/users/$bob/tokens")
    DELETE("/v3/users/$ann/tokens")
next_second()
with as_("second"):
    GET(AUTH, headers={"X-Subject-Token": "$second"})
for who, home in (("member", "$ann"), ("reader", "$rob")):
    login(who, password(home, SECRET, project("$web")))
with as_("manager"):
    DELETE("/v3/users/$rob/tokens")
    DELETE("/v3/users/$bob/tokens")
with as_("admin"):
    DELETE("/v3/users/unknown/tokens")
    DELETE("/v3/users/$rob/tokens")
next_second()
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$reader"})
login("reader", password("$rob", SECRET, project("$web")))

# What ends a token: the password, the account, the grant, the project, the domain.
with as_("admin"):
    POST(
        "/v3/users",
        {"user": {"name": "tess", "domain_id": "$acme", "password": SECRET, "default_project_id": "$lab"}},
        keep={"tess": "user.id"},
    )
    POST("/v3/domains", {"domain": {"name": "brief"}}, keep={"brief": "domain.id"})
    POST("/v3/projects", {"project": {"name": "short", "domain_id": "$brief"}}, keep={"short": "project.id"})
POST(AUTH, password("$tess", SECRET))
with as_("admin"):
    PUT("/v3/projects/$lab/users/$tess/roles/$role_member")
    PUT("/v3/projects/$short/users/$tess/roles/$role_member")
    PUT("/v3/domains/$brief/users/$tess/roles/$role_reader")
POST(AUTH, password("$tess", SECRET))
POST(AUTH, password("$tess", SECRET, "unscoped"))
SCOPES = {"on_project": project("$short"), "on_domain": domain("$brief"), "on_nothing": "unscoped"}
PATHS = {"user": "/v3/users/$tess", "project": "/v3/projects/$short", "domain": "/v3/domains/$brief"}


def patch(kind, **change):
    return PATCH, PATHS[kind], {kind: change}


for change, undo in (
    (patch("user", password="another-one"), patch("user", password=SECRET)),
    (patch("user", enabled=False), patch("user", enabled=True)),
    (patch("user", name="tessa"), None),
    (patch("project", enabled=False), patch("project", enabled=True)),
    (patch("domain", enabled=False), patch("domain", enabled=True)),
    (
        (DELETE, "/v3/projects/$short/users/$tess/roles/$role_member", None),
        (PUT, "/v3/projects/$short/users/$tess/roles/$role_member", None),
    ),
    (
        (DELETE, "/v3/domains/$brief/users/$tess/roles/$role_reader", None),
        (PUT, "/v3/domains/$brief/users/$tess/roles/$role_reader", None),
    ),
    ((DELETE, "/v3/projects/$short", None), None),
    ((DELETE, "/v3/users/$tess", None), None),
):
    next_second()
    if change[1] == "/v3/users/$tess" and change[0] is DELETE:
        del SCOPES["on_project"]
    for subject, scope in SCOPES.items():
        login(subject, password("$tess", SECRET, scope))
    for step in (change, undo):
        if step is None:
            continue
        ask, path, body = step
        with as_("admin"):
            ask(path, body)
            for subject in SCOPES:
                GET(AUTH, headers={"X-Subject-Token": "$" + subject})
        for subject in SCOPES:
            with as_(subject):
                GET("/v3/users/$tess")
                POST(AUTH, token("$" + subject, project("$short")))
        POST(AUTH, password("$tess", SECRET, project("$short")))
