"""Where Lintel deliberately answers otherwise than Keystone; each with its reason.

A request that differs passes if each of its differences is listed. An entry that no request meets fails the
suite, so that the list stays true. Not listed here: Keystone's HTML page for status 500, where Lintel must
answer any clear 4xx (compare.py, clear_refusal).
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Divergence:
    request: str  # pattern for "METHOD path", the path as the list spells it
    field: str  # pattern for the place in the answer
    reason: str
    who: str = ""  # pattern for who asks
    db: str = ""  # pattern for the database

    def __str__(self):
        return f"{self.request} ({self.field}): {self.reason}"


DIVERGENCES = [
    Divergence(r"\?words$", "", "a boolean may be a word"),
    Divergence(r"__icontains=(%25|_)", r"projects|next", "% and _ are plain characters"),
    Divergence(r"(projects|domains)\?limit=(0|-1)$", "", "a limit is a number above 0"),
    Divergence(r"/tags/a%2Fb", r"body|Content-Type", "an unknown path answers the JSON error"),
    Divergence(r"\?case$", "", "names that differ in case only are the same on every database", db="sqlite|postgresql"),
    Divergence(r"GET /v3/roles/\$local_role$", "", "a deleted domain takes its roles along"),
]


def select(db):
    """Leaves out what does not show on a database."""
    DIVERGENCES[:] = [d for d in DIVERGENCES if re.search(d.db, db)]


def known(step, field):
    for divergence in DIVERGENCES:
        if (
            re.search(divergence.request, f"{step.method} {step.path}")
            and re.search(divergence.field, field)
            and re.search(divergence.who, step.who or "nobody")
        ):
            return str(divergence)
    return None


def unused(used):
    return [str(divergence) for divergence in DIVERGENCES if str(divergence) not in used]
