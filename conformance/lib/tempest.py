"""Prints how many tests of a run of Tempest passed, failed and skipped themselves, and tells what failed: see tempest.sh.

    tempest.py STATUS SKIPPED     reads last.subunit; STATUS is the run's, SKIPPED the file of tests that may skip themselves
"""

import collections
import re
import sys

import subunit
import testtools


status, skipped = sys.argv[1:]
known = {line.rstrip("\n") for line in open(skipped)}
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
names = sorted(re.sub(r"\[.*", "", test) for test, end in tests.items() if end == "skip")
unexpected = [name for name in names if name not in known]
for name in unexpected:
    print("SKIPPED, which skipped.txt does not tell:", name, file=sys.stderr)
counts = collections.Counter(tests.values())
failed = len(failures) + len(unexpected) or int(status != "0")
print(counts["success"], failed, counts["skip"] - len(unexpected))
