"""Discovery, and what HTTP itself promises: slashes, unknown paths, wrong methods, odd bodies."""

from script import DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, as_

HOME = {"Accept": "application/json-home"}

for path in ("/", "/v3", "/v3/", "/v3//", "//v3", "/v2.0", "/v4", "/favicon.ico", "/v3/nothing", "/v3/nothing/at/all"):
    GET(path)
    HEAD(path)
for accept in (
    "application/json-home",
    "application/json",
    "text/html",
    "*/*",
    "application/json, application/json-home",
    "application/json;q=0.1, application/json-home",
    "application/json-home;q=0.1, application/json",
    "nonsense",
    "",
):
    GET("/", headers={"Accept": accept})
    GET("/v3", headers={"Accept": accept})
for path in ("/", "/v3"):
    for ask in (POST, PUT, PATCH, DELETE, OPTIONS):
        ask(path)
GET("/v3", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cloud.example.org"})
GET("/v3", headers={"Host": "cloud.example.org"})
GET("/v3", headers={"Host": "cloud.example.org:80"})
GET("/", headers={"Host": "cloud.example.org:8443"})

GET("/healthcheck")
HEAD("/healthcheck")
GET("/healthcheck", headers={"Accept": "application/json"})
GET("/healthcheck", headers={"Accept": "text/html"})

with as_("admin"):
    # Slashes.
    GET("/v3/users/")
    GET("/v3/users//")
    GET("/v3//users")
    GET("//v3/users")
    GET("/v3/users/$ann/")
    GET("/v3/users//$ann")
    GET("/v3/users/$ann/groups/")
    GET("/v3/users/$ann//groups")
    GET("/v3/users/%2e%2e")
    GET("/v3/users/a%2Fb")
    GET("/v3/users/%00")
    GET("/v3/users/%ff")
    GET("/v3/users/%C3%A9")
    GET("/V3/users")
    GET("/v3/Users")
    # Paths and methods that do not exist.
    GET("/v3/users/$ann/nothing")
    GET("/v3/projects/$web/users")
    GET("/v3/projects/$web/users/$ann")
    GET("/v3/domains/$acme/users/$ann")
    GET("/v3/OS-INHERIT")
    GET("/v3/system")
    GET("/v3/auth")
    for path in (
        "/v3/users",
        "/v3/users/$ann",
        "/v3/groups/$crew",
        "/v3/groups/$crew/users",
        "/v3/projects",
        "/v3/projects/$web",
        "/v3/projects/$web/tags",
        "/v3/domains/$acme",
        "/v3/roles",
        "/v3/roles/$role_reader",
        "/v3/role_assignments",
        "/v3/role_inferences",
        "/v3/regions/RegionOne",
        "/v3/services/$identity",
        "/v3/endpoints/$identity_public",
        "/v3/credentials",
        "/v3/auth/tokens",
        "/v3/auth/catalog",
        "/v3/auth/projects",
        "/v3/users/$ann/password",
        "/v3/users/$ann/tokens",
        "/v3/system/users/$ann/roles",
    ):
        for ask in (PUT, POST, PATCH, DELETE):
            allowed = {
                "/v3/users": (POST,),
                "/v3/users/$ann": (PATCH, DELETE),
                "/v3/groups/$crew": (PATCH, DELETE),
                "/v3/projects": (POST,),
                "/v3/projects/$web": (PATCH, DELETE),
                "/v3/projects/$web/tags": (PUT, DELETE),
                "/v3/domains/$acme": (PATCH, DELETE),
                "/v3/roles": (POST,),
                "/v3/roles/$role_reader": (PATCH, DELETE),
                "/v3/regions/RegionOne": (PUT, PATCH, DELETE),
                "/v3/services/$identity": (PATCH, DELETE),
                "/v3/endpoints/$identity_public": (PATCH, DELETE),
                "/v3/credentials": (POST,),
                "/v3/auth/tokens": (POST, DELETE),
                "/v3/users/$ann/password": (POST,),
                "/v3/users/$ann/tokens": (DELETE,),
            }
            if ask not in allowed.get(path, ()):
                ask(path)
    OPTIONS("/v3/users")
    OPTIONS("/v3/auth/tokens")
    GET("/v3/users/$ann/password")
    HEAD("/v3/users/$ann/password")

    # Bodies.
    GOOD = '{"user": {"name": "body", "domain_id": "$acme"}}'
    for text in (
        "",
        " ",
        "{",
        "nonsense",
        "null",
        "true",
        "1",
        '"text"',
        "[]",
        "[{}]",
        "{}",
        '{"user": null}',
        '{"user": []}',
        '{"user": "text"}',
        '{"user": {}}',
        '{"user": {"name": "x"}, "user": []}',
        '{"users": {"name": "x"}}',
        '{"user": {"name": "x",}}',
        "{'user': {'name': 'x'}}",
        '{"user": {"name": NaN}}',
        '{"user": {"name": "x"}} trailing',
        '{"user": {"name": "\\ud800"}}',
        '\ufeff{"user": {"name": "bom"}}',
    ):
        POST("/v3/users", text)
    POST("/v3/users", b'{"user": {"name": "\xff\xfe"}}')
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json-patch+json",
        "application/vnd.api+json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=latin-1",
        "json",
    ):
        POST("/v3/users", GOOD.replace("body", "by " + kind), headers={"Content-Type": kind})
    POST("/v3/users", GOOD, headers={"Content-Type": ""})
    POST("/v3/users", GOOD.replace("body", "by nothing"), headers={"Content-Type": None})
    POST("/v3/users", None)
    GET("/v3/users/$ann", body="ignored?", headers={"Content-Type": "text/plain"})
    GET("/v3/users/$ann", body="{")
    DELETE("/v3/users/unknown", body="{")
    BIG = '{"user": {"name": "big", "domain_id": "$acme", "description": "%s"}}'
    POST("/v3/users", BIG % ("x" * 114000))
    for accept in (None, "application/json", "text/html", "text/plain", "*/*"):
        POST("/v3/users", BIG % ("x" * 115000), headers={"Accept": accept})
