"""Sends the same list of requests to two servers and compares the answers.

Each side runs on its own, on a database of its own that was bootstrapped in the same way, so ids, times and
tokens differ. They are replaced by names before the comparison: a kept variable's value by the variable's
name, an id that first shows up in an answer by that request and the place, a time by its shape.
Lists are compared without order, since rows come in the order of random ids.
"""

import argparse
import collections
import html
import http.client
import importlib
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse

import divergences
from script import STEPS, Expire, NextSecond, Passcode, Request

sys.path.append(str(pathlib.Path(__file__).parents[2] / "lib"))
import xmlshape
from tokens import expired, passcode

# The headers that clients read.
HEADERS = [
    "Allow",
    "Cache-Control",
    "Content-Type",
    "Location",
    "OpenStack-Auth-Receipt",
    "Retry-After",
    "Vary",
    "WWW-Authenticate",
    "X-OpenStack-Request-Id",
    "X-Subject-Token",
    "X-auth-url",
    "X-sp-url",
]

VARIABLE = re.compile(r"\$([a-z]\w*)")
RANDOM = re.compile(
    r"(?P<token>gAAAA[\w-]{60,}=*)"
    r"|(?P<request>req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?)"
    r"|(?P<long>\b[0-9a-f]{64}\b)"
    r"|(?P<id>(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f]))"
)


def next_second():
    time.sleep(1.01 - time.time() % 1)


class Missing(Exception):
    """A request needs a variable that an earlier answer did not give."""


