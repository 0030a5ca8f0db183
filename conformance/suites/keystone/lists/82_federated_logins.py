"""Logins by identity providers, whose word comes as headers of a web server in front (conformance/lib/front.py)."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_, domain, next_second, project, token

IDPS = "/v3/OS-FEDERATION/identity_providers"
MAPPINGS = "/v3/OS-FEDERATION/mappings"
AUTH = f"{IDPS}/fed/protocols/mapped/auth"
RULES = [
    {
        "local": [{"user": {"id": "{0}", "name": "{1}", "email": "{2}"}}],
        "remote": [{"type": "UID"}, {"type": "NAME"}, {"type": "MAIL"}],
    },
    {"local": [{"groups": "{0}", "domain": {"name": "acme"}}], "remote": [{"type": "GROUPS"}]},
]
PROJECTS = [
    {
        "local": [{"user": {"name": "{0}"}}, {"projects": [{"name": "lab of {0}", "roles": [{"name": "member"}]}]}],
        "remote": [{"type": "UID"}],
    }
]
LOCAL = [{"local": [{"user": {"name": "{0}", "type": "local", "domain": {"id": "$acme"}}}], "remote": [{"type": "UID"}]}]


def eve(uid="e/1 x", name="Eve", mail="eve@fed", **more):
    return {f"X-Env-{k.replace('_', '-')}": v for k, v in dict(Uid=uid, Name=name, Mail=mail, **more).items() if v is not None}


def body(**mapped):
    return {"auth": {"identity": {"methods": ["mapped"], "mapped": mapped}}}


with as_("admin"):
    PUT(f"{MAPPINGS}/fed", {"mapping": {"rules": RULES}})
    PUT(f"{IDPS}/fed", {"identity_provider": {"enabled": True, "domain_id": "$acme", "remote_ids": ["https://fed"]}})
    for name in ("mapped", "saml2"):
        PUT(f"{IDPS}/fed/protocols/{name}", {"protocol": {"mapping_id": "fed"}})
    PUT("/v3/projects/$web/groups/$crew/roles/$role_reader")
    PUT("/v3/domains/$acme/groups/$idle/roles/$role_member")

with as_(None):
    GET(AUTH, headers=eve(), keep={"fed_user": "token.user.id"})
    POST(AUTH, headers=eve())
    HEAD(AUTH, headers=eve())
    GET(AUTH)
    GET(AUTH, headers=eve(mail=None))
    GET(AUTH, headers=eve(name="Eva", mail="eva@fed"))
    GET(f"{IDPS}/unknown/protocols/mapped/auth", headers=eve())
    GET(f"{IDPS}/fed/protocols/unknown/auth", headers=eve())
    GET(f"{IDPS}/fed/protocols/saml2/auth", headers=eve())
    PUT(AUTH, {}, headers=eve())
    POST("/v3/auth/tokens", body(identity_provider="fed", protocol="mapped"), headers=eve())
    POST("/v3/auth/tokens", body(identity_provider="fed"), headers=eve())
    POST("/v3/auth/tokens", body(protocol="mapped"), headers=eve())
    POST("/v3/auth/tokens", body(identity_provider="unknown", protocol="mapped"), headers=eve())
    POST("/v3/auth/tokens", body(identity_provider="fed", protocol="unknown"), headers=eve())
    GET(AUTH, headers=eve(Groups="crew;idle;nothing"), keep={"fed_groups": "header:X-Subject-Token"})
    next_second()
    GET(AUTH, headers=eve(Groups="crew;idle;nothing"), keep={"fed_groups": "header:X-Subject-Token"})
    POST("/v3/auth/tokens?fed", token("$fed_groups", project("$web")), keep={"fed_web": "header:X-Subject-Token"})
    POST("/v3/auth/tokens?fed", token("$fed_groups", domain("$acme")))
    POST("/v3/auth/tokens?fed", token("$fed_groups", project("$far")))
    POST("/v3/auth/tokens?fed", token("$fed_groups"))
    POST("/v3/auth/tokens?fed", token("$fed_web", project("$web")))

with as_("fed_groups"):
    for path in ("projects", "domains"):
        GET(f"/v3/OS-FEDERATION/{path}")
        HEAD(f"/v3/OS-FEDERATION/{path}")
        GET(f"/v3/auth/{path}")

with as_("admin"):
    GET("/v3/auth/tokens?fed", headers={"X-Subject-Token": "$fed_groups"})
    GET("/v3/auth/tokens?fed", headers={"X-Subject-Token": "$fed_web"})
    GET("/v3/users/$fed_user")
    GET("/v3/users?idp_id=fed")
    GET("/v3/users?protocol_id=mapped&name=Eve")
    GET("/v3/users/$fed_user/groups")
    GET("/v3/role_assignments?user.id=$fed_user")
    PATCH(f"{IDPS}/fed", {"identity_provider": {"authorization_ttl": 10}})
    GET("/v3/users/$fed_user/groups")
    HEAD("/v3/groups/$crew/users/$fed_user")
    HEAD("/v3/groups/$crew/users/$nora")

    # Who speaks
    PATCH(f"{IDPS}/fed/protocols/mapped", {"protocol": {"mapping_id": "fed", "remote_id_attribute": "ISSUER"}})
    for issuer in (None, "https://fed", "https://evil"):
        GET(AUTH, headers=eve(Issuer=issuer, Groups="crew;idle"))

    # Dashboards
    for path in ("/v3/auth/OS-FEDERATION/websso/mapped", "/v3/auth/OS-FEDERATION/identity_providers/fed/protocols/mapped/websso"):
        for origin in ("", "?origin=", "?origin=http://dash.example/auth/websso/", "?origin=http://evil.example/"):
            GET(path + origin, headers=eve(Issuer="https://fed", Groups="crew;idle"))
            GET(path + origin, headers=eve(Groups="crew;idle"))
        POST(path + "?origin=http://dash.example/auth/websso/", headers=eve(Issuer="https://fed", Groups="crew;idle"))
        HEAD(path + "?origin=http://dash.example/auth/websso/", headers=eve(Issuer="https://fed", Groups="crew;idle"))
    GET("/v3/auth/OS-FEDERATION/websso/mapped?origin=http://dash.example/auth/websso/", headers=eve(Issuer="https://nobody"))
    GET("/v3/auth/OS-FEDERATION/websso/unknown?origin=http://dash.example/auth/websso/", headers=eve(Issuer="https://fed"))
    PATCH(f"{IDPS}/fed/protocols/mapped", {"protocol": {"mapping_id": "fed", "remote_id_attribute": ""}})

    # Other mappings
    PUT(f"{MAPPINGS}/fed_projects", {"mapping": {"rules": PROJECTS}})
    PATCH(f"{IDPS}/fed/protocols/mapped", {"protocol": {"mapping_id": "fed_projects"}})
    GET(AUTH, headers=eve(uid="lab"), keep={"lab_user": "token.user.id"})
    GET("/v3/role_assignments?include_names&user.id=$lab_user")
    GET("/v3/projects?name=lab%20of%20lab")
    PUT(f"{MAPPINGS}/fed_local", {"mapping": {"rules": LOCAL}})
    PATCH(f"{IDPS}/fed/protocols/mapped", {"protocol": {"mapping_id": "fed_local"}})
    GET(AUTH, headers=eve(uid="rob"))
    GET(AUTH, headers=eve(uid="nobody"))
    PUT(f"{MAPPINGS}/fed_role", {"mapping": {"rules": [dict(PROJECTS[0], local=[{"user": {"name": "{0}"}}, {"projects": [{"name": "p", "roles": [{"name": "nothing"}]}]}])]}})
    PATCH(f"{IDPS}/fed/protocols/mapped", {"protocol": {"mapping_id": "fed_role"}})
    GET(AUTH, headers=eve(uid="lab"))
    DELETE(f"{MAPPINGS}/fed_role")
    GET(AUTH, headers=eve(uid="lab"))

    # What ends it
    PATCH(f"{IDPS}/fed", {"identity_provider": {"enabled": False}})
    GET(AUTH, headers=eve())
    PATCH(f"{IDPS}/fed", {"identity_provider": {"enabled": True}})
    DELETE(f"{IDPS}/fed")
    GET(AUTH, headers=eve())
    GET("/v3/users/$fed_user")
    GET("/v3/auth/tokens?fed", headers={"X-Subject-Token": "$fed_web"})
