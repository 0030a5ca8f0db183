"""Keystone and Lintel on one database with the same keys: what either makes, the other takes.

The servers come in the environment: KEYSTONE and LINTEL are their URLs; LINTEL_<ALGORITHM> are further Lintels on the
same database that hash new passwords otherwise; users named by algorithm were made by Keystone's own command.
"""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import saml2.samlp
import saml2.soap
import saml2.validate

sys.path.append(str(pathlib.Path(__file__).parents[2] / "lib"))
import xmlshape

SECRET = "correct-horse"
ALGORITHMS = ("bcrypt", "bcrypt_sha256", "scrypt", "pbkdf2_sha512")
# What clients read of an answer's head, but for the request's id.
HEADERS = ("Content-Type", "Vary", "WWW-Authenticate", "X-Subject-Token", "Location")

passed = failed = 0


def check(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
        return
    failed += 1
    print(f"FAIL {what}")
    for place, x, y in differences(want, got):
        print(f"     {place or 'value'}: want {x!r:.300} | got {y!r:.300}")


def differences(a, b, place=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from differences(a.get(key, "nothing"), b.get(key, "nothing"), f"{place}.{key}".strip("."))
    elif a != b:
        yield place, a, b


class Server:
    def __init__(self, name, url):
        self.name, self.host = name, url.removeprefix("http://")

    def __repr__(self):
        return self.name

    def ask(self, method, path, body=None, token=None, **headers):
        """Returns status, headers and body, with this server's own address taken out."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["X-Auth-Token"] = token
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode().replace(self.host, "HOST")
        connection.close()
        head = {k: response.headers[k].replace(self.host, "HOST") for k in HEADERS if response.headers[k]}
        try:
            return response.status, head, json.loads(text) if text else {}
        except ValueError:
            return response.status, head, {"not JSON": text}

    def login(self, body):
        status, headers, answer = self.ask("POST", "/v3/auth/tokens", body)
        if status != 201:
            check(f"a login at {self}", (status, answer), (201, "a token"))
        return headers.get("X-Subject-Token", "no token")


KEYSTONE, LINTEL = Server("Keystone", os.environ["KEYSTONE"]), Server("Lintel", os.environ["LINTEL"])
PAIRS = ((KEYSTONE, LINTEL), (LINTEL, KEYSTONE))


def password(user, scope=None, secret=SECRET, domain="default"):
    who = {"name": user, "domain": {"id": domain}, "password": secret}
    auth = {"identity": {"methods": ["password"], "password": {"user": who}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def rescope(token, scope):
    return {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}}


def project(name):
    return {"project": {"name": name, "domain": {"id": "default"}}}


def next_second():
    """A revocation counts for all tokens of its own second, later ones too."""
    time.sleep(1.01 - time.time() % 1)


def made_up(answer):
    """An answer without what differs from token to token."""
    status, headers, body = answer
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME", json.dumps([headers, body], sort_keys=True))
    text = re.sub(r'"audit_ids": \["[\w-]{22}"(, "[\w-]{22}")?\]', r'"audit_ids": "one\1"', text)
    text = re.sub(r', "[\w-]{22}""', ' and another"', text)
    text = re.sub(r"gAAAA[\w-]+", lambda match: f"token of {len(match[0])} characters", text)
    headers, body = json.loads(text)
    return {"status": status, "headers": headers, "body": sort(body)}


def sort(value):
    """The value with its lists in a fixed order: rows come in the database's."""
    if isinstance(value, dict):
        return {k: sort(v) for k, v in value.items()}
    if isinstance(value, list):
        return sorted((sort(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


admin = KEYSTONE.login(password("admin", project("admin"), os.environ["ADMIN_PASSWORD"]))


def create(server, path, kind, **attributes):
    status, _, body = server.ask("POST", f"/v3/{path}", {kind: attributes}, admin)
    check(f"{kind} {attributes.get('name', '')} made at {server}", status, 201)
    return body[kind]["id"] if status == 201 else "none"


def same(path, token=None):
    """Both servers answer alike, ids and times too."""
    k, l = (server.ask("GET", path, token=token or admin) for server in (KEYSTONE, LINTEL))
    check(f"GET {path}", {"status": l[0], "headers": l[1], "body": sort(l[2])}, {"status": k[0], "headers": k[1], "body": sort(k[2])})


roles = {role["name"]: role["id"] for role in KEYSTONE.ask("GET", "/v3/roles", token=admin)[2]["roles"]}

# A cloud made half here and half there.
domain = create(KEYSTONE, "domains", "domain", name="acme")
people = {}
for maker, other in PAIRS:
    n = maker.name.lower()
    web = create(maker, "projects", "project", name=f"{n}-web", domain_id="default", tags=["a", "b"])
    shop = create(other, "projects", "project", name=f"{n}-shop", domain_id="default", parent_id=web)
    user = create(
        maker, "users", "user", name=f"{n}-ann", domain_id="default", password=SECRET, email="a@example.org", default_project_id=web
    )
    group = create(maker, "groups", "group", name=f"{n}-crew", domain_id="default")
    role = create(maker, "roles", "role", name=f"{n}-cook", description="cooks")
    people[maker] = user
    for server, path in (
        (other, f"groups/{group}/users/{user}"),
        (maker, f"projects/{web}/users/{user}/roles/{roles['member']}"),
        (other, f"projects/{web}/groups/{group}/roles/{role}"),
        (maker, f"OS-INHERIT/projects/{web}/users/{user}/roles/{roles['reader']}/inherited_to_projects"),
        (other, f"domains/{domain}/users/{user}/roles/{roles['manager']}"),
        (maker, f"system/users/{user}/roles/{roles['reader']}"),
    ):
        check(f"PUT {path} at {server}", server.ask("PUT", "/v3/" + path, token=admin)[0], 204)
    check(f"implied role at {maker}", maker.ask("PUT", f"/v3/roles/{role}/implies/{roles['reader']}", token=admin)[0], 201)
    service = create(maker, "services", "service", name=n, type=f"{n}-type")
    create(other, "endpoints", "endpoint", service_id=service, interface="public", region_id="RegionOne", url="http://127.0.0.1:1/$(project_id)s")
    for path in (
        f"projects/{web}",
        f"projects/{shop}?parents_as_list",
        f"projects/{web}?subtree_as_ids",
        f"users/{user}",
        f"users/{user}/groups",
        f"users/{user}/projects",
        f"groups/{group}",
        f"groups/{group}/users",
        f"roles/{role}",
        f"roles/{role}/implies",
        f"services/{service}",
        f"projects/{web}/users/{user}/roles",
        f"role_assignments?user.id={user}&effective&include_names",
        f"role_assignments?group.id={group}",
        f"role_assignments?scope.project.id={web}&include_subtree",
    ):
        same("/v3/" + path)
for path in ("domains", "projects", "users", "groups", "roles", "role_inferences", "services", "endpoints", "regions", "role_assignments"):
    same("/v3/" + path)

# Tokens of each scope: alike at birth, taken by the other, alike there to the last byte of their times.
for maker in (KEYSTONE, LINTEL):
    n = maker.name.lower()
    for what, scope in {
        "a project": project(f"{n}-web"),
        "a project below it": project(f"{n}-shop"),
        "a domain": {"domain": {"id": domain}},
        "the system": {"system": {"all": True}},
        "nothing": "unscoped",
        "the default project": None,
    }.items():
        born = {server: server.ask("POST", "/v3/auth/tokens", password(f"{n}-ann", scope)) for server in (KEYSTONE, LINTEL)}
        check(f"POST of a token for {what}", made_up(born[LINTEL]), made_up(born[KEYSTONE]))
        for first, second in PAIRS:
            token = born[first][1].get("X-Subject-Token", "no token")
            answers = {
                server: server.ask("GET", "/v3/auth/tokens", token=admin, X_Subject_Token=token) for server in (KEYSTONE, LINTEL)
            }
            check(
                f"GET of {first}'s token for {what}",
                {"status": answers[LINTEL][0], "headers": answers[LINTEL][1], "body": sort(answers[LINTEL][2])},
                {"status": answers[KEYSTONE][0], "headers": answers[KEYSTONE][1], "body": sort(answers[KEYSTONE][2])},
            )
            check(f"{first}'s token for {what} used at {second}", second.ask("GET", f"/v3/users/{people[maker]}", token=token)[0], 200)
            again = {server: server.ask("POST", "/v3/auth/tokens", rescope(token, "unscoped")) for server in (KEYSTONE, LINTEL)}
            check(f"{first}'s token for {what} exchanged", made_up(again[LINTEL]), made_up(again[KEYSTONE]))
            for query in ("?nocatalog", "?allow_expired=1"):
                k, l = (server.ask("GET", "/v3/auth/tokens" + query, token=admin, X_Subject_Token=token) for server in (KEYSTONE, LINTEL))
                check(f"GET {query} of {first}'s token for {what}", sort(l[2]), sort(k[2]))
            for path in ("catalog", "projects", "domains", "system"):
                same(f"/v3/auth/{path}", token)

# What one revokes the other refuses at once.
for first, second in PAIRS:
    n = first.name.lower()
    for what, end, undo in (
        ("revoked", ("DELETE", "auth/tokens", None), None),
        ("all revoked", ("DELETE", f"users/{people[first]}/tokens", None), None),
        ("user disabled", ("PATCH", f"users/{people[first]}", {"user": {"enabled": False}}), ("PATCH", f"users/{people[first]}", {"user": {"enabled": True}})),
        ("password changed", ("PATCH", f"users/{people[first]}", {"user": {"password": "another-one"}}), ("PATCH", f"users/{people[first]}", {"user": {"password": SECRET}})),
    ):
        next_second()
        token = second.login(password(f"{n}-ann", project(f"{n}-web")))
        check(f"before {what}", second.ask("GET", "/v3/auth/tokens", token=admin, X_Subject_Token=token)[0], 200)
        method, path, body = end
        done = first.ask(method, "/v3/" + path, body, token=admin, X_Subject_Token=token)[0]
        check(f"{what} at {first}", done in (200, 204), True)
        check(f"{what} at {first}, seen at {second}", second.ask("GET", "/v3/auth/tokens", token=admin, X_Subject_Token=token)[0], 404)
        if undo:
            method, path, body = undo
            check(f"undone at {second}", second.ask(method, "/v3/" + path, body, token=admin)[0], 200)

# Passwords: each algorithm, hashed by either, verified by the other; changed here, used there.
for algorithm in ALGORITHMS:
    for server in (KEYSTONE, LINTEL):
        check(f"a {algorithm} hash of Keystone's at {server}", server.ask("POST", "/v3/auth/tokens", password("k-" + algorithm))[0], 201)
    hasher = Server(f"Lintel with {algorithm}", os.environ["LINTEL_" + algorithm.upper()])
    create(hasher, "users", "user", name="l-" + algorithm, domain_id="default", password=SECRET)
    for server in (LINTEL, KEYSTONE):
        check(f"a {algorithm} hash of Lintel's at {server}", server.ask("POST", "/v3/auth/tokens", password("l-" + algorithm))[0], 201)
        wrong = server.ask("POST", "/v3/auth/tokens", password("l-" + algorithm, secret="wrong"))[0]
        check(f"a wrong password against a {algorithm} hash at {server}", wrong, 401)
secret = SECRET
for n, (first, second) in enumerate(PAIRS * 2):
    body = {"user": {"original_password": secret, "password": f"new-secret-{n}"}}
    check(f"own password changed at {first}", first.ask("POST", f"/v3/users/{people[KEYSTONE]}/password", body)[0], 204)
    secret = f"new-secret-{n}"
    next_second()
    check(f"and used at {second}", second.ask("POST", "/v3/auth/tokens", password("keystone-ann", secret=secret))[0], 201)
for long in ("x" * 72, "x" * 73, "é" * 40):
    for first, second in PAIRS:
        name = f"{first.name} {len(long)}{long[0]}"
        user = {"user": {"name": name, "domain_id": "default", "password": long}}
        size = len(long.encode())
        # Bcrypt takes 72 bytes. Keystone cuts the rest away, Lintel refuses to.
        cut = first is LINTEL and size > 72
        check(f"a password of {size} bytes set at {first}", first.ask("POST", "/v3/users", user, admin)[0], 403 if cut else 201)
        answer = second.ask("POST", "/v3/auth/tokens", password(name, secret=long))
        check(f"a password of {size} bytes set at {first}, used at {second}", answer[0], 401 if cut else 201)

# Credentials, encrypted by either, before and after each rotates the keys.
credentials = []


def read_all(when):
    for id in credentials:
        same(f"/v3/credentials/{id}")
    same("/v3/credentials")
    check(f"credentials {when}", len(credentials) > 0, True)


def manage(command, *arguments):
    done = subprocess.run([*command.split(), "--config-file", os.environ["CONFIG"], *arguments], capture_output=True, text=True)
    check(f"{command.split()[0].rpartition('/')[2]} {arguments[0]}: {done.stderr[-500:] if done.returncode else ''}", done.returncode, 0)


OWNER = ("--keystone-user", os.environ["OWNER"], "--keystone-group", os.environ["OWNER_GROUP"])
for round, command in (("as made", None), ("after Keystone's rotation", os.environ["KEYSTONE_MANAGE"]), ("after Lintel's rotation", os.environ["LINTEL_MANAGE"])):
    if command:
        manage(command, "credential_rotate", *OWNER)
        read_all(round + ", not migrated")
        manage(command, "credential_migrate", *OWNER)
        read_all(round + ", migrated")
        manage(command, "fernet_rotate", *OWNER)
        admin = KEYSTONE.login(password("admin", project("admin"), os.environ["ADMIN_PASSWORD"]))
    for server in (KEYSTONE, LINTEL):
        label = f"{server.name.lower()} {round}"
        credentials.append(create(server, "credentials", "credential", type="note", blob=f"made at {label}", user_id=people[server]))
        ec2 = json.dumps({"access": label, "secret": "s" * 32})
        web = KEYSTONE.ask("GET", f"/v3/projects?name={server.name.lower()}-web", token=admin)[2]["projects"][0]["id"]
        credentials.append(create(server, "credentials", "credential", type="ec2", blob=ec2, user_id=people[server], project_id=web))
        token = server.login(password("k-bcrypt"))
        for other in (KEYSTONE, LINTEL):
            check(f"a token of {server} {round}, at {other}", other.ask("GET", "/v3/auth/tokens", token=admin, X_Subject_Token=token)[0], 200)
    read_all(round)
for first, second in PAIRS:
    changed = first.ask("PATCH", f"/v3/credentials/{credentials[0]}", {"credential": {"blob": f"changed at {first}"}}, admin)
    check(f"a credential changed at {first}", changed[0], 200)
    got = second.ask("GET", f"/v3/credentials/{credentials[0]}", token=admin)[2]
    check(f"and read at {second}", got.get("credential", {}).get("blob"), f"changed at {first}")
for id, server in zip(credentials, (KEYSTONE, LINTEL) * len(credentials)):
    check(f"a credential deleted at {server}", server.ask("DELETE", f"/v3/credentials/{id}", token=admin)[0], 204)
    same(f"/v3/credentials/{id}")

# What one deletes is gone at the other.
for first, second in PAIRS:
    check(f"a user deleted at {first}", first.ask("DELETE", f"/v3/users/{people[first]}", token=admin)[0], 204)
    same(f"/v3/users/{people[first]}")
    same(f"/v3/role_assignments?user.id={people[first]}")
same("/v3/OS-REVOKE/events")

# What Lintel signs, others verify: xmlsec1, and pysaml2, which also knows the schema. What is published is the same.
LINTEL.ask("PUT", "/v3/OS-FEDERATION/service_providers/west", {"service_provider": {
    "auth_url": "https://west.example/v3", "sp_url": "https://west.example/ECP?a=b&c", "enabled": True,
}}, token=admin)
for call, read in (("saml2", saml2.samlp.response_from_string), ("saml2/ecp", saml2.soap.parse_soap_enveloped_saml_response)):
    ask = {"identity": {"methods": ["token"], "token": {"id": admin}}, "scope": {"service_provider": {"id": "west"}}}
    status, _, answer = LINTEL.ask("POST", f"/v3/auth/OS-FEDERATION/{call}", {"auth": ask})
    check(f"an assertion by {call}", status, 200)
    text = answer.get("not JSON", "")
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(text)
        file.flush()
        verify = ["xmlsec1", "--verify", "--pubkey-cert-pem", os.environ["SIGNING_CERT"], "--id-attr:ID", "Assertion", file.name]
        check(f"xmlsec1 on {call}", subprocess.run(verify, capture_output=True).returncode, 0)
        file.seek(0)
        file.write(text.replace(">admin<", ">root.<"))
        file.flush()
        check(f"xmlsec1 on a changed {call}", subprocess.run(verify, capture_output=True).returncode == 0, False)
    response = read(text)
    if isinstance(response, str | bytes):
        response = saml2.samlp.response_from_string(response)
    check(f"pysaml2 on {call}", saml2.validate.valid_instance(response), True)
    check(f"the user in {call}", response.assertion[0].subject.name_id.text, "admin")
metadata = [
    xmlshape.of(subprocess.run([*os.environ[manage].split(), "--config-file", os.environ["CONFIG"], "saml_idp_metadata"],
        capture_output=True, text=True, check=True).stdout)
    for manage in ("LINTEL_MANAGE", "KEYSTONE_MANAGE")
]
check("the metadata of an identity provider", metadata[0], metadata[1])

print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed or not passed else 0)
