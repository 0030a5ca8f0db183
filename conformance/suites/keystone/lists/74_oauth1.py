"""OAuth 1.0a: consumers, request tokens, access tokens, and logins with them."""

import time

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, OAuth1, as_, login, password, project

CONSUMERS = "/v3/OS-OAUTH1/consumers"
REQUEST, ACCESS, AUTH = "/v3/OS-OAUTH1/request_token", "/v3/OS-OAUTH1/access_token", "/v3/auth/tokens"
OOB = {"callback_uri": "oob"}
LOGIN = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}

# Consumers.
with as_("admin"):
    for body in (
        {"consumer": {}},
        {"consumer": {"description": "x"}},
        {"consumer": {"description": None}},
        {"consumer": {"description": "x" * 64, "colour": "blue", "odd:name-here": [1, {"a": None}]}},
        {"consumer": {"id": "mine", "secret": "mine"}},
        {"consumer": {"description": 1}},
        {"consumer": {"description": "x" * 65}},
        {"consumer": []},
        {"consumer": None},
        {"consumer": "x"},
        {},
        {"other": {}},
        "[]",
        "x",
        None,
    ):
        POST(CONSUMERS, body, keep={"other_consumer": "consumer.id"})
    POST(CONSUMERS, {"consumer": {"description": "ours", "colour": "blue"}}, keep={"app": "consumer.id", "app_secret": "consumer.secret"})
    POST(CONSUMERS, {"consumer": {}}, keep={"rival": "consumer.id", "rival_secret": "consumer.secret"})
    at = CONSUMERS + "/$app"
    GET(at)
    HEAD(at)
    GET(CONSUMERS + "?description=ours")
    GET(CONSUMERS + "/unknown")
    for body in (
        {"consumer": {"description": "x"}},
        {"consumer": {"description": None}},
        {"consumer": {"shape": "round", "colour": None}},
        {"consumer": {"id": "$app"}},
        {"consumer": {"id": "other"}},
        {"consumer": {"id": 1}},
        {"consumer": {"secret": "x"}},
        {"consumer": {"description": 1}},
        {"consumer": {"description": "x" * 65}},
        {"consumer": {}},
        {"consumer": None},
        {"consumer": []},
        {},
        None,
    ):
        PATCH(at, body)
    for odd in (1, "", None, "x" * 64, "x" * 65):
        PATCH(at, {"consumer": {"id": odd, "description": "with an id"}})
    PATCH(CONSUMERS + "/unknown", {"consumer": {"description": "x"}})
    DELETE(CONSUMERS + "/unknown")
    DELETE(CONSUMERS + "/$other_consumer")
    DELETE(CONSUMERS + "/$other_consumer")
    GET("/v3/OS-REVOKE/events")
for who in ("admin", "member", "system_reader", "system_member", "system_admin", "domain_admin", "service", "unscoped", None):
    with as_(who):
        GET(CONSUMERS)
        GET(at)
        POST(CONSUMERS, {"consumer": {}})
        PATCH(at, {"consumer": {"description": "y"}})
        if who not in ("admin", "system_admin"):
            DELETE(at)
        PATCH(CONSUMERS, {"consumer": {}})
        DELETE(CONSUMERS)
        POST(at, {"consumer": {}})
        PUT(at, {"consumer": {}})


def ask(header, project="$web", keep=None, path=REQUEST, body=None, **more):
    headers = {"Authorization": header, **more}
    if project is not None:
        headers["Requested-Project-Id"] = project
    with as_(None):
        POST(path, body, headers={k: v for k, v in headers.items() if v is not None}, keep=keep)


def key(name):
    return {name: "form:oauth_token", name + "_secret": "form:oauth_token_secret"}


# Request tokens.
ask(OAuth1("app", more=OOB), keep=key("request"))
ask(OAuth1("app", more=OOB), project="unknown")
ask(OAuth1("app", more=OOB), project=None)
ask(OAuth1("app", more=OOB), project="")
ask(OAuth1("app", more=OOB), path=REQUEST + "?a=1&b=%20x&a=0")
ask(OAuth1("app", more=OOB, url="http://elsewhere.example" + REQUEST))
ask(OAuth1("app", more=OOB), path=REQUEST + "?oauth_callback=oob")
ask(OAuth1("app"))
ask(OAuth1("app", more=dict(OOB, realm="x")))
ask(OAuth1("app", more=dict(OOB, client_secret="wrong")))
for method in ("HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"):
    ask(OAuth1("app", more=dict(OOB, signature_method=method)))
for old, new in (
    ("$app", "0123456789abcdef0123456789abcdef"),
    ("$app", "unknown"),
    ("HMAC-SHA1", "HMAC-MD5"),
    ("HMAC-SHA1", "RSA-SHA1"),
    ("HMAC-SHA1", "PLAINTEXT"),
    ('oauth_version="1.0"', 'oauth_version="2.0"'),
    ("oauth_nonce=", "oauth_nonsense="),
    ("oauth_timestamp=", "oauth_time="),
    ("oauth_signature=", "oauth_seal="),
    ('oauth_nonce="', 'oauth_nonce="X'),
    ('oauth_timestamp="', 'oauth_timestamp="1'),
    ('oauth_timestamp="1', 'oauth_timestamp="x'),
    ("oauth_consumer_key=", "oauth_customer_key="),
    ("OAuth ", 'OAuth realm="", '),
    ("OAuth ", "oauth "),
):
    ask(OAuth1("app", more=OOB, changes=((old, new),)))
