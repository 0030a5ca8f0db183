"""Logs in with keystoneauth's plug-ins, as one who may and as ones who may not."""

import base64
import datetime
import hashlib
import hmac
import os
import pathlib
import struct
import sys
import time

import requests
from keystoneauth1 import exceptions, loading, session
from keystoneauth1.identity import v3
from keystoneclient.contrib.ec2 import utils as ec2
from keystoneclient.v3 import client

sys.path.append(str(pathlib.Path(__file__).parents[2] / "lib"))
from identity import IDENTITY, ROLES, SECRET, check, close, create, do, login, next_second, project
from tokens import expired

FRONT, TLS, KEYS = os.environ["FRONT"], pathlib.Path(os.environ["TLS"]), os.environ["KEYS"]
PLAIN = session.Session()
FRONTED = session.Session(verify=str(TLS / "ca.pem"))
AS_ANN, AS_BOB = (
    session.Session(verify=str(TLS / "ca.pem"), cert=(str(TLS / f"{name}.pem"), str(TLS / f"{name}.key"))) for name in ("ann", "bob")
)

WEB = create("projects", "project", name="web", domain_id="default")
BACK = create("projects", "project", name="back", domain_id="default")


def user(name, **attributes):
    """Makes a user who is a member of the project web."""
    id = create("users", "user", name=name, domain_id="default", password=SECRET, default_project_id=WEB, **attributes)
    do("PUT", f"projects/{WEB}/users/{id}/roles/{ROLES['member']}")
    return id


ANN, BOB = user("ann"), user("bob")
for path in f"domains/default/users/{ANN}/roles/{ROLES['reader']}", f"system/users/{ANN}/roles/{ROLES['reader']}":
    do("PUT", path)


def plugin(name, auth_url=IDENTITY, **options):
    return loading.get_plugin_loader(name).load_from_options(auth_url=auth_url, **options)


def access(auth, through=PLAIN):
    """Logs in, and uses the token once; returns what the plug-in knows of it."""
    found = auth.get_access(through)
    answer = through.get(IDENTITY + "/auth/projects", auth=auth)
    assert answer.status_code == 200
    return found


def refused(what, auth, want, through=PLAIN):
    try:
        auth.get_access(through)
        got = "a token"
    except exceptions.HttpError as error:
        got = error.http_status
    except exceptions.ClientException as error:
        got = str(error)
    check(what, got, want)


def fact(what, auth, want, through=PLAIN):
    """Checks who and where the token is: user, project, domain, system, methods as far as want names them."""
    try:
        found = access(auth, through)
        got = {name: getattr(found, name) for name in want}
    except exceptions.ClientException as error:
        got = repr(error)
    check(what, got, want)


# v3password
ann = dict(user_id=ANN, password=SECRET)
here = dict(project_name="web", project_domain_id="default")
fact("a password, the user by id", plugin("v3password", **ann, project_id=WEB), dict(user_id=ANN, project_id=WEB, username="ann"))
fact("a password, the user by name and domain id", plugin("v3password", username="ann", user_domain_id="default", password=SECRET, **here), dict(user_id=ANN, project_id=WEB))
fact("a password, all by name", plugin("v3password", username="ann", user_domain_name="Default", password=SECRET, project_name="web", project_domain_name="Default"), dict(user_id=ANN, project_id=WEB))
fact("a password, for a domain", plugin("v3password", **ann, domain_name="Default"), dict(domain_id="default", project_id=None, role_names=["reader"]))
fact("a password, for the system", plugin("v3password", **ann, system_scope="all"), dict(system={"all": True}, project_id=None))
fact("a password, for the default project", plugin("v3password", **ann), dict(project_id=WEB))
fact("a password, for nothing", plugin("v3password", **ann, unscoped=True), dict(project_id=None, scoped=False))
fact("the plug-in of any version", plugin("password", auth_url=IDENTITY.removesuffix("/v3"), username="ann", user_domain_id="default", password=SECRET, **here), dict(project_id=WEB))
refused("a wrong password", plugin("v3password", user_id=ANN, password="wrong", **here), 401)
refused("an unknown user", plugin("v3password", username="nobody", user_domain_id="default", password=SECRET, **here), 401)
refused("a project without a role", plugin("v3password", **ann, project_id=BACK), 401)
refused("a project that is not there", plugin("v3password", **ann, project_id="0" * 32), 401)
refused("the system without a role", plugin("v3password", user_id=BOB, password=SECRET, system_scope="all"), 401)
OFF = user("off", enabled=False)
refused("a disabled user", plugin("v3password", user_id=OFF, password=SECRET, **here), 401)
keystone = client.Client(session=PLAIN, auth=plugin("v3password", **ann, **here))
check("what keystoneclient shows of oneself", keystone.users.get(ANN).name, "ann")

