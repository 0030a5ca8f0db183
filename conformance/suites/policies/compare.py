"""Runs `lintel access role` over Horizon's bundles and compares its counts; prints a line for each and the totals."""

import json
import subprocess
import sys

lintel, bundles = sys.argv[1:]

# Permissions, then yes and conditional of each role: any role at all, reader, member, admin.
FIGURES = {
    "nova": (195, (5, 4), (45, 4), (111, 4), (194, 0)),
    "cinder": (160, (0, 0), (27, 0), (83, 0), (160, 0)),
    "neutron": (280, (0, 26), (35, 22), (111, 33), (275, 0)),
    "glance": (55, (4, 0), (19, 0), (29, 2), (55, 0)),
    "keystone": (192, (13, 34), (13, 34), (13, 34), (172, 20)),
}
# The same with deprecated rules counted: any role at all, reader, member.
LEGACY = {
    "nova": ((112, 4), (112, 4), (112, 4)),
    "cinder": ((80, 1), (81, 1), (83, 1)),
    "neutron": ((82, 37), (94, 34), (117, 27)),
    "glance": ((32, 0), (32, 0), (32, 0)),
    "keystone": ((13, 34), (13, 34), (13, 34)),
}
passed = failed = 0


def expect(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: {got}, want {want}")


def access(role, *flags):
    out = subprocess.run(
        [lintel, "access", "role", role, "--policies", bundles, "-f", "json", *flags], check=True, capture_output=True
    )
    return json.loads(out.stdout)


def services(role, *flags):
    got = access(role, *flags)
    for s in got["services"]:
        for kind in ("yes", "conditional", "no"):
            listed = [p for p in s["list"] if p["verdict"] == kind]
            expect(f"{role} {flags} {s['service']}: as many {kind} as are listed", len(listed), s[kind])
        bare = [p["name"] for p in s["list"] if not (p.get("reason") or p.get("conditions"))]
        expect(f"{role} {flags} {s['service']}: verdicts without a reason", bare, [])
    return {s["service"]: s for s in got["services"]}


roles = ("auth_only", "reader", "member", "admin")
for i, role in enumerate(roles):
    got = services(role)
    expect("services", sorted(got), sorted(FIGURES))
    for name, figures in FIGURES.items():
        expect(f"{name}: permissions", got[name]["permissions"], figures[0])
        expect(f"{name}: {role}", (got[name]["yes"], got[name]["conditional"]), figures[1 + i])
for i, role in enumerate(roles[:3]):
    got = services(role, "--legacy")
    for name, figures in LEGACY.items():
        expect(f"{name}, legacy: {role}", (got[name]["yes"], got[name]["conditional"]), figures[i])
for role, flags, yes in (
    ("auth_only", (), 22),
    ("reader", (), 139),
    ("member", (), 347),
    ("admin", (), 856),
    ("admin", ("--elsewhere",), 856),
    ("member", ("--elsewhere",), 27),
):
    total = access(role, *flags)["total"]
    expect(f"all: {role} {flags}", (total["permissions"], total["yes"]), (882, yes))
for role, counts in (("reader", (32, 3)), ("member", (32, 3)), ("manager", (32, 3)), ("admin", (49, 3))):
    got = services(role, "--scope", "domain")["keystone"]
    expect(f"keystone on a domain: {role}", (got["yes"], got["conditional"]), counts)

print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
