"""Acts on the server under test as its admin and as others, in plain HTTP, and counts what a suite's script checks."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

IDENTITY = os.environ["OS_AUTH_URL"]
SECRET = "correct-horse"  # the password of all that a script creates


def ask(url, method="GET", body=None, **headers):
    """Returns status, headers and the body, decoded."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
            return response.status, response.headers, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def must(answer, status):
    if answer[0] != status:
        sys.exit(f"the cast could not be made: status {answer[0]}, want {status}: {answer[2]}")
    return answer


def login(user, scope, password=SECRET):
    who = {"name": user, "domain": {"id": "default"}, "password": password}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}
    return must(ask(IDENTITY + "/auth/tokens", "POST", body), 201)[1]["X-Subject-Token"]


def project(name):
    return {"project": {"name": name, "domain": {"id": "default"}}}


ADMIN = login("admin", project("admin"), os.environ["OS_PASSWORD"])


def create(path, kind, **attributes):
    return must(ask(f"{IDENTITY}/{path}", "POST", {kind: attributes}, X_Auth_Token=ADMIN), 201)[2][kind]["id"]


def change(path, kind, **attributes):
    must(ask(f"{IDENTITY}/{path}", "PATCH", {kind: attributes}, X_Auth_Token=ADMIN), 200)


def do(method, path, **headers):
    must(ask(f"{IDENTITY}/{path}", method, X_Auth_Token=ADMIN, **headers), 204)


def read(path):
    return must(ask(f"{IDENTITY}/{path}", X_Auth_Token=ADMIN), 200)[2]


def next_second():
    """A revocation counts for all tokens of its own second, later ones too."""
    time.sleep(1.01 - time.time() % 1)


ROLES = {role["name"]: role["id"] for role in read("roles")["roles"]}

passed, failed = 0, 0


def check(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {what}: {got!r}, want {want!r}")


def close():
    """Prints the counts and ends the script."""
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed else 0)
