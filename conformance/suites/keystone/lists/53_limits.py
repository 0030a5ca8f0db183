"""Registered limits, and the limits of projects and domains, which do not heed the tree here."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

R, L = "/v3/registered_limits", "/v3/limits"


def registered(*bodies):
    return {"registered_limits": [{"service_id": "$counted", "resource_name": "cores", "default_limit": 10, **b} for b in bodies]}


def limited(*bodies):
    return {"limits": [{"service_id": "$counted", "resource_name": "cores", "resource_limit": 5, **b} for b in bodies]}


with as_("admin"):
    PUT("/v3/regions/blue", {"region": {}})
    POST("/v3/services", {"service": {"type": "counted"}}, keep={"counted": "service.id"})
    for bodies in (
        [{}],
        [{"region_id": "blue", "description": "d", "default_limit": -1}],
        [{"region_id": None, "resource_name": "ram", "description": None}, {"resource_name": "disk", "default_limit": 0}],
        [{"resource_name": "twice"}, {"resource_name": "twice"}],
        [{"resource_name": "half"}, {"region_id": "unknown"}],
        [{"service_id": "0123456789abcdef0123456789abcdef"}],
        [{"service_id": "no uuid"}],
        [{"default_limit": -2}],
        [{"default_limit": 2147483648}],
        [{"default_limit": "5"}],
        [{"default_limit": 1.5}],
        [{"default_limit": True}],
        [{"resource_name": ""}],
        [{"resource_name": "r" * 256}],
        [{"description": "d" * 256}],
        [{"colour": "blue"}],
        [],
    ):
        POST(R, registered(*bodies))
    POST(R, {})
    POST(R, {"registered_limits": {}})
    POST(R, {"registered_limits": [{"service_id": "$counted"}]})
    for query in ("", "?resource_name=cores", "?region_id=blue", "?service_id=$counted", "?service_id=x", "?resource_name=unknown", "?colour=x"):
        GET(R + query)
    GET(
        R + "?service_id=$counted",
        keep={n: f"registered_limits[resource_name={n[2:]}].id" for n in ("r_ram", "r_disk")},
    )
    GET(R + "?service_id=$counted&region_id=blue", keep={"r_blue": "registered_limits[resource_name=cores].id"})
    GET(R + "/$r_ram")
    HEAD(R + "/$r_ram")
    GET(R + "/unknown")
    for body in (
        {"default_limit": 7},
        {"description": "e"},
        {"description": None},
        {"resource_name": "disk"},
        {"region_id": "blue"},
        {"region_id": None},
        {"region_id": "unknown"},
        {"service_id": "0123456789abcdef0123456789abcdef"},
        {"default_limit": None},
        {"id": "$r_ram"},
        {},
    ):
        PATCH(R + "/$r_ram", {"registered_limit": body})
    PATCH(R + "/$r_ram", {})
    PATCH(R + "/unknown", {"registered_limit": {"default_limit": 1}})

    GET(L + "/model")
    HEAD(L + "/model")
    for bodies in (
        [{"project_id": "$web"}],
        [{"project_id": "$web"}],
        [{"project_id": "$lab", "description": "d"}, {"domain_id": "$acme", "resource_limit": 100}],
        [{"project_id": "$other", "region_id": "blue"}],
        [{"project_id": "$far", "resource_limit": -1}],
        [{"project_id": "$shop", "resource_name": "unregistered"}],
        [{"project_id": "$shop"}, {"project_id": "$shop"}],
        [{"project_id": "unknown"}],
        [{"domain_id": "unknown"}],
        [{"project_id": "$shop", "region_id": "unknown"}],
        [{"project_id": "$shop", "service_id": "0123456789abcdef0123456789abcdef"}],
        [{"project_id": "$shop", "domain_id": "$acme"}],
        [{"project_id": None}],
        [{"project_id": "$shop", "resource_limit": -2}],
        [{"project_id": "$shop", "resource_limit": None}],
        [{"project_id": "$shop", "colour": "blue"}],
        [{}],
        [],
    ):
        POST(L, limited(*bodies))
    POST(L, {})
    for query in ("", "?project_id=$web", "?domain_id=$acme", "?resource_name=cores", "?region_id=blue", "?service_id=$counted", "?project_id=unknown"):
        GET(L + query)
    GET(L + "?project_id=$web", keep={"l_web": "limits[resource_name=cores].id"})
    GET(L + "?project_id=$far", keep={"l_far": "limits[resource_name=cores].id"})
    GET(L + "?domain_id=$acme", keep={"l_acme": "limits[resource_name=cores].id"})
    GET(L + "/$l_web")
    HEAD(L + "/$l_web")
    GET(L + "/unknown")
    for body in (
        {"resource_limit": 6},
        {"description": "e"},
        {"resource_limit": -2},
        {"resource_limit": None},
        {"resource_name": "ram"},
        {"project_id": "$lab"},
        {},
    ):
        PATCH(L + "/$l_web", {"limit": body})
    PATCH(L + "/$l_web", {})
    PATCH(L + "/unknown", {"limit": {"resource_limit": 1}})
    PATCH(R + "/$r_blue", {"registered_limit": {"default_limit": 3}})
    DELETE(R + "/$r_blue")
    DELETE(R + "/$r_disk")
    DELETE(R + "/$r_disk")

for who in ("member", "stranger", "manager", "domain_admin", "system_reader", "system_member", "service", "unscoped", None):
    with as_(who):
        GET(L)
        GET(L + "?project_id=$web")
        for name in ("$l_web", "$l_far", "$l_acme", "unknown", "model"):
            GET(L + "/" + name)
        GET(R)
        GET(R + "/$r_ram")
        PATCH(L + "/unknown", {"limit": {"resource_limit": 1}})
        DELETE(L + "/unknown")
        DELETE(R + "/unknown")
        POST(L, limited({"project_id": "$till"}))
        POST(R, registered({}))

with as_("admin"):
    DELETE(L + "/$l_web")
    DELETE(L + "/$l_web")
    GET("/v3/projects/$web?include_limits&parents_as_list")
    # Where they differ.
    PATCH(L + "/$l_acme", {"limit": {"resource_limit": 0}})
    PATCH(L + "/$l_far", {"limit": {"description": ""}})
    PATCH(R + "/$r_ram", {"registered_limit": {"resource_name": "ram"}})
