"""Asks Lintel for changes while its broker comes and goes, and checks that a listener hears of every one.

send URL FILE N WHEN    makes N changes and notes them in FILE, with how long each took
check TOPIC FILE        listens until all that is noted was heard
"""

import http.client
import json
import sys
import time

# A request that waits for a broker takes as long as a connection attempt at least; one that does not, milliseconds.
PATIENCE = 2


def call(host, method, path, body, headers):
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    answer.read()
    return answer


def send(url, file, n, when):
    host = url.removeprefix("http://")
    user = {"name": "admin", "domain": {"id": "default"}, "password": "bootstrap-secret"}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    with open(file, "a") as notes:
        for i in range(int(n)):
            begin = time.monotonic()
            login = call(host, "POST", "/v3/auth/tokens", body, {})
            took = time.monotonic() - begin
            id = f"{when} {i}".replace(" ", "-")
            token = login.getheader("X-Subject-Token")
            begin = time.monotonic()
            made = call(host, "POST", "/v3/regions", {"region": {"id": id}}, {"X-Auth-Token": token})
            took = max(took, time.monotonic() - begin)
            notes.write(json.dumps({"id": id, "when": when, "status": [login.status, made.status], "took": took}) + "\n")


def check(topic, file):
    from listen import Listener

    with open(file) as notes:
        sent = [json.loads(line) for line in notes]
    listener = Listener(topic)
    # A login and a region each; the logins are all alike.
    listener.wait(lambda heard: len({h.id for h in heard}) >= 2 * len(sent), 120)
    time.sleep(2)  # for what is too much
    listener.stop()
    order = []
    for h in listener.heard:
        if h.id not in order:
            order.append(h.id)
    events = {h.id: h for h in listener.heard}
    regions = [events[id].payload["resource_info"] for id in order if events[id].type == "identity.region.created"]
    logins = sum(h.type == "identity.authenticate" for h in events.values())

    passed = failed = 0
    for s in sent:
        if s["status"] == [201, 201] and s["took"] < PATIENCE and regions.count(s["id"]) == 1:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {s} was heard {regions.count(s['id'])} times")
    for what, ok in [
        ("the changes are heard in their order", regions == [s["id"] for s in sent]),
        (f"{logins} of {len(sent)} logins are heard", logins == len(sent)),
        ("a message that comes twice has the same id", len(events) == 2 * len(sent)),
    ]:
        passed, failed = passed + ok, failed + (not ok)
        print(("ok " if ok else "FAIL ") + what)
    print(f"the slowest request took {max(s['took'] for s in sent):.3f} s")
    print(f"{passed} passed, {failed} failed, 0 skipped")


if __name__ == "__main__":
    {"send": send, "check": check}[sys.argv[1]](*sys.argv[2:])
