"""A listener of oslo.messaging that keeps what it hears."""

import dataclasses
import datetime
import os
import threading

import oslo_messaging
from oslo_config import cfg


@dataclasses.dataclass
class Heard:
    topic: str
    id: str
    time: float
    publisher: str
    type: str
    payload: dict


class Listener:
    """Hears all notifications of some topics until it is stopped."""

    def __init__(self, *topics):
        conf = cfg.ConfigOpts()
        conf([])
        transport = oslo_messaging.get_notification_transport(conf, url=os.environ["TRANSPORT"])
        conf.set_override("amqp_durable_queues", True, "oslo_messaging_rabbit")
        self.heard, self._news = [], threading.Condition()
        self._servers = []
        for topic in topics:
            endpoint = _Endpoint(self, topic)
            targets = [oslo_messaging.Target(topic=topic, exchange="keystone")]
            server = oslo_messaging.get_notification_listener(transport, targets, [endpoint], executor="threading")
            server.start()
            self._servers.append(server)

    def add(self, heard):
        with self._news:
            self.heard.append(heard)
            self._news.notify_all()

    def wait(self, enough, seconds):
        """Whether enough(what was heard) becomes true in time."""
        with self._news:
            return self._news.wait_for(lambda: enough(self.heard), seconds)

    def stop(self):
        for server in self._servers:
            server.stop()
            server.wait()


class _Endpoint:
    def __init__(self, listener, topic):
        self.listener, self.topic = listener, topic

    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        text = metadata["timestamp"]
        at = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
        self.listener.add(Heard(self.topic, metadata["message_id"], at.timestamp(), publisher_id, event_type, payload))
