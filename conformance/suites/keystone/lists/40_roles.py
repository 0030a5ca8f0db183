"""Roles, implied roles, grants in all their forms, and the lists of who may do what."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, SYSTEM, as_, domain, login, next_second, password, project

with as_("admin"):
    for body in (
        {"name": "cook", "description": "cooks", "colour": "blue", "options": {}},
        {"name": "cook"},
        {"name": "cook", "domain_id": "$acme"},
        {"name": "cook", "domain_id": "$acme"},
        {"name": "cook", "domain_id": "$other"},
        {"name": "null domain", "domain_id": None},
        {"name": "unknown domain", "domain_id": "0123456789abcdef0123456789abcdef"},
        {"name": "odd domain", "domain_id": "not an id"},
        {"name": "number domain", "domain_id": 1},
        {"name": ""},
        {"name": " "},
        {"name": None},
        {"name": 1},
        {"name": "x" * 255},
        {"name": "x" * 256},
        {},
        {"description": "nameless"},
        {"name": "description null", "description": None},
        {"name": "description number", "description": 1},
        {"name": "with an id", "id": "0123456789abcdef0123456789abcdef"},
        {"name": "frozen", "options": {"immutable": True}},
        {"name": "option", "options": {"colour": True}},
        {"name": "option text", "options": {"immutable": "true"}},
        {"name": "option null", "options": {"immutable": None}},
    ):
        POST("/v3/roles", {"role": body})
    POST("/v3/roles", {"role": None})
    POST("/v3/roles", {})
    for name, more in (("baker", {}), ("miller", {}), ("farmer", {}), ("here", {"domain_id": "$acme"}), ("there", {"domain_id": "$other"})):
        POST("/v3/roles", {"role": {"name": name, **more}}, keep={name: "role.id"})
    GET("/v3/roles/$baker")
    HEAD("/v3/roles/$baker")
    GET("/v3/roles/$here")
    GET("/v3/roles/unknown")
    for query in (
        "",
        "?name=baker",
        "?name=BAKER",
        "?name=here",
        "?name=",
        "?domain_id=$acme",
        "?domain_id=$acme&name=here",
        "?domain_id=unknown",
        "?domain_id=",
        "?domain_id",
        "?name__contains=a",
        "?name__icontains=A",
        "?name__startswith=b",
        "?name__endswith=r",
        "?description=cooks",
        "?colour=blue",
        "?limit=0",
        "?limit=-1",
        "?limit=x",
        "?limit=1000",
        "?marker=unknown",
    ):
        GET("/v3/roles" + query, page="limit=" in query)
    GET("/v3/roles?limit=2", page=True)
    HEAD("/v3/roles")
    for body in (
        {},
        {"name": "baker 2"},
        {"name": "cook"},
        {"name": ""},
        {"name": None},
        {"name": "x" * 256},
        {"description": "bakes"},
        {"description": None},
        {"colour": "red"},
        {"id": "$baker"},
        {"id": "$miller"},
        {"domain_id": "$acme"},
        {"domain_id": None},
        {"options": {"immutable": True}},
        {"name": "frozen 2"},
        {"options": {"immutable": False}, "name": "melting"},
        {"options": {"immutable": False}},
        {"options": {"colour": 1}},
        {"options": {"immutable": None}},
        {"name": "baker"},
    ):
        PATCH("/v3/roles/$baker", {"role": body})
        GET("/v3/roles/$baker")
    PATCH("/v3/roles/$here", {"role": {"name": "cook"}})
    PATCH("/v3/roles/$here", {"role": {"domain_id": "$other"}})
    for odd in (1, "", None, "x" * 64, "x" * 65, "x" * 256):
        PATCH("/v3/roles/$baker", {"role": {"id": odd, "description": "with an id"}})
    PATCH("/v3/roles/unknown", {"role": {"name": "x"}})
    PATCH("/v3/roles/$baker", {})
    PATCH("/v3/roles/$role_reader", {"role": {"description": "x"}})
    DELETE("/v3/roles/$role_reader")
    DELETE("/v3/roles/unknown")

    # Implied roles.
    GET("/v3/role_inferences")
    HEAD("/v3/role_inferences")
    GET("/v3/roles/$role_admin/implies")
    GET("/v3/roles/$baker/implies")
    HEAD("/v3/roles/$baker/implies")
    GET("/v3/roles/unknown/implies")
    IMPLIES = "/v3/roles/$baker/implies/"
    PUT(IMPLIES + "$miller")
    PUT(IMPLIES + "$miller")
    GET(IMPLIES + "$miller")
    HEAD(IMPLIES + "$miller")
    GET(IMPLIES + "$farmer")
    HEAD(IMPLIES + "$farmer")
    PUT(IMPLIES + "$baker")
    PUT(IMPLIES + "unknown")
    PUT("/v3/roles/unknown/implies/$miller")
    PUT(IMPLIES + "$role_admin")
    PUT(IMPLIES + "$here")
    PUT("/v3/roles/$here/implies/$miller")
    PUT("/v3/roles/$here/implies/$there")
    PUT("/v3/roles/$miller/implies/$farmer")
    PUT("/v3/roles/$farmer/implies/$baker")
    GET("/v3/roles/$farmer/implies")
    GET("/v3/roles/$baker/implies")
    GET("/v3/role_inferences")
    PUT("/v3/projects/$lab/users/$nora/roles/$baker")
    GET("/v3/role_assignments?user.id=$nora&effective")
    DELETE("/v3/roles/$farmer/implies/$baker")
    DELETE("/v3/roles/$farmer/implies/$baker")
    GET("/v3/role_assignments?user.id=$nora&effective")
    GET("/v3/role_assignments?user.id=$nora&effective&include_names")
    GET("/v3/role_assignments?user.id=$nora&role.id=$farmer&effective")
    DELETE("/v3/roles/$here/implies/$miller")
    DELETE(IMPLIES + "unknown")
POST("/v3/auth/tokens", password("$nora", SECRET, project("$lab")))

# Grants of each form.
FORMS = []
for target in ("projects/$lab", "domains/$acme"):
    for actor in ("users/$nora", "groups/$idle"):
        FORMS.append((f"/v3/{target}/{actor}/roles", ""))
        FORMS.append((f"/v3/OS-INHERIT/{target}/{actor}/roles", "/inherited_to_projects"))
for actor in ("users/$nora", "groups/$idle"):
    FORMS.append((f"/v3/system/{actor}/roles", ""))
for before, after in FORMS:
    one = f"{before}/$farmer{after}"
    with as_("admin"):
        GET(one)
        HEAD(one)
        PUT(one)
        PUT(one)
        GET(one)
        HEAD(one)
        GET(before + after)
        HEAD(before + after)
        PUT(f"{before}/unknown{after}")
        GET(f"{before}/unknown{after}")
        DELETE(f"{before}/unknown{after}")
        GET(f"{before}/$role_service{after}")
        DELETE(f"{before}/$role_service{after}")
        PUT(f"{before}/$here{after}")
        PUT(f"{before}/$there{after}")
        PUT(one, {"anything": 1})
        PUT(one, "{")
        for old, new in (
            ("users/$nora", "users/unknown"),
            ("groups/$idle", "groups/unknown"),
            ("projects/$lab", "projects/unknown"),
            ("domains/$acme", "domains/unknown"),
            ("projects/$lab", "projects/$acme"),
            ("domains/$acme", "domains/$lab"),
            ("users/$nora", "users/$idle"),
            ("groups/$idle", "groups/$nora"),
        ):
            if old in before:
                for ask in (PUT, GET, DELETE):
                    ask(one.replace(old, new))
                GET((before + after).replace(old, new))
        GET("/v3/role_assignments?role.id=$farmer")
        GET("/v3/role_assignments?role.id=$farmer&effective")
    for who in ("manager", "domain_reader", "domain_admin", "member", "system_reader", "system_admin", "unscoped"):
        with as_(who):
            GET(one)
            GET(before + after)
            PUT(f"{before}/$role_reader{after}")
            DELETE(f"{before}/$role_reader{after}")
            PUT(f"{before}/$role_admin{after}")
            DELETE(f"{before}/$role_admin{after}")
    with as_("admin"):
        DELETE(one)
        DELETE(one)
        HEAD(one)
        GET(before + after)
        DELETE(f"{before}/$here{after}")

# Inheritance: down a tree, to people and to groups.
with as_("admin"):
    PUT("/v3/OS-INHERIT/domains/$acme/users/$nora/roles/$miller/inherited_to_projects")
    PUT("/v3/OS-INHERIT/projects/$web/groups/$idle/roles/$farmer/inherited_to_projects")
    PUT("/v3/groups/$idle/users/$nora")
    PUT("/v3/projects/$shop/groups/$idle/roles/$role_reader")
    PUT("/v3/system/groups/$idle/roles/$role_reader")
    QUERIES = (
        "user.id=$nora",
        "group.id=$idle",
        "role.id=$role_reader",
        "scope.project.id=$shop",
        "scope.project.id=$web",
        "scope.project.id=$till",
        "scope.domain.id=$acme",
        "scope.system=all",
        "scope.system",
        "scope.system=none",
        "scope.OS-INHERIT:inherited_to=projects",
        "scope.OS-INHERIT:inherited_to",
        "scope.OS-INHERIT:inherited_to=domains",
        "user.id=$nora&scope.project.id=$shop",
        "user.id=$nora&scope.domain.id=$acme",
        "user.id=$nora&scope.system=all",
        "user.id=$nora&role.id=$role_reader",
        "group.id=$idle&scope.project.id=$shop",
        "user.id=$nora&group.id=$idle",
        "scope.project.id=$shop&scope.domain.id=$acme",
        "scope.project.id=$shop&scope.system=all",
        "user.id=unknown",
        "group.id=unknown",
        "role.id=unknown",
        "scope.project.id=unknown",
        "scope.domain.id=unknown",
        "user.id=",
        "user.id",
        "role.id=",
        "scope.project.id=",
        "colour=blue",
        "limit=1",
        "user.id=$nora&user.id=$ann",
    )
    GET("/v3/role_assignments")
    HEAD("/v3/role_assignments")
    for query in QUERIES:
        for more in ("", "&effective", "&include_names", "&effective&include_names"):
            GET("/v3/role_assignments?" + query + more)
    for query in (
        "include_subtree",
        "include_subtree&scope.project.id=$web",
        "include_subtree=1&scope.project.id=$web",
        "include_subtree=0&scope.project.id=$web",
        "include_subtree=false&scope.project.id=$web",
        "include_subtree&scope.project.id=$web&effective",
        "include_subtree&scope.project.id=$web&include_names",
        "include_subtree&scope.project.id=$web&role.id=$farmer",
        "include_subtree&scope.project.id=unknown",
        "include_subtree&scope.domain.id=$acme",
        "include_subtree&scope.project.id=$acme",
        "effective=0",
        "effective=false&user.id=$nora",
        "effective=true&user.id=$nora",
        "effective=maybe&user.id=$nora",
        "effective&user.id=$nora&scope.OS-INHERIT:inherited_to=projects",
        "effective&group.id=$idle&user.id=$nora",
        "effective&scope.domain.id=$acme&scope.OS-INHERIT:inherited_to=projects",
        "include_names=0&user.id=$nora",
        "include_names=maybe&user.id=$nora",
    ):
        GET("/v3/role_assignments?" + query)
    GET("/v3/projects/$shop/users/$nora/roles")
    GET("/v3/projects/$till/users/$nora/roles")
    GET("/v3/projects/$till/groups/$idle/roles")
    GET("/v3/users/$nora/projects")
for scope in (project("$web"), project("$shop"), project("$till"), project("$lab"), project("$far"), domain("$acme"), SYSTEM):
    POST("/v3/auth/tokens", password("$nora", SECRET, scope))
login("heir", password("$nora", SECRET, project("$till")))
with as_("heir"):
    GET("/v3/auth/projects")
    GET("/v3/auth/domains")
    GET("/v3/auth/system")
    GET("/v3/role_assignments")
for who in ("manager", "domain_reader", "domain_admin", "domain_member", "member", "system_reader", "system_member", "system_admin", "unscoped", "service"):
    with as_(who):
        GET("/v3/role_assignments")
        GET("/v3/role_assignments?scope.domain.id=$acme")
        GET("/v3/role_assignments?scope.domain.id=$other")
        GET("/v3/role_assignments?scope.project.id=$web")
        GET("/v3/role_assignments?scope.project.id=$far")
        GET("/v3/role_assignments?scope.project.id=$web&include_subtree")
        GET("/v3/role_assignments?scope.project.id=$far&include_subtree")
        GET("/v3/role_assignments?user.id=$ann&effective&include_names")
        GET("/v3/role_inferences")
        GET("/v3/roles")
        GET("/v3/roles?domain_id=$acme")
        GET("/v3/roles/$here")
        GET("/v3/roles/$there")
        POST("/v3/roles", {"role": {"name": "by " + who}})
        POST("/v3/roles", {"role": {"name": "by " + who, "domain_id": "$acme"}})
        PUT("/v3/roles/$baker/implies/$farmer")
        DELETE("/v3/roles/$baker/implies/$farmer")

# A role goes with its grants.
with as_("admin"):
    DELETE("/v3/roles/$farmer")
    GET("/v3/role_assignments?role.id=$farmer")
    GET("/v3/role_assignments?user.id=$nora&effective")
    GET("/v3/roles/$miller/implies")
    GET("/v3/projects/$web/groups/$idle/roles")
    DELETE("/v3/roles/$here")
    PUT("/v3/system/users/$nora/roles/$role_reader")
    GET("/v3/system/users/$nora/roles")
    DELETE("/v3/system/users/$nora/roles/$role_reader")
    DELETE("/v3/system/groups/$idle/roles/$role_reader")
    DELETE("/v3/groups/$idle")
    GET("/v3/role_assignments?scope.project.id=$shop")
    GET("/v3/role_assignments?scope.system=all")
next_second()
login("unscoped", password("$nora", SECRET, "unscoped"))
