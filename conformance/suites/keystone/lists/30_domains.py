"""Domains."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

with as_("admin"):
    for body in (
        {"name": "first", "description": "one", "enabled": True, "colour": "blue", "options": {}},
        {"name": "first"},
        {"name": "Default"},
        {"name": "acme"},
        {"name": ""},
        {"name": " "},
        {"name": " padded "},
        {"name": None},
        {"name": 5},
        {"name": "x" * 64},
        {"name": "x" * 65},
        {"name": "x" * 300},
        {"name": "naïve-é"},
        {"name": "a/b"},
        {},
        {"description": "nameless"},
        {"name": "nulls", "description": None, "enabled": None},
        {"name": "number", "description": 5},
        {"name": "off at birth", "enabled": False},
        {"name": "enabled as a number", "enabled": 1},
        {"name": "options 1", "options": {"immutable": True}},
        {"name": "options 2", "options": {"immutable": "yes"}},
        {"name": "options 3", "options": {"immutable": None}},
        {"name": "options 4", "options": {"colour": 1}},
        {"name": "options 5", "options": []},
        {"name": "tagged", "tags": ["a", "b"]},
        {"name": "tagged twice", "tags": ["a", "a"]},
        {"name": "with an id", "id": "0123456789abcdef0123456789abcdef"},
        {"name": "explicit", "explicit_domain_id": "0123456789abcdef0123456789abcdee"},
        {"name": "explicit again", "explicit_domain_id": "0123456789abcdef0123456789abcdee"},
        {"name": "explicit wrong", "explicit_domain_id": "0123456789ABCDEF"},
        {"name": "explicit null", "explicit_domain_id": None},
        {"name": "is_domain", "is_domain": True},
        {"name": "is_domain false", "is_domain": False},
        {"name": "with a parent", "parent_id": "$acme"},
        {"name": "links", "links": {"self": "x"}},
    ):
        POST("/v3/domains", {"domain": body})
    for body in ({}, {"domain": None}, {"domain": []}, {"domains": {"name": "x"}}, {"project": {"name": "x"}}):
        POST("/v3/domains", body)
    POST("/v3/domains", {"domain": {"name": "temp", "description": "d"}}, keep={"temp": "domain.id"})
    GET("/v3/domains/$temp")
    HEAD("/v3/domains/$temp")
    GET("/v3/domains/default")
    GET("/v3/domains/$web")
    GET("/v3/domains/unknown")
    HEAD("/v3/domains/unknown")
    GET("/v3/projects/$temp")
    for query in (
        "",
        "?name=temp",
        "?name=TEMP",
        "?name=",
        "?name",
        "?name=a&name=temp",
        "?enabled=true",
        "?enabled=false",
        "?enabled=0",
        "?enabled=",
        "?enabled",
        "?enabled=maybe",
        "?name__contains=e",
        "?name__icontains=E",
        "?name__startswith=te",
        "?name__istartswith=TE",
        "?name__endswith=mp",
        "?name__iendswith=MP",
        "?name__like=t",
        "?name__contains=",
        "?name__equals=temp",
        "?name__iequals=TEMP",
        "?name__contains__x=e",
        "?description__contains=d",
        "?description=d",
        "?id=$temp",
        "?colour=blue",
        "?tags=a",
        "?limit=0",
        "?limit=-1",
        "?limit=abc",
        "?limit=",
        "?limit=1.5",
        "?limit=100000",
        "?limit=+1",
        "?limit=%201",
        "?limit=99999999999999999999",
        "?marker=unknown",
        "?marker=",
        "?limit=1000&name=temp",
        "?sort_key=name&sort_dir=desc",
        "?fields=id",
        "?parent_id=$acme",
        "?is_domain=true",
    ):
        GET("/v3/domains" + query, page="limit=" in query)
    HEAD("/v3/domains")
    # The size of a page; which rows are on it depends on random ids.
    GET("/v3/domains?limit=2", page=True)
    for body in (
        {},
        {"name": "temp 2"},
        {"name": "acme"},
        {"name": ""},
        {"name": None},
        {"name": "x" * 65},
        {"description": ""},
        {"description": None},
        {"enabled": False},
        {"enabled": True},
        {"enabled": None},
        {"colour": "red"},
        {"colour": None},
        {"shape": {"deep": [1, 2]}},
        {"options": {"immutable": True}},
        {"name": "no more"},
        {"options": {"immutable": False}, "name": "no more"},
        {"options": {"immutable": False}},
        {"options": {"immutable": None}},
        {"options": {"unknown": True}},
        {"tags": ["x"]},
        {"id": "0123456789abcdef0123456789abcdef"},
        {"id": "$temp"},
        {"is_domain": False},
        {"parent_id": "$acme"},
        {"domain_id": "$acme"},
    ):
        PATCH("/v3/domains/$temp", {"domain": body})
        GET("/v3/domains/$temp")
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/domains/$temp", {"domain": {"id": odd, "description": "with an id"}})
    PATCH("/v3/domains/unknown", {"domain": {"name": "x"}})
    PATCH("/v3/domains/$web", {"domain": {"name": "x"}})
    PATCH("/v3/domains/default", {"domain": {"description": "the first one"}})
    PATCH("/v3/domains/$temp", {})
    PATCH("/v3/domains/$temp", {"project": {}})
    PUT("/v3/domains/$temp", {"domain": {"name": "x"}})
    DELETE("/v3/domains/unknown")
    DELETE("/v3/domains/$web")
    PATCH("/v3/domains/$temp", {"domain": {"enabled": True}})
    DELETE("/v3/domains/$temp")
    DELETE("/v3/projects/$temp")
    # A domain goes with all that is in it.
    POST("/v3/projects", {"project": {"name": "inside", "domain_id": "$temp"}}, keep={"inside": "project.id"})
    POST("/v3/projects", {"project": {"name": "deeper", "domain_id": "$temp", "parent_id": "$inside"}}, keep={"deeper": "project.id"})
    POST("/v3/users", {"user": {"name": "insider", "domain_id": "$temp"}}, keep={"insider": "user.id"})
    POST("/v3/groups", {"group": {"name": "insiders", "domain_id": "$temp"}}, keep={"insiders": "group.id"})
    POST("/v3/roles", {"role": {"name": "local", "domain_id": "$temp"}}, keep={"local_role": "role.id"})
    PUT("/v3/groups/$insiders/users/$insider")
    PUT("/v3/projects/$web/users/$insider/roles/$role_reader")
    PUT("/v3/projects/$inside/groups/$insiders/roles/$role_reader")
    PATCH("/v3/domains/$temp", {"domain": {"options": {"immutable": True}}})
    DELETE("/v3/domains/$temp")
    PATCH("/v3/domains/$temp", {"domain": {"options": {"immutable": False}}})
    PATCH("/v3/domains/$temp", {"domain": {"enabled": False}})
    GET("/v3/users/$insider")
    GET("/v3/projects/$inside")
    DELETE("/v3/domains/$temp")
    DELETE("/v3/domains/$temp")
    for path in ("domains/$temp", "projects/$inside", "projects/$deeper", "users/$insider", "groups/$insiders", "roles/$local_role"):
        GET("/v3/" + path)
    GET("/v3/role_assignments?user.id=$insider")
    DELETE("/v3/domains/default")
