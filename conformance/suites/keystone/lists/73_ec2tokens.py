"""Requests signed with EC2 keys, as the services of EC2 and S3 ask about them."""

import base64
import datetime
import hashlib
import hmac
import json

from keystoneclient.contrib.ec2 import utils

from script import DELETE, GET, HEAD, PATCH, POST, PUT, SECRET, as_, login, password, project, token

EC2, S3 = "/v3/ec2tokens", "/v3/s3tokens"
AUTH = "/v3/auth/tokens"
# The time of a request may lie ahead. The list is read long before it is sent.
NOW = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)


def key(access, user="$ann", on="$web", **more):
    blob = json.dumps({"access": access, "secret": access + "-secret", **more})
    POST("/v3/credentials", {"credential": {"type": "ec2", "user_id": user, "project_id": on, "blob": blob}}, keep={access: "credential.id"})


def signed(access="ann_key", version="2", at=NOW, host="cloud.example:8773", **changes):
    """What a service sends on. changes are made after it was signed."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    request = {"verb": "GET", "host": host, "path": "/services/Cloud", "body_hash": hashlib.sha256(b"").hexdigest()}
    if version == "4":
        basic = at.strftime("%Y%m%dT%H%M%SZ")
        request["params"] = {"Action": "Describe"}
        request["headers"] = {
            "Host": host,
            "X-Amz-Date": basic,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={access}/{basic[:8]}/RegionOne/ec2/aws4_request,SignedHeaders=host;x-amz-date,Signature=x",
        }
    else:
        request["params"] = {"Action": "Describe", "Timestamp": stamp, "SignatureVersion": version, "AWSAccessKeyId": access}
    signature = utils.Ec2Signer(access + "-secret").generate(json.loads(json.dumps(request)))
    request.update(access=access, signature=signature)
    request.update(changes)
    return request


def s3(access="ann_key", text=b"GET\n\n\n\n/bucket/\xc3\xbc?>", **changes):
    if text.startswith(b"AWS4"):
        secret = ("AWS4" + access + "-secret").encode()
        for part in (text + b"\n\n").split(b"\n")[2].split(b"/") + [text]:
            secret = hmac.new(secret, part, hashlib.sha256).digest()
        signature = secret.hex()
    else:
        signature = base64.b64encode(hmac.new((access + "-secret").encode(), text, hashlib.sha1).digest()).decode()
    return {"access": access, "token": base64.urlsafe_b64encode(text).decode(), "signature": signature, **changes}


def to_sign(service, scope="20260304/eu/%s/aws4_request", first="AWS4-HMAC-SHA256"):
    return "\n".join([first, "20260304T050607Z", scope.replace("%s", service), "ab" * 32]).encode()


with as_("member"):
    key("ann_key")
    key("far_key", on="$far")
    key("trust_gone", trust_id="gone")
    key("app_gone", app_cred_id="gone")
    key("oauth_gone", access_token_id="gone")
    POST("/v3/credentials", {"credential": {"type": "totp", "user_id": "$ann", "blob": "x"}})

# Who may ask.
for who in ("member", "reader", "manager", "domain_admin", "system_reader", "stranger", "unscoped", "expired", None):
    with as_(who):
        for path, body in ((EC2, {"credentials": signed()}), (EC2, {}), (S3, {"credentials": s3()}), (S3, {})):
            POST(path, body)
        for path in (EC2, S3):
            GET(path)
            HEAD(path)
for who in ("service", "admin", "system_admin"):
    with as_(who):
        POST(EC2, {"credentials": signed()}, keep={"of_key": "header:X-Subject-Token"})
        POST(S3, {"credentials": s3()})
        for path in (EC2, S3):
            GET(path)
            HEAD(path)
            PUT(path, {})
            DELETE(path)
            PATCH(path, {})

with as_("service"):
    # Where the request stands in the body.
    for path, request in ((EC2, signed()), (S3, s3())):
        for name in ("credential", "ec2Credentials"):
            POST(path, {name: request})
        POST(path, {"credentials": {}, "credential": request})
        POST(path, {"credentials": None, "credential": {}, "ec2Credentials": request})
        for body in ({}, None, "[]", "x", {"credentials": {}}, {"credentials": None}, {"x": request}, {"credentials": []}, request):
            POST(path, body)
        for access in ("unknown", "", None, 1, ["x"], {"x": 1}):
            POST(path, {"credentials": {**request, "access": access}})
    # Versions and what they sign.
    for version in ("0", "1", "2", "4"):
        POST(EC2, {"credentials": signed(version=version)})
        POST(EC2, {"credentials": signed(version=version, host="cloud.example")})
        for minutes in (-24 * 60, 60):
            POST(EC2, {"credentials": signed(version=version, at=NOW + datetime.timedelta(minutes=minutes))})
        for changes in (
            {"verb": "POST"},
            {"host": "other.example"},
            {"host": "cloud.example:8773"},
            {"path": "/"},
            {"params": {}},
            {"params": None},
            {"headers": {}},
            {"body_hash": "0"},
            {"signature": "x"},
            {"signature": ""},
            {"signature": None},
            {"access": "far_key"},
        ):
            POST(EC2, {"credentials": signed(version=version, **changes)})
        POST(EC2, {"credentials": {**signed(version=version), "host": "CLOUD.example:1"}})
    request = signed()
    for version in ("3", "4", "", None, 2):
        POST(EC2, {"credentials": {**request, "params": {**request["params"], "SignatureVersion": version}}})
    for stamp in ("yesterday", "2026-02-30T00:00:00Z", 1, None, ""):
        params = {"Action": "Describe", "SignatureVersion": "1", "Timestamp": stamp}
        right = utils.Ec2Signer("ann_key-secret").generate({"params": params})
        POST(EC2, {"credentials": {"access": "ann_key", "params": params, "signature": right}})
    for missing in ("verb", "host", "path", "params", "signature", "access"):
        POST(EC2, {"credentials": {k: v for k, v in request.items() if k != missing}})
    # S3
    for service in ("s3", "iam", "sts", "ec2", "S3", ""):
        POST(S3, {"credentials": s3(text=to_sign(service))})
    for text in (
        to_sign("s3", scope="20260304/eu/%s"),
        to_sign("s3", scope="20260304/eu/%s/aws4_request/x"),
        to_sign("s3", scope="20260304/eu/%s/aws4"),
        to_sign("s3", first="AWS4-HMAC-SHA1"),
        to_sign("s3") + b"\nmore",
        b"AWS4-HMAC-SHA256",
        b"",
    ):
        POST(S3, {"credentials": s3(text=text)})
    for changes in ({"signature": "x"}, {"signature": ""}, {"token": "eA=="}, {"token": ""}, {"token": "x"}, {"token": None}, {"access": "far_key"}):
        POST(S3, {"credentials": s3(**changes)})
    POST(S3, {"credentials": s3(params={"Timestamp": "2020-01-01T00:00:00Z"})})
    POST(S3, {"credentials": s3(headers={"X-Amz-Date": NOW.strftime("%Y%m%dT%H%M%SZ")})})
    for missing in ("token", "signature"):
        POST(S3, {"credentials": {k: v for k, v in s3().items() if k != missing}})
    # Keys that give nothing.
    for access in ("far_key", "trust_gone", "app_gone", "oauth_gone"):
        POST(EC2, {"credentials": signed(access)})
        POST(S3, {"credentials": s3(access)})

# What such a token is good for.
with as_("service"):
    GET(AUTH, headers={"X-Subject-Token": "$of_key"})
with as_("of_key"):
    for path in ("/v3/auth/projects", "/v3/auth/catalog", "/v3/users/$ann", "/v3/credentials", "/v3/users/$ann/credentials/OS-EC2"):
        GET(path)
    GET(AUTH, headers={"X-Subject-Token": "$of_key"})
    POST("/v3/users/$ann/credentials/OS-EC2", {"tenant_id": "$web"})
    POST(EC2, {"credentials": signed()})
with as_(None):
    for scope in (None, "unscoped", project("$web")):
        POST(AUTH, token("$of_key", scope))
    POST(AUTH, {"auth": {"identity": {"methods": ["ec2credential"], "ec2credential": {}}}})

# Keys that were made with a delegated token.
with as_("member"):
    POST(
        "/v3/users/$ann/application_credentials",
        {"application_credential": {"name": "key", "secret": SECRET}},
        keep={"app_of_key": "application_credential.id"},
    )
    POST(
        "/v3/OS-TRUST/trusts",
        {"trust": {"trustor_user_id": "$ann", "trustee_user_id": "$nora", "project_id": "$web", "impersonation": True, "roles": [{"name": "member"}]}},
        keep={"trust_of_key": "trust.id"},
    )
    for name, parent in (("app_key", {"app_cred_id": "$app_of_key"}), ("trust_key", {"trust_id": "$trust_of_key"})):
        key(name, **parent)
        key(name + "_far", on="$far", **parent)
with as_("service"):
    for name in ("app_key", "app_key_far", "trust_key"):
        POST(EC2, {"credentials": signed(name)})
    GET(AUTH, headers={"X-Subject-Token": "$of_key"})

# The end of a key.
with as_("admin"):
    for path, body in (
        ("/v3/projects/$web", lambda on: {"project": {"enabled": on}}),
        ("/v3/users/$ann", lambda on: {"user": {"enabled": on}}),
    ):
        PATCH(path, body(False))
        POST(EC2, {"credentials": signed()})
        POST(S3, {"credentials": s3()})
        PATCH(path, body(True))
    DELETE("/v3/projects/$web/users/$ann/roles/$role_member")
    POST(EC2, {"credentials": signed()})
    PUT("/v3/projects/$web/users/$ann/roles/$role_member")
    POST(EC2, {"credentials": signed()})
    DELETE("/v3/credentials/$ann_key")
    POST(EC2, {"credentials": signed()})
login("member", password("$ann", SECRET, project("$web")))