class Side:
    """One server, what was kept from it, and the names of its ids."""

    def __init__(self, name, url, keys):
        self.name, self.base, self.keys = name, url.rstrip("/"), keys
        self.host = self.base.removeprefix("http://")
        self.variables, self.names, self.missing = {}, {}, {}
        self.changed = 0  # the second of the last request that may have revoked tokens

    def run(self, steps):
        """The answers by the keys of their requests."""
        answers = {}
        for step in steps:
            if isinstance(step, Request):
                answers[step.key] = self.request(step)
            else:
                self.step(step)
        return answers

    def step(self, step):
        if isinstance(step, NextSecond):
            next_second()
        elif isinstance(step, Expire) and step.source in self.variables:
            self.variables[step.name] = expired(self.variables[step.source], step.age, self.keys)
        elif isinstance(step, Passcode):
            self.variables[step.name] = passcode(step.seed, int(time.time()) // 30 - step.ago)

    def request(self, step):
        # In Keystone a revocation ends all tokens of its own second, those made after it too.
        if "header:X-Subject-Token" in step.keep.values() and self.changed == int(time.time()):
            next_second()
        try:
            answer = self.send(step)
        except Missing as missing:
            return {"needs": f"${missing.args[0]} of {self.missing.get(missing.args[0], 'no request')}"}
        if step.method in ("DELETE", "PATCH", "POST") and (step.method, step.path) != ("POST", "/v3/auth/tokens"):
            self.changed = int(time.time())
        for name, place in step.keep.items():
            value = look_up(place, answer)
            if value is None:
                self.missing[name] = str(step)
                self.variables.pop(name, None)
            else:
                self.variables[name] = value
                self.names.setdefault(value, f"<{name}>")
        if step.page:
            answer = dict(answer, body=page(answer["body"]))
        return self.normalize(step.key, answer)

    def send(self, step):
        url = self.base + self.fill(step.path)
        headers = {k: v(self.fill, step.method, url) if callable(v) else self.fill(v) for k, v in step.headers.items()}
        if step.who and "X-Auth-Token" not in headers:
            headers["X-Auth-Token"] = self.fill("$" + step.who)
        body = step.body
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            if isinstance(body, str):
                body = self.fill(body).encode()
            elif not isinstance(body, bytes):
                body = json.dumps(self.fill(body)).encode()
        headers = {k: v for k, v in headers.items() if v is not None}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(step.method, self.fill(step.path), body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        try:
            content = json.loads(text) if text else None
        except ValueError:
            content = xmlshape.of(text) if response.headers.get("Content-Type", "").startswith("text/xml") else text
        # http.client joins nothing: a header sent twice is two entries.
        got = collections.defaultdict(list)
        for name, value in response.getheaders():
            got[name.lower()].append(value)
        answer = {
            "status": response.status,
            "headers": {name: ", ".join(got[name.lower()]) for name in HEADERS if name.lower() in got},
            "body": content,
        }
        return answer

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if not isinstance(value, str):
            return value

        def variable(match):
            if match[1] not in self.variables:
                raise Missing(match[1])
            return self.variables[match[1]]

        return VARIABLE.sub(variable, value)

    def normalize(self, key, value, path="", in_list=False):
        if isinstance(value, dict):
            return {
                self.normalize(key, k, path, True): self.normalize(key, v, f"{path}.{k}".strip("."), in_list)
                for k, v in sorted(value.items())
            }
        if isinstance(value, list):
            return sorted((self.normalize(key, v, path + "[]", True) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
        if not isinstance(value, str):
            return value
        if path.endswith(("audit_ids[]", "audit_id", "audit_chain_id")):
            return "<audit id>"
        if path.endswith("oauth_verifier"):
            return f"<verifier of {len(value)} characters>"
        if path == "headers.Allow":
            return ", ".join(sorted(value.split(", ")))

        def name(match):
            if match["token"]:
                return f"<token of {len(match[0])} characters>"
            if match["request"]:
                return "<request id>"
            if match["time"]:
                return re.sub(r"\d", "0", match[0])
            if match[0] not in self.names:
                if in_list:
                    return "<id>" if match["id"] else "<long id>"
                self.names[match[0]] = f"<{key}: {path}>"
            return self.names[match[0]]

        return RANDOM.sub(name, value.replace(self.base, "<base>").replace(self.host, "<host>"))


def page(body):
    """A list's answer with the number of rows in place of them, and no marker."""
    if not isinstance(body, dict) or "links" not in body:
        return body
    links = {k: v and re.sub(r"marker=[^&]*", "marker=<marker>", v) for k, v in body["links"].items()}
    return {k: len(v) if isinstance(v, list) else v for k, v in body.items()} | {"links": links}


def look_up(place, answer):
    """The value at a place such as roles[name=admin].id or header:X-Subject-Token; None if there is none."""
    if place.startswith("header:"):
        return answer["headers"].get(place.removeprefix("header:"))
    value = answer["body"]
    if place.startswith("form:"):
        return dict(urllib.parse.parse_qsl(value if isinstance(value, str) else "")).get(place.removeprefix("form:"))
    for part in re.findall(r"[^.\[\]]+(?:\.\d+)?|\[[^\]]*\]", place):
        if part.startswith("["):
            key, _, wanted = part[1:-1].partition("=")
            if not isinstance(value, list):
                return None
            if not wanted:
                value = value[int(key)] if int(key) < len(value) else None
            else:
                value = next((v for v in value if isinstance(v, dict) and v.get(key) == wanted), None)
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def differences(a, b, path=""):
    """Yields (path, a's value, b's value) for each place where two answers differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from differences(a.get(key, ABSENT), b.get(key, ABSENT), f"{path}.{key}".strip("."))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for x, y in zip(only(a, b), only(b, a)):
            yield from differences(x, y, path + "[]")
    elif a != b or type(a) is not type(b):
        yield path, a, b


def only(a, b):
    """The elements of a that b lacks."""
    rest = list(b)
    return [x for x in a if not (x in rest and (rest.remove(x) or True))]


def shown(x, y):
    """What to print of two values that differ."""
    if isinstance(x, list) and isinstance(y, list):
        return f"{len(x)} items, of which only here {short(only(x, y))}", f"{len(y)} items, of which only here {short(only(y, x))}"
    return short(x), short(y)


class _Absent:
    def __repr__(self):
        return "nothing"


ABSENT = _Absent()


def short(value):
    text = value if isinstance(value, (str, _Absent)) else json.dumps(value)
    text = repr(text) if isinstance(text, _Absent) else text
    return text if len(text) < 600 else text[:600] + "…"


def clear_refusal(a, b):
    """Whether b refuses with a clear 4xx what a fails on with its HTML page for a 500."""
    return a.get("status") == 500 and 400 <= b.get("status", 0) < 500 and (b["body"] is None or is_error(b["body"]))


def same_error(a, b):
    """Whether b says as the JSON error what a says as an HTML page of the same status."""
    if not a.get("headers", {}).get("Content-Type", "").startswith("text/html") or a["status"] != b.get("status"):
        return False
    if a["body"] is None or b["body"] is None:  # to a HEAD
        return a["body"] is b["body"]
    error = b["body"].get("error", b["body"]) if isinstance(b["body"], dict) else {}
    return bool(error.get("message")) and error["message"] in html.unescape(a["body"])


def is_error(body):
    return isinstance(body, dict) and body.keys() == {"error"} and {"code", "title", "message"} <= body["error"].keys()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keystone", metavar="URL", help="the reference")
    parser.add_argument("--keystone-keys", metavar="DIR")
    parser.add_argument("--lintel", metavar="URL", help="the server that is judged")
    parser.add_argument("--lintel-keys", metavar="DIR")
    parser.add_argument("--answers", metavar="FILE", help="save Keystone's answers here, or without --keystone read them")
    parser.add_argument("--twin", action="store_true", help="the judged server is a Keystone too: allow no divergence")
    parser.add_argument("--db", default="sqlite", help="the kind of their databases")
    parser.add_argument("lists", nargs="+", metavar="LIST", help="the lists to send after the cast")
    args = parser.parse_args()

    for name in ["00_cast", *args.lists]:
        importlib.import_module("lists." + name)

    sides = []
    if args.keystone:
        sides.append(Side("keystone", args.keystone, args.keystone_keys))
    sides.append(Side("lintel", args.lintel, args.lintel_keys))
    results = {}
    threads = [
        threading.Thread(target=lambda s=side: results.__setitem__(s.name, s.run(STEPS)), name=side.name)
        for side in sides
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != len(sides):
        sys.exit("a side was not run to its end")

    saved = pathlib.Path(args.answers) if args.answers else None
    if args.keystone and saved:
        saved.write_text(json.dumps(results["keystone"], indent=0))
    reference = results["keystone"] if args.keystone else json.loads(saved.read_text())

    passed = failed = skipped = refused = 0
    allowed = collections.Counter()
    by_list = collections.Counter()
    for step in STEPS:
        if not isinstance(step, Request):
            continue
        a, b = reference.get(step.key), results["lintel"][step.key]
        if a is None:
            skipped += 1
            continue
        found = list(differences(a, b))
        if "needs" in a:
            found = [("the list is broken", a["needs"], b)]
        if not args.twin and found:
            if clear_refusal(a, b) or same_error(a, b):
                refused += 1
                found = []
            known = [divergences.known(step, a, b, place, args.db) for place in found]
            if found and all(known):
                allowed.update(set(known))
                found = []
        if not found:
            passed += 1
            continue
        failed += 1
        by_list[step.where.partition(".")[0]] += 1
        print(f"FAIL {step}")
        if step.body is not None:
            print(f"     {short(step.body)}")
        for path, x, y in found[:12]:
            x, y = shown(x, y)
            print(f"     {path}: keystone {x} | lintel {y}")
        if len(found) > 12:
            print(f"     and {len(found) - 12} more differences")

    print()
    for file, count in sorted(by_list.items()):
        print(f"{file}: {count} failed")
    if refused:
        print(f"{refused} times a clear JSON error where Keystone answers an HTML page")
    for divergence, count in sorted(allowed.items()):
        print(f"allowed {count} times: {divergence}")
    if not args.twin:
        compared = [step for step in STEPS if isinstance(step, Request) and step.key in reference]
        for divergence in divergences.unused(allowed, compared, args.db):
            print(f"unmet: {divergence}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
