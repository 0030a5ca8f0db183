"""Trusts: making, showing, redelegating and deleting them, logging in with them, and what their tokens may do."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, login, password, project, token

AUTH = "/v3/auth/tokens"
TRUSTS = "/v3/OS-TRUST/trusts"


def make(keep=None, **body):
    body = {"trustor_user_id": "$ann", "trustee_user_id": "$rob", "project_id": "$web", "impersonation": False, "roles": [{"id": "$role_member"}]} | body
    POST(TRUSTS, {"trust": {k: v for k, v in body.items() if v is not ...}}, keep=keep)


def use(trust, user="$rob"):
    return password(user, SECRET, {"OS-TRUST:trust": {"id": trust}})


with as_("member"):
    for body in (
        {"trustor_user_id": ...},
        {"trustee_user_id": ...},
        {"impersonation": ...},
        {"impersonation": "maybe"},
        {"trustor_user_id": "$rob", "trustee_user_id": "$ann"},
        {"trustee_user_id": "unknown"},
        {"project_id": "unknown"},
        {"project_id": "$lab", "roles": [{"id": "$role_admin"}]},
        {"roles": []},
        {"roles": ...},
        {"roles": [{"id": "$role_admin"}]},
        {"roles": [{"name": "admin"}]},
        {"roles": [{"id": "unknown"}]},
        {"roles": [{"name": "unknown"}]},
        {"roles": [{}]},
        {"roles": [{"id": "$role_member", "name": "member"}]},
        {"roles": "member"},
        {"project_id": ...},
        {"expires_at": "tomorrow"},
        {"expires_at": ""},
        {"roles": [{"id": "$role_member"}, {"name": "member"}]},
        {"expires_at": "2001-01-01T00:00:00.000000Z"},
        {"expires_at": "2040-01-01"},
        {"expires_at": 1},
        {"remaining_uses": 0},
        {"remaining_uses": -1},
        {"remaining_uses": "3"},
        {"remaining_uses": 1.5},
        {"redelegation_count": -1},
        {"allow_redelegation": True, "redelegation_count": 4},
        {"allow_redelegation": True, "remaining_uses": 2},
    ):
        make(**body)
    POST(TRUSTS, {})
    POST(TRUSTS, {"trust": []})
    make(keep={"plain_trust": "trust.id"})
    make(keep={"acting": "trust.id"}, impersonation=True, expires_at="2040-01-01T00:00:00.123456Z", colour="blue")
    make(expires_at="2040-02-01T00:00:00Z")
    make(expires_at="2040-02-01T00:00:00Z")
    make(keep={"counted": "trust.id"}, remaining_uses=2)
    make(keep={"handed": "trust.id"}, impersonation=True, allow_redelegation=True, roles=[{"name": "member"}, {"name": "reader"}])
    make(keep={"handed_once": "trust.id"}, impersonation=True, allow_redelegation=True, redelegation_count=1)
    make(keep={"nowhere": "trust.id"}, project_id=..., roles=...)
    make(project_id=None, roles=[])
    GET(TRUSTS)
    GET(TRUSTS + "?trustor_user_id=$ann")
    HEAD(TRUSTS + "?trustor_user_id=$ann")
    GET(TRUSTS + "?trustee_user_id=$ann")
    GET(TRUSTS + "?trustee_user_id=$rob")
    GET(TRUSTS + "?trustor_user_id=$rob")
    GET(TRUSTS + "/$plain_trust")
    HEAD(TRUSTS + "/$plain_trust")
    GET(TRUSTS + "/$acting")
    GET(TRUSTS + "/$nowhere")
    GET(TRUSTS + "/unknown")
    GET(TRUSTS + "/$acting/roles")
    HEAD(TRUSTS + "/$acting/roles")
    GET(TRUSTS + "/$acting/roles/$role_member")
    HEAD(TRUSTS + "/$acting/roles/$role_member")
    GET(TRUSTS + "/$acting/roles/$role_reader")
    GET(TRUSTS + "/$acting/roles/unknown")
    PATCH(TRUSTS + "/$acting", {"trust": {"impersonation": False}})

for who in ("reader", "stranger", "manager", "domain_admin", "system_reader", "system_member", "admin", "system_admin", "service", "unscoped", "with_plain", None):
    with as_(who):
        GET(TRUSTS)
        GET(TRUSTS + "?trustor_user_id=$ann")
        GET(TRUSTS + "?trustee_user_id=$rob")
        GET(TRUSTS + "/$plain_trust")
        GET(TRUSTS + "/$plain_trust/roles")
        GET(TRUSTS + "/$plain_trust/roles/$role_member")
        GET(TRUSTS + "/unknown")
        DELETE(TRUSTS + "/unknown")
        make()
with as_("admin"):
    GET(TRUSTS + "?colour=blue")
for who in ("reader", "stranger", "with_plain"):
    with as_(who):
        DELETE(TRUSTS + "/$plain_trust")

with as_(None):
    POST(AUTH, use("$plain_trust"))
    POST(AUTH + "?nocatalog", use("$acting"))
    POST(AUTH, use("$plain_trust", "$ann"))
    POST(AUTH, use("$plain_trust", "$nora"))
    POST(AUTH, use("unknown"))
    POST(AUTH, use(""))
    POST(AUTH, use("$nowhere"))
    POST(AUTH, password("$rob", "wrong", {"OS-TRUST:trust": {"id": "$counted"}}))
    POST(AUTH, use("$counted"))
    POST(AUTH, use("$counted"))
    POST(AUTH, use("$counted"))
with as_("member"):
    GET(TRUSTS + "/$counted")
    DELETE(TRUSTS + "/$counted")
login("trusted", use("$plain_trust"))
login("acted", use("$acting"))
login("hander", use("$handed"))
login("hander_once", use("$handed_once"))

for who in ("trusted", "acted"):
    with as_(who):
        GET(AUTH, headers={"X-Subject-Token": "$" + who})
        GET("/v3/auth/projects")
        GET("/v3/users/$ann")
        GET("/v3/users/$rob")
        GET("/v3/users/$ann/application_credentials")
        POST("/v3/users/$ann/application_credentials", {"application_credential": {"name": "a"}})
        POST("/v3/users/$rob/application_credentials", {"application_credential": {"name": "a"}})
        GET("/v3/users/$ann/access_rules")
        GET("/v3/credentials")
        POST("/v3/credentials", {"credential": {"type": "cert", "blob": "b", "user_id": "$ann"}})
        POST(AUTH, token("$" + who))
        POST(AUTH, token("$" + who, scope=project("$web")))
        GET(TRUSTS + "?trustor_user_id=$ann")
        GET(TRUSTS + "?trustee_user_id=$rob")
        make(trustee_user_id="$nora", impersonation=True)
        make(trustor_user_id="$rob", trustee_user_id="$nora")
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$trusted"})
    GET(AUTH, headers={"X-Subject-Token": "$acted"})

with as_("hander"):
    for body in (
        {"remaining_uses": 1},
        {"redelegation_count": 3, "allow_redelegation": True},
        {"redelegation_count": 1, "allow_redelegation": True},
        {"trustor_user_id": "$rob"},
    ):
        make(trustee_user_id="$nora", **body)
    make(keep={"second": "trust.id"}, trustee_user_id="$nora", impersonation=True, allow_redelegation=True)
    make(keep={"last": "trust.id"}, trustee_user_id="$bob", impersonation=True)
with as_("hander_once"):
    make(trustee_user_id="$nora", impersonation=True, roles=[{"name": "reader"}])
    make(keep={"only": "trust.id"}, trustee_user_id="$nora", impersonation=True, allow_redelegation=True)
login("second_hander", use("$second", "$nora"))
login("bobs", use("$last", "$bob"))
with as_("second_hander"):
    make(trustee_user_id="$bob", impersonation=True, roles=[{"name": "reader"}])
    make(keep={"third": "trust.id"}, trustee_user_id="$bob", impersonation=True)
login("third_hander", use("$third", "$bob"))
with as_("third_hander"):
    make(trustee_user_id="$nora", impersonation=True)
with as_("admin"):
    GET(AUTH, headers={"X-Subject-Token": "$third_hander"})
    GET(TRUSTS + "/$third")
with as_("member"):
    DELETE(TRUSTS + "/$handed")
    DELETE(TRUSTS + "/$plain_trust")
    DELETE(TRUSTS + "/$plain_trust")
with as_("admin"):
    for dead in ("trusted", "hander", "second_hander", "third_hander", "bobs"):
        GET(AUTH, headers={"X-Subject-Token": "$" + dead})
    GET(TRUSTS + "/$third")
    DELETE("/v3/projects/$web/users/$ann/roles/$role_member")
    GET(AUTH, headers={"X-Subject-Token": "$acted"})
with as_(None):
    POST(AUTH, use("$acting"))
with as_("admin"):
    PUT("/v3/projects/$web/users/$ann/roles/$role_member")
    GET(AUTH, headers={"X-Subject-Token": "$acted"})
    DELETE(TRUSTS + "/$acting")
    GET(AUTH, headers={"X-Subject-Token": "$acted"})