for header in (None, "", "x", "Basic YTpi", "OAuth", "OAuth ", "OAuth x", "OAuth x=", 'OAuth oauth_consumer_key="$app"'):
    ask(header)
    ask(header, path=ACCESS)
    ask(header, path=AUTH, body=LOGIN)
ask(OAuth1("app", more=dict(OOB, timestamp=str(int(time.time()) - 100000))))
GET(REQUEST)
HEAD(REQUEST)
PUT(REQUEST)
GET(ACCESS)
DELETE(ACCESS)
with as_("admin"):
    GET(REQUEST)
    GET("/v3/OS-OAUTH1/authorize/$request")

# Who lets them in. Ann is made an administrator of her project.
with as_("admin"):
    PUT("/v3/projects/$web/users/$ann/roles/$role_admin")
login("giver", password("$ann", SECRET, project("$web")))
AUTHORIZE = "/v3/OS-OAUTH1/authorize/"
MEMBER = {"roles": [{"id": "$role_member"}]}
for who in ("reader", "manager", "domain_admin", "system_admin", "stranger", "unscoped", None):
    with as_(who):
        PUT(AUTHORIZE + "$request", MEMBER)
with as_("giver"):
    for body in (
        {"roles": [{"name": "nothing"}]},
        {"roles": [{"id": "nothing"}]},
        {"roles": [{"id": "$role_service"}]},
        {"roles": [{"name": "service"}]},
        {"roles": [{"id": "$role_member", "name": "member"}]},
        {"roles": [{}]},
        {"roles": [{"id": 1}]},
        {"roles": [{"id": "a b"}]},
        {"roles": ["member"]},
        {"roles": {}},
        {"roles": None},
        {"roles": [None]},
        "[]",
    ):
        PUT(AUTHORIZE + "$request", body)
    PUT(AUTHORIZE + "unknown", MEMBER)
    PUT(AUTHORIZE + "$request", {})
    PUT(AUTHORIZE + "$request", {"roles": [{"name": "member"}, {"id": "$role_member"}]}, keep={"first_verifier": "token.oauth_verifier"})
    PUT(AUTHORIZE + "$request", MEMBER, keep={"verifier": "token.oauth_verifier"})
    POST("/v3/users/$ann/application_credentials", {"application_credential": {"name": "oauth", "secret": "s", "unrestricted": True}}, keep={"oauth_app": "application_credential.id"})
    POST(
        "/v3/OS-TRUST/trusts",
        {"trust": {"trustor_user_id": "$ann", "trustee_user_id": "$bob", "impersonation": True, "project_id": "$web", "roles": [{"name": "admin"}]}},
        keep={"oauth_trust": "trust.id"},
    )
login("by_app", {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "$oauth_app", "secret": "s"}}}})
login("by_trust", password("$bob", SECRET, {"OS-TRUST:trust": {"id": "$oauth_trust"}}))

# Access tokens.
for more in ({"verifier": "abcdefgh"}, {"verifier": "short"}, {"verifier": "ill0ill0"}, {}, {"verifier": "$verifier", "resource_owner_secret": "x"}):
    ask(OAuth1("app", "request", more=more), path=ACCESS)
ask(OAuth1("rival", "request", more={"verifier": "$verifier"}), path=ACCESS)
ask(OAuth1("app", more={"verifier": "$verifier"}), path=ACCESS)
ask(OAuth1("app", "request", more={"verifier": "$verifier"}, changes=(("$request", "0123456789abcdef0123456789abcdef"),)), path=ACCESS)
ask(OAuth1("app", "request", more={"verifier": "$verifier"}, changes=(("$request", "unknown"),)), path=ACCESS)
ask(OAuth1("app", "request", more={"verifier": "$first_verifier"}), path=ACCESS)
ask(OAuth1("app", "request", more={"verifier": "$verifier"}), path=ACCESS, keep=key("access"))
ask(OAuth1("app", "request", more={"verifier": "$verifier"}), path=ACCESS)
ask(OAuth1("app", more=OOB), keep=key("idle"))
ask(OAuth1("app", "idle", more={"verifier": "abcdefgh"}), path=ACCESS)
TOKENS = "/v3/users/$ann/OS-OAUTH1/access_tokens"
for who in ("giver", "admin", "by_app", "by_trust", "reader", "system_admin", "domain_admin", "stranger", None):
    with as_(who):
        GET(TOKENS)
        HEAD(TOKENS)
        for path in (TOKENS + "/$access", "/v3/users/$bob/OS-OAUTH1/access_tokens/$access", TOKENS + "/unknown"):
            GET(path)
            HEAD(path)
            GET(path + "/roles")
            GET(path + "/roles/$role_member")
            GET(path + "/roles/$role_reader")
            GET(path + "/roles/unknown")
        GET("/v3/users/unknown/OS-OAUTH1/access_tokens")
        DELETE("/v3/users/$bob/OS-OAUTH1/access_tokens/$access")
        DELETE(TOKENS + "/unknown")
        PATCH(TOKENS + "/$access", {})
        PUT(AUTHORIZE + "$idle", MEMBER)

