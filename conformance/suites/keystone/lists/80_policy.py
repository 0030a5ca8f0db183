"""Every route in turn, asked by every kind of caller."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

CALLERS = (
    None,
    "unscoped",
    "reader",
    "member",
    "stranger",
    "service",
    "domain_reader",
    "domain_member",
    "manager",
    "domain_admin",
    "system_reader",
    "system_member",
    "system_admin",
    "admin",
)

with as_("admin"):
    POST("/v3/groups", {"group": {"name": "band", "domain_id": "$other"}}, keep={"band": "group.id"})
    PUT("/v3/groups/$band/users/$bob")

for caller in CALLERS:
    label = caller or "nobody"
    with as_(caller):
        for path in (
            "domains",
            "domains?name=acme",
            "domains/$acme",
            "domains/$other",
            "projects?is_domain=true",
            "projects?domain_id=$acme",
            "projects?domain_id=$other",
            "projects/$web",
            "projects/$far",
            "projects/$acme",
            "projects/$web/tags",
            "projects/$web/tags/none",
            "projects/$far/tags",
            "users",
            "users?domain_id=$acme",
            "users?domain_id=$other",
            "users?name=ann",
            "users/$ann",
            "users/$rob",
            "users/$nora",
            "users/$bob",
            "users/unknown",
            "users/$ann/projects",
            "users/$bob/projects",
            "users/$ann/groups",
            "users/$bob/groups",
            "groups",
            "groups?domain_id=$acme",
            "groups?domain_id=$other",
            "groups/$crew",
            "groups/$band",
            "groups/unknown",
            "groups/$crew/users",
            "groups/$band/users",
            "groups/$crew/users/$ann",
            "groups/$band/users/$bob",
            "groups/$crew/users/unknown",
            "roles",
            "roles/$role_reader",
            "roles/unknown",
            "roles/$role_admin/implies",
            "roles/$role_admin/implies/$role_manager",
            "projects/$web/users/$ann/roles",
            "projects/$web/users/$ann/roles/$role_member",
            "projects/$far/users/$bob/roles",
            "projects/$web/users/$bob/roles",
            "projects/$far/users/$ann/roles",
            "domains/$acme/users/$ann/roles",
            "domains/$other/users/$ann/roles",
            "system/users/$ann/roles",
            "credentials",
            "credentials/unknown",
            "OS-REVOKE/events",
        ):
            GET("/v3/" + path)
        HEAD("/v3/users/$ann")
        HEAD("/v3/projects/$web")
        HEAD("/v3/groups/$crew/users/$ann")
        # Changes that may succeed leave no trace for the next caller.
        PATCH("/v3/domains/$acme", {"domain": {"description": "Acme"}})
        POST("/v3/domains", {"domain": {"name": "by " + label}})
        DELETE("/v3/domains/$other")
        PATCH("/v3/projects/$web", {"project": {"description": "d"}})
        PATCH("/v3/projects/$far", {"project": {"description": "d"}})
        for home in ("$acme", "$other"):
            POST("/v3/projects", {"project": {"name": "made by " + label, "domain_id": home}})
            POST("/v3/users", {"user": {"name": "made by " + label, "domain_id": home}})
            POST("/v3/groups", {"group": {"name": "made by " + label, "domain_id": home}})
        POST("/v3/users", {"user": {"name": "made at home by " + label}})
        POST("/v3/groups", {"group": {"name": "made at home by " + label}})
        DELETE("/v3/projects/unknown")
        PUT("/v3/projects/$web/tags/mark")
        DELETE("/v3/projects/$web/tags/mark")
        PUT("/v3/projects/$far/tags", {"tags": []})
        PATCH("/v3/users/$ann", {"user": {"description": "d"}})
        PATCH("/v3/users/$bob", {"user": {"description": "d"}})
        PATCH("/v3/users/$admin_user", {"user": {"description": "d"}})
        DELETE("/v3/users/unknown")
        PATCH("/v3/groups/$crew", {"group": {"description": "d"}})
        PATCH("/v3/groups/$band", {"group": {"description": "d"}})
        DELETE("/v3/groups/unknown")
        PUT("/v3/groups/$crew/users/$nora")
        DELETE("/v3/groups/$crew/users/$nora")
        PUT("/v3/groups/$band/users/$nora")
        DELETE("/v3/groups/$band/users/$nora")
        PATCH("/v3/roles/$role_reader", {"role": {"description": "d"}})
        DELETE("/v3/roles/$role_reader")
        for grant in (
            "projects/$web/users/$rob/roles/$role_member",
            "projects/$web/groups/$crew/roles/$role_reader",
            "projects/$far/users/$rob/roles/$role_member",
            "projects/$web/users/$bob/roles/$role_member",
            "domains/$acme/users/$rob/roles/$role_manager",
            "domains/$acme/users/$rob/roles/$role_admin",
            "domains/$other/groups/$band/roles/$role_reader",
            "OS-INHERIT/domains/$acme/users/$rob/roles/$role_reader/inherited_to_projects",
            "OS-INHERIT/projects/$web/groups/$crew/roles/$role_reader/inherited_to_projects",
            "system/users/$rob/roles/$role_reader",
            "system/groups/$crew/roles/$role_reader",
        ):
            PUT("/v3/" + grant)
            DELETE("/v3/" + grant)
