"""Sends the same lists of requests to two servers and compares what their listeners hear of them.

The language of the lists, and the names that stand for ids, are those of the suite keystone. An event belongs to the
request during which it was made; those of one request are compared without order.
"""

import argparse
import importlib
import json
import pathlib
import re
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent / "keystone"))

import raw
from compare import Side, short
from listen import Listener
from script import POST, STEPS, Request, as_

MASKED = re.compile(r"[\w-]+( xxxxxxxx )[\w-]+")  # both ends of an audit id, which is of the URL-safe alphabet
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Spoken(Side):
    """A server, and when each request to it was under way."""

    def __init__(self, *args):
        super().__init__(*args)
        self.spans = []

    def request(self, step):
        begin = time.time()
        answer = super().request(step)
        self.spans.append((begin, time.time(), step.key))
        return answer

    def events(self, heard):
        """The events of each request, by its key, and those of none."""
        by_key, strays = {key: [] for _, _, key in self.spans}, []
        for h in heard:
            if h.time < self.spans[0][0]:
                continue  # of bootstrapping
            key = next((key for begin, end, key in self.spans if begin <= h.time <= end), None)
            event = {"type": h.type, "publisher": h.publisher, "payload": self.plain(key, h.payload)}
            (strays if key is None else by_key[key]).append(event)
        for events in by_key.values():
            events.sort(key=lambda e: json.dumps(e, sort_keys=True))
        return by_key, strays

    def plain(self, key, payload):
        text = json.dumps(self.normalize(key, payload, "event", True))
        return json.loads(MASKED.sub(r"<id>\1<id>", UUID.sub("<uuid>", text)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for side in "keystone", "lintel":
        parser.add_argument(f"--{side}", metavar="URL", required=True)
        parser.add_argument(f"--{side}-topic", required=True)
        parser.add_argument(f"--{side}-keys", metavar="DIR", required=True)
    parser.add_argument("--twin", action="store_true")
    parser.add_argument("lists", nargs="+", metavar="LIST", help="events, or lists of the suite keystone")
    args = parser.parse_args()

    if args.lists == ["events"]:
        import events  # noqa: F401
    else:
        for name in ["00_cast", *args.lists]:
            importlib.import_module("lists." + name)
    # What comes last is heard last.
    with as_("admin"):
        POST("/v3/regions", {"region": {"id": "the-end"}})

    topics = {"keystone": args.keystone_topic, "lintel": args.lintel_topic}
    listener = Listener(*topics.values())
    sides = [
        Spoken("keystone", args.keystone, args.keystone_keys),
        Spoken("lintel", args.lintel, args.lintel_keys),
    ]
    answers = {}
    threads = [
        threading.Thread(target=lambda s=side: answers.__setitem__(s.name, s.run(STEPS)), name=side.name) for side in sides
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) != 2:
        sys.exit("a side was not run to its end")

    def ended(heard):
        return {h.topic for h in heard if the_end(h)} == set(topics.values())

    if not listener.wait(ended, 60):
        print("FAIL a listener did not hear the end")
    listener.stop()

    passed = failed = skipped = events = 0
    found = {}
    for side in sides:
        found[side.name], strays = side.events([h for h in listener.heard if h.topic == topics[side.name]])
        if strays:
            failed += 1
            print(f"FAIL {side.name}: events of no request: {short(strays)}")
    for step in STEPS:
        if not isinstance(step, Request):
            continue
        a, b = answers["keystone"][step.key], answers["lintel"][step.key]
        if a.get("status") != b.get("status"):
            skipped += 1  # another thing happened, which is for the suite keystone to judge
            if args.lists == ["events"]:
                print(f"FAIL {step}: {short(a)} | {short(b)}")
                failed += 1
            continue
        theirs, ours = found["keystone"][step.key], found["lintel"][step.key]
        events += len(theirs)
        if theirs == ours:
            passed += 1
            continue
        failed += 1
        print(f"FAIL {step} ({a.get('status')})")
        for side, here, there in ("keystone", theirs, ours), ("lintel", ours, theirs):
            for event in here:
                if event not in there:
                    print(f"     only {side}: {json.dumps(event, sort_keys=True)}")
            if len(here) > len(there):
                print(f"     {side} has {len(here)} events, not {len(there)}")
    ok, text = raw.compare(topics.values())
    passed, failed = passed + ok, failed + (not ok)
    print(text)
    print(f"{events} events compared")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


def the_end(heard):
    return heard.type == "identity.region.created" and heard.payload["resource_info"] == "the-end"


if __name__ == "__main__":
    sys.exit(main())
