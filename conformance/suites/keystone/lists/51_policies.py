"""Policies, which services may fetch, and which of them is for an endpoint."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

with as_("admin"):
    for body in (
        {"blob": "{}", "type": "application/json"},
        {"blob": "", "type": ""},
        {"blob": "x", "type": "t", "id": "mine", "made-by": "me", "n": None},
        {"blob": {"a": 1}, "type": "t"},
        {"blob": "x"},
        {"type": "t"},
        {"blob": "x", "type": "t" * 256},
        {"blob": None, "type": None},
        {},
    ):
        POST("/v3/policies", {"policy": body})
    POST("/v3/policies", {})
    POST("/v3/policies", {"policy": None})
    POST("/v3/policies", {"policy": []})
    for name in ("p_service", "p_region", "p_endpoint"):
        POST("/v3/policies", {"policy": {"blob": name, "type": "text/" + name}}, keep={name: "policy.id"})
    GET("/v3/policies/$p_service")
    HEAD("/v3/policies/$p_service")
    GET("/v3/policies/unknown")
    for query in ("", "?type=text/p_service", "?type=nothing", "?type__contains=p_", "?type__istartswith=TEXT", "?blob=x"):
        GET("/v3/policies" + query)
    for body in (
        {"blob": "new"},
        {"type": "text/new", "note": "n"},
        {"id": "other"},
        {"id": "$p_service"},
        {"blob": None},
        {"blob": 1},
        {},
    ):
        PATCH("/v3/policies/$p_service", {"policy": body})
    PATCH("/v3/policies/$p_service", {})
    PATCH("/v3/policies/$p_service", {"policy": None})
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/policies/$p_service", {"policy": {"id": odd, "description": "with an id"}})
    PATCH("/v3/policies/unknown", {"policy": {"blob": "x"}})
    PATCH("/v3/policies", {"policy": {"blob": "x"}})
    DELETE("/v3/policies")
    POST("/v3/policies/$p_service", {"policy": {"blob": "x"}})
    PUT("/v3/policies/$p_service", {"policy": {"blob": "x"}})

    PUT("/v3/regions/world", {"region": {}})
    PUT("/v3/regions/land", {"region": {"parent_region_id": "world"}})
    POST("/v3/services", {"service": {"type": "ruled"}}, keep={"ruled": "service.id"})
    for name, region in (("e_land", "land"), ("e_world", "world"), ("e_none", None)):
        POST(
            "/v3/endpoints",
            {"endpoint": {"service_id": "$ruled", "interface": "public", "url": "http://x", "region_id": region}},
            keep={name: "endpoint.id"},
        )

    def shown():
        for name in ("e_land", "e_world", "e_none"):
            GET(f"/v3/endpoints/${name}/OS-ENDPOINT-POLICY/policy")
        for name in ("p_service", "p_region", "p_endpoint"):
            GET(f"/v3/policies/${name}/OS-ENDPOINT-POLICY/endpoints")

    shown()
    for path in (
        "$p_service/OS-ENDPOINT-POLICY/services/$ruled",
        "$p_region/OS-ENDPOINT-POLICY/services/$ruled/regions/world",
        "$p_endpoint/OS-ENDPOINT-POLICY/endpoints/$e_land",
    ):
        GET("/v3/policies/" + path)
        PUT("/v3/policies/" + path)
        PUT("/v3/policies/" + path)
        GET("/v3/policies/" + path)
        HEAD("/v3/policies/" + path)
        POST("/v3/policies/" + path)
        shown()
    PUT("/v3/policies/$p_endpoint/OS-ENDPOINT-POLICY/services/$ruled")
    shown()
    for path in (
        "unknown/OS-ENDPOINT-POLICY/services/$ruled",
        "$p_service/OS-ENDPOINT-POLICY/services/unknown",
        "$p_service/OS-ENDPOINT-POLICY/services/$ruled/regions/unknown",
        "$p_service/OS-ENDPOINT-POLICY/endpoints/unknown",
    ):
        GET("/v3/policies/" + path)
        PUT("/v3/policies/" + path)
        DELETE("/v3/policies/" + path)
    GET("/v3/policies/unknown/OS-ENDPOINT-POLICY/endpoints")
    GET("/v3/endpoints/unknown/OS-ENDPOINT-POLICY/policy")
    DELETE("/v3/policies/$p_endpoint/OS-ENDPOINT-POLICY/endpoints/$e_land")
    DELETE("/v3/policies/$p_endpoint/OS-ENDPOINT-POLICY/endpoints/$e_land")
    shown()
    DELETE("/v3/policies/$p_service")
    DELETE("/v3/policies/$p_service")

for who in (None, "member", "domain_admin", "system_reader"):
    with as_(who):
        GET("/v3/policies")
        GET("/v3/policies/$p_region")
        GET("/v3/policies/unknown")
        POST("/v3/policies", {})
        PATCH("/v3/policies/$p_region", {})
        DELETE("/v3/policies/unknown")
        GET("/v3/policies/$p_region/OS-ENDPOINT-POLICY/endpoints")
        GET("/v3/endpoints/$e_land/OS-ENDPOINT-POLICY/policy")
        PUT("/v3/policies/unknown/OS-ENDPOINT-POLICY/services/$ruled")
