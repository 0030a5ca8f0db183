"""Where Lintel deliberately answers otherwise than Keystone, each with its reason; doc/divergences.md says more.

A request that differs passes if each of its differences is listed. An entry that no request meets fails the
suite, so that the list stays true. Not listed here are Keystone's HTML pages: where it answers one, Lintel must
answer the JSON error, with the same status and words, or for a 500 with any clear 4xx (compare.py).
"""

import dataclasses
import json
import re
import typing

from script import Request


@dataclasses.dataclass(frozen=True)
class Divergence:
    reason: str
    request: str  # pattern for "METHOD path", the path as the list spells it
    field: str = ""  # pattern for the place in the answer
    who: str = ""  # pattern for who asks
    body: str = ""  # pattern for the JSON that is sent
    statuses: tuple = ()  # Keystone's and Lintel's; without them they are equal
    holds: typing.Callable = lambda keystone, lintel: True  # of the two values at the place
    db: str = ""  # pattern for the database on which it shows


def each_once(keystone, lintel):
    """Lintel lists each entry of Keystone once."""
    return isinstance(lintel, list) and all(lintel.count(x) == 1 for x in keystone) and all(x in keystone for x in lintel)


def no_store(keystone, lintel):
    return lintel == "no-store"


DIVERGENCES = [
    Divergence("secrets and who may use them are not kept by caches", r"^(GET|HEAD|POST|PATCH|PUT)", r"Cache-Control$", holds=no_store),
    Divergence("a link leads to what it is a link of", r"/(application_credentials|access_rules)", r"links\.self$"),
    Divergence(
        "an application credential says false rather than null, and knows no system",
        r"/application_credentials",
        r"(unrestricted|application_credentials?(\[\d+\])?\.system)$",
    ),
]


def known(step, a, b, place, db):
    """The reason why Keystone's answer a and Lintel's answer b to a step differ at a place, or None."""
    path, x, y = place
    for divergence in DIVERGENCES:
        if (
            _concerns(divergence, step, db)
            and re.search(divergence.field, path)
            and divergence.holds(x, y)
            and (a.get("status"), b.get("status")) == (divergence.statuses or (a.get("status"), a.get("status")))
        ):
            return str(divergence.reason)
    return None


def unused(used, steps, db):
    """The reasons that stand for requests among steps that did not differ."""
    sent = {d.reason for d in DIVERGENCES for step in steps if isinstance(step, Request) and _concerns(d, step, db)}
    return sorted(sent - set(used))


def _concerns(divergence, step, db):
    return (
        re.search(divergence.request, f"{step.method} {step.path}")
        and re.search(divergence.who, step.who or "nobody")
        and re.search(divergence.body, json.dumps(step.body) if not isinstance(step.body, bytes) else "")
        and re.search(divergence.db, db)
    )
