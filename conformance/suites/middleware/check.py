"""Acts as users of the service behind the middleware: who gets in, who does not, and what the service is told."""

import json
import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[2] / "lib"))
from identity import IDENTITY, ROLES, SECRET, ask, change, check, close, create, do, login, next_second, project
from tokens import expired

SERVICE, KEYS = os.environ["SERVICE"], os.environ["KEYS"]

SERVICE_PROJECT = create("projects", "project", name="service", domain_id="default")
WEB = create("projects", "project", name="web", domain_id="default")
KEEPER = create("users", "user", name="keeper", domain_id="default", password=SECRET)
ANN = create("users", "user", name="ann", domain_id="default", password=SECRET)
for path in (
    f"projects/{SERVICE_PROJECT}/users/{KEEPER}/roles/{ROLES['service']}",
    f"projects/{SERVICE_PROJECT}/users/{KEEPER}/roles/{ROLES['admin']}",
    f"projects/{WEB}/users/{ANN}/roles/{ROLES['member']}",
    f"domains/default/users/{ANN}/roles/{ROLES['reader']}",
    f"system/users/{ANN}/roles/{ROLES['reader']}",
):
    do("PUT", path)


def enter(token=None, path="/", **headers):
    """Asks the service; returns the status and what the service was told."""
    if token is not None:
        headers["X_Auth_Token"] = token
    status, _, body = ask(SERVICE + path, **headers)
    return status, body if status == 200 else {}


def told(token, *names, **more):
    status, body = enter(token, **more)
    return [status] + [body.get(name) for name in names]


def roles(text):
    return sorted((text or "").split(","))


# Good tokens of every scope.
ann = login("ann", project("web"))
status, body = enter(ann)
check("a good token", status, 200)
for name, want in {
    "X_IDENTITY_STATUS": "Confirmed",
    "X_USER_ID": ANN,
    "X_USER_NAME": "ann",
    "X_USER_DOMAIN_ID": "default",
    "X_USER_DOMAIN_NAME": "Default",
    "X_PROJECT_ID": WEB,
    "X_PROJECT_NAME": "web",
    "X_PROJECT_DOMAIN_ID": "default",
    "X_PROJECT_DOMAIN_NAME": "Default",
    "X_IS_ADMIN_PROJECT": "True",
    "X_DOMAIN_ID": None,
    "OPENSTACK_SYSTEM_SCOPE": None,
}.items():
    check(f"what the service is told of {name}", body.get(name), want)
check("the roles the service is told", roles(body.get("X_ROLES")), ["member", "reader"])
catalog = json.loads(body.get("X_SERVICE_CATALOG", "[]"))
check("the services in the catalog it is told", [service["type"] for service in catalog], ["identity"])
check(
    "the endpoint in the catalog",
    [endpoint.get("publicURL") for service in catalog for endpoint in service["endpoints"]],
    [IDENTITY],
)
check(
    "a domain-scoped token",
    told(login("ann", {"domain": {"id": "default"}}), "X_DOMAIN_ID", "X_DOMAIN_NAME", "X_PROJECT_ID", "X_ROLES"),
    [200, "default", "Default", None, "reader"],
)
check(
    "a system-scoped token",
    told(login("ann", {"system": {"all": True}}), "OPENSTACK_SYSTEM_SCOPE", "X_PROJECT_ID", "X_ROLES"),
    [200, "all", None, "reader"],
)
check("an unscoped token", told(login("ann", "unscoped"), "X_USER_ID", "X_PROJECT_ID", "X_ROLES"), [200, ANN, None, ""])
status, body = enter(ann, "/plain")
check("no catalog when none is asked for", (status, body.get("X_SERVICE_CATALOG")), (200, None))

# Bad tokens.
status, headers, _ = ask(SERVICE + "/")
check("no token", status, 401)
check("where a caller without a token is sent", headers.get("WWW-Authenticate"), f'Keystone uri="{IDENTITY}"')
for what, bad in {
    "an empty token": "",
    "a garbage token": "garbage",
    "a token of another server's keys": "gAAAAABm" + ann[8:],
    "a token with a byte changed": ann[:50] + ("A" if ann[50] != "A" else "B") + ann[51:],
    "a token with a tail": ann + "x",
    "a token without its end": ann[:-4],
    "an expired token": expired(ann, 60, KEYS),
}.items():
    check(what, enter(bad)[0], 401)
check("a bad token where anybody may come in", told("garbage", "X_IDENTITY_STATUS", path="/lenient"), [200, "Invalid"])

# A service acting for a user whose token ran out in the meantime.
keeper = login("keeper", project("service"))
late, too_late = expired(ann, 60, KEYS), expired(ann, 3 * 86400, KEYS)
check(
    "an expired token with a service's",
    told(late, "X_USER_ID", "X_SERVICE_USER_ID", "X_SERVICE_IDENTITY_STATUS", X_Service_Token=keeper),
    [200, ANN, KEEPER, "Confirmed"],
)
check("a good token with a service's", told(ann, "X_SERVICE_USER_NAME", X_Service_Token=keeper), [200, "keeper"])
check("a token that expired days ago with a service's", enter(too_late, X_Service_Token=keeper)[0], 401)
check("an expired token with one of no service", enter(late, X_Service_Token=ann)[0], 401)
check("an expired token with a bad service token", enter(late, X_Service_Token="garbage")[0], 401)
check("an expired token with an expired service token", enter(late, X_Service_Token=expired(keeper, 60, KEYS))[0], 401)
check("a good token with an expired service token", enter(ann, X_Service_Token=expired(keeper, 60, KEYS))[0], 401)

# What ends a token ends it here at once.
other = login("ann", project("web"))
do("DELETE", "auth/tokens", X_Subject_Token=other)
check("a revoked token", enter(other)[0], 401)
check("a revoked token with a service's", enter(other, X_Service_Token=keeper)[0], 401)
check("another token of the same user", enter(ann)[0], 200)
for what, end, undo in (
    ("a token of a disabled user", ("users/" + ANN, "user", {"enabled": False}), ("users/" + ANN, "user", {"enabled": True})),
    ("a token older than the password", ("users/" + ANN, "user", {"password": "other-secret"}), ("users/" + ANN, "user", {"password": SECRET})),
    ("a token of a disabled project", ("projects/" + WEB, "project", {"enabled": False}), ("projects/" + WEB, "project", {"enabled": True})),
):
    next_second()
    token = login("ann", project("web"))
    check("before: " + what, enter(token)[0], 200)
    change(end[0], end[1], **end[2])
    check(what, enter(token)[0], 401)
    change(undo[0], undo[1], **undo[2])
next_second()
token = login("ann", project("web"))
do("DELETE", f"projects/{WEB}/users/{ANN}/roles/{ROLES['member']}")
check("a token of a user without the role any more", enter(token)[0], 401)
do("PUT", f"projects/{WEB}/users/{ANN}/roles/{ROLES['member']}")

# The middleware's own token may end too; it logs in again.
do("DELETE", f"users/{KEEPER}/tokens")
next_second()
check("after the middleware's own token ended", enter(login("ann", project("web")))[0], 200)
do("DELETE", "users/" + ANN)
check("a token of a deleted user", enter(token)[0], 401)

close()
