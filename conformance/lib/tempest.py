"""Chooses the tests of a run of Tempest and counts its results: see tempest.sh.

    tempest.py choose PREFIX REGEX LATER      reads all.txt, prints the tests to run
    tempest.py count STATUS SKIPPED           reads last.subunit and left, prints the numbers passed, failed and skipped
"""

import collections
import re
import sys

import subunit
import testtools


def lines(path):
    return [line.rstrip("\n") for line in open(path) if not line.startswith("#")]


def plain(test):
    """The name of a test without its tags."""
    return re.sub(r"\[.*", "", test)


def choose(prefix, only, later):
    left, patterns = collections.Counter(), [line.split("\t") for line in lines(later)]
    for test in lines("all.txt"):
        if not re.match(prefix, test):
            continue
        for pattern, why in patterns:
            if re.search(pattern, plain(test)):
                left[pattern] += 1
                break
        else:
            if re.search(only, plain(test)):
                print(test)
    for pattern, why in patterns:
        if not left[pattern]:
            sys.exit(f"later.txt: nothing matches {pattern}")
        print(f"left for later: {left[pattern]:4} {pattern} ({why})", file=sys.stderr)
    open("left", "w").write(str(left.total()))


def count(status, skipped):
    tests, failures = {}, []

    def done(test):
        tests[test["id"]] = test["status"]
        if test["status"] in ("fail", "inprogress"):
            failures.append(test)

    result = testtools.StreamToDict(done)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(open("last.subunit", "rb"), non_subunit_name="stdout").run(result)
    result.stopTestRun()
    for test in failures:
        print("FAILED", test["id"], file=sys.stderr)
        for name, detail in test["details"].items():
            if "traceback" in name:
                print("\n".join(detail.as_text().splitlines()[-6:]), file=sys.stderr)
    known = set(lines(skipped))
    unexpected = [plain(test) for test, end in sorted(tests.items()) if end == "skip" and plain(test) not in known]
    for test in unexpected:
        print("SKIPPED, which skipped.txt does not tell:", test, file=sys.stderr)
    counts = collections.Counter(tests.values())
    failed = len(failures) + len(unexpected) or int(status != "0")
    print(counts["success"], failed, counts["skip"] - len(unexpected) + int(open("left").read()))


{"choose": choose, "count": count}[sys.argv[1]](*sys.argv[2:])