# Logins.
ask(OAuth1("app", "access"), path=AUTH, body=LOGIN, keep={"oauth": "header:X-Subject-Token"})
ask(OAuth1("app", "access"), path=AUTH + "?nocatalog", body=LOGIN)
ask(OAuth1("app", "access", url="http://elsewhere.example" + AUTH), path=AUTH, body=LOGIN)
for scope in (project("$web"), project("$far"), project("unknown"), "unscoped", {}, {"domain": {"id": "$acme"}}, {"system": {"all": True}}):
    ask(OAuth1("app", "access"), path=AUTH, body={"auth": dict(LOGIN["auth"], scope=scope)})
ask(OAuth1("app"), path=AUTH, body=LOGIN)
ask(OAuth1("app", "access", more={"resource_owner_secret": "x"}), path=AUTH, body=LOGIN)
ask(OAuth1("app", "access", changes=(("$access", "0123456789abcdef0123456789abcdef"),)), path=AUTH, body=LOGIN)
ask(OAuth1("app", "access", changes=(("$access", "unknown"),)), path=AUTH, body=LOGIN)
ask(OAuth1("app", "access", more={"timestamp": str(int(time.time()) - 100000)}), path=AUTH, body=LOGIN)
ask(OAuth1("app", "access", more={"realm": "x"}), path=AUTH, body=LOGIN)
for identity in ({"methods": ["oauth1"]}, {"methods": ["oauth1"], "oauth1": None}, {"methods": ["oauth1"], "oauth1": []}, {"methods": ["oauth1"], "oauth1": {"x": 1}}):
    ask(OAuth1("app", "access"), path=AUTH, body={"auth": {"identity": identity}})
both = {"methods": ["oauth1", "password"], "oauth1": {}, "password": {"user": {"id": "$ann", "password": SECRET}}}
ask(OAuth1("app", "access"), path=AUTH, body={"auth": {"identity": both}})
both = {"methods": ["oauth1", "password"], "oauth1": {}, "password": {"user": {"id": "$bob", "password": SECRET}}}
ask(OAuth1("app", "access"), path=AUTH, body={"auth": {"identity": both}})
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$oauth"})
    HEAD(AUTH, headers={"X-Subject-Token": "$oauth"})
with as_("oauth"):
    GET("/v3/users/$ann")
    GET("/v3/auth/projects")
    GET("/v3/auth/catalog")
    GET("/v3/credentials")
    GET("/v3/OS-TRUST/trusts")
    GET("/v3/users/$ann/application_credentials")
    POST("/v3/users/$ann/credentials/OS-EC2", {"tenant_id": "$web"})
    POST("/v3/credentials", {"credential": {"type": "cert", "blob": "x", "user_id": "$ann"}})
    PUT(AUTHORIZE + "$idle", MEMBER)
    GET(TOKENS)
    GET(TOKENS + "/$access")
    GET(TOKENS + "/$access/roles")
    DELETE(TOKENS + "/$access")
    GET(CONSUMERS)
for scope in (None, project("$web"), "unscoped"):
    with as_(None):
        POST(AUTH, {"auth": {"identity": {"methods": ["token"], "token": {"id": "$oauth"}}, **({"scope": scope} if scope else {})}})

# Ends.
with as_("giver"):
    DELETE(TOKENS + "/$access")
    DELETE(TOKENS + "/$access")
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$oauth"})
ask(OAuth1("app", "access"), path=AUTH, body=LOGIN)
with as_("oauth"):
    GET("/v3/users/$ann")
with as_("giver"):
    PUT(AUTHORIZE + "$idle", MEMBER, keep={"idle_verifier": "token.oauth_verifier"})
ask(OAuth1("app", "idle", more={"verifier": "$idle_verifier"}), path=ACCESS, keep=key("second"))
ask(OAuth1("app", "second"), path=AUTH, body=LOGIN, keep={"oauth": "header:X-Subject-Token"})
with as_("admin"):
    DELETE("/v3/projects/$web/users/$ann/roles/$role_member")
    DELETE("/v3/projects/$web/users/$ann/roles/$role_admin")
    GET(AUTH, headers={"X-Subject-Token": "$oauth"})
ask(OAuth1("app", "second"), path=AUTH, body=LOGIN)
with as_("admin"):
    PUT("/v3/projects/$web/users/$ann/roles/$role_member")
    GET(AUTH, headers={"X-Subject-Token": "$oauth"})
    DELETE(at)
    GET(AUTH, headers={"X-Subject-Token": "$oauth"})
    GET(TOKENS)
    GET(TOKENS + "/$second")
ask(OAuth1("app", "second"), path=AUTH, body=LOGIN)
