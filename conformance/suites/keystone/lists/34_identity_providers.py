"""Identity providers, their protocols, and mappings."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

IDPS = "/v3/OS-FEDERATION/identity_providers"
MAPPINGS = "/v3/OS-FEDERATION/mappings"
RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]
GROUPED = [
    {
        "local": [{"user": {"name": "{0}"}}, {"groups": "{1}", "domain": {"name": "acme"}}],
        "remote": [{"type": "USER"}, {"type": "GROUPS", "whitelist": ["a", "b"]}],
    }
]
PROJECTS = [
    {
        "local": [{"user": {"name": "{0}"}}, {"projects": [{"name": "p", "roles": [{"name": "member"}], "domain": {"id": "default"}}]}],
        "remote": [{"type": "USER"}],
    }
]
JSON_PROJECTS = [{"local": [{"user": {"name": "{0}"}, "projects_json": "{1}"}], "remote": [{"type": "USER"}, {"type": "P"}]}]

with as_("admin"):
    # Mappings
    for name, body in (
        ("plain", {"rules": RULES}),
        ("versioned", {"rules": GROUPED, "schema_version": "1.0"}),
        ("second", {"rules": PROJECTS, "schema_version": "2.0"}),
        ("third", {"rules": JSON_PROJECTS, "schema_version": "3.0"}),
        ("empty_version", {"rules": RULES, "schema_version": ""}),
        ("null_version", {"rules": RULES, "schema_version": None}),
        ("more", {"rules": RULES, "id": "other", "name": "x", "links": 1}),
        ("a b:c", {"rules": RULES}),
        ("bad", {"rules": PROJECTS}),
        ("bad", {"rules": JSON_PROJECTS, "schema_version": "2.0"}),
        ("bad", {"rules": RULES, "schema_version": "4.0"}),
        ("bad", {"rules": RULES, "schema_version": 1}),
        ("bad", {"rules": []}),
        ("bad", {"rules": {}}),
        ("bad", {"rules": None}),
        ("bad", {"rules": [{}]}),
        ("bad", {"rules": [{"local": [], "remote": []}]}),
        ("bad", {"rules": [{"local": [{"user": {"name": 1}}], "remote": [{"type": "x"}]}]}),
        ("bad", {"rules": [{"local": [{"user": {"type": "odd"}}], "remote": [{"type": "x", "any_one_of": ["a"], "not_any_of": ["b"]}]}]}),
        ("bad", {"rules": [{"local": [{"group": {"name": "x"}}], "remote": [{"type": "x", "regex": True}]}]}),
        ("bad", {"rules": [{"local": [{"colour": "x"}], "remote": ["x"]}]}),
        ("bad", {}),
    ):
        PUT(f"{MAPPINGS}/{name.replace(' ', '%20')}", {"mapping": body})
    for body in ({}, {"mapping": None}, {"mapping": []}, {"mapping": "x"}):
        PUT(f"{MAPPINGS}/bad", body)
    PUT(f"{MAPPINGS}/plain", {"mapping": {"rules": RULES}})
    for body in (
        {"rules": GROUPED},
        {"rules": PROJECTS, "schema_version": "2.0"},
        {"rules": RULES},
        {"schema_version": "2.0"},
        {},
    ):
        PATCH(f"{MAPPINGS}/versioned", {"mapping": body})
        GET(f"{MAPPINGS}/versioned")
    PATCH(f"{MAPPINGS}/unknown", {"mapping": {"rules": RULES}})
    PATCH(f"{MAPPINGS}/unknown", {"mapping": {}})
    GET(MAPPINGS)
    HEAD(MAPPINGS)
    GET(MAPPINGS + "?id=plain&limit=1")
    GET(f"{MAPPINGS}/plain")
    HEAD(f"{MAPPINGS}/plain")
    GET(f"{MAPPINGS}/unknown")
    for send in (PUT, PATCH, DELETE, POST):
        send(MAPPINGS, {"mapping": {"rules": RULES}})
    POST(f"{MAPPINGS}/plain", {})
    DELETE(f"{MAPPINGS}/unknown")
    DELETE(f"{MAPPINGS}/third")
    DELETE(f"{MAPPINGS}/third")

    # Identity providers
    for name, body in (
        ("bare", {}),
        ("corp", {"domain_id": "$acme", "enabled": True, "description": "Corp", "remote_ids": ["https://corp", "corp2"], "authorization_ttl": 10}),
        ("nulls", {"domain_id": None, "description": None, "remote_ids": None, "authorization_ttl": None}),
        ("bad", {"domain_id": "unknown"}),
        ("bad", {"domain_id": "$web"}),
        ("bad", {"domain_id": ""}),
        ("bad", {"domain_id": 1}),
        ("bad", {"enabled": None}),
        ("bad", {"enabled": "maybe"}),
        ("bad", {"description": 1}),
        ("bad", {"remote_ids": "x"}),
        ("bad", {"remote_ids": ["x", "x"]}),
        ("bad", {"remote_ids": [1]}),
        ("bad", {"remote_ids": ["x" * 65]}),
        ("bad", {"authorization_ttl": -1}),
        ("bad", {"authorization_ttl": "1"}),
        ("bad", {"authorization_ttl": 1.5}),
        ("bad", {"id": "bad"}),
        ("bad", {"colour": "blue"}),
        ("zero", {"authorization_ttl": 0, "remote_ids": []}),
        ("corp", {}),
        ("corp", {"domain_id": "$acme"}),
        ("a%20b:c", {"domain_id": "$acme"}),
    ):
        PUT(f"{IDPS}/{name}", {"identity_provider": body})
    PUT(f"{IDPS}/empty", {})
    PUT(f"{IDPS}/bad", {"identity_provider": None})
    PUT(f"{IDPS}/bad", {"identity_provider": {}, "more": 1})
    for query in ("", "?id=corp", "?enabled=true", "?enabled=0", "?enabled=maybe", "?id__contains=or", "?id__istartswith=C", "?domain_id=$acme"):
        GET(IDPS + query)
    GET(IDPS + "?limit=2", page=True)
    HEAD(IDPS)
    GET(f"{IDPS}/corp", keep={"corp_domain": "identity_provider.domain_id"})
    GET(f"{IDPS}/bare", keep={"bare_domain": "identity_provider.domain_id"})
    GET("/v3/domains/$bare_domain")
    HEAD(f"{IDPS}/corp")
    GET(f"{IDPS}/unknown")
    POST(IDPS, {})
    POST(f"{IDPS}/corp", {})
    for body in (
        {"enabled": False},
        {"enabled": True},
        {"description": "new"},
        {"description": None},
        {"remote_ids": ["corp2", "corp3"]},
        {"remote_ids": []},
        {"remote_ids": ["https://corp"]},
        {"authorization_ttl": 0},
        {"authorization_ttl": None},
        {"domain_id": "$other"},
        {"id": "other"},
        {},
        {"enabled": "x"},
    ):
        PATCH(f"{IDPS}/corp", {"identity_provider": body})
    PATCH(f"{IDPS}/unknown", {"identity_provider": {"enabled": True}})
    PATCH(f"{IDPS}/corp", {})
    PATCH(f"{IDPS}/corp", {"identity_provider": {"description": "x"}, "more": 1})
    GET(f"{IDPS}/corp")

    # Protocols
    for path, body in (
        ("corp/protocols/saml2", {"mapping_id": "plain"}),
        ("corp/protocols/mapped", {"mapping_id": "versioned", "remote_id_attribute": "ENTITY"}),
        ("corp/protocols/openid", {"mapping_id": "plain", "remote_id_attribute": None}),
        ("corp/protocols/odd%20name:x", {"mapping_id": "plain"}),
        ("bare/protocols/saml2", {"mapping_id": "second", "remote_id_attribute": ""}),
        ("corp/protocols/bad", {"mapping_id": "unknown"}),
        ("corp/protocols/bad", {"mapping_id": ""}),
        ("corp/protocols/bad", {"mapping_id": None}),
        ("corp/protocols/bad", {"mapping_id": "x" * 65}),
        ("corp/protocols/bad", {}),
        ("corp/protocols/bad", {"mapping_id": "plain", "id": "x"}),
        ("corp/protocols/bad", {"mapping_id": "plain", "remote_id_attribute": "x" * 65}),
        ("corp/protocols/bad", {"mapping_id": "plain", "remote_id_attribute": 1}),
        ("corp/protocols/saml2", {"mapping_id": "plain"}),
        ("unknown/protocols/saml2", {"mapping_id": "plain"}),
    ):
        PUT(f"{IDPS}/{path}", {"protocol": body})
    PUT(f"{IDPS}/corp/protocols/bad", {})
    PUT(f"{IDPS}/corp/protocols/bad", {"protocol": []})
    GET(f"{IDPS}/corp/protocols")
    GET(f"{IDPS}/corp/protocols?id=saml2")
    HEAD(f"{IDPS}/corp/protocols")
    GET(f"{IDPS}/nulls/protocols")
    GET(f"{IDPS}/unknown/protocols")
    for name in ("saml2", "mapped", "openid", "odd%20name:x", "unknown"):
        GET(f"{IDPS}/corp/protocols/{name}")
    HEAD(f"{IDPS}/corp/protocols/saml2")
    GET(f"{IDPS}/unknown/protocols/saml2")
    for body in (
        {"mapping_id": "versioned"},
        {"mapping_id": "plain", "remote_id_attribute": "X"},
        {"mapping_id": "plain", "remote_id_attribute": ""},
        {"mapping_id": "plain", "remote_id_attribute": None},
        {"remote_id_attribute": "Y"},
        {"mapping_id": "unknown"},
        {"mapping_id": "plain", "id": "z"},
        {},
    ):
        PATCH(f"{IDPS}/corp/protocols/saml2", {"protocol": body})
    GET(f"{IDPS}/corp/protocols")
    PATCH(f"{IDPS}/corp/protocols/unknown", {"protocol": {"mapping_id": "plain"}})
    PATCH(f"{IDPS}/corp/protocols/unknown", {"protocol": {"mapping_id": "unknown"}})
    PATCH(f"{IDPS}/unknown/protocols/saml2", {"protocol": {"mapping_id": "plain"}})
    POST(f"{IDPS}/corp/protocols", {})
    POST(f"{IDPS}/corp/protocols/saml2", {})
    DELETE(f"{IDPS}/corp/protocols/unknown")
    DELETE(f"{IDPS}/unknown/protocols/saml2")
    DELETE(f"{IDPS}/corp/protocols/openid")
    DELETE(f"{IDPS}/corp/protocols/openid")

    # Users that know of them
    POST(
        "/v3/users",
        {"user": {"name": "linked", "federated": [{"idp_id": "corp", "protocols": [{"protocol_id": "saml2", "unique_id": "l@x"}]}]}},
        keep={"linked": "user.id"},
    )
    for idps in (
        [{"idp_id": "unknown", "protocols": [{"protocol_id": "saml2", "unique_id": "1"}]}],
        [{"idp_id": "corp", "protocols": [{"protocol_id": "unknown", "unique_id": "1"}]}],
        [{"idp_id": "corp", "protocols": []}],
        [{"idp_id": "corp"}],
        [{"idp_id": "corp", "protocols": [{"protocol_id": "saml2"}]}],
        "x",
        [],
    ):
        POST("/v3/users", {"user": {"name": "other linked", "federated": idps}})
    GET("/v3/users/$linked")
    for query in ("idp_id=corp", "idp_id=unknown", "protocol_id=saml2", "unique_id=l@x", "unique_id=l%40x&idp_id=corp", "idp_id=corp&name=linked"):
        GET("/v3/users?" + query)
    PATCH(
        "/v3/users/$linked",
        {"user": {"federated": [{"idp_id": "bare", "protocols": [{"protocol_id": "saml2", "unique_id": "2"}, {"protocol_id": "saml2", "unique_id": "3"}]}]}},
    )
    PATCH("/v3/users/$linked", {"user": {"federated": [{"idp_id": "unknown", "protocols": [{"protocol_id": "saml2", "unique_id": "1"}]}]}})
    GET("/v3/users/$linked")
    GET("/v3/users?idp_id=bare")

    # What goes with what
    DELETE(f"{MAPPINGS}/second")
    GET(f"{IDPS}/bare/protocols/saml2")
    DELETE(f"{IDPS}/bare/protocols/saml2")
    GET("/v3/users/$linked")
    DELETE(f"{IDPS}/unknown")
    DELETE(f"{IDPS}/bare")
    GET(f"{IDPS}/bare")
    GET(f"{IDPS}/bare/protocols")
    GET("/v3/domains/$bare_domain")
    GET(f"{IDPS}/zero", keep={"zero_domain": "identity_provider.domain_id"})
    PATCH("/v3/domains/$zero_domain", {"domain": {"enabled": False}})
    DELETE("/v3/domains/$zero_domain")
    GET(f"{IDPS}/zero")

for who in (None, "member", "reader", "domain_admin", "domain_reader", "system_reader", "system_member", "service"):
    with as_(who):
        GET(IDPS)
        GET(f"{IDPS}/corp")
        GET(f"{IDPS}/unknown")
        PUT(f"{IDPS}/mine", {"identity_provider": {}})
        PATCH(f"{IDPS}/unknown", {"identity_provider": {"enabled": True}})
        DELETE(f"{IDPS}/unknown")
        GET(f"{IDPS}/corp/protocols")
        GET(f"{IDPS}/corp/protocols/saml2")
        PUT(f"{IDPS}/corp/protocols/mine", {"protocol": {"mapping_id": "plain"}})
        PATCH(f"{IDPS}/corp/protocols/unknown", {"protocol": {"mapping_id": "plain"}})
        DELETE(f"{IDPS}/corp/protocols/unknown")
        GET(MAPPINGS)
        GET(f"{MAPPINGS}/plain")
        PUT(f"{MAPPINGS}/mine", {"mapping": {}})
        PATCH(f"{MAPPINGS}/plain", {"mapping": {}})
        DELETE(f"{MAPPINGS}/unknown")
        PUT(MAPPINGS, {})
