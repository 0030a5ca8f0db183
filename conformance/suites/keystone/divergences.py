"""Where Lintel deliberately answers otherwise than Keystone, each with its reason; doc/divergences.md says more.

A request that differs passes if each of its differences is listed. An entry that no request meets fails the
suite, so that the list stays true. Not listed here are Keystone's HTML pages: where it answers one, Lintel must
answer the JSON error, with the same status and words, or for a 500 with any clear 4xx (compare.py).
"""

import dataclasses
import json
import re
import typing


@dataclasses.dataclass(frozen=True)
class Divergence:
    reason: str
    request: str  # pattern for "METHOD path", the path as the list spells it
    field: str = ""  # pattern for the place in the answer
    statuses: str = ""  # pattern for "KEYSTONE LINTEL"; without one they are equal
    who: str = ""  # pattern for who asks
    body: str = ""  # pattern for the JSON that is sent
    holds: typing.Callable = lambda keystone, lintel: True  # of the two values at the place
    db: str = ""  # pattern for the database on which it shows

    def __str__(self):
        return f"{self.reason} ({self.request} {self.field})"


def each_once(keystone, lintel):
    """Lintel lists what Keystone lists, each entry once."""
    return keystone != lintel and all(lintel.count(x) == 1 for x in keystone) and all(x in keystone for x in lintel)


def fewer(keystone, lintel):
    """Lintel lists some of what Keystone lists."""
    return isinstance(lintel, list) and len(lintel) < len(keystone) and all(x in keystone for x in lintel)


def lacks(keystone, lintel):
    return repr(lintel) == "nothing"


def both_generated(keystone, lintel):
    """Either side made a secret of its own."""
    return len(keystone) == len(lintel) == 86


def chained(keystone, lintel):
    """Lintel's token has an audit id more, and is longer by that."""
    if isinstance(keystone, list):
        return (len(keystone), len(lintel)) == (1, 2)
    return keystone.startswith("<token of ") and lintel.startswith("<token of ")


