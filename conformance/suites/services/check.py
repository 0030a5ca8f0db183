"""Acts as users of Swift and Glance: over HTTP with tokens, and over S3 with EC2 keys."""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

sys.path.append(str(pathlib.Path(__file__).parents[2] / "lib"))
from identity import IDENTITY, ROLES, SECRET, ask, change, check, close, create, do, login, must, next_second, project, read
from tokens import expired

SWIFT, GLANCE, KEYS = os.environ["SWIFT"], os.environ["GLANCE"], os.environ["KEYS"]

WEB = create("projects", "project", name="web", domain_id="default")
FAR = create("projects", "project", name="far", domain_id="default")
USERS = {name: create("users", "user", name=name, domain_id="default", password=SECRET) for name in ("ann", "rob", "eve")}
for name, where, role in ("ann", WEB, "member"), ("rob", WEB, "reader"), ("eve", FAR, "member"):
    do("PUT", f"projects/{where}/users/{USERS[name]}/roles/{ROLES[role]}")


def send(method, url, token=None, data=None, **headers):
    """Returns status and body, as they are."""
    request = urllib.request.Request(url, data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    if token is not None:
        request.add_header("X-Auth-Token", token)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def status(*args, **headers):
    return send(*args, **headers)[0]


def endpoint(token, kind):
    """The URL of a service in a token's catalog."""
    catalog = must(ask(IDENTITY + "/auth/tokens", X_Auth_Token=token, X_Subject_Token=token), 200)[2]["token"]["catalog"]
    [url] = [endpoint["url"] for service in catalog if service["type"] == kind for endpoint in service["endpoints"]]
    return url


def login_with(id, secret):
    body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": id, "secret": secret}}}}
    return ask(IDENTITY + "/auth/tokens", "POST", body)


def credential(owner, **attributes):
    """Makes an application credential and returns its id and secret."""
    body = {"application_credential": attributes}
    answer = ask(f"{IDENTITY}/users/{USERS[owner]}/application_credentials", "POST", body, X_Auth_Token=login(owner, project("web")))
    made = must(answer, 201)[2]["application_credential"]
    return made["id"], made["secret"]


def token_of(made):
    return must(login_with(*made), 201)[1]["X-Subject-Token"]


ann, rob, eve = (login(name, project(where)) for name, where in (("ann", "web"), ("rob", "web"), ("eve", "far")))
ACCOUNT = endpoint(ann, "object-store")
check("the account of a project", ACCOUNT, f"{SWIFT}/v1/AUTH_{WEB}")
BAD = {
    "no token": None,
    "a garbage token": "garbage",
    "a token with a tail": ann + "x",
    "an expired token": expired(ann, 60, KEYS),
}


def revoked():
    token = login("ann", project("web"))
    do("DELETE", "auth/tokens", X_Subject_Token=token)
    return token


# Swift, with a token.
check("a new container", status("PUT", ACCOUNT + "/box", ann), 201)
check("an upload", status("PUT", ACCOUNT + "/box/thing", ann, b"as uploaded"), 201)
check("a download", send("GET", ACCOUNT + "/box/thing", ann), (200, b"as uploaded"))
check("the container's list", send("GET", ACCOUNT + "/box", ann), (200, b"thing\n"))
for what, token in BAD.items():
    check(f"{what} reads an object", status("GET", ACCOUNT + "/box/thing", token), 401)
    check(f"{what} writes an object", status("PUT", ACCOUNT + "/box/other", token, b""), 401)
check("a revoked token", status("GET", ACCOUNT + "/box/thing", revoked()), 401)
check("a reader reads", send("GET", ACCOUNT + "/box/thing", rob), (200, b"as uploaded"))
check("a reader writes", status("PUT", ACCOUNT + "/box/thing", rob, b"changed"), 403)
check("a reader deletes", status("DELETE", ACCOUNT + "/box/thing", rob), 403)
check("a member of another project reads", status("GET", ACCOUNT + "/box/thing", eve), 403)
check("a member of another project writes", status("PUT", ACCOUNT + "/box/thing", eve, b"changed"), 403)
check("the admin of another project reads", status("GET", ACCOUNT + "/box/thing", login("admin", project("admin"), os.environ["OS_PASSWORD"])), 403)
check("an unscoped token", status("GET", ACCOUNT + "/box/thing", login("ann", "unscoped")), 403)
check("letting a user of another project in", status("POST", ACCOUNT + "/box", ann, X_Container_Read=f"{FAR}:{USERS['eve']}"), 204)
check("who was let in reads", send("GET", ACCOUNT + "/box/thing", eve), (200, b"as uploaded"))
check("who was let in writes", status("PUT", ACCOUNT + "/box/thing", eve, b"changed"), 403)
check("nobody changed the object", send("GET", ACCOUNT + "/box/thing", ann), (200, b"as uploaded"))

# Swift, with application credentials.
PATH = f"/v1/AUTH_{WEB}"
ruled = credential("ann", name="ruled", access_rules=[
    {"service": "object-store", "method": "PUT", "path": PATH + "/box/*"},
    {"service": "object-store", "method": "GET", "path": PATH + "/box/**"},
])
token = token_of(ruled)
check("an upload that a rule allows", status("PUT", ACCOUNT + "/box/by-rule", token, b"by rule"), 201)
check("a download that a rule allows", send("GET", ACCOUNT + "/box/by-rule", token), (200, b"by rule"))
check("a deep path that a rule allows", status("GET", ACCOUNT + "/box/a/b/c", token), 404)
for what, method, path in (
    ("a method", "DELETE", "/box/by-rule"),
    ("another container", "PUT", "/crate/by-rule"),
    ("a deeper path", "PUT", "/box/a/b"),
    ("the container", "PUT", "/box"),
    ("the account", "GET", ""),
):
    check(f"{what} that no rule allows", status(method, ACCOUNT + path, token, None if method == "GET" else b""), 401)
token = token_of(credential("ann", name="elsewhere", access_rules=[{"service": "image", "method": "GET", "path": "/**"}]))
check("rules of another service", status("GET", ACCOUNT + "/box/thing", token), 401)
token = token_of(credential("ann", name="no rules"))
check("an application credential without rules", status("PUT", ACCOUNT + "/box/plain", token, b""), 201)
token = token_of(credential("ann", name="lesser", roles=[{"name": "reader"}]))
check("an application credential of the lesser role reads", status("GET", ACCOUNT + "/box/thing", token), 200)
check("an application credential of the lesser role writes", status("PUT", ACCOUNT + "/box/thing", token, b""), 403)
gone = credential("ann", name="gone")
token = token_of(gone)
check("a token of an application credential", status("GET", ACCOUNT + "/box/thing", token), 200)
next_second()
must(ask(f"{IDENTITY}/users/{USERS['ann']}/application_credentials/{gone[0]}", "DELETE", X_Auth_Token=login("ann", project("web"))), 204)
check("a token of one that was deleted", status("GET", ACCOUNT + "/box/thing", token), 401)
check("a login with one that was deleted", login_with(*gone)[0], 404)
check("a login with the wrong secret", login_with(ruled[0], "wrong")[0], 401)

# S3, with EC2 keys.
S3_CONFIG = dict(
    region_name="us-east-1", request_checksum_calculation="when_required", response_checksum_validation="when_required",
    s3={"addressing_style": "path"}, retries={"total_max_attempts": 1},
)


def keys(name, where):
    made = must(ask(f"{IDENTITY}/users/{USERS[name]}/credentials/OS-EC2", "POST", {"tenant_id": where}, X_Auth_Token=login(name, project("web"))), 201)
    return made[2]["credential"]["access"], made[2]["credential"]["secret"]


def stored(name, access):
    """Makes EC2 keys as any credential is made: a reader is not let make them as such."""
    blob = {"access": access, "secret": "a secret"}
    create("credentials", "credential", type="ec2", user_id=USERS[name], project_id=WEB, blob=json.dumps(blob))
    return blob["access"], blob["secret"]


def s3(access, secret, signature="s3v4"):
    return boto3.client(
        "s3", endpoint_url=SWIFT, aws_access_key_id=access, aws_secret_access_key=secret,
        config=botocore.config.Config(signature_version=signature, **S3_CONFIG),
    )


def s3_status(call, **arguments):
    """Returns the status that a call gives, and for a failure its code."""
    try:
        return call(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except botocore.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


DENIED = (403, "AccessDenied")
MISMATCH = (403, "SignatureDoesNotMatch")
access, secret = keys("ann", WEB)
of_ann, bucket = s3(access, secret), "bucket"
check("a new bucket", s3_status(of_ann.create_bucket, Bucket=bucket), 200)
check("a bucket's list", [each["Key"] for each in of_ann.list_objects_v2(Bucket="box", Prefix="th")["Contents"]], ["thing"])
# With the old signature the client and Swift differ on how a bucket's own path is signed: only objects.
for signature in "s3v4", "s3":
    of_ann = s3(access, secret, signature)
    check(f"{signature}: an upload", s3_status(of_ann.put_object, Bucket=bucket, Key="k e/y", Body=b"over S3"), 200)
    check(f"{signature}: a download", of_ann.get_object(Bucket=bucket, Key="k e/y")["Body"].read(), b"over S3")
    check(f"{signature}: the same with a token", send("GET", f"{ACCOUNT}/{bucket}/k%20e/y", ann), (200, b"over S3"))
    check(f"{signature}: what was uploaded with a token", of_ann.get_object(Bucket="box", Key="thing")["Body"].read(), b"as uploaded")
    check(f"{signature}: a wrong secret", s3_status(s3(access, secret + "x", signature).get_object, Bucket=bucket, Key="k e/y"), MISMATCH)
    check(f"{signature}: unknown keys", s3_status(s3("f" * 32, secret, signature).get_object, Bucket=bucket, Key="k e/y"), MISMATCH)
    url = of_ann.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k e/y"}, ExpiresIn=60)
    check(f"{signature}: a signed URL", send("GET", url), (200, b"over S3"))
    check(f"{signature}: a signed URL with another name in it", status("GET", url.replace("/k%20e/y", "/other")), 403)
    check(f"{signature}: a signed URL with another method", status("DELETE", url), 403)
    check(f"{signature}: a deletion", s3_status(of_ann.delete_object, Bucket=bucket, Key="k e/y"), 204)
of_rob = s3(*stored("rob", "b" * 32))
check("a reader reads over S3", of_rob.get_object(Bucket="box", Key="thing")["Body"].read(), b"as uploaded")
check("a reader writes over S3", s3_status(of_rob.put_object, Bucket="box", Key="thing", Body=b""), DENIED)
do("PUT", f"projects/{WEB}/users/{USERS['eve']}/roles/{ROLES['member']}")
of_eve = s3(*keys("eve", WEB))
check("who has the role writes over S3", s3_status(of_eve.put_object, Bucket="bucket", Key="eve", Body=b""), 200)
do("DELETE", f"projects/{WEB}/users/{USERS['eve']}/roles/{ROLES['member']}")
check("who lost the role", s3_status(of_eve.put_object, Bucket="bucket", Key="eve", Body=b""), MISMATCH)
others = s3(*stored("ann", "a" * 32))
check("keys made as a credential", s3_status(others.list_objects_v2, Bucket="box"), 200)
change("users/" + USERS["ann"], "user", enabled=False)
check("keys of a disabled user", s3_status(others.list_objects_v2, Bucket="box"), MISMATCH)
change("users/" + USERS["ann"], "user", enabled=True)
must(ask(f"{IDENTITY}/users/{USERS['ann']}/credentials/OS-EC2/{access}", "DELETE", X_Auth_Token=login("ann", project("web"))), 204)
check("keys that were deleted", s3_status(s3(access, secret).list_objects_v2, Bucket="box"), MISMATCH)
check("other keys of the same user", s3_status(others.list_objects_v2, Bucket="box"), 200)

# Glance.
next_second()
ann, rob, eve = (login(name, project(where)) for name, where in (("ann", "web"), ("rob", "web"), ("eve", "far")))
admin = login("admin", project("admin"), os.environ["OS_PASSWORD"])
IMAGES = endpoint(ann, "image") + "/v2/images"
JSON = {"Content_Type": "application/json"}
RAW = {"Content_Type": "application/octet-stream"}


def image(token, **attributes):
    """Returns the status of a new image, and its id."""
    body = json.dumps({"disk_format": "raw", "container_format": "bare", **attributes}).encode()
    code, answer = send("POST", IMAGES, token, body, **JSON)
    return code, json.loads(answer)["id"] if code == 201 else None


code, disk = image(ann, name="disk")
check("a new image", code, 201)
check("an image's upload", status("PUT", f"{IMAGES}/{disk}/file", ann, b"a disk", **RAW), 204)
check("an image's download", send("GET", f"{IMAGES}/{disk}/file", ann), (200, b"a disk"))
described = json.loads(send("GET", f"{IMAGES}/{disk}", ann)[1])
check("whose the image is", [described["status"], described["owner"]], ["active", WEB])
service = login("glance", project("service"))
check("the image is stored in Swift", send("GET", f"{endpoint(service, 'object-store')}/glance/{disk}", service), (200, b"a disk"))
BAD["a revoked token"] = revoked()
for what, token in BAD.items():
    check(f"{what} reads an image", status("GET", f"{IMAGES}/{disk}", token), 401)
    check(f"{what} makes an image", image(token)[0] if token else status("POST", IMAGES, None, b"{}", **JSON), 401)
check("a reader sees an image", status("GET", f"{IMAGES}/{disk}", rob), 200)
check("a reader makes an image", image(rob)[0], 403)
check("a reader deletes an image", status("DELETE", f"{IMAGES}/{disk}", rob), 403)
check("another project sees no image", status("GET", f"{IMAGES}/{disk}", eve), 404)
check("a member makes a public image", image(ann, visibility="public")[0], 403)
code, public = image(admin, name="public", visibility="public")
check("the admin makes a public image", code, 201)
check("all see a public image", status("GET", f"{IMAGES}/{public}", eve), 200)
PATCH = {"Content_Type": "application/openstack-images-v2.1-json-patch"}
share = json.dumps([{"op": "replace", "path": "/visibility", "value": "shared"}]).encode()
check("sharing an image", status("PATCH", f"{IMAGES}/{disk}", ann, share, **PATCH), 200)
check("with another project", status("POST", f"{IMAGES}/{disk}/members", ann, json.dumps({"member": FAR}).encode(), **JSON), 200)
check("which sees it", status("GET", f"{IMAGES}/{disk}", eve), 200)
token = token_of(credential("ann", name="images", access_rules=[{"service": "image", "method": "GET", "path": "/v2/images/{image_id}"}]))
check("an image that a rule allows", status("GET", f"{IMAGES}/{disk}", token), 200)
check("a list that no rule allows", status("GET", IMAGES, token), 401)
check("an image that no rule lets be made", image(token)[0], 401)
check("rules of Glance are none of Swift", status("GET", ACCOUNT + "/box/thing", token), 401)

# Its quotas are limits.
[images] = [service["id"] for service in read("services?type=image")["services"]]
limits = [{"service_id": images, "region_id": "RegionOne", "project_id": WEB, "resource_name": "image_count_total", "resource_limit": 2}]
must(ask(IDENTITY + "/limits", "POST", {"limits": limits}, X_Auth_Token=admin), 201)
check("the last image within the limit", image(ann)[0], 201)
check("an image beyond the limit", image(ann)[0], 413)
check("another project has its own limit", image(eve)[0], 201)

# What ends a login ends it at the services.
for what, path, kind in ("user", "users/" + USERS["ann"], "user"), ("project", "projects/" + WEB, "project"):
    next_second()
    token = login("ann", project("web"))
    check(f"before the {what} is disabled", [status("GET", url, token) for url in (ACCOUNT, IMAGES)], [200, 200])
    change(path, kind, enabled=False)
    check(f"after the {what} is disabled", [status("GET", url, token) for url in (ACCOUNT, IMAGES)], [401, 401])
    change(path, kind, enabled=True)
close()
