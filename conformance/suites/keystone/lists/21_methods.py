"""Logins by other methods than password and token: one-time codes, receipts, who the web server says one is."""

import base64

from script import GET, PATCH, POST, PUT, SECRET, as_, passcode, password, project, token

AUTH = "/v3/auth/tokens"


def seed(number):
    return base64.b32encode(b"a seed of one-time codes %d" % number).decode()


def totp(code="$code", scope=None, user=None, methods=("totp",), **more):
    auth = {"identity": {"methods": list(methods), "totp": {"user": {**(user or {"id": "$otto"}), "passcode": code}}, **more}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def pw(user="$otto", secret=SECRET):
    return {"user": {"id": user, "password": secret}}


def rules(*rules, enabled=None):
    options = {"multi_factor_auth_rules": list(rules)}
    if enabled is not None:
        options["multi_factor_auth_enabled"] = enabled
    with as_("admin"):
        PATCH("/v3/users/$otto", {"user": {"options": options}})


def receipt(**headers):
    return {"Openstack-Auth-Receipt": "$receipt", **headers}


with as_("admin"):
    # Wrong codes lock an account in Lintel, and there are many of them here.
    POST(
        "/v3/users",
        {"user": {"name": "otto", "domain_id": "$acme", "password": SECRET, "options": {"ignore_lockout_failure_attempts": True}}},
        keep={"otto": "user.id"},
    )
    PUT("/v3/projects/$web/users/$otto/roles/$role_member")
    # A code counts once in Lintel, so that each login has a seed of its own.
    for number in range(30):
        POST("/v3/credentials", {"credential": {"type": "totp", "user_id": "$otto", "blob": seed(number)}})
    for blob in ("", "not base32", "MFRGG", seed(40).lower(), seed(41).rstrip("=")):
        POST("/v3/credentials", {"credential": {"type": "totp", "user_id": "$otto", "blob": blob}})

with as_(None):
    # One-time codes alone.
    for number, (scope, user) in enumerate(
        [
            (None, None),
            ("unscoped", None),
            (project("$web"), None),
            (project("$far"), None),
            (None, {"name": "otto", "domain": {"id": "$acme"}}),
            (None, {"name": "otto", "domain": {"name": "acme"}}),
            (None, {"id": "$otto", "name": "otto", "domain": {"name": "acme"}}),
        ]
    ):
        passcode("code", seed(number))
        POST(AUTH, totp(scope=scope, user=user), keep={"by_code": "header:X-Subject-Token"})
    passcode("code", seed(7), ago=1)
    POST(AUTH, totp())
    passcode("code", seed(8), ago=3)
    POST(AUTH, totp())
    passcode("code", seed(40).rstrip("="))
    POST(AUTH, totp())
    passcode("code", seed(41))
    POST(AUTH, totp())
    passcode("code", seed(9))
    for user in (
        {},
        {"id": ""},
        {"id": None},
        {"id": "unknown"},
        {"id": "$rob"},
        {"name": "otto"},
        {"name": "otto", "domain": {}},
        {"name": "otto", "domain": {"id": "unknown"}},
        {"name": "otto", "domain": {"id": "default"}},
        {"name": "unknown", "domain": {"id": "$acme"}},
    ):
        POST(AUTH, totp(user=user))
    POST(AUTH, {"auth": {"identity": {"methods": ["password"], "password": {}}}})
    for section in ({}, {"user": {}}, {"user": None}, None, [], 1, "x", {"user": {"id": "$otto"}}):
        POST(AUTH, {"auth": {"identity": {"methods": ["totp"], "totp": section}}})
    for code in ("", None, 123456, True, ["$code"], {"x": 1}, "12345", "1234567", " $code", "000000x"):
        POST(AUTH, totp(code))
    POST(AUTH, {"auth": {"identity": {"methods": ["totp"]}}})

    # Codes and passwords.
    for number, methods in ((10, ["password", "totp"]), (11, ["totp", "password"]), (12, ["password", "totp", "password", "totp"])):
        passcode("code", seed(number))
        POST(AUTH, totp(methods=methods, password=pw()))
    passcode("code", seed(13))
    POST(AUTH, totp(methods=["password", "totp"], password=pw(secret="wrong-horse")))
    POST(AUTH, totp("000", methods=["password", "totp"], password=pw()))
    passcode("code", seed(14))
    POST(AUTH, totp(methods=["password", "totp"], password=pw("$rob")))
    passcode("code", seed(15))
    POST(AUTH, totp(methods=["token", "totp"], token={"id": "$by_code"}))
    POST(AUTH, token("$by_code", project("$web")))
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$by_code"})

# Rules and receipts.
rules(["password", "totp"])
with as_(None):
    POST(AUTH, password("$otto", SECRET), keep={"receipt": "header:OpenStack-Auth-Receipt"})
    POST(AUTH, password("$otto", SECRET, project("$web")))
    POST(AUTH, password("$otto", SECRET, project("$far")))
    POST(AUTH, password("$otto", "wrong-horse"))
    POST(AUTH, password("$otto", SECRET), headers=receipt())
    passcode("code", seed(16))
    POST(AUTH, totp(scope=project("$web")), headers=receipt())
    passcode("code", seed(17))
    POST(AUTH, totp())
    passcode("code", seed(18))
    POST(AUTH, totp(methods=["password", "totp"], password=pw()))
    POST(AUTH, totp("000"), headers=receipt())
    passcode("code", seed(19))
    for text in ("x", "$receipt-", "$member"):
        POST(AUTH, password("$otto", SECRET), headers={"Openstack-Auth-Receipt": text})
    POST(AUTH, password("$otto", SECRET), headers={"Openstack-Auth-Receipt": ""})
    POST(AUTH, password("$rob", SECRET), headers=receipt())
    POST(AUTH, token("$by_code"))
with as_("receipt"):
    GET("/v3/users/$otto")
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$receipt"})
for rule in (
    (["password"],),
    (["totp"],),
    (["password", "totp"], ["token"]),
    (["password", "totp"], ["password", "token"]),
    (["password", "unheard-of"],),
    (["unheard-of"],),
    (["unheard-of"], ["totp", "password", "unheard-of"]),
    (["external", "password"],),
    (),
):
    rules(*rule)
    with as_(None):
        POST(AUTH, password("$otto", SECRET))
        POST(AUTH, token("$by_code"))
rules(["password", "totp"], enabled=False)
with as_(None):
    POST(AUTH, password("$otto", SECRET))
rules(["password", "totp"], enabled=True)
with as_(None):
    POST(AUTH, password("$otto", SECRET), keep={"receipt": "header:OpenStack-Auth-Receipt"})
with as_("admin"):
    for wrong in ("password", ["password"], [["password"], "x"], [[1]], [[]], {"a": 1}, 1, [["password", "password"]], None):
        PATCH("/v3/users/$otto", {"user": {"options": {"multi_factor_auth_rules": wrong}}})
    for wrong in ("yes", 1, None, []):
        PATCH("/v3/users/$otto", {"user": {"options": {"multi_factor_auth_enabled": wrong}}})
    PATCH("/v3/users/$otto", {"user": {"enabled": False}})
with as_(None):
    passcode("code", seed(20))
    POST(AUTH, totp())
    POST(AUTH, totp(), headers=receipt())

# External, without a web server that says who one is.
with as_(None):
    for methods in ([], ["external"], ["external", "password"], ["kerberos"], ["ec2credential"], ["magic"]):
        identity = {"methods": methods, "external": {}, "kerberos": {}, "ec2credential": {}, "magic": {}, "password": pw("$rob")}
        for headers in ({}, {"Remote-User": "admin", "REMOTE-USER": "admin", "X-Remote-User": "admin"}):
            POST(AUTH, {"auth": {"identity": identity}}, headers=headers)
            POST(AUTH, {"auth": {"identity": identity, "scope": project("$web")}}, headers=headers)
    POST(AUTH, {"auth": {"identity": {"methods": ["external"]}}})

# External, as a web server says who one is: a user of the default domain.

def external(methods=("external",), scope=None, **sections):
    return {"auth": {"identity": {"methods": list(methods), **sections}, **({"scope": scope} if scope else {})}}


with as_("admin"):
    POST(
        "/v3/users",
        {"user": {"name": "remo", "domain_id": "default", "password": SECRET, "default_project_id": "$web"}},
        keep={"remo": "user.id"},
    )
    PUT("/v3/projects/$web/users/$remo/roles/$role_member")
REMO = {"X-Env-Remote-User": "remo"}
with as_(None):
    for methods, sections in (
        (["external"], {"external": {}}),
        (["external"], {}),
        ([], {}),
        (["external", "external"], {"external": {}}),
        (["external", "password"], {"external": {}, "password": pw("$remo")}),
        (["password"], {"password": pw("$remo")}),
        (["password"], {"password": pw("$rob")}),
        (["password"], {"password": pw("$remo", "wrong-horse")}),
        (["kerberos"], {"kerberos": {}}),
        (["external"], {"external": None}),
        (["external"], {"external": []}),
        (["external"], {"external": {"user": {"id": "$rob"}}}),
    ):
        POST(AUTH, external(methods, **sections), headers=REMO)
    for scope in ("unscoped", project("$web"), project("$far"), {"domain": {"id": "$acme"}}, {"system": {"all": True}}, {"domain": {}}):
        POST(AUTH, external(external={}, scope=scope), headers=REMO)
        POST(AUTH, external([], scope=scope), headers=REMO)
    for name in ("unknown", "", "ann", "Remo", " remo", "remo@default", "(null)", "admin"):
        POST(AUTH, external(external={}), headers={"X-Env-Remote-User": name})
        POST(AUTH, password("$rob", SECRET), headers={"X-Env-Remote-User": name})
    POST(AUTH, external(external={}), headers={"X-Env-Remote-User": "ann", "X-Env-Remote-Domain": "acme"})
    POST(AUTH, external(external={}), headers={"X-Env-Remote-User": "remo", "X-Env-Auth-Type": "Negotiate"})
    POST(AUTH, external(external={}), headers={"X-Env-Remote-User": "remo", "X-Env-Auth-Type": "Basic"})
    POST(AUTH, external(external={}), headers=REMO, keep={"by_front": "header:X-Subject-Token"})
    POST(AUTH, token("$by_front", project("$web")))
    POST(AUTH, {"auth": {}}, headers=REMO)
    POST(AUTH, {}, headers=REMO)
    GET("/v3/users/$remo", headers=REMO)
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$by_front"})
    PATCH("/v3/users/$remo", {"user": {"options": {"multi_factor_auth_rules": [["external", "password"]]}}})
with as_(None):
    POST(AUTH, external(external={}), headers=REMO)
    POST(AUTH, password("$remo", SECRET))
    POST(AUTH, password("$remo", SECRET), headers=REMO)
