"""Users, their passwords and options; groups and who is in them."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, login, next_second, password, project

AUTH = "/v3/auth/tokens"

with as_("admin"):
    for body in (
        {
            "name": "u",
            "domain_id": "$acme",
            "password": SECRET,
            "email": "u@example.org",
            "description": "d",
            "enabled": True,
            "default_project_id": "$web",
            "colour": "blue",
            "options": {},
        },
        {"name": "u", "domain_id": "$acme"},
        {"name": "u", "domain_id": "$other"},
        {"name": "no domain"},
        {"name": "null domain", "domain_id": None},
        {"name": "number domain", "domain_id": 5},
        {"name": "unknown domain", "domain_id": "0123456789abcdef0123456789abcdef"},
        {"name": "odd domain", "domain_id": "not an id"},
        {"name": "project as domain", "domain_id": "$web"},
        {"name": ""},
        {"name": " "},
        {"name": " padded ", "domain_id": "$acme"},
        {"name": None},
        {"name": 1},
        {"name": "x" * 255, "domain_id": "$acme"},
        {"name": "x" * 256, "domain_id": "$acme"},
        {"name": "naïve", "domain_id": "$acme"},
        {},
        {"domain_id": "$acme"},
        {"name": "p null", "domain_id": "$acme", "password": None},
        {"name": "p empty", "domain_id": "$acme", "password": ""},
        {"name": "p short", "domain_id": "$acme", "password": "short"},
        {"name": "p number", "domain_id": "$acme", "password": 123456},
        {"name": "p unicode", "domain_id": "$acme", "password": "pässwörd-é"},
        {"name": "enabled null", "domain_id": "$acme", "enabled": None},
        {"name": "enabled number", "domain_id": "$acme", "enabled": 0},
        {"name": "off", "domain_id": "$acme", "enabled": False},
        {"name": "email number", "domain_id": "$acme", "email": 1},
        {"name": "email null", "domain_id": "$acme", "email": None},
        {"name": "description null", "domain_id": "$acme", "description": None},
        {"name": "description number", "domain_id": "$acme", "description": 1},
        {"name": "default null", "domain_id": "$acme", "default_project_id": None},
        {"name": "default unknown", "domain_id": "$acme", "default_project_id": "0123456789abcdef0123456789abcdef"},
        {"name": "default odd", "domain_id": "$acme", "default_project_id": "not an id"},
        {"name": "default is a domain", "domain_id": "$acme", "default_project_id": "$acme"},
        {"name": "default number", "domain_id": "$acme", "default_project_id": 1},
        {"name": "tenant", "domain_id": "$acme", "tenantId": "$web"},
        {"name": "with an id", "domain_id": "$acme", "id": "0123456789abcdef0123456789abcdef"},
        {"name": "expires", "domain_id": "$acme", "password_expires_at": "2030-01-01T00:00:00Z"},
        {"name": "federated", "domain_id": "$acme", "federated": []},
        {
            "name": "options",
            "domain_id": "$acme",
            "options": {
                "ignore_change_password_upon_first_use": True,
                "ignore_password_expiry": True,
                "ignore_lockout_failure_attempts": False,
                "ignore_user_inactivity": True,
                "lock_password": True,
                "multi_factor_auth_enabled": True,
                "multi_factor_auth_rules": [["password", "totp"], ["password"]],
            },
        },
        {"name": "o unknown", "domain_id": "$acme", "options": {"colour": True}},
        {"name": "o text", "domain_id": "$acme", "options": {"lock_password": "true"}},
        {"name": "o null", "domain_id": "$acme", "options": {"lock_password": None}},
        {"name": "o list", "domain_id": "$acme", "options": []},
        {"name": "r text", "domain_id": "$acme", "options": {"multi_factor_auth_rules": "password"}},
        {"name": "r flat", "domain_id": "$acme", "options": {"multi_factor_auth_rules": ["password"]}},
        {"name": "r empty", "domain_id": "$acme", "options": {"multi_factor_auth_rules": []}},
        {"name": "r empty rule", "domain_id": "$acme", "options": {"multi_factor_auth_rules": [[]]}},
        {"name": "r unknown", "domain_id": "$acme", "options": {"multi_factor_auth_rules": [["voice"]]}},
        {"name": "r twice", "domain_id": "$acme", "options": {"multi_factor_auth_rules": [["password"], ["password"]]}},
        {"name": "r repeats", "domain_id": "$acme", "options": {"multi_factor_auth_rules": [["password", "password"]]}},
        {"name": "r number", "domain_id": "$acme", "options": {"multi_factor_auth_rules": [[1]]}},
    ):
        POST("/v3/users", {"user": body})
    POST("/v3/users", {"user": None})
    POST("/v3/users", {"group": {"name": "x"}})
    POST(
        "/v3/users",
        {"user": {"name": "temp", "domain_id": "$acme", "password": SECRET, "email": "t@example.org", "description": "d"}},
        keep={"temp_user": "user.id"},
    )
    GET("/v3/users/$temp_user")
    HEAD("/v3/users/$temp_user")
    GET("/v3/users/unknown")
    HEAD("/v3/users/unknown")
    for query in (
        "",
        "?domain_id=$acme",
        "?domain_id=$other",
        "?domain_id=unknown",
        "?domain_id=",
        "?name=ann",
        "?name=ANN",
        "?name=ann&domain_id=$acme",
        "?name=ann&domain_id=$other",
        "?name=",
        "?name",
        "?enabled=true&domain_id=$acme",
        "?enabled=false",
        "?enabled=0",
        "?enabled=maybe",
        "?enabled",
        "?idp_id=x",
        "?protocol_id=x",
        "?unique_id=x",
        "?idp_id=x&protocol_id=y&unique_id=z",
        "?password_expires_at=lt:2000-01-01T00:00:00Z",
        "?password_expires_at=gt:2000-01-01T00:00:00Z",
        "?password_expires_at=lte:2030-01-01T00:00:00Z",
        "?password_expires_at=gte:2030-01-01T00:00:00Z",
        "?password_expires_at=eq:2030-01-01T00:00:00Z",
        "?password_expires_at=neq:2030-01-01T00:00:00Z",
        "?password_expires_at=2030-01-01T00:00:00Z",
        "?password_expires_at=about:2030-01-01T00:00:00Z",
        "?password_expires_at=lt:yesterday",
        "?password_expires_at=lt:2000-01-01T00:00:00Z&password_expires_at=gt:1999-01-01T00:00:00Z",
        "?password_expires_at=",
        "?email=t@example.org",
        "?description=d",
        "?default_project_id=$web",
        "?name__contains=a",
        "?name__icontains=A&domain_id=$acme",
        "?name__startswith=te",
        "?name__istartswith=TE",
        "?name__endswith=mp",
        "?name__iendswith=MP",
        "?name__unknown=a",
        "?name__icontains=%25",
        "?name__icontains=_",
        "?email__contains=example",
        "?colour=blue",
        "?limit=0",
        "?limit=-1",
        "?limit=x",
        "?limit=",
        "?limit=100000&name=ann",
        "?marker=unknown",
        "?sort_key=name",
        "?id=$ann",
        "?group_id=$crew",
    ):
        GET("/v3/users" + query, page="limit=" in query)
    HEAD("/v3/users")
    GET("/v3/users?limit=2", page=True)
    GET("/v3/users?limit=2&domain_id=$acme", page=True)
    for body in (
        {},
        {"name": "temp 2"},
        {"name": "ann"},
        {"name": "temp"},
        {"name": ""},
        {"name": None},
        {"name": 1},
        {"name": "x" * 256},
        {"description": "new"},
        {"description": None},
        {"email": "new@example.org"},
        {"email": None},
        {"colour": "red"},
        {"colour": None},
        {"enabled": None},
        {"enabled": False},
        {"enabled": True},
        {"password": "short"},
        {"password": 1},
        {"password": None},
        {"password": ""},
        {"password": SECRET},
        {"original_password": "x"},
        {"default_project_id": "$lab"},
        {"default_project_id": "$acme"},
        {"default_project_id": "not an id"},
        {"default_project_id": None},
        {"domain_id": "$other"},
        {"domain_id": "$acme"},
        {"domain_id": None},
        {"id": "$temp_user"},
        {"id": "$ann"},
        {"password_expires_at": "2030-01-01T00:00:00Z"},
        {"options": {"lock_password": True}},
        {"options": {"ignore_password_expiry": False}},
        {"options": {"lock_password": None}},
        {"options": {"lock_password": "yes"}},
        {"options": {"colour": 1}},
        {"options": {"multi_factor_auth_rules": [["password", "totp"]]}},
        {"options": {"multi_factor_auth_rules": None}},
        {"options": {"multi_factor_auth_enabled": False}},
        {"options": None},
        {"federated": []},
        {"federated": [{"idp_id": "x", "protocols": [{"protocol_id": "y", "unique_id": "z"}]}]},
    ):
        PATCH("/v3/users/$temp_user", {"user": body})
        GET("/v3/users/$temp_user")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/users/$temp_user", {"user": {"id": odd, "description": "with an id"}})
    PATCH("/v3/users/unknown", {"user": {"name": "x"}})
    PATCH("/v3/users/$temp_user", {})
    PATCH("/v3/users/$temp_user", {"user": []})
    PUT("/v3/users/$temp_user", {"user": {"name": "x"}})
    for query in ("", "?name=web", "?enabled=true", "?enabled=false", "?domain_id=$other", "?name__contains=e", "?limit=1", "?colour=x"):
        GET("/v3/users/$ann/projects" + query)
    for query in ("", "?name=crew", "?name=none", "?name__contains=r", "?limit=1", "?colour=x"):
        GET("/v3/users/$ann/groups" + query)
    GET("/v3/users/$nora/projects")
    GET("/v3/users/$nora/groups")
    HEAD("/v3/users/$ann/projects")
    HEAD("/v3/users/$ann/groups")
    GET("/v3/users/unknown/projects")
    GET("/v3/users/unknown/groups")

# The user's own change of password.
PASSWORD = "/v3/users/$temp_user/password"
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"password": SECRET, "enabled": True, "options": {"lock_password": False}}})
for body in (
    {"user": {"original_password": "wrong", "password": "new-secret-1"}},
    {"user": {"original_password": SECRET, "password": "short"}},
    {"user": {"original_password": SECRET, "password": SECRET}},
    {"user": {"original_password": SECRET, "password": ""}},
    {"user": {"original_password": SECRET, "password": None}},
    {"user": {"original_password": SECRET, "password": 1}},
    {"user": {"original_password": SECRET}},
    {"user": {"password": "new-secret-1"}},
    {"user": {"original_password": None, "password": "new-secret-1"}},
    {"user": {}},
    {"user": None},
    {},
    {"user": {"original_password": SECRET, "password": "new-secret-1", "more": 1}},
    {"user": {"original_password": SECRET, "password": "new-secret-1"}},
    {"user": {"original_password": "new-secret-1", "password": "new-secret-2"}},
    {"user": {"original_password": "new-secret-2", "password": "new-secret-1"}},
    {"user": {"original_password": "new-secret-2", "password": SECRET}},
    {"user": {"original_password": "new-secret-2", "password": "new-secret-3"}},
    {"user": {"original_password": "new-secret-3", "password": SECRET}},
):
    POST(PASSWORD, body)
POST("/v3/users/unknown/password", {"user": {"original_password": "x", "password": "new-secret-1"}})
POST(PASSWORD, "{")
next_second()
POST(AUTH, password("$temp_user", SECRET, "unscoped"), keep={"temp_token": "header:X-Subject-Token"})
with as_("temp_token"):
    POST(PASSWORD, {"user": {"original_password": SECRET, "password": "new-secret-4"}})
    GET("/v3/users/$temp_user")
next_second()
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"options": {"lock_password": True}}})
POST(PASSWORD, {"user": {"original_password": "new-secret-4", "password": "new-secret-5"}})
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"enabled": False, "options": {"lock_password": False}}})
POST(PASSWORD, {"user": {"original_password": "new-secret-4", "password": "new-secret-5"}})
POST(AUTH, password("$temp_user", "new-secret-4"))
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"enabled": True}})

# Too many wrong passwords, and the way out.
for _ in range(6):
    POST(AUTH, password("$temp_user", "wrong"))
POST(AUTH, password("$temp_user", "new-secret-4"))
POST(PASSWORD, {"user": {"original_password": "new-secret-4", "password": "new-secret-5"}})
with as_("admin"):
    GET("/v3/users/$temp_user")
    PATCH("/v3/users/$temp_user", {"user": {"description": "let in?"}})
POST(AUTH + "?still_locked", password("$temp_user", "new-secret-4"))
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"description": "let in", "enabled": True}})
POST(AUTH, password("$temp_user", "new-secret-4"))
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"options": {"ignore_lockout_failure_attempts": True}}})
for _ in range(6):
    POST(AUTH, password("$temp_user", "wrong"))
POST(AUTH, password("$temp_user", "new-secret-4"))

# More than one factor asked for.
with as_("admin"):
    PATCH(
        "/v3/users/$temp_user",
        {"user": {"options": {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}}},
    )
POST(AUTH, password("$temp_user", "new-secret-4"))
POST(AUTH, password("$temp_user", "new-secret-4"), headers={"OpenStack-Auth-Receipt": "garbage"})
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"options": {"multi_factor_auth_rules": [["password", "totp"], ["password"]]}}})
POST(AUTH, password("$temp_user", "new-secret-4"))
with as_("admin"):
    PATCH("/v3/users/$temp_user", {"user": {"options": {"multi_factor_auth_rules": None}}})

with as_("admin"):
    PUT("/v3/projects/$web/users/$temp_user/roles/$role_reader")
    PUT("/v3/groups/$crew/users/$temp_user")
    DELETE("/v3/users/$temp_user")
    DELETE("/v3/users/$temp_user")
    GET("/v3/users/$temp_user")
    GET("/v3/role_assignments?user.id=$temp_user")
    GET("/v3/groups/$crew/users")
    DELETE("/v3/users/unknown")

# Groups.
with as_("admin"):
    for body in (
        {"name": "g", "domain_id": "$acme", "description": "d", "colour": "blue"},
        {"name": "g", "domain_id": "$acme"},
        {"name": "g", "domain_id": "$other"},
        {"name": "no domain"},
        {"name": "null domain", "domain_id": None},
        {"name": "unknown domain", "domain_id": "0123456789abcdef0123456789abcdef"},
        {"name": "odd domain", "domain_id": "not an id"},
        {"name": ""},
        {"name": " "},
        {"name": None},
        {"name": 1},
        {"name": "x" * 64, "domain_id": "$acme"},
        {"name": "x" * 65, "domain_id": "$acme"},
        {},
        {"domain_id": "$acme"},
        {"name": "description null", "domain_id": "$acme", "description": None},
        {"name": "description number", "domain_id": "$acme", "description": 1},
        {"name": "with an id", "domain_id": "$acme", "id": "0123456789abcdef0123456789abcdef"},
    ):
        POST("/v3/groups", {"group": body})
    POST("/v3/groups", {"group": None})
    POST("/v3/groups", {})
    POST("/v3/groups", {"group": {"name": "temp", "domain_id": "$acme"}}, keep={"temp_group": "group.id"})
    GET("/v3/groups/$temp_group")
    HEAD("/v3/groups/$temp_group")
    GET("/v3/groups/unknown")
    for query in (
        "",
        "?domain_id=$acme",
        "?domain_id=unknown",
        "?name=crew",
        "?name=CREW",
        "?name=",
        "?name__contains=r",
        "?name__icontains=R",
        "?name__startswith=c",
        "?description=d",
        "?colour=blue",
        "?limit=0",
        "?limit=-1",
        "?limit=x",
        "?limit=100000&name=crew",
        "?marker=unknown",
        "?enabled=true",
    ):
        GET("/v3/groups" + query, page="limit=" in query)
    GET("/v3/groups?limit=2", page=True)
    HEAD("/v3/groups")
    for body in (
        {},
        {"name": "temp 2"},
        {"name": "crew"},
        {"name": ""},
        {"name": None},
        {"name": "x" * 65},
        {"description": "new"},
        {"description": None},
        {"colour": "red"},
        {"domain_id": "$other"},
        {"domain_id": "$acme"},
        {"domain_id": None},
        {"id": "$crew"},
        {"id": "$temp_group"},
    ):
        PATCH("/v3/groups/$temp_group", {"group": body})
        GET("/v3/groups/$temp_group")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/groups/$temp_group", {"group": {"id": odd, "description": "with an id"}})
    PATCH("/v3/groups/unknown", {"group": {"name": "x"}})
    PATCH("/v3/groups/$temp_group", {})
    for query in (
        "",
        "?name=ann",
        "?name=none",
        "?name__contains=a",
        "?enabled=true",
        "?enabled=false",
        "?domain_id=$acme",
        "?domain_id=$other",
        "?password_expires_at=lt:2000-01-01T00:00:00Z",
        "?password_expires_at=gt:2000-01-01T00:00:00Z",
        "?password_expires_at=lt:yesterday",
        "?limit=1",
        "?colour=x",
    ):
        GET("/v3/groups/$crew/users" + query, page="limit=" in query)
    HEAD("/v3/groups/$crew/users")
    GET("/v3/groups/unknown/users")
    MEMBER = "/v3/groups/$temp_group/users/"
    GET(MEMBER + "$ann")
    HEAD(MEMBER + "$ann")
    PUT(MEMBER + "$ann")
    PUT(MEMBER + "$ann")
    PUT(MEMBER + "$bob")
    GET(MEMBER + "$ann")
    HEAD(MEMBER + "$ann")
    GET("/v3/groups/$temp_group/users")
    GET("/v3/users/$ann/groups")
    PUT(MEMBER + "unknown")
    GET(MEMBER + "unknown")
    DELETE(MEMBER + "unknown")
    PUT("/v3/groups/unknown/users/$ann")
    GET("/v3/groups/unknown/users/$ann")
    DELETE("/v3/groups/unknown/users/$ann")
    DELETE(MEMBER + "$ann")
    DELETE(MEMBER + "$ann")
    DELETE("/v3/groups/$temp_group")
    DELETE("/v3/groups/$temp_group")
    GET("/v3/users/$bob/groups")

next_second()
login("member", password("$ann", SECRET, project("$web")))
login("stranger", password("$bob", SECRET, project("$far")))
