"""Projects, their tree and their tags."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

with as_("admin"):
    for body in (
        {"name": "p", "domain_id": "$acme", "description": "d", "enabled": True, "colour": "blue", "options": {}, "tags": []},
        {"name": "p", "domain_id": "$acme"},
        {"name": "p", "domain_id": "$other"},
        {"name": "p", "domain_id": "$acme", "parent_id": "$web"},
        {"name": "acme"},
        {"name": "no domain"},
        {"name": "null domain", "domain_id": None},
        {"name": "number domain", "domain_id": 5},
        {"name": "empty domain", "domain_id": ""},
        {"name": "unknown domain", "domain_id": "0123456789abcdef0123456789abcdef"},
        {"name": "odd domain", "domain_id": "not an id"},
        {"name": "project as domain", "domain_id": "$web"},
        {"name": "unknown parent", "domain_id": "$acme", "parent_id": "0123456789abcdef0123456789abcdef"},
        {"name": "odd parent", "domain_id": "$acme", "parent_id": "not an id"},
        {"name": "null parent", "domain_id": "$acme", "parent_id": None},
        {"name": "number parent", "domain_id": "$acme", "parent_id": 1},
        {"name": "parent elsewhere", "domain_id": "$acme", "parent_id": "$far"},
        {"name": "parent without domain", "parent_id": "$web"},
        {"name": "domain as parent", "parent_id": "$acme"},
        {"name": "domain as parent 2", "domain_id": "$acme", "parent_id": "$acme"},
        {"name": "default as parent", "domain_id": "default", "parent_id": "default"},
        {"name": ""},
        {"name": " "},
        {"name": None},
        {"name": 1},
        {"name": "x" * 64, "domain_id": "$acme"},
        {"name": "x" * 65, "domain_id": "$acme"},
        {"name": "naïve", "domain_id": "$acme"},
        {"name": "\U0001f600", "domain_id": "$acme"},
        {},
        {"domain_id": "$acme"},
        {"name": "enabled null", "domain_id": "$acme", "enabled": None},
        {"name": "off", "domain_id": "$acme", "enabled": False},
        {"name": "description null", "domain_id": "$acme", "description": None},
        {"name": "description number", "domain_id": "$acme", "description": 5},
        {"name": "is_domain null", "is_domain": None},
        {"name": "a domain", "is_domain": True},
        {"name": "a domain", "is_domain": True},
        {"name": "a domain within", "is_domain": True, "parent_id": "$web"},
        {"name": "a domain within 2", "is_domain": True, "domain_id": "$acme"},
        {"name": "immutable", "domain_id": "$acme", "options": {"immutable": True}},
        {"name": "option", "domain_id": "$acme", "options": {"other": True}},
        {"name": "option value", "domain_id": "$acme", "options": {"immutable": "x"}},
        {"name": "option null", "domain_id": "$acme", "options": {"immutable": None}},
        {"name": "option list", "domain_id": "$acme", "options": []},
        {"name": "tags", "domain_id": "$acme", "tags": ["red", "blue"]},
        {"name": "tags twice", "domain_id": "$acme", "tags": ["red", "red"]},
        {"name": "tags text", "domain_id": "$acme", "tags": "red"},
        {"name": "tags slash", "domain_id": "$acme", "tags": ["a/b"]},
        {"name": "tags comma", "domain_id": "$acme", "tags": ["a,b"]},
        {"name": "tags number", "domain_id": "$acme", "tags": [1]},
        {"name": "tags empty", "domain_id": "$acme", "tags": [""]},
        {"name": "tags long", "domain_id": "$acme", "tags": ["x" * 255]},
        {"name": "tags too long", "domain_id": "$acme", "tags": ["x" * 256]},
        {"name": "tags many", "domain_id": "$acme", "tags": [f"t{i}" for i in range(81)]},
        {"name": "with an id", "domain_id": "$acme", "id": "0123456789abcdef0123456789abcdef"},
        {"name": "extra", "domain_id": "$acme", "extra": {"a": 1}, "deep": {"b": [None]}},
    ):
        POST("/v3/projects", {"project": body})
    for body in ({}, {"project": None}, {"project": []}, {"tenant": {"name": "x"}}):
        POST("/v3/projects", body)

    # Trees of five levels.
    parent = "$till"
    for level in (4, 5, 6):
        POST(
            "/v3/projects",
            {"project": {"name": f"level {level}", "domain_id": "$acme", "parent_id": parent}},
            keep={f"level_{level}": "project.id"} if level < 6 else None,
        )
        parent = f"$level_{level}"
    for who in ("$web", "$shop", "$till", "$level_4", "$level_5", "$acme", "$lab"):
        for query in (
            "",
            "?parents_as_list",
            "?parents_as_ids",
            "?subtree_as_list",
            "?subtree_as_ids",
            "?parents_as_list&subtree_as_list",
            "?parents_as_ids&subtree_as_ids",
        ):
            GET(f"/v3/projects/{who}{query}")
    for query in (
        "?parents_as_list=0",
        "?parents_as_list&parents_as_ids",
        "?subtree_as_list&subtree_as_ids",
        "?parents_as_list&parents_as_ids&subtree_as_list&subtree_as_ids",
        "?include_limits",
        "?include_limits&subtree_as_list",
        "?colour=blue",
    ):
        GET("/v3/projects/$shop" + query)
    HEAD("/v3/projects/$web")
    GET("/v3/projects/unknown")
    GET("/v3/projects/unknown?parents_as_list")
    GET("/v3/projects/default")

    for query in (
        "",
        "?domain_id=$acme",
        "?domain_id=$other",
        "?domain_id=unknown",
        "?domain_id=",
        "?domain_id",
        "?name=web",
        "?name=WEB",
        "?name=",
        "?name=web&domain_id=$acme",
        "?name=p&name=web",
        "?enabled=true",
        "?enabled=false",
        "?enabled=no",
        "?enabled",
        "?enabled=maybe",
        "?parent_id=$web",
        "?parent_id=$acme",
        "?parent_id=default",
        "?parent_id=0123456789abcdef0123456789abcdef",
        "?is_domain=true",
        "?is_domain=false",
        "?is_domain=1",
        "?is_domain",
        "?is_domain=maybe",
        "?is_domain=true&name=acme",
        "?tags=red",
        "?tags=red,blue",
        "?tags=red&tags=blue",
        "?tags-any=red,none",
        "?not-tags=red",
        "?not-tags=red,blue",
        "?not-tags-any=red",
        "?not-tags-any=red,blue",
        "?tags=red&not-tags=blue",
        "?tags=red&tags-any=blue",
        "?tags=",
        "?tags",
        "?name__contains=a",
        "?name__icontains=A",
        "?name__startswith=le",
        "?name__istartswith=LE",
        "?name__endswith=5",
        "?name__iendswith=P",
        "?name__unknown=a",
        "?name__contains=%25",
        "?name__icontains=%25",
        "?name__icontains=_",
        "?description__contains=d",
        "?description=d",
        "?colour=blue",
        "?id=$web",
        "?limit=0",
        "?limit=-1",
        "?limit=x",
        "?limit=",
        "?limit=100000&name=web",
        "?marker=unknown",
        "?sort_key=name",
        "?domain_id=$acme&enabled=false&name__contains=o",
    ):
        GET("/v3/projects" + query, page="limit=" in query)
    HEAD("/v3/projects")
    GET("/v3/projects?limit=2", page=True)
    GET("/v3/projects?limit=2&domain_id=$acme", page=True)

    POST("/v3/projects", {"project": {"name": "temp", "domain_id": "$acme"}}, keep={"temp_project": "project.id"})
    for body in (
        {},
        {"name": "temp 2"},
        {"name": "web"},
        {"name": ""},
        {"name": None},
        {"name": "x" * 65},
        {"name": 1},
        {"description": ""},
        {"description": None},
        {"enabled": False},
        {"enabled": True},
        {"enabled": None},
        {"colour": "red"},
        {"colour": None},
        {"parent_id": "$web"},
        {"parent_id": "$acme"},
        {"parent_id": None},
        {"domain_id": "$other"},
        {"domain_id": "$acme"},
        {"domain_id": None},
        {"is_domain": True},
        {"is_domain": False},
        {"is_domain": None},
        {"is_domain": 0},
        {"is_domain": 1},
        {"is_domain": "no"},
        {"id": "$temp_project"},
        {"id": "$web"},
        {"tags": ["one", "two"]},
        {"tags": []},
        {"tags": ["a/b"]},
        {"options": {"immutable": True}},
        {"name": "frozen"},
        {"options": {}},
        {"options": {"immutable": False}, "description": "d"},
        {"options": {"immutable": False}},
        {"options": {"colour": 1}},
    ):
        PATCH("/v3/projects/$temp_project", {"project": body})
        GET("/v3/projects/$temp_project")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/projects/$temp_project", {"project": {"id": odd, "description": "with an id"}})
    PATCH("/v3/projects/unknown", {"project": {"name": "x"}})
    PATCH("/v3/projects/$temp_project", {})
    PATCH("/v3/projects/$temp_project", {"project": None})
    PATCH("/v3/projects/$acme", {"project": {"description": "as a project"}})
    PATCH("/v3/projects/$acme", {"project": {"enabled": False}})
    GET("/v3/domains/$acme")
    PATCH("/v3/projects/$acme", {"project": {"enabled": True}})
    # Disabling within a tree.
    PATCH("/v3/projects/$web", {"project": {"enabled": False}})
    PATCH("/v3/projects/$level_5", {"project": {"enabled": False}})
    POST("/v3/projects", {"project": {"name": "under off", "domain_id": "$acme", "parent_id": "$level_5"}})
    PATCH("/v3/projects/$level_4", {"project": {"enabled": False}})
    PATCH("/v3/projects/$level_5", {"project": {"enabled": True}})
    PATCH("/v3/projects/$level_4", {"project": {"enabled": True}})
    PATCH("/v3/projects/$level_5", {"project": {"enabled": True}})
    DELETE("/v3/projects/$web")
    DELETE("/v3/projects/$level_4")
    DELETE("/v3/projects/$level_5")
    DELETE("/v3/projects/$level_5")
    DELETE("/v3/projects/$level_4")
    DELETE("/v3/projects/unknown")
    DELETE("/v3/projects/$acme")

    # Tags.
    TAGS = "/v3/projects/$temp_project/tags"
    GET(TAGS)
    HEAD(TAGS)
    PUT(TAGS + "/one")
    PUT(TAGS + "/one")
    PUT(TAGS + "/two")
    PUT(TAGS + "/with%20space")
    PUT(TAGS + "/a,b")
    PUT(TAGS + "/a%2Fb")
    PUT(TAGS + "/%C3%A9")
    PUT(TAGS + "/" + "x" * 255)
    PUT(TAGS + "/" + "x" * 256)
    PUT(TAGS + "/one", {"anything": 1})
    GET(TAGS)
    GET(TAGS + "/one")
    HEAD(TAGS + "/one")
    GET(TAGS + "/none")
    HEAD(TAGS + "/none")
    GET(TAGS + "/ONE")
    DELETE(TAGS + "/one")
    DELETE(TAGS + "/one")
    GET("/v3/projects/$temp_project")
    for body in (
        {"tags": ["a", "b"]},
        {"tags": ["a", "a"]},
        {"tags": []},
        {"tags": None},
        {"tags": "a"},
        {"tags": [1]},
        {"tags": [""]},
        {"tags": ["a/b"]},
        {"tags": ["a,b"]},
        {"tags": ["x" * 256]},
        {"tags": [f"t{i}" for i in range(81)]},
        {"tags": [f"t{i}" for i in range(80)]},
        {"tags": ["a"], "links": {}},
        {"tags": ["a"], "more": 1},
        {},
        [],
    ):
        PUT(TAGS, body)
    PUT(TAGS + "/last")
    GET(TAGS)
    PUT("/v3/projects/unknown/tags", {"tags": ["a"]})
    GET("/v3/projects/unknown/tags")
    PUT("/v3/projects/unknown/tags/a")
    GET("/v3/projects/unknown/tags/a")
    DELETE("/v3/projects/unknown/tags/a")
    DELETE("/v3/projects/unknown/tags")
    PATCH("/v3/projects/$temp_project", {"project": {"options": {"immutable": True}}})
    PUT(TAGS, {"tags": ["b"]})
    PUT(TAGS + "/c")
    DELETE(TAGS + "/a")
    DELETE(TAGS)
    DELETE("/v3/projects/$temp_project")
    PATCH("/v3/projects/$temp_project", {"project": {"options": {"immutable": None}}})
    DELETE(TAGS)
    GET(TAGS)
    DELETE("/v3/projects/$temp_project")

for who in ("manager", "domain_reader", "domain_admin", "member", "system_reader", "unscoped"):
    with as_(who):
        POST("/v3/projects", {"project": {"name": "by " + who}})
        GET("/v3/projects?name=by%20" + who)
        GET("/v3/projects?domain_id=$acme&enabled=true")
        GET("/v3/projects?domain_id=$other")
        GET("/v3/projects/$web?parents_as_list")
        GET("/v3/projects/$till?parents_as_list")
        GET("/v3/projects/$web?subtree_as_list")
