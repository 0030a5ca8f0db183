"""Endpoint groups, and the endpoints that projects see."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, login, password, project

F = "/v3/OS-EP-FILTER"

with as_("admin"):
    PUT("/v3/regions/green", {"region": {}})
    POST("/v3/services", {"service": {"type": "sifted"}}, keep={"sifted": "service.id"})
    for name, interface, region in (("f_public", "public", "green"), ("f_admin", "admin", "green"), ("f_none", "public", None)):
        POST(
            "/v3/endpoints",
            {"endpoint": {"service_id": "$sifted", "interface": interface, "url": "http://x", "region_id": region}},
            keep={name: "endpoint.id"},
        )
    for body in (
        {"name": "g", "filters": {"interface": "public"}},
        {"name": "g", "filters": {"interface": "odd"}},
        {"name": "g", "filters": {"interface": "public", "enabled": True}},
        {"name": "g", "filters": {"url": "http://x"}},
        {"name": "g", "filters": {}},
        {"name": "g", "filters": None},
        {"name": "g", "filters": []},
        {"name": "g"},
        {"filters": {"interface": "public"}},
        {"name": "", "filters": {"interface": "public"}},
        {"name": "g", "description": None, "filters": {"region_id": None}},
        {"name": "g", "description": 1, "filters": {"interface": "public"}},
        {"name": "g", "colour": "blue", "filters": {"interface": "public"}},
        {},
    ):
        POST(F + "/endpoint_groups", {"endpoint_group": body})
    POST(F + "/endpoint_groups", {})
    POST(F + "/endpoint_groups", {"endpoint_group": None})
    POST(
        F + "/endpoint_groups",
        {"endpoint_group": {"name": "one", "description": "d", "filters": {"service_id": "$sifted", "region_id": "green"}}},
        keep={"g_one": "endpoint_group.id"},
    )
    GET(F + "/endpoint_groups/$g_one")
    HEAD(F + "/endpoint_groups/$g_one")
    GET(F + "/endpoint_groups/unknown")
    for query in ("", "?name=one", "?name=unknown", "?name=", "?limit=1", "?colour=x", "?name__contains=o"):
        GET(F + "/endpoint_groups" + query)
    for body in (
        {"name": "uno"},
        {"description": None},
        {"description": "e"},
        {"filters": {"url": "x"}},
        {"filters": {"service_id": "$sifted", "interface": "admin"}},
        {"id": "$g_one"},
        {},
    ):
        PATCH(F + "/endpoint_groups/$g_one", {"endpoint_group": body})
    PATCH(F + "/endpoint_groups/$g_one", {})
    PATCH(F + "/endpoint_groups/unknown", {"endpoint_group": {"name": "x"}})
    PUT(F + "/endpoint_groups/$g_one", {"endpoint_group": {"name": "x"}})

    def shown():
        GET(F + "/projects/$web/endpoints")
        GET(F + "/projects/$web/endpoint_groups")
        GET(F + "/endpoint_groups/$g_one/projects")
        GET(F + "/endpoint_groups/$g_one/endpoints")
        GET(F + "/endpoints/$f_none/projects")
        login("sifting", password("$ann", SECRET, project("$web")))

    shown()
    for path in ("/projects/$web/endpoints/$f_none", "/endpoint_groups/$g_one/projects/$web"):
        GET(F + path)
        PUT(F + path)
        PUT(F + path)
        GET(F + path)
        HEAD(F + path)
        shown()
    for path in (
        "/projects/unknown/endpoints/$f_none",
        "/projects/$web/endpoints/unknown",
        "/endpoint_groups/unknown/projects/$web",
        "/endpoint_groups/$g_one/projects/unknown",
    ):
        GET(F + path)
        PUT(F + path)
        DELETE(F + path)
    for path in (
        "/projects/unknown/endpoints",
        "/projects/unknown/endpoint_groups",
        "/endpoint_groups/unknown/projects",
        "/endpoint_groups/unknown/endpoints",
        "/endpoints/unknown/projects",
    ):
        GET(F + path)
    PATCH(F + "/endpoint_groups/$g_one", {"endpoint_group": {"filters": {"service_id": "$sifted", "region_id": None}}})
    shown()
    PATCH(F + "/endpoint_groups/$g_one", {"endpoint_group": {"filters": {}}})
    shown()
    DELETE(F + "/projects/$web/endpoints/$f_none")
    DELETE(F + "/projects/$web/endpoints/$f_none")
    shown()
    DELETE(F + "/endpoint_groups/$g_one/projects/$web")
    DELETE(F + "/endpoint_groups/$g_one/projects/$web")
    shown()
    PUT(F + "/endpoint_groups/$g_one/projects/$lab")
    DELETE(F + "/endpoint_groups/$g_one")
    DELETE(F + "/endpoint_groups/$g_one")

for who in (None, "member", "domain_admin", "system_reader"):
    with as_(who):
        GET(F + "/endpoint_groups")
        GET(F + "/endpoint_groups/unknown")
        DELETE(F + "/endpoint_groups/unknown")
        GET(F + "/endpoint_groups/unknown/projects")
        GET(F + "/projects/$web/endpoints")
        PUT(F + "/projects/unknown/endpoints/unknown")
        PUT(F + "/endpoint_groups/unknown/projects/$web")
