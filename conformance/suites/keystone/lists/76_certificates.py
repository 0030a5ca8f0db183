"""Certificates that clients have shown to a web server in front: OAuth 2.0 clients, and certificates in place of tokens."""

import datetime
import hashlib
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, login, password, project

TOKEN = "/v3/OS-OAUTH2/token"
MAPPING = "/v3/OS-FEDERATION/mappings/oauth2_mapping"
GRANT = "grant_type=client_credentials"


def pem(*subject, issuer="Suite CA", version=1):
    """A certificate, always the same for the same names."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    day = datetime.datetime(2026, 1, 1)
    made = (
        x509.CertificateBuilder(serial_number=version)
        .subject_name(x509.Name([x509.NameAttribute(*each) for each in subject]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acme")]))
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=36500))
        .public_key(key.public_key())
        .sign(key, None)
    )
    return urllib.parse.quote(made.public_bytes(serialization.Encoding.PEM))


def named(name, email=None, **more):
    return pem((NameOID.COMMON_NAME, name), *[(NameOID.EMAIL_ADDRESS, email)] * bool(email), **more)


def ask(certificate, client="$cora", body=GRANT, keep=None, **headers):
    with as_(None):
        form = {"Content-Type": "application/x-www-form-urlencoded", "X-Env-Ssl-Client-Cert": certificate}
        POST(TOKEN, f"{body}&client_id={client}" if client else body, headers={**form, **headers}, keep=keep)


def rules(*remote, **user):
    with as_("admin"):
        PATCH(MAPPING, {"mapping": {"rules": [{"local": [{"user": user}], "remote": [{"type": f"SSL_CLIENT_{each}"} for each in remote]}]}})


with as_("admin"):
    POST(
        "/v3/users",
        {"user": {"name": "cora", "domain_id": "$acme", "password": SECRET, "email": "cora@example.org"}},
        keep={"cora": "user.id"},
    )
    PUT("/v3/projects/$web/users/$cora/roles/$role_member")
login("by_password", password("$cora", SECRET, project("$web")))
CORA = named("cora", "cora@example.org")
ask(CORA)  # there is no mapping
with as_("admin"):
    PUT(MAPPING, {"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "SSL_CLIENT_SUBJECT_DN_CN"}]}]}})
ask(CORA)  # nor a default project
with as_("admin"):
    PATCH("/v3/users/$cora", {"user": {"default_project_id": "$web"}})
ask(CORA, keep={"bound": "access_token"})
with as_("admin"):
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$bound"})
with as_("bound"):
    for headers in ({"X-Env-Ssl-Client-Cert": CORA}, {"X-Env-Ssl-Client-Cert": named("rob")}, {}):
        GET("/v3/users/$cora", headers=headers)
        GET("/v3/auth/projects", headers=headers)
    for headers in ({"X-Env-Ssl-Client-Cert": CORA},):
        POST("/v3/users/$cora/application_credentials", {"application_credential": {"name": "bound"}}, headers=headers)
        POST("/v3/credentials", {"credential": {"type": "x", "blob": "y", "user_id": "$cora"}}, headers=headers)
        POST("/v3/users/$cora/credentials/OS-EC2", {"tenant_id": "$web"}, headers=headers)
        DELETE("/v3/auth/tokens", headers=headers | {"X-Subject-Token": "$bound"})
for client in ("$rob", "unknown", "", None, "$web", "$svc"):
    ask(CORA, client)
ask(named("rob"))
ask(named("Cora"))
ask(named("cora", version=2))
ask(pem((NameOID.ORGANIZATION_NAME, "cora")))
ask(pem((NameOID.COMMON_NAME, "cora"), (NameOID.COMMON_NAME, "rob")))
for text in ("x", "-----BEGIN CERTIFICATE-----", CORA[:300], ""):
    ask(text)
ask(CORA, body=GRANT + "&client_secret=s")
ask(CORA, body="grant_type=password")
ask(CORA, client=None, Authorization="Basic dW5rbm93bjpz")
ask(CORA, Authorization="Basic dW5rbm93bjpz")
rules("SUBJECT_DN_CN", "SUBJECT_DN_EMAILADDRESS", name="{0}", email="{1}")
ask(CORA)
ask(named("cora"))
ask(named("cora", "other@example.org"))
rules("SUBJECT_DN_CN", name="{0}", domain={"id": "$acme"})
ask(CORA)
rules("SUBJECT_DN_CN", name="{0}", domain={"name": "acme"})
ask(CORA)
rules("SUBJECT_DN_CN", name="{0}", domain={"name": "other"})
ask(CORA)
rules("SUBJECT_DN_CN", id="$cora")
ask(named("whoever"))
rules("SUBJECT_DN_CN", "ISSUER_DN_O", name="{0}", domain={"name": "{1}"})
ask(CORA)
rules("SUBJECT_DN_CN", name="{0}", type="local", domain={"name": "acme"})
ask(CORA)
with as_("admin"):
    PATCH(MAPPING, {"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [
        {"type": "SSL_CLIENT_SUBJECT_DN_CN"}, {"type": "SSL_CLIENT_ISSUER_DN_CN", "any_one_of": ["Suite CA"]}]}]}})
ask(CORA)
ask(named("cora", issuer="Other CA"))
with as_("admin"):
    PATCH("/v3/users/$cora", {"user": {"default_project_id": "$far"}})
ask(CORA)
with as_("admin"):
    PATCH("/v3/users/$cora", {"user": {"default_project_id": "$web", "enabled": False}})
ask(CORA, body=GRANT + "&disabled")
with as_("admin"):
    PATCH("/v3/users/$cora", {"user": {"enabled": True}})

# In place of a token. Most rules of Keystone cannot be asked about such a caller: they name a part of the token.
IDP = "/v3/OS-FEDERATION/identity_providers/" + hashlib.sha256(b"CN=Suite CA").hexdigest()
with as_("admin"):
    PUT("/v3/OS-FEDERATION/mappings/certificates", {"mapping": {"rules": [
        {"local": [{"user": {"name": "{0}", "type": "local", "domain": {"name": "acme"}}}], "remote": [{"type": "SSL_CLIENT_S_DN_CN"}]}]}})


def shows(name="cora", issuer="CN=Suite CA", **scope):
    return {"X-Env-Ssl-Client-I-Dn": issuer, "X-Env-Ssl-Client-S-Dn-Cn": name} | {k.replace("_", "-"): v for k, v in scope.items()}


with as_(None):
    GET("/v3/regions", headers=shows(X_Project_Id="$web"))
with as_("admin"):
    PUT(IDP, {"identity_provider": {"enabled": True}})
with as_(None):
    GET("/v3/regions", headers=shows(X_Project_Id="$web"))
with as_("admin"):
    PUT(IDP + "/protocols/x509", {"protocol": {"mapping_id": "certificates"}})
with as_(None):
    for scope in (
        dict(X_Project_Id="$web"),
        dict(X_Project_Name="web", X_Project_Domain_Id="$acme"),
        dict(X_Project_Name="web", X_Project_Domain_Name="acme"),
        dict(X_Project_Name="web"),
        dict(X_Project_Name="unknown", X_Project_Domain_Name="acme"),
        dict(X_Project_Name="web", X_Project_Domain_Name="unknown"),
        dict(X_Project_Id="unknown"),
        dict(X_Project_Id="", X_Domain_Id="$acme"),
        dict(X_Domain_Id="$acme"),
        dict(X_Domain_Name="acme"),
        dict(X_Domain_Id="unknown"),
        dict(X_Domain_Name="unknown"),
        dict(X_Project_Id="$web", X_Domain_Id="$acme"),
        {},
    ):
        GET("/v3/regions", headers=shows(**scope))
        GET("/v3/regions/unknown", headers=shows(**scope))
    for name in ("unknown", "", "(null)", "svc", "rob"):
        GET("/v3/regions", headers=shows(name, X_Project_Id="$web"))
    for issuer in ("CN=Other CA", "", "cn=suite ca"):
        GET("/v3/regions", headers=shows(issuer=issuer, X_Project_Id="$web"))
    HEAD("/v3/regions", headers=shows(X_Project_Id="$web"))
    POST("/v3/regions", {"region": {}}, headers=shows(X_Project_Id="$web"))
    GET("/v3", headers=shows(X_Project_Id="$web"))
with as_("by_password"):  # which is over
    GET("/v3/users/$cora", headers=shows("unknown"))
with as_("expired"):
    GET("/v3/users/$cora", headers=shows(X_Project_Id="$web"))
for change in ({"enabled": False}, {"enabled": True}):
    with as_("admin"):
        PATCH("/v3/users/$cora", {"user": change})
    with as_(None):
        GET("/v3/regions", headers=shows(X_Project_Id="$web"))
with as_("admin"):
    PATCH("/v3/OS-FEDERATION/mappings/certificates", {"mapping": {"rules": [
        {"local": [{"group": {"name": "{0}", "domain": {"name": "acme"}}}], "remote": [{"type": "SSL_CLIENT_S_DN_CN"}]}]}})
    PUT("/v3/projects/$web/groups/$crew/roles/$role_reader")
with as_(None):
    GET("/v3/regions", headers=shows("crew", X_Project_Id="$web"))
    GET("/v3/regions", headers=shows("crew", X_Domain_Id="$acme"))
    GET("/v3/regions", headers=shows("unknown", X_Project_Id="$web"))
    GET("/v3/regions", headers=shows("idle", X_Project_Id="$web"))
with as_("admin"):
    PATCH(IDP, {"identity_provider": {"enabled": False}})
with as_(None):
    GET("/v3/regions", headers=shows("crew", X_Project_Id="$web"))
with as_("admin"):
    DELETE(IDP)
