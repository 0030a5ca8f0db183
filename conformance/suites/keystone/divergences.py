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
    Divergence(r"^(POST|GET) /v3/roles(\?description=cooks|\?colour=blue|\?limit=1000)?$", r"^(status|body\.(role|roles|error))$",
               "role names that differ by case alone are one name on every database", who="admin|system|^manager", db="sqlite|postgresql"),
    Divergence(r"^GET /v3/roles$", r"^body\.roles$", "the manager of a domain lists the roles that he can look at", who="^manager$"),
    Divergence(r"^GET /v3/roles\?(limit=(0|-1)|marker=unknown)$", "", "a limit is a number above 0, a marker an entity"),
    Divergence(r"^GET /v3/role_assignments\?user.id=\$nora&effective$", r"^(status|body\.(role_assignments|error|links))$",
               "each effective assignment is listed once; a deleted role is forgotten with the rules about it"),
    Divergence(r"^GET /v3/roles/\$miller/implies$", r"^(status|body\.(role_inference|error|links))$",
               "a deleted role is forgotten with the rules about it", db="sqlite"),
    Divergence(r"^(GET|HEAD) /v3/OS-INHERIT/projects/[^/]+/(users|groups)/[^/]+/roles/inherited_to_projects$", r"^(body|headers\.Content-Type)$",
               "an unknown path answers the JSON error"),
    Divergence(r"/OS-INHERIT/.*/(users/unknown|users/\$idle|groups/unknown|groups/\$nora)/roles", "",
               "inherited grants go to users and groups that exist"),
    Divergence(r"^GET /v3/auth/system$", r"^body\.system$", "the roles of groups count on the system too", who="^heir$"),
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
