"""What Lintel answers otherwise on purpose and what leaves something behind. Last, so that nothing else differs for it."""

from script import PATCH, POST, as_

with as_("admin"):
    # Words for booleans.
    POST("/v3/domains", {"domain": {"name": "enabled as text", "enabled": "true"}})
    PATCH("/v3/domains/$other", {"domain": {"enabled": "true"}})
    POST("/v3/projects", {"project": {"name": "enabled text", "domain_id": "$acme", "enabled": "yes"}})
    POST("/v3/projects", {"project": {"name": "is_domain text", "is_domain": "true"}})
    PATCH("/v3/projects/$lab", {"project": {"enabled": "true"}})
    POST("/v3/users", {"user": {"name": "enabled text", "domain_id": "$acme", "enabled": "yes"}})
    PATCH("/v3/users/$nora", {"user": {"enabled": "true"}})
    # Names in another case.
    POST("/v3/domains", {"domain": {"name": "ACME"}})
    POST("/v3/projects", {"project": {"name": "WEB", "domain_id": "$acme"}})
    POST("/v3/users", {"user": {"name": "ANN", "domain_id": "$acme"}})
    POST("/v3/groups", {"group": {"name": "CREW", "domain_id": "$acme"}})
    POST("/v3/roles", {"role": {"name": "ADMIN"}})
    # Passwords and names that are not kept whole.
    POST("/v3/users", {"user": {"name": "long", "domain_id": "$acme", "password": "x" * 128}})
    POST("/v3/users", {"user": {"name": "too long", "domain_id": "$acme", "password": "x" * 5000}})
    POST("/v3/users", '{"user": {"name": "a\\u0000b"}}')
    # Ids that are empty.
    POST("/v3/endpoints", {"endpoint": {"service_id": "$identity", "interface": "public", "url": "http://x", "region": ""}})
    POST("/v3/credentials", {"credential": {"type": "cert", "blob": "b", "user_id": "$nora", "project_id": ""}})
    POST("/v3/users", {"user": {"name": "default empty", "domain_id": "$acme", "default_project_id": ""}})
