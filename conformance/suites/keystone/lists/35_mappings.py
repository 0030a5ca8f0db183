"""Federation mappings: good and bad rules in each version of their language."""

import copy

from script import DELETE, GET, PATCH, PUT, as_

MAPPINGS = "/v3/OS-FEDERATION/mappings"
USER = {"user": {"name": "{0}"}}
HERE = {"id": "default"}

GOOD_LOCALS = [
    [],
    [{}],
    [{"user": {}}],
    [{"user": {"id": "{0}", "name": "{1}", "email": "{2}", "domain": {"id": "d", "name": "n"}, "type": "ephemeral"}}],
    [{"user": {"name": "", "type": "local", "domain": {}}}],
    [{"user": {"name": "{9} { {x} %s ünï\u2028 <&>"}}],
    [USER, {"group": {"id": "g"}}, {"group": {"name": "g", "domain": HERE}}, {"group": {"name": "g", "domain": {}}}],
    [{"groups": "{0}", "domain": HERE}, {"groups": "['a', 'b']"}, {"group_ids": "{0}"}],
    [{"domain": {"name": "x"}}],
    [USER, {"projects": []}],
    [USER, {"projects": [{"name": "p {0}", "roles": []}, {"name": "q", "roles": [{"name": "member"}, {"name": "{0}"}]}]}],
    [{"user": {"name": "x"}, "group": {"id": "g"}, "groups": "x", "group_ids": "y", "domain": HERE, "projects": []}],
]
NEW_LOCALS = [
    [USER, {"projects": [{"name": "p", "roles": [], "domain": HERE}]}],
    [USER, {"projects": [{"name": "p", "roles": [], "domain": {}}]}],
    [{"projects_json": "{0}"}],
    [{"projects_json": "", "projects": []}],
]
BAD_LOCALS = [
    None,
    {},
    "x",
    [None],
    ["x"],
    [[]],
    [{"colour": "x"}],
    [{"user": None}],
    [{"user": "x"}],
    [{"user": {"name": None}}],
    [{"user": {"name": 1, "email": True, "id": 1.5}}],
    [{"user": {"nickname": "x", "age": 1}}],
    [{"user": {"type": None}}],
    [{"user": {"type": "Local"}}],
    [{"user": {"domain": "x"}}],
    [{"user": {"domain": {"id": 1}}}],
    [{"user": {"domain": {"id": "x", "colour": "red"}}}],
    [{"group": {}}],
    [{"group": "x"}],
    [{"group": {"id": 1}}],
    [{"group": {"id": "x", "name": "y"}}],
    [{"group": {"id": "x", "domain": HERE}}],
    [{"group": {"name": "x"}}],
    [{"group": {"name": "x", "domain": "y"}}],
    [{"group": {"name": "it's", "domain": {"id": 'a "b"'}, "x": [1, 2.0, True, None, {"a": []}]}}],
    [{"groups": ["a"]}],
    [{"groups": None}],
    [{"group_ids": ["a"]}],
    [{"domain": "x"}],
    [{"domain": {"id": "x", "y": 1}}],
    [{"projects": {}}],
    [{"projects": "{0}"}],
    [{"projects": ["x"]}],
    [{"projects": [{}]}],
    [{"projects": [{"name": "x"}]}],
    [{"projects": [{"roles": []}]}],
    [{"projects": [{"name": 1, "roles": {}}]}],
    [{"projects": [{"name": "x", "roles": ["member"]}]}],
    [{"projects": [{"name": "x", "roles": [{}]}]}],
    [{"projects": [{"name": "x", "roles": [{"id": "member"}]}]}],
    [{"projects": [{"name": "x", "roles": [{"name": "member", "id": "y"}]}]}],
    [{"projects": [{"name": "x", "roles": [], "colour": 1}]}],
    [{"projects": [{"name": "x", "roles": [], "domain": "x"}]}],
    [{"projects_json": {}}],
    [{"projects_json": [{"name": "x"}]}],
]
TESTS = ("any_one_of", "not_any_of", "whitelist", "blacklist")
GOOD_REMOTES = [
    [{"type": "A"}, {"type": "A"}, {"type": ""}],
    *[[{"type": "A", test: ["x", "y"]}] for test in TESTS],
    *[[{"type": "A", test: []}] for test in TESTS],
    *[[{"type": "A", test: ["^x", "(?i)y$", "(?P<a>b)(?P=a)", r"\w{2,}", "(?<!a)b"], "regex": True}] for test in TESTS],
    [{"type": "A", "any_one_of": ["(", "["], "regex": False}],
    [{"type": "A", "any_one_of": [1, None, True, 1.5]}],
]
BAD_REMOTES = [
    None,
    [],
    {},
    "x",
    [None],
    ["x"],
    [{}],
    [{"type": None}],
    [{"type": 1}],
    [{"type": "A", "colour": "x"}],
    [{"type": "A", "regex": True}],
    [{"any_one_of": ["x"]}],
    *[[{"type": "A", test: "x"}] for test in TESTS],
    *[[{"type": "A", test: {}}] for test in TESTS],
    *[[{"type": "A", test: None}] for test in TESTS],
    *[[{"type": "A", test: ["x"], "regex": "yes"}] for test in TESTS],
    *[[{"type": "A", test: ["x"], other: ["y"]}] for test in TESTS for other in TESTS if other > test],
    [{"type": "A", "any_one_of": ["x"], "whitelist": ["y"], "blacklist": ["z"], "regex": True}],
]
# Keystone stores these, and fails with a 500 when a login meets them.
UNUSABLE = [
    *[{"type": "A", test: ["x", pattern], "regex": True} for test in TESTS for pattern in ("(", "[a", "*", r"\z")],
    {"type": "A", "any_one_of": [1], "regex": True},
    {"type": "A", "any_one_of": [["x"]]},
    {"type": "A", "blacklist": [{}]},
]