# v3token
token = login("ann", project("web"))
unscoped = login("ann", "unscoped")
fact("a token, for another scope", plugin("v3token", token=token, domain_id="default"), dict(domain_id="default", user_id=ANN))
fact("an unscoped token, for a project", plugin("v3token", token=unscoped, project_id=WEB), dict(project_id=WEB))
refused("a token, for a project without a role", plugin("v3token", token=token, project_id=BACK), 401)
refused("a token that is none", plugin("v3token", token="garbage", project_id=WEB), 404)
refused("an expired token", plugin("v3token", token=expired(token, 60, KEYS), project_id=WEB), 404)
do("DELETE", "auth/tokens", X_Subject_Token=unscoped)
refused("a revoked token", plugin("v3token", token=unscoped, project_id=WEB), 404)


# v3totp
def seed(owner):
    """Gives a user a one-time code generator and returns its secret."""
    secret = base64.b32encode(os.urandom(20)).decode()
    create("credentials", "credential", type="totp", user_id=owner, blob=secret)
    return secret


def code(secret, steps=0):
    """The code of RFC 6238."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1)
    return f"{struct.unpack_from('>I', digest, digest[-1] & 15)[0] % 2**31 % 10**6:06}"


TIM = user("tim")
tims = seed(TIM)
refused("a wrong code", plugin("v3totp", user_id=TIM, passcode="000000" if code(tims) != "000000" else "111111", project_id=WEB), 401)
refused("a code of long ago", plugin("v3totp", user_id=TIM, passcode=code(tims, -20), project_id=WEB), 401)
refused("another's code", plugin("v3totp", user_id=BOB, passcode=code(tims), project_id=WEB), 401)
fact("a code", plugin("v3totp", user_id=TIM, passcode=code(tims), project_id=WEB), dict(user_id=TIM, project_id=WEB))

# v3multifactor and receipts
both = {"multi_factor_auth_enabled": True, "multi_factor_auth_rules": [["password", "totp"]]}


def careful(name):
    """A user who needs both password and code."""
    owner = user(name, options=both)
    return owner, seed(owner)


MIA, mias = careful("mia")
fact(
    "password and code at once",
    plugin("v3multifactor", auth_methods=["v3password", "v3totp"], user_id=MIA, password=SECRET, passcode=code(mias), project_id=WEB),
    dict(user_id=MIA, project_id=WEB),
)
MAX, maxs = careful("max")
refused(
    "a wrong password and a code",
    plugin("v3multifactor", auth_methods=["v3password", "v3totp"], user_id=MAX, password="wrong", passcode=code(maxs), project_id=WEB),
    401,
)


def receipt(owner):
    try:
        plugin("v3password", user_id=owner, password=SECRET, project_id=WEB).get_access(PLAIN)
    except exceptions.MissingAuthMethods as missing:
        return missing
    sys.exit("a password alone was enough")


def second(owner, passcode, receipt):
    auth = v3.TOTP(IDENTITY, user_id=owner, passcode=passcode, project_id=WEB)
    auth.add_method(v3.ReceiptMethod(receipt=receipt))
    return auth


(MOE, moes), (MEL, mels) = careful("moe"), careful("mel")
missing = receipt(MOE)
check("the methods that were given", missing.methods, ["password"])
check("the methods that are asked for", [sorted(each) for each in missing.required_auth_methods], [["password", "totp"]])
left = missing.expires_at - datetime.datetime.now(datetime.timezone.utc)
check("the receipt's life", 0 < left.total_seconds() <= 300, True)
refused("another's receipt", second(MEL, code(mels), missing.receipt), 401)
refused("a receipt that is none", second(MOE, code(moes, -1), "garbage"), 401)
refused("a receipt and a wrong code", second(MOE, "000000" if code(moes) != "000000" else "111111", missing.receipt), 401)
fact("a receipt and a code", second(MOE, code(moes), missing.receipt), dict(user_id=MOE, project_id=WEB))

# v3applicationcredential
anns = client.Client(session=session.Session(auth=plugin("v3password", **ann, project_id=WEB)))
made = anns.application_credentials.create("robot", roles=[{"name": "reader"}])
robot = dict(application_credential_id=made.id, application_credential_secret=made.secret)
fact("an application credential by id", plugin("v3applicationcredential", **robot), dict(user_id=ANN, project_id=WEB, role_names=["reader"], application_credential_id=made.id))
fact(
    "an application credential by name",
    plugin("v3applicationcredential", application_credential_name="robot", application_credential_secret=made.secret, user_id=ANN),
    dict(project_id=WEB),
)
refused("an application credential's wrong secret", plugin("v3applicationcredential", **robot | dict(application_credential_secret="wrong")), 401)
refused("an unknown application credential", plugin("v3applicationcredential", **robot | dict(application_credential_id="0" * 32)), 404)
robots = client.Client(session=session.Session(auth=plugin("v3applicationcredential", **robot)))
try:
    robots.application_credentials.create("another", user=ANN)
    got = "made"
except exceptions.HttpError as error:
    got = error.http_status
check("an application credential that makes another", got, 403)
anns.application_credentials.delete(made.id)
refused("an application credential that was deleted", plugin("v3applicationcredential", **robot), 404)

# A trust: v3password with trust_id
bob = dict(user_id=BOB, password=SECRET)
given = anns.trusts.create(trustor_user=ANN, trustee_user=BOB, project=WEB, role_names=["member"], impersonation=True, remaining_uses=2)
trusted = plugin("v3password", **bob, trust_id=given.id)
fact("a trust", trusted, dict(user_id=ANN, project_id=WEB, trust_id=given.id, trustee_user_id=BOB))
refused("a trust of somebody else", plugin("v3password", user_id=TIM, password=SECRET, trust_id=given.id), 403)
fact("a trust's last use", plugin("v3password", **bob, trust_id=given.id), dict(user_id=ANN))
refused("a trust that is used up", plugin("v3password", **bob, trust_id=given.id), 401)
gone = anns.trusts.create(trustor_user=ANN, trustee_user=BOB, project=WEB, role_names=["member"], impersonation=False)
fact("a trust without impersonation", plugin("v3password", **bob, trust_id=gone.id), dict(user_id=BOB, project_id=WEB))
anns.trusts.delete(gone.id)
refused("a trust that was deleted", plugin("v3password", **bob, trust_id=gone.id), 401)

# v3oauth1
admin = client.Client(session=session.Session(auth=plugin("v3password", username="admin", password=os.environ["OS_PASSWORD"], user_domain_id="default", project_name="admin", project_domain_id="default")))
consumer = admin.oauth1.consumers.create(description="printer")
[home] = admin.projects.list(name="admin")
asked = admin.oauth1.request_tokens.create(consumer.id, consumer.secret, home.id)
verifier = admin.oauth1.request_tokens.authorize(asked.key, [ROLES["member"]]).oauth_verifier
key = admin.oauth1.access_tokens.create(consumer.id, consumer.secret, asked.key, asked.secret, verifier)
oauth = dict(consumer_key=consumer.id, consumer_secret=consumer.secret, access_key=key.key, access_secret=key.secret)
fact("OAuth 1", plugin("v3oauth1", **oauth), dict(username="admin", project_id=home.id, oauth_consumer_id=consumer.id, oauth_access_token_id=key.key))
refused("OAuth 1, a wrong secret", plugin("v3oauth1", **oauth | dict(access_secret="wrong")), 401)
refused("OAuth 1, a wrong consumer's secret", plugin("v3oauth1", **oauth | dict(consumer_secret="wrong")), 401)
refused("OAuth 1, an unknown key", plugin("v3oauth1", **oauth | dict(access_key="0" * 32)), 404)
admin.oauth1.consumers.delete(consumer.id)
refused("OAuth 1, a consumer that was deleted", plugin("v3oauth1", **oauth), 404)

# v3oauth2clientcredential: the token is used as a bearer's, too
made = anns.application_credentials.create("client")
client_of = dict(oauth2_endpoint=FRONT + "/OS-OAUTH2/token", oauth2_client_id=made.id, oauth2_client_secret=made.secret)
auth = plugin("v3oauth2clientcredential", auth_url=FRONT, **client_of)
fact("OAuth 2 with a secret", auth, dict(user_id=ANN, project_id=WEB), FRONTED)
headers = auth.get_headers(FRONTED)
check("its bearer's header", headers["Authorization"].startswith("Bearer gAAAA"), True)
bearer = headers["Authorization"].removeprefix("Bearer ")
check("what it is good for", requests.get(IDENTITY + "/auth/projects", headers={"X-Auth-Token": bearer}).status_code, 200)
refused("OAuth 2 with a wrong secret", plugin("v3oauth2clientcredential", auth_url=FRONT, **client_of | dict(oauth2_client_secret="wrong")), 401, FRONTED)

# v3oauth2mtlsclientcredential
rules = [{
    "local": [{"user": {"name": "{0}", "domain": {"id": "default"}}}],
    "remote": [{"type": "SSL_CLIENT_SUBJECT_DN_CN"}, {"type": "SSL_CLIENT_ISSUER_DN_CN", "any_one_of": ["Suite CA"]}],
}]
admin.federation.mappings.create("oauth2_mapping", rules=rules)
certified = dict(oauth2_endpoint=FRONT + "/OS-OAUTH2/token", oauth2_client_id=ANN)


def with_certificate(**options):
    return plugin("v3oauth2mtlsclientcredential", auth_url=FRONT, **certified | options)


auth = with_certificate()
try:
    found = auth.get_access(AS_ANN)
    check("OAuth 2 with a certificate", [found.user_id, found.project_id], [ANN, WEB])
    url, headers = FRONT + "/auth/projects", {"X-Auth-Token": found.auth_token}
    statuses = [each.get(url, headers=headers, raise_exc=False).status_code for each in (AS_ANN, AS_BOB, FRONTED)]
    # Keystone leaves this to the middleware of other services.
    want = [200, 200, 200] if os.environ["SERVER"] == "keystone" else [200, 401, 401]
    check("its token with the certificate, with another's and with none", statuses, want)
except exceptions.ClientException as error:
    check("OAuth 2 with a certificate", repr(error), "a token")
refused("OAuth 2 with another's certificate", with_certificate(), "Client authentication failed.", AS_BOB)
refused("OAuth 2 without a certificate", with_certificate(), "Client authentication failed.", FRONTED)
refused("OAuth 2 with a certificate for nobody", with_certificate(oauth2_client_id="0" * 32), "Client authentication failed.", AS_ANN)

# v3tokenlessauth: a certificate of a trusted issuer in place of a token
issuer = hashlib.sha256(b"CN=Suite CA").hexdigest()
rules = [{"local": [{"user": {"name": "{0}", "domain": {"id": "default"}, "type": "local"}}], "remote": [{"type": "SSL_CLIENT_S_DN_CN"}]}]
admin.federation.mappings.create("certificates", rules=rules)
admin.federation.identity_providers.create(issuer, enabled=True)
admin.federation.protocols.create("x509", issuer, "certificates")


def tokenless(what, want, through=AS_ANN, path="regions", **scope):
    """Checks the status of a request without a token."""
    status = through.get(f"{FRONT}/{path}", auth=plugin("v3tokenlessauth", auth_url=FRONT, **scope), raise_exc=False).status_code
    check(f"a certificate in place of a token: {what}", status, want)


tokenless("the project by id", 200, project_id=WEB)
tokenless("the project by name", 200, **here)
tokenless("all by name", 200, project_name="web", project_domain_name="Default")
tokenless("a domain by id", 200, domain_id="default")
tokenless("a domain by name", 200, domain_name="Default")
tokenless("another's certificate", 200, through=AS_BOB, project_id=WEB)
# What Keystone knows of such a caller is not enough for most of its rules.
knows = os.environ["SERVER"] == "lintel"
tokenless("oneself", 200 if knows else 400, path=f"users/{ANN}", project_id=WEB)
tokenless("oneself, by another's certificate", 403 if knows else 400, through=AS_BOB, path=f"users/{ANN}", project_id=WEB)
tokenless("a project without a role", 401 if knows else 200, project_id=BACK)
tokenless("a project that is not there", 401, project_id="0" * 32)
tokenless("no certificate", 401, through=FRONTED, project_id=WEB)
regions = client.Client(session=AS_ANN, auth=plugin("v3tokenlessauth", auth_url=FRONT, project_id=WEB)).regions.list()
check("a certificate in place of a token, through keystoneclient", [region.id for region in regions], ["RegionOne"])
admin.federation.identity_providers.delete(issuer)
tokenless("a provider that was deleted", 404, project_id=WEB)

# EC2: keystoneclient signs, a service asks who that is
KEEPER = create("users", "user", name="keeper", domain_id="default", password=SECRET)
do("PUT", f"projects/{BACK}/users/{KEEPER}/roles/{ROLES['service']}")
keeper = session.Session(auth=plugin("v3password", user_id=KEEPER, password=SECRET, project_id=BACK))
pair = anns.ec2.create(ANN, WEB)


def signed(version, secret=pair.secret, key=pair.access, age=0):
    """The facts of a signed request, as a service hands them on."""
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    request = {"access": key, "host": "ec2.example.org", "verb": "GET", "path": "/", "headers": {}, "body_hash": hashlib.sha256(b"").hexdigest()}
    if version == 4:
        scope = f"{when:%Y%m%d}/RegionOne/ec2/aws4_request"
        request["params"] = {"Action": "DescribeInstances"}
        request["headers"] = {
            "Host": "ec2.example.org", "X-Amz-Date": f"{when:%Y%m%dT%H%M%SZ}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature=unknown",
        }
    else:
        request["params"] = {
            "Action": "DescribeInstances", "AWSAccessKeyId": key, "Timestamp": f"{when:%Y-%m-%dT%H:%M:%SZ}",
            "SignatureVersion": str(version), "SignatureMethod": "HmacSHA256",
        }
    request["signature"] = ec2.Ec2Signer(secret).generate(request)
    return {"ec2Credentials": request}


def asked_of(who, body):
    answer = who.post(IDENTITY + "/ec2tokens", json=body, raise_exc=False)
    return answer.status_code, answer.json()["token"]["user"]["id"] if answer.status_code == 200 else None


for version in 0, 1, 2, 4:
    check(f"EC2, signature version {version}", asked_of(keeper, signed(version)), (200, ANN))
    check(f"EC2, signature version {version}, a wrong secret", asked_of(keeper, signed(version, secret="wrong")), (401, None))
check("EC2, a request of long ago", asked_of(keeper, signed(4, age=3600)), (401, None))
check("EC2, an unknown key", asked_of(keeper, signed(4, key="0" * 32)), (404, None))
check("EC2, asked by nobody", asked_of(PLAIN, signed(4)), (401, None))
check("EC2, asked by anybody", asked_of(anns.session, signed(4)), (403, None))
anns.ec2.delete(ANN, pair.access)
check("EC2, a key that was deleted", asked_of(keeper, signed(4)), (404, None))
close()
