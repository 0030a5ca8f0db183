"""What domains configure for themselves."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

C = "/v3/domains/$acme/config"

with as_("admin"):
    for path in ("", "/ldap", "/ldap/url", "/ldap/password", "/token", "/ldap/unknown", "/identity/driver"):
        GET(C + path)
        DELETE(C + path)
    for config in (
        {"ldap": {"url": "ldap://x", "user_tree_dn": "ou=x", "password": "hush"}, "identity": {"driver": "ldap"}},
        {"ldap": {"url": "ldap://y/%(password)s", "password": "hush", "page_size": 5, "use_tls": False, "user_attribute_ignore": ["a", "b"]}},
        {},
        None,
        {"ldap": {}},
        {"ldap": None},
        {"ldap": "x"},
        {"database": {"connection": "x"}},
        {"ldap": {"randomize_urls": True}},
        {"ldap": {"unknown": 1}},
        {"identity": {"default_domain_id": "x"}},
    ):
        PUT(C, {"config": config})
        PATCH("/v3/domains/$other/config", {"config": config})
        PATCH(C + "/ldap", {"config": config})
    PUT(C, {})
    PATCH(C, {})
    for path in ("", "/ldap", "/ldap/url", "/ldap/password", "/ldap/use_tls", "/identity", "/identity/driver", "/unknown", "/ldap/unknown"):
        GET(C + path)
        HEAD(C + path)
    for path, config in (
        ("/ldap/url", {"url": "ldap://z"}),
        ("/ldap/url", {"user": "x"}),
        ("/ldap/url", {"url": "x", "user": "y"}),
        ("/ldap/url", {"ldap": {"url": "x"}}),
        ("/ldap/url", {}),
        ("/ldap/url", None),
        ("/ldap/password", {"password": "new"}),
        ("/ldap/suffix", {"suffix": "x"}),
        ("/ldap/unknown", {"unknown": "x"}),
        ("/ldap", {"ldap": {"url": "ldap://w", "suffix": "dc=w"}}),
        ("/ldap", {"identity": {"driver": "x"}}),
        ("/ldap", {"ldap": {"url": "x"}, "identity": {"driver": "x"}}),
        ("/identity", {"identity": {"driver": "x"}}),
        ("/unknown", {"unknown": {"x": "y"}}),
        ("", {"identity": {"list_limit": 7}}),
    ):
        PATCH(C + path, {"config": config})
    GET(C)
    for path in ("/ldap/suffix", "/ldap/suffix", "/ldap/password", "/identity", "/identity", "/unknown", "/ldap/unknown"):
        DELETE(C + path)
    GET(C)
    PUT(C, {"config": {"ldap": {"password": "hush"}}})
    GET(C)
    GET(C + "/ldap")
    DELETE(C)
    DELETE(C)
    GET(C)
    POST(C, {})
    for path in ("", "/ldap", "/ldap/url", "/security_compliance"):
        GET("/v3/domains/unknown/config" + path)
        PATCH("/v3/domains/unknown/config" + path, {"config": {"ldap": {"url": "x"}}})
        DELETE("/v3/domains/unknown/config" + path)
    PUT("/v3/domains/unknown/config", {"config": {"ldap": {"url": "x"}}})

for who in ("admin", "member", "domain_admin", "system_reader", None):
    with as_(who):
        for path in (
            "default/config/security_compliance",
            "default/config/security_compliance/password_regex",
            "default/config/security_compliance/password_regex_description",
            "default/config/security_compliance/lockout_duration",
            "$acme/config/security_compliance",
            "$other/config",
            "$other/config/ldap",
            "config/default",
            "config/ldap/default",
            "config/identity/default",
            "config/unknown/default",
            "config/ldap/url/default",
            "config/ldap/user_attribute_ignore/default",
            "config/ldap/pool_retry_delay/default",
            "config/ldap/password/default",
            "config/ldap/unknown/default",
            "config/security_compliance/default",
        ):
            GET("/v3/domains/" + path)
        PATCH("/v3/domains/default/config/security_compliance", {"config": {"security_compliance": {"password_regex": "x"}}})
        PUT("/v3/domains/unknown/config", {})
        DELETE("/v3/domains/unknown/config")

with as_("admin"):
    HEAD("/v3/domains/config/ldap/default")
    DELETE("/v3/domains/config/ldap/default")
    # Where they differ.
    PUT("/v3/domains/$other/config", {"config": {"ldap": {"page_size": "many"}}})
    PATCH(C, {"config": {"ldap": {"password": "hush", "use_tls": False}}})
    DELETE(C + "/ldap/use_tls")
    DELETE(C)
    DELETE("/v3/domains/$other/config")
