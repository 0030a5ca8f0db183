"""Tokens and one-time codes made by hand, for what no server hands out."""

import base64
import hashlib
import hmac
import pathlib
import time

import cryptography.fernet
import msgpack


def expired(token, age, keys):
    """The same token, issued an hour before it expired, which was age seconds ago. keys is the server's folder of keys."""
    primary = max(pathlib.Path(keys).iterdir(), key=lambda path: int(path.name))
    fernet = cryptography.fernet.Fernet(primary.read_bytes())
    payload = msgpack.unpackb(fernet.decrypt(token.encode() + b"=" * (-len(token) % 4)))
    end = int(time.time()) - age
    # The end is the payload's only float.
    [place] = [i for i, part in enumerate(payload) if isinstance(part, float)]
    payload[place] = float(end)
    return fernet.encrypt_at_time(msgpack.packb(payload), end - 3600).rstrip(b"=").decode()


def passcode(seed, step):
    """The one-time code of a seed in base32 in a period of 30 seconds (RFC 6238)."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    digest = hmac.digest(key, step.to_bytes(8), hashlib.sha1)
    at = digest[-1] & 15
    return "%06d" % ((int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 10**6)
