"""What only one side takes: last, so that nobody meets it in a list."""

from script import POST, as_

with as_("admin"):
    POST("/v3/domains?words", {"domain": {"name": "enabled as text", "enabled": "true"}})
    POST("/v3/domains?case", {"domain": {"name": "ACME"}})
    POST("/v3/projects?words", {"project": {"name": "enabled text", "domain_id": "$acme", "enabled": "yes"}})
    POST("/v3/projects?words", {"project": {"name": "is_domain text", "is_domain": "true"}})
    POST("/v3/projects?case", {"project": {"name": "WEB", "domain_id": "$acme"}})
