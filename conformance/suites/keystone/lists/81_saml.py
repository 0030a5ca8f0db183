"""Assertions for other clouds."""

from script import *

ALL = "/v3/OS-FEDERATION/service_providers"
CALLS = ("/v3/auth/OS-FEDERATION/saml2", "/v3/auth/OS-FEDERATION/saml2/ecp")


def ask(token, to="k2k"):
    return {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": {"service_provider": {"id": to}}}}


with as_("admin"):
    for name, enabled in (("k2k", True), ("k2k_off", False)):
        PUT(f"{ALL}/{name}", {"service_provider": {
            "auth_url": "https://west.example/v3?a=b", "sp_url": "https://west.example/Shibboleth.sso/SAML2/ECP?a=b&c", "enabled": enabled,
            "relay_state_prefix": "ss:cookie:<&>",
        }})
    POST("/v3/projects", {"project": {"name": "<K&R> \u00fc", "domain_id": "$acme"}}, keep={"k2k_project": "project.id"})
    PUT("/v3/projects/$k2k_project/users/$ann/roles/$role_member")
    POST("/v3/groups", {"group": {"name": "a \"b\" <\u00e9>", "domain_id": "$acme"}}, keep={"k2k_group": "group.id"})
    PUT("/v3/groups/$k2k_group/users/$ann")

login("k2k_odd", password(user="$ann", password=SECRET, scope=project("$k2k_project")))
login("k2k_lone", password(user="$sam", password=SECRET, scope="unscoped"))

for call in CALLS:
    with as_(None):
        for token in ("$admin", "$k2k_odd", "$member", "$system_admin", "$domain_admin", "$unscoped_admin", "unknown", ""):
            POST(call, ask(token))
        POST(call, ask("$admin", "none"))
        POST(call, ask("unknown", "none"))
        POST(call, ask("$admin", "k2k_off"))
        POST(call, ask("$unscoped_admin", "k2k_off"))
        POST(call, ask("$admin", ""))
        for body in (
            None, {}, [], {"auth": None}, {"auth": []}, {"auth": {}}, {"auth": "x"},
            {"auth": {"identity": {}, "scope": {}}}, {"auth": {"identity": {"token": {"id": "$admin"}}}},
            {"auth": {"scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": 1}}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {}}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": "$admin", "x": 1}}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}, "password": {}}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}, "methods": "token"}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}, "methods": ["x", 1]}, "scope": {"service_provider": {"id": "k2k"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}}, "scope": {"service_provider": {"id": "k2k"}, "project": {"id": "x"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}}, "scope": {"service_provider": {"id": "k2k", "name": "x"}}}},
            {"auth": {"identity": {"token": {"id": "$admin"}}, "scope": {"service_provider": "k2k"}}},
            {"auth": {"identity": {"token": {"id": "$admin"}}, "scope": {"service_provider": {"id": "k2k"}}, "x": 1}},
            {"auth": {"identity": {"token": {"id": "$admin"}}, "scope": {"service_provider": {"id": "k2k"}}}, "x": 1},
        ):
            POST(call, body)
        GET(call)
        PUT(call, {})
    with as_("admin"):
        POST(call, ask("$admin"))
        POST(call, ask("unknown"))
        GET(call)
    POST(call, ask("$admin"), headers={"X-Auth-Token": "unknown"})

# What was handed on.
with as_("k2k_odd"):
    POST("/v3/OS-TRUST/trusts", {"trust": {
        "trustor_user_id": "$ann", "trustee_user_id": "$sam", "project_id": "$k2k_project", "impersonation": True, "roles": [{"name": "member"}],
    }}, keep={"k2k_handed": "trust.id"})
login("k2k_trust", password(user="$sam", password=SECRET, scope={"OS-TRUST:trust": {"id": "$k2k_handed"}}))
for call in CALLS:
    POST(call, ask("$k2k_trust"))

GET("/v3/OS-FEDERATION/saml2/metadata")
HEAD("/v3/OS-FEDERATION/saml2/metadata")
POST("/v3/OS-FEDERATION/saml2/metadata", {})
with as_("member"):
    GET("/v3/OS-FEDERATION/saml2/metadata?x=y")

with as_("admin"):
    for name in ("k2k", "k2k_off"):
        DELETE(f"{ALL}/{name}")
    DELETE("/v3/groups/$k2k_group")
    DELETE("/v3/projects/$k2k_project")