DIVERGENCES = [
    # Mappings
    Divergence(
        "what no text can be compared with is refused when it is stored",
        r"^(PUT /v3/OS-FEDERATION/mappings/unusable-|PATCH /v3/OS-FEDERATION/mappings/remote-0)",
        statuses="20[01] 400",
    ),
    Divergence("what was not stored is not there", r"^DELETE /v3/OS-FEDERATION/mappings/unusable-", statuses="204 404"),
    Divergence(
        "a version that is a list is named",
        r"/mappings/(whole-6|mixed-2\.0)$",
        r"^body\.error\.message$",
        holds=lambda keystone, lintel: keystone == "unhashable type: 'list'" and "['1.0'] is not one of" in lintel,
    ),
    # Requests
    Divergence(
        "what holds secrets is not kept by caches",
        r"^(GET|HEAD|POST|PATCH) /v3/(auth/tokens|auth/OS-FEDERATION/|OS-FEDERATION/.*/auth$|ec2tokens|s3tokens|credentials|users/\$\w+/(application_credentials|credentials/OS-EC2))",
        r"^headers\.Cache-Control$",
        holds=lambda keystone, lintel: lintel == "no-store",
    ),
    Divergence(
        "what holds secrets is not kept by caches",
        r"^(POST|PUT) /v3/OS-OAUTH[12]/",
        r"^headers\.Cache-Control$",
        holds=lambda keystone, lintel: lintel == "no-store",
    ),
    Divergence("who calls is asked first", r"^(POST|PATCH) /v3/users(/\$ann)?$", statuses="400 401", who="^nobody$"),
    Divergence("a dead token is a 401", r"^(GET /v3/users/\$(tess|ann)|POST /v3/auth/tokens)$", statuses="404 401", who="^(on_|oauth$)"),
    Divergence("a URL with NUL or bytes that are not UTF-8 is a 400", r"/users/%(00|ff)$", statuses="404 400"),
    Divergence("dots as a part of a path name nothing", r"/users/%2e%2e$", r"^body\.error\.message$"),
    Divergence(
        "forwarding headers count where they are turned on",
        r"^GET /v3$",
        r"^body\.version\.links\[\]\.href$",
        holds=lambda keystone, lintel: keystone.startswith("https:") and lintel.startswith("<base>"),
    ),
    Divergence("Allow names the methods that there are", r" /v3/(users/\$ann/password|auth/OS-FEDERATION/saml2(/ecp)?)$", r"^headers\.Allow$"),
    Divergence("a browser that asks for / is sent to the portal", r"^GET /$", statuses="300 303"),
    Divergence("redirects have short bodies", r"^GET /v3.*//", r"^body$", statuses="308 308"),
    Divergence("a body that is too large is the JSON error", r"^POST /v3/users$", body=r'"big\\"', statuses="413 413"),
    Divergence("JSON that cannot be stored or answered is malformed", r"^POST /v3/users$", r"^body\.error\.message$", body="NaN"),
    Divergence("JSON that cannot be stored or answered is malformed", r"^POST /v3/users$", body=r"u0000", statuses="201 400", db="sqlite|mariadb"),
    Divergence(
        "a boolean may be a word",
        r"^(POST|PATCH) /v3/(domains|projects|users)",
        body=r'"(enabled|is_domain)": "(true|yes)"',
        statuses="500 20[01]",
    ),
    # Lists
    Divergence(
        "limit=0 is no limit",
        r"\?limit=0$",
        r"^body\.(truncated|domains|projects|users|groups|roles|services|endpoints|credentials|links\.next)$",
    ),
    Divergence("a limit is no negative number", r"\?limit=-1$", statuses="200 400"),
    Divergence("every list can be paged", r"/v3/(services|credentials)\?marker=unknown$", r"^body\.(services|credentials)$", holds=fewer),
    Divergence("every list can be paged", r"/v3/roles\?marker=unknown$", statuses="200 404"),
    Divergence("every list can be paged", r"/v3/role_assignments\?limit=1", r"^body\.role_assignments$", holds=fewer),
    Divergence("every list can be paged", r"/v3/role_assignments\?limit=1", r"^body\.(truncated|links\.next)$"),
    Divergence("% and _ are plain characters", r"name__icontains=(%25|_)$", r"^body\.(users|projects)$", holds=fewer),
    Divergence("a filter on part of a name works on a user's groups", r"/groups\?name__contains=r$", statuses="500 200"),
    # Catalog and credentials
    Divergence("an endpoint that is not there is said to be missing", r"^POST /v3/endpoints$", r"^body\.error\.message$", body=r"^\{\}$"),
    Divergence(
        "an empty region or project is none",
        r"^POST /v3/(endpoints|credentials|users)$",
        r"^body\.(endpoint\.region|endpoint\.region_id|credential\.project_id|user\.default_project_id)$",
        holds=lambda keystone, lintel: keystone == "" and (lintel is None or lacks(keystone, lintel)),
    ),
    Divergence(
        "an empty region or project is none",
        r"^(GET /v3/endpoints|GET /v3/auth/catalog$|(GET|POST) /v3/auth/tokens)",
        r"^body\.(token\.catalog\[\]\.|catalog\[\]\.)?endpoints\[\]\.region(_id)?$",
        holds=lambda keystone, lintel: keystone == "" and lintel is None,
        db="mariadb",
    ),
    Divergence("a blob may become empty", r"^PATCH /v3/credentials/\$note$", body=r'"blob": ""', statuses="500 200"),
    Divergence("a link leads to what it is a link of", r"/(application_credentials|access_rules|trusts)", r"links\.self$"),
    Divergence("generated secrets are random", r"/application_credentials$", r"\.secret$", holds=both_generated),
    Divergence("every 401 names the same place to log in", r"", r"WWW-Authenticate$", who="^with_ruled$"),
    Divergence("every 401 names the same place to log in", r"^GET /v3/regions", r"WWW-Authenticate$", who="^nobody$"),
    Divergence(
        "an application credential says false rather than null, and knows no system",
        r"/application_credentials",
        r"(unrestricted|application_credentials?(\[\])?\.system)$",
    ),
    Divergence(
        "the endpoints of a policy are listed once each",
        r"^GET /v3/policies/\$p_endpoint/OS-ENDPOINT-POLICY/endpoints$",
        r"^body\.endpoints$",
        holds=each_once,
    ),
    # Limits
    Divergence("one answer to who may not change a limit", r"^(PATCH|DELETE) /v3/limits/unknown$", statuses="404 403"),
    Divergence(
        "a change to 0 or nothing takes place",
        r"^PATCH /v3/limits/\$l_(acme|far)$",
        r"^body\.limit\.(resource_limit|description)$",
        holds=lambda keystone, lintel: not lintel,
    ),
    Divergence("a registered limit may be given what it has", r"^PATCH /v3/registered_limits/\$r_ram$", statuses="409 200"),
    # Passwords
    Divergence("a password that would be cut is refused", r"^POST /v3/users$", body=r'"(too )?long"', statuses="201 403"),
    Divergence(
        "a change of one's own password that fails does not say why",
        r"^POST /v3/users/\$temp_user/password$",
        r"^body\.error\.message$",
        statuses="401 401",
        holds=lambda keystone, lintel: keystone.startswith("The account is disabled") and lintel.startswith("The request you have made"),
    ),
    Divergence("only a change that sends enabled ends a lock", r"^POST /v3/auth/tokens\?still_locked$", statuses="201 401"),
    # Domains and projects
    Divergence(
        "names that differ in case only are the same name",
        r"^POST /v3/(domains|projects|users|groups|roles)$",
        body='"(ACME|WEB|ANN|CREW|ADMIN)"',
        statuses="201 409",
        db="sqlite|postgresql",
    ),
    Divergence("a token on a disabled domain is dead", r"^(GET /v3/auth/tokens|GET /v3/users/\$tess)$", statuses="200 40[14]", who="^(admin|on_domain)$"),
    Divergence("a token on a disabled domain is dead", r"^POST /v3/auth/tokens$", statuses="401 404", who="^on_domain$"),
    Divergence("a deleted domain takes its roles along", r"^GET /v3/roles/\$local_role$", statuses="200 404"),
    Divergence("values of a domain's configuration are checked", r"^PUT /v3/domains/\$other/config$", body='"many"', statuses="20[01] 403"),
    Divergence("an option can be deleted whatever its value", r"^DELETE /v3/domains/\$acme/config/ldap/use_tls$", statuses="404 204"),
    # Roles and grants
    Divergence("one answer to who may not see a role", r"^GET /v3/roles/unknown", statuses="404 403"),
    Divergence("one answer to who may not delete a group", r"^DELETE /v3/groups/unknown$", statuses="404 403"),
    Divergence("the manager of a domain lists the roles that he can look at", r"^GET /v3/roles$", r"^body\.roles$", who="^manager$", holds=fewer),
    Divergence(
        "inherited grants go to users and groups that exist",
        r"/OS-INHERIT/.*/(users/(unknown|\$idle)|groups/(unknown|\$nora))/roles/\$farmer/",
        statuses="204 404",
    ),
    Divergence(
        "a grant is found by the kinds of its actor and target too",
        r"^GET /v3/OS-INHERIT/.*/groups/\$nora/roles/inherited_to_projects$",
        r"^body\.roles$",
        holds=fewer,
    ),
    Divergence("each effective assignment is listed once", r"^GET /v3/role_assignments\?.*effective", r"^body\.role_assignments$", holds=each_once),
    Divergence("the roles of groups count on the system", r"^GET /v3/auth/system$", r"^body\.system$", who="^heir$"),
    Divergence(
        "a deleted role is forgotten with the rules about it",
        r"^GET /v3/(role_assignments\?user\.id=\$nora&effective|roles/\$miller/implies)$",
        statuses="404 200",
        db="sqlite",
    ),
    # Federation
    Divergence(
        "assertions are signed with SHA-256",
        r"^POST /v3/auth/OS-FEDERATION/saml2",
        r"\.attributes\.Algorithm$",
        statuses="200 200",
        holds=lambda keystone, lintel: keystone.endswith("sha1") and lintel.endswith("sha256"),
    ),
    Divergence(
        "a header with a URL has the URL",
        r"^POST /v3/auth/OS-FEDERATION/saml2",
        r"^headers\.X-(auth|sp)-url$",
        holds=lambda keystone, lintel: keystone == f"b'{lintel}'",
    ),
    Divergence("assertions are made by POST", r"^GET /v3/auth/OS-FEDERATION/saml2(/ecp)?$", statuses="500 405"),
    Divergence("a delegated token makes no assertion", r"^POST /v3/auth/OS-FEDERATION/saml2", statuses="200 403", body=r"\$k2k_trust"),
    Divergence(
        "what is taken is named",
        r"^PUT /v3/OS-FEDERATION/identity_providers/",
        r"^body\.error\.message$",
        statuses="409 409",
        holds=lambda keystone, lintel: keystone.endswith(": None."),
        db="sqlite",
    ),
    Divergence(
        "a federated token made from another keeps the chain of audit ids",
        r"^(GET|POST) /v3/auth/tokens\?fed$",
        r"^(body\.token\.audit_ids|headers\.X-Subject-Token)$",
        holds=chained,
    ),
    Divergence("who logged in by a protocol is forgotten with it", r"^GET /v3/users/\$linked$", r"^body\.user\.federated$", holds=lacks, db="sqlite"),
    # Tokens
    Divergence(
        "tokens are read strictly",
        r"^(GET|DELETE) /v3/auth/tokens$",
        r"^body\.error\.message$",
        statuses="404 404",
        holds=lambda keystone, lintel: (keystone, lintel) == ("Failed to validate token", "Could not recognize Fernet token"),
    ),
    Divergence("a section of a method that is no object names nobody", r"^POST /v3/auth/tokens$", r"^body\.error\.message$", statuses="400 400", body='"totp": (null|1)}'),
    # Signed requests
    Divergence("a route allows what it does", r"^(GET|HEAD|PUT|PATCH|DELETE) /v3/(ec2|s3)tokens$", r"^headers\.Allow$", statuses="405 405"),
    Divergence("a key ends with what it was made with", r"^POST /v3/(ec2|s3)tokens$", statuses="404 401", body="_gone"),
    Divergence("a parameter counts by its text", r"^POST /v3/ec2tokens$", statuses="200 401", body='"Timestamp": null'),
    Divergence("a parameter counts by its text", r"^POST /v3/ec2tokens$", statuses="500 200", body='"SignatureVersion": 2[,}]'),
    # OAuth 1.0a
    Divergence("a request that was signed long ago is a 401", r"^POST /v3/OS-OAUTH1/request_token$", statuses="400 401"),
    Divergence("a request token that is used is a 401", r"^POST /v3/OS-OAUTH1/access_token$", statuses="404 401"),
    Divergence("only POST gives OAuth tokens", r"^GET /v3/OS-OAUTH1/(request|access)_token$", statuses="500 405"),
    Divergence("only POST gives OAuth tokens", r"^(PUT|DELETE) /v3/OS-OAUTH1/(request|access)_token$", r"^headers\.Allow$", statuses="405 405"),
    Divergence("only PUT authorizes a request token", r"^GET /v3/OS-OAUTH1/authorize/", statuses="400 405"),
    # OAuth 2.0
    Divergence("a client that is not there is answered as one with a wrong secret", r"^POST /v3/OS-OAUTH2/token$", statuses="404 401"),
    Divergence("a bound token is good with its certificate only", r"^GET /v3/(users/\$cora|auth/projects)$", statuses="200 401", who="^bound$"),
    Divergence(
        "one answer to what is wrong with a client",
        r"^POST /v3/OS-OAUTH2/token$",
        r"^body\.error_description$",
        statuses="401 401",
        holds=lambda keystone, lintel: lintel == "Client authentication failed.",
    ),
    Divergence("a client is a user who may log in", r"^POST /v3/OS-OAUTH2/token$", statuses="200 401", body="&disabled"),
    # Certificates in place of tokens
    Divergence("a certificate gives what its user has a role on", r"^GET /v3/regions(/unknown)?$", statuses="(200|404) 401", who="^nobody$"),
    Divergence("one answer to whom a certificate does not name", r"^GET /v3/regions$", statuses="40[04] 401", who="^nobody$"),
    Divergence("a certificate does not stand in for a token that is not good", r"^GET /v3/users/\$cora$", statuses="400 401", who="^(by_password|expired)$"),
    Divergence("a provider that is disabled vouches for nobody", r"^GET /v3/regions$", statuses="200 403", who="^nobody$"),
    Divergence("a parameter that is sent twice is a 400", r"^POST /v3/OS-OAUTH2/token$", statuses="200 400", body=r"(grant_type|client_secret)=.*\1="),
]


def known(step, a, b, place, db):
    """The divergence that says why Keystone's answer a and Lintel's answer b differ at a place, or None."""
    path, x, y = place
    statuses = f"{a.get('status')} {b.get('status')}"
    for divergence in DIVERGENCES:
        if (
            _concerns(divergence, step, db)
            and (re.search(divergence.statuses, statuses) if divergence.statuses else a.get("status") == b.get("status"))
            and re.search(divergence.field, path)
            and divergence.holds(x, y)
        ):
            return str(divergence)
    return None


def unused(used, steps, db):
    """The divergences for requests among the compared steps that did not differ."""
    return [
        str(divergence)
        for divergence in DIVERGENCES
        if str(divergence) not in used
        and any(_concerns(divergence, step, db) for step in steps)
    ]


def _concerns(divergence, step, db):
    return (
        re.search(divergence.db, db)
        and re.search(divergence.request, f"{step.method} {step.path}")
        and re.search(divergence.who, step.who or "nobody")
        and re.search(divergence.body, json.dumps(step.body) if not isinstance(step.body, bytes) else "")
    )
