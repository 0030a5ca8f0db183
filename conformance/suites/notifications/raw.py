"""Compares how messages look on the wire, below oslo.messaging: each side sends to a further queue, TOPIC-raw, that nobody
listens to."""

import json
import os

import kombu


def compare(topics):
    looks = [look(f"{topic}-raw.info") for topic in topics]
    if looks[0] == looks[1] and looks[0]:
        return True, "ok messages look alike on the wire"
    return False, f"FAIL on the wire: {looks[0]} | {looks[1]}"


def look(queue):
    """What one message of a queue consists of."""
    with kombu.Connection(os.environ["TRANSPORT"].replace("rabbit://", "amqp://")) as connection:
        message = connection.channel().basic_get(queue, no_ack=True)
        if message is None:
            raise SystemExit(f"nothing came to {queue}")
    body = json.loads(message.body)
    inner = json.loads(body["oslo.message"])
    return {
        # A header table or priority that is not sent is an empty one and 0.
        "properties": {"application_headers": {}, "priority": 0} | message.properties,
        "exchange": message.delivery_info["exchange"],
        "body": sorted(body),
        "version": body["oslo.version"],
        "message": {k: type(v).__name__ for k, v in sorted(inner.items())},
        "lengths": {k: len(inner[k]) for k in ("message_id", "_unique_id")},
    }
