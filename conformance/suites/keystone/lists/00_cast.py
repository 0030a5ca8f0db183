"""Who and what the later lists speak of: two domains, their projects and people, and a token for each kind of caller."""

from script import DELETE, GET, POST, PUT, SECRET, SYSTEM, as_, domain, expire, login, next_second, password, project

login("unscoped_admin", password(name="admin", domain="default", password="bootstrap-secret", scope="unscoped"))
login(
    "admin",
    password(
        name="admin",
        domain="default",
        password="bootstrap-secret",
        scope={"project": {"name": "admin", "domain": {"id": "default"}}},
    ),
)
login("system_admin", password(name="admin", domain="default", password="bootstrap-secret", scope=SYSTEM))

with as_("admin"):
    GET("/v3/users", keep={"admin_user": "users[name=admin].id"})
    GET("/v3/projects", keep={"admin_project": "projects[name=admin].id"})
    GET("/v3/roles", keep={f"role_{n}": f"roles[name={n}].id" for n in ("admin", "manager", "member", "reader", "service")})
    GET("/v3/services", keep={"identity": "services[type=identity].id"})
    GET("/v3/endpoints", keep={f"identity_{n}": f"endpoints[interface={n}].id" for n in ("public", "internal", "admin")})

    POST("/v3/domains", {"domain": {"name": "acme", "description": "Acme"}}, keep={"acme": "domain.id"})
    POST("/v3/domains", {"domain": {"name": "other"}}, keep={"other": "domain.id"})
    POST("/v3/projects", {"project": {"name": "web", "domain_id": "$acme"}}, keep={"web": "project.id"})
    POST("/v3/projects", {"project": {"name": "shop", "domain_id": "$acme", "parent_id": "$web"}}, keep={"shop": "project.id"})
    POST("/v3/projects", {"project": {"name": "till", "domain_id": "$acme", "parent_id": "$shop"}}, keep={"till": "project.id"})
    POST("/v3/projects", {"project": {"name": "lab", "domain_id": "$acme"}}, keep={"lab": "project.id"})
    POST("/v3/projects", {"project": {"name": "far", "domain_id": "$other"}}, keep={"far": "project.id"})
    for name, home in [
        ("ann", "acme"),
        ("rob", "acme"),
        ("max", "acme"),
        ("dora", "acme"),
        ("dan", "acme"),
        ("ada", "acme"),
        ("sue", "acme"),
        ("sam", "acme"),
        ("nora", "acme"),
        ("bob", "other"),
        ("svc", "default"),
    ]:
        where = home if home == "default" else "$" + home
        POST(
            "/v3/users",
            {"user": {"name": name, "domain_id": where, "password": SECRET, "email": name + "@example.org"}},
            keep={name: "user.id"},
        )
    POST("/v3/groups", {"group": {"name": "crew", "domain_id": "$acme"}}, keep={"crew": "group.id"})
    POST("/v3/groups", {"group": {"name": "idle", "domain_id": "$acme"}}, keep={"idle": "group.id"})
    PUT("/v3/groups/$crew/users/$ann")
    PUT("/v3/groups/$crew/users/$rob")

    PUT("/v3/projects/$web/users/$ann/roles/$role_member")
    PUT("/v3/projects/$web/users/$rob/roles/$role_reader")
    PUT("/v3/domains/$acme/users/$max/roles/$role_manager")
    PUT("/v3/domains/$acme/users/$dora/roles/$role_reader")
    PUT("/v3/domains/$acme/users/$dan/roles/$role_member")
    PUT("/v3/domains/$acme/users/$ada/roles/$role_admin")
    PUT("/v3/system/users/$sue/roles/$role_reader")
    PUT("/v3/system/users/$sam/roles/$role_member")
    PUT("/v3/projects/$far/users/$bob/roles/$role_member")
    PUT("/v3/projects/$admin_project/users/$svc/roles/$role_service")

login("member", password("$ann", SECRET, project("$web")))
login("reader", password("$rob", SECRET, project("$web")))
login("manager", password("$max", SECRET, domain("$acme")))
login("domain_reader", password("$dora", SECRET, domain("$acme")))
login("domain_member", password("$dan", SECRET, domain("$acme")))
login("domain_admin", password("$ada", SECRET, domain("$acme")))
login("system_reader", password("$sue", SECRET, SYSTEM))
login("system_member", password("$sam", SECRET, SYSTEM))
login("stranger", password("$bob", SECRET, project("$far")))
login("service", password("$svc", SECRET, project("$admin_project")))
login("unscoped", password("$nora", SECRET, "unscoped"))

login("revoked", password("$ann", SECRET, project("$web")))
with as_("admin"):
    DELETE("/v3/auth/tokens", headers={"X-Subject-Token": "$revoked"})
next_second()
expire("expired", "member")
expire("long_expired", "member", age=4 * 86400)