def rule(local, remote=({"type": "A"},)):
    return {"local": local, "remote": list(remote) if isinstance(remote, tuple) else remote}


def put(name, body):
    """A mapping is stored, shown and deleted; a bad one is refused."""
    PUT(f"{MAPPINGS}/{name}", {"mapping": body})


with as_("admin"):
    for version in ("1.0", "2.0", "3.0"):
        bodies = [[rule(local)] for local in GOOD_LOCALS + NEW_LOCALS + BAD_LOCALS]
        for number, rules in enumerate(bodies):
            put(f"local-{version}-{number}", {"schema_version": version, "rules": rules})
        put(f"mixed-{version}", {"schema_version": version, "rules": [rule(copy.deepcopy(local)) for local in GOOD_LOCALS]})
        put(f"all-bad-{version}", {"schema_version": version, "rules": [rule(local) for local in BAD_LOCALS if local]})
    for number, remote in enumerate(GOOD_REMOTES + BAD_REMOTES):
        put(f"remote-{number}", {"rules": [rule([USER], remote)]})
    put("remotes", {"rules": [rule([USER], remote) for remote in BAD_REMOTES if remote]})
    for number, remote in enumerate(UNUSABLE):
        put(f"unusable-{number}", {"rules": [rule([USER], [remote])]})
        PATCH(f"{MAPPINGS}/remote-0", {"mapping": {"rules": [rule([USER], [remote])]}})
        DELETE(f"{MAPPINGS}/unusable-{number}")
    DELETE(f"{MAPPINGS}/remote-0")

    # What stands beside the rules, and rules that are none.
    for number, body in enumerate(
        (
            {"rules": [rule([USER])], "schema_version": "1.0", "description": "x", "id": "y"},
            {"rules": [rule([USER])], "schema-version": "2.0"},
            {"rules": [rule([USER])], "schema:version": "3.0"},
            {"rules": [rule([USER])], "schema_version": "1"},
            {"rules": [rule([USER])], "schema_version": " 1.0"},
            {"rules": [rule([USER])], "schema_version": 2.0},
            {"rules": [rule([USER])], "schema_version": ["1.0"]},
            {"rules": [rule([USER])], "schema_version": False},
            {"rules": [rule([USER])], "schema_version": {}},
            {"rules": [rule([USER])], "schema_version": []},
            {"rules": [rule([USER])], "schema_version": 0},
            {"rules": [rule([USER])] * 20},
            {"rules": [{**rule([USER]), "colour": "red"}]},
            {"rules": [{"local": [USER]}]},
            {"rules": [{"remote": [{"type": "A"}]}]},
            {"rules": [{"colour": 1, "taste": 2}]},
            {"rules": [None, 1, "x", [], {}]},
            {"rules": "[]"},
            {"rules": 5},
            {"rules": False},
            {"schema_version": "2.0"},
        )
    ):
        put(f"whole-{number}", body)
        PATCH(f"{MAPPINGS}/mixed-2.0", {"mapping": body})
        GET(f"{MAPPINGS}/mixed-2.0")
    for number, body in enumerate((None, {}, [], {"mapping": {"mapping": {"rules": [rule([USER])]}}}, {"rules": [rule([USER])]}, "{", b"\xff")):
        PUT(f"{MAPPINGS}/body-{number}", body)
        PATCH(f"{MAPPINGS}/mixed-2.0", body)
    GET(MAPPINGS)
    for name in ("local-1.0-5", "local-3.0-14", "remote-9", "mixed-1.0", "nothing"):
        GET(f"{MAPPINGS}/{name}")
        DELETE(f"{MAPPINGS}/{name}")
        GET(f"{MAPPINGS}/{name}")
