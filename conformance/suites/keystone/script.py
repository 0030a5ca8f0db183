"""The little language that the lists of requests in lists/ are written in.

    as_("admin")                       who asks from here on: the variable that holds the token
    POST("/v3/users", {"user": {"name": "ann"}}, keep={"ann": "user.id"})
    GET("/v3/users/$ann")

Strings in paths, headers and bodies may hold $variables. A variable is kept from an answer: keep names
the place, dotted, with roles[name=admin] for the element of a list, header:NAME for a header and form:NAME for a
field of a form.
Each call adds one step to STEPS, in order; nothing is sent here.
"""

import collections
import contextlib
import dataclasses
import hashlib
import os
import sys
import typing
import uuid

STEPS = []
SECRET = "correct-horse"  # everybody's password
_who = None
_sent = collections.Counter()


@dataclasses.dataclass
class Request:
    where: str  # file and line of the list, for the reader of a failure
    who: str | None
    method: str
    path: str
    body: typing.Any = None  # JSON value, or str and bytes as they are
    headers: dict = dataclasses.field(default_factory=dict)
    keep: dict = dataclasses.field(default_factory=dict)
    page: bool = False  # which rows a page holds depends on random ids: compare their number only
    key: str = ""  # what names the request while its list grows around it; among equal ones their order counts

    def __str__(self):
        return f"{self.where} as {self.who or 'nobody'}: {self.method} {self.path}"


@dataclasses.dataclass
class Expire:
    """Gives variable name a copy of the token in variable source that expired age seconds ago."""

    name: str
    source: str
    age: int


@dataclasses.dataclass(frozen=True)
class OAuth1:
    """An Authorization header, made when the request is sent, by which a consumer signs it.

    The consumer $name has the secret $name_secret; a token likewise. more goes to oauthlib's Client. changes are pairs of
    texts to replace once it is signed.
    """

    consumer: str
    token: str = ""
    more: dict = dataclasses.field(default_factory=dict)
    changes: tuple = ()
    url: str = ""  # that is signed, if not the one that is sent

    def __call__(self, fill, method, url):
        from oauthlib import oauth1

        args = {"nonce": uuid.uuid4().hex, "client_secret": f"${self.consumer}_secret"}
        if self.token:
            args.update(resource_owner_key="$" + self.token, resource_owner_secret=f"${self.token}_secret")
        args.update(self.more)
        _, headers, _ = oauth1.Client(fill("$" + self.consumer), **fill(args)).sign(fill(self.url) or url, http_method=method)
        header = headers["Authorization"]
        for old, new in self.changes:
            assert fill(old) in header, (old, header)
            header = header.replace(fill(old), fill(new))
        return header


@dataclasses.dataclass
class Passcode:
    """Gives variable name the one-time code that a seed has now, or had some periods ago."""

    name: str
    seed: str  # base32
    ago: int = 0


class NextSecond:
    """Waits for the next second. A revocation counts for all tokens of its own second, later ones too."""


@contextlib.contextmanager
def as_(who):
    """Who asks inside this block; None sends no token."""
    global _who
    before, _who = _who, who
    try:
        yield
    finally:
        _who = before


def expire(name, source, age=3600):
    STEPS.append(Expire(name, source, age))


def passcode(name, seed, ago=0):
    STEPS.append(Passcode(name, seed, ago))


def next_second():
    STEPS.append(NextSecond())


def _add(request):
    file = request.where.partition(":")[0]
    what = repr((file, request.who, request.method, request.path, request.body, request.headers))
    _sent[what] += 1
    request.key = f"{request.method} {request.path[:60]} {hashlib.sha256(f'{what} {_sent[what]}'.encode()).hexdigest()[:10]}"
    STEPS.append(request)


def _method(method):
    def add(path, body=None, headers=None, keep=None, page=False):
        frame = sys._getframe(1)
        where = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        _add(Request(where, _who, method, path, body, headers or {}, keep or {}, page))

    return add


GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS = map(
    _method, ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
)


def password(user=None, password=None, scope=None, **who):
    """The body of a login. user is an id; else give name= and domain= (an id)."""
    if user is not None:
        who["id"] = user
    if "domain" in who:
        who["domain"] = {"id": who["domain"]}
    auth = {"identity": {"methods": ["password"], "password": {"user": dict(who, password=password)}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def token(token, scope=None):
    """The body of a rescoping."""
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def project(id):
    return {"project": {"id": id}}


def domain(id):
    return {"domain": {"id": id}}


SYSTEM = {"system": {"all": True}}


def login(name, body):
    """Logs in and keeps the token as variable name."""
    with as_(None):
        frame = sys._getframe(1)
        where = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        _add(Request(where, None, "POST", "/v3/auth/tokens", body, {}, {name: "header:X-Subject-Token"}))
