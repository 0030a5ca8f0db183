"""Regions, services, endpoints, and the catalog in tokens."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, domain, password, project

with as_("admin"):
    for body in (
        {"id": "north", "description": "cold"},
        {"id": "north"},
        {"id": "NORTH"},
        {"id": "north-1", "parent_region_id": "north"},
        {"id": "north-1-a", "parent_region_id": "north-1", "colour": "blue"},
        {"id": "lost", "parent_region_id": "unknown"},
        {"id": "null parent", "parent_region_id": None},
        {"id": "number parent", "parent_region_id": 1},
        {"id": ""},
        {"id": " "},
        {"id": None},
        {"id": 1},
        {"id": "x" * 255},
        {"id": "x" * 256},
        {"id": "naïve"},
        {"id": "a/b"},
        {"id": "self", "parent_region_id": "self"},
        {"description": "without an id"},
        {},
        {"id": "d null", "description": None},
        {"id": "d number", "description": 1},
        {"id": "url", "url": "http://example.org"},
        {"id": "enabled", "enabled": False},
    ):
        POST("/v3/regions", {"region": body})
    POST("/v3/regions", {"region": None})
    POST("/v3/regions", {})
    PUT("/v3/regions/south", {"region": {"description": "warm"}})
    PUT("/v3/regions/south", {"region": {"description": "warm"}})
    PUT("/v3/regions/east", {"region": {"id": "east"}})
    PUT("/v3/regions/west", {"region": {"id": "east"}})
    PUT("/v3/regions/west", {"region": {}})
    PUT("/v3/regions/with%20space", {"region": {}})
    PUT("/v3/regions/north", {"region": {}})
    PUT("/v3/regions/empty", {})
    GET("/v3/regions/north")
    HEAD("/v3/regions/north")
    GET("/v3/regions/North")
    GET("/v3/regions/unknown")
    GET("/v3/regions/with%20space")
    for query in (
        "",
        "?parent_region_id=north",
        "?parent_region_id=unknown",
        "?parent_region_id=",
        "?parent_region_id",
        "?id=north",
        "?limit=1",
        "?colour=blue",
        "?parent_region_id=north&parent_region_id=south",
    ):
        GET("/v3/regions" + query)
    HEAD("/v3/regions")
    for body in (
        {},
        {"description": "colder"},
        {"description": None},
        {"parent_region_id": "south"},
        {"parent_region_id": "north-1-a"},
        {"parent_region_id": "north"},
        {"parent_region_id": "unknown"},
        {"parent_region_id": None},
        {"id": "south"},
        {"id": "north"},
        {"colour": "red"},
    ):
        PATCH("/v3/regions/north", {"region": body})
        GET("/v3/regions/north")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/regions/north", {"region": {"id": odd, "description": "with an id"}})
    PATCH("/v3/regions/unknown", {"region": {"description": "x"}})
    PATCH("/v3/regions/north", {})

    for body in (
        {"type": "compute", "name": "nova", "description": "d", "enabled": True, "colour": "blue"},
        {"type": "compute", "name": "nova"},
        {"type": "image"},
        {"name": "typeless"},
        {},
        {"type": ""},
        {"type": None},
        {"type": 1},
        {"type": "x" * 255},
        {"type": "x" * 256},
        {"type": "t", "name": None},
        {"type": "t", "name": ""},
        {"type": "t", "name": 1},
        {"type": "t", "name": "x" * 256},
        {"type": "t", "enabled": "true"},
        {"type": "t", "enabled": False},
        {"type": "t", "enabled": None},
        {"type": "t", "enabled": 1},
        {"type": "t", "description": None},
        {"type": "t", "id": "0123456789abcdef0123456789abcdef"},
    ):
        POST("/v3/services", {"service": body})
    POST("/v3/services", {"service": None})
    POST("/v3/services", {})
    POST("/v3/services", {"service": {"type": "volume", "name": "cinder"}}, keep={"volume": "service.id"})
    GET("/v3/services/$volume")
    HEAD("/v3/services/$volume")
    GET("/v3/services/unknown")
    for query in (
        "",
        "?type=compute",
        "?type=COMPUTE",
        "?name=nova",
        "?name=cinder&type=volume",
        "?type=none",
        "?type=",
        "?name__contains=o",
        "?name__icontains=O",
        "?type__startswith=c",
        "?enabled=true",
        "?colour=blue",
        "?limit=0",
        "?limit=-1",
        "?limit=x",
        "?limit=1000",
        "?marker=unknown",
    ):
        GET("/v3/services" + query, page="limit=" in query)
    GET("/v3/services?limit=2", page=True)
    HEAD("/v3/services")
    for body in (
        {},
        {"type": "volumev3"},
        {"type": ""},
        {"type": None},
        {"name": "cinder 3"},
        {"name": None},
        {"enabled": False},
        {"enabled": "false"},
        {"enabled": True},
        {"description": "d"},
        {"colour": "red"},
        {"colour": None},
        {"id": "$volume"},
        {"id": "$identity"},
    ):
        PATCH("/v3/services/$volume", {"service": body})
        GET("/v3/services/$volume")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/services/$volume", {"service": {"id": odd, "description": "with an id"}})
    PATCH("/v3/services/unknown", {"service": {"name": "x"}})
    PATCH("/v3/services/$volume", {})

    ENDPOINT = {"service_id": "$volume", "interface": "public", "url": "http://volume.example.org/v3/$(tenant_id)s", "region_id": "north"}
    for change in (
        {},
        {"interface": "internal", "region_id": None},
        {"interface": "admin", "url": "http://volume.example.org/v3/%(project_id)s"},
        {"interface": "other"},
        {"interface": "PUBLIC"},
        {"interface": ""},
        {"interface": None},
        {"interface": "publicURL"},
        {"service_id": "0123456789abcdef0123456789abcdef"},
        {"service_id": "odd"},
        {"service_id": None},
        {"region_id": "unknown"},
        {"region_id": 1},
        {"region": "made-on-the-way"},
        {"region_id": ""},
        {"region_id": None, "region": "made-on-the-way-2"},
        {"region": "north", "region_id": "south"},
        {"url": ""},
        {"url": None},
        {"url": 1},
        {"url": "volume.example.org"},
        {"url": "http://x" + "y" * 300},
        {"url": "http://example.org/$(tenant_id)"},
        {"url": "http://example.org/$(tenant_id)d"},
        {"url": "http://example.org/$(colour)s"},
        {"url": "http://example.org/%(admin_token)s"},
        {"url": "http://example.org/%%"},
        {"url": "http://example.org/%(user_id)s/%(public_port)s"},
        {"url": "http://example.org/$(public_bind_host)s"},
        {"url": "http://example.org/%20"},
        {"enabled": False, "interface": "admin"},
        {"enabled": "true"},
        {"enabled": None},
        {"name": "named", "description": "d", "colour": "blue"},
        {"id": "0123456789abcdef0123456789abcdef"},
    ):
        POST("/v3/endpoints", {"endpoint": ENDPOINT | change})
    for missing in ENDPOINT:
        POST("/v3/endpoints", {"endpoint": {k: v for k, v in ENDPOINT.items() if k != missing}})
    POST("/v3/endpoints", {})
    POST("/v3/endpoints", {"endpoint": None})
    POST("/v3/endpoints", {"endpoint": ENDPOINT | {"region_id": "south"}}, keep={"point": "endpoint.id"})
    GET("/v3/endpoints/$point")
    HEAD("/v3/endpoints/$point")
    GET("/v3/endpoints/unknown")
    GET("/v3/regions/made-on-the-way")
    for query in (
        "",
        "?interface=public",
        "?interface=internal&service_id=$volume",
        "?interface=other",
        "?interface=",
        "?service_id=$volume",
        "?service_id=unknown",
        "?region_id=north",
        "?region_id=unknown",
        "?region=north",
        "?interface__contains=u",
        "?url=x",
        "?enabled=false",
        "?colour=blue",
        "?limit=0",
        "?limit=x",
        "?limit=1000",
    ):
        GET("/v3/endpoints" + query, page="limit=" in query)
    GET("/v3/endpoints?limit=2", page=True)
    HEAD("/v3/endpoints")
    for body in (
        {},
        {"url": "http://new.example.org/$(project_id)s/$(user_id)s"},
        {"url": ""},
        {"url": None},
        {"url": "http://example.org/$(colour)s"},
        {"interface": "internal"},
        {"interface": "other"},
        {"interface": None},
        {"region_id": "north"},
        {"region_id": "unknown"},
        {"region_id": None},
        {"region": "made-on-the-way-3"},
        {"region": "r" * 256},
        {"service_id": "$identity"},
        {"service_id": "unknown"},
        {"service_id": "$volume"},
        {"enabled": False},
        {"enabled": "x"},
        {"enabled": True},
        {"colour": "red"},
        {"id": "$point"},
        {"id": "$identity_public"},
    ):
        PATCH("/v3/endpoints/$point", {"endpoint": body})
        GET("/v3/endpoints/$point")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/endpoints/$point", {"endpoint": {"id": odd, "description": "with an id"}})
    PATCH("/v3/endpoints/unknown", {"endpoint": {"url": "http://x"}})
    PATCH("/v3/endpoints/$point", {})
    GET("/v3/auth/catalog")

for who, scope in (("$ann", project("$web")), ("$ada", domain("$acme")), ("$ann", "unscoped")):
    POST("/v3/auth/tokens", password(who, SECRET, scope))
with as_("member"):
    GET("/v3/auth/catalog")
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$member"})

for who in ("manager", "domain_reader", "member", "reader", "system_reader", "system_member", "system_admin", "unscoped", "service"):
    with as_(who):
        for path in ("regions", "regions/north", "services", "services/$volume", "endpoints", "endpoints/$point"):
            GET("/v3/" + path)
        POST("/v3/regions", {"region": {"id": "by " + who}})
        PATCH("/v3/regions/north", {"region": {"description": "by " + who}})
        POST("/v3/services", {"service": {"type": "by " + who}})
        PATCH("/v3/services/$volume", {"service": {"description": "by " + who}})
        POST("/v3/endpoints", {"endpoint": ENDPOINT})
        PATCH("/v3/endpoints/$point", {"endpoint": {"name": "by " + who}})
        DELETE("/v3/regions/unknown")
        DELETE("/v3/services/unknown")
        DELETE("/v3/endpoints/unknown")

with as_("admin"):
    DELETE("/v3/regions/north")
    DELETE("/v3/regions/south")
    DELETE("/v3/regions/RegionOne")
    DELETE("/v3/regions/unknown")
    DELETE("/v3/endpoints/$point")
    DELETE("/v3/endpoints/$point")
    DELETE("/v3/services/$volume")
    DELETE("/v3/services/$volume")
    GET("/v3/endpoints?service_id=$volume")
    GET("/v3/endpoints")
    DELETE("/v3/regions/north")
    GET("/v3/regions/north-1-a")
    GET("/v3/regions")
