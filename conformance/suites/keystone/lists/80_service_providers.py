"""Service providers: the clouds that take this one's assertions."""

from script import *

ALL = "/v3/OS-FEDERATION/service_providers"
WEST = {"auth_url": "https://west.example:5000/v3", "sp_url": "https://west.example/Shibboleth.sso/SAML2/ECP"}

with as_("admin"):
    GET(ALL)
    PUT(f"{ALL}/west", {"service_provider": WEST})
    PUT(f"{ALL}/west", {"service_provider": WEST})
    PUT(f"{ALL}/east", {"service_provider": dict(WEST, enabled=True, description="far", relay_state_prefix="ss:cookie:")})
    PUT(f"{ALL}/south", {"service_provider": dict(WEST, description=None, relay_state_prefix="", enabled=False)})
    GET(ALL)
    HEAD(ALL)
    for query in (
        "enabled=true", "enabled=false", "enabled=0", "enabled=maybe", "id=west", "id=none", "id__contains=es", "id__istartswith=W",
        "id__endswith=t", "auth_url=x", "description=far", "id=west&id=east", "enabled", "limit=1&id=west", "x=y",
    ):
        GET(f"{ALL}?{query}")
    GET(f"{ALL}?limit=2", page=True)
    GET(f"{ALL}?limit=a")
    for path in ("west", "none", "west/", "west?x=y"):
        GET(f"{ALL}/{path}")
    HEAD(f"{ALL}/west")
    HEAD(f"{ALL}/none")
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$admin"})
    for body in (
        None, {}, [], {"service_provider": None}, {"service_provider": {}}, {"service_provider": []}, {"service_provider": {"id": "x"}},
        {"service_provider": {"auth_url": "https://x"}}, {"service_provider": {"sp_url": "https://x"}},
        {"service_provider": dict(WEST, id="mine")}, {"service_provider": dict(WEST, links={})}, {"service_provider": dict(WEST, extra="x")},
        {"service_provider": dict(WEST, **{"sp-url": "https://x"})}, {"service_provider": WEST, "more": 1},
        {"service_provider": dict(WEST, auth_url=None)}, {"service_provider": dict(WEST, auth_url="")}, {"service_provider": dict(WEST, auth_url="x")},
        {"service_provider": dict(WEST, sp_url="ftp://x")}, {"service_provider": dict(WEST, sp_url="https://" + "x" * 220)},
        {"service_provider": dict(WEST, sp_url=1)}, {"service_provider": dict(WEST, description=1)}, {"service_provider": dict(WEST, enabled="x")},
        {"service_provider": dict(WEST, enabled=1)}, {"service_provider": dict(WEST, relay_state_prefix=1)},
        {"service_provider": dict(WEST, enabled=None)}, {"service_provider": dict(WEST, relay_state_prefix=None)},
    ):
        PUT(f"{ALL}/bad", body)
        PATCH(f"{ALL}/west", body)
        PATCH(f"{ALL}/none", body)
    PATCH(f"{ALL}/west", {"service_provider": {"enabled": True}})
    PATCH(f"{ALL}/west", {"service_provider": {"description": "near", "relay_state_prefix": "x"}})
    PATCH(f"{ALL}/west", {"service_provider": {"description": None}})
    PATCH(f"{ALL}/west", {"service_provider": {"sp_url": "http://localhost"}})
    GET(f"{ALL}/west")
    POST(ALL, {"service_provider": WEST})
    PUT(ALL, {"service_provider": WEST})
    DELETE(ALL)
    POST(f"{ALL}/west", {"service_provider": WEST})

for who in (None, "member", "domain_admin", "system_reader"):
    with as_(who):
        GET(ALL)
        GET(f"{ALL}/west")
        GET(f"{ALL}/none")
        PUT(f"{ALL}/mine", {"service_provider": WEST})
        PATCH(f"{ALL}/west", {"service_provider": {"enabled": False}})
        DELETE(f"{ALL}/west")
        DELETE(f"{ALL}/none")

with as_("admin"):
    DELETE(f"{ALL}/none")
    for name in ("west", "east", "south"):
        DELETE(f"{ALL}/{name}")
    DELETE(f"{ALL}/west")
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$admin"})
